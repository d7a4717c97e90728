"""Logits to ids: sampling, decoding with a cache, streaming.

In: a language model, an encoder, a prompt. Out: text, as it grows, never half a character. It
changes nothing in the model and knows no files.
"""

from naepo.generate.decode import Decoding, generate_ids
from naepo.generate.sampling import Sampling, new_generator, sample
from naepo.generate.stream import TextStream
from naepo.generate.text import generate, generate_batch

__all__ = [
    "Decoding",
    "Sampling",
    "TextStream",
    "generate",
    "generate_batch",
    "generate_ids",
    "new_generator",
    "sample",
]
