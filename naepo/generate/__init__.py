"""Logits to ids: sampling, decoding with a cache, streaming.

In: a language model, an encoder, a prompt. Out: text.
"""
