"""Ids to logits and hidden states.

In: ids. Out: logits, and every state on the way. It knows no text and no notes.
"""
