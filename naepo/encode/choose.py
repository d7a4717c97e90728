"""Which encoder suits a text, from a few counts of it, and why, in one sentence."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from naepo.encode.encoder import Encoder
from naepo.encode.explain import to_utf8

FEW_CHARACTERS = 128
"""An alphabet up to this size is small: every character of it is met often enough to be learnt."""
TINY = 20_000
"""A text below this length, in characters, has too few repetitions to learn merges from."""
LONG = 200_000
"""From this length, in characters, merges pay even where the alphabet is small: at equal work a
model of byte pairs reads twice the text (1.1 MB of English drama: 1.48 against 1.6 nats)."""
VOCAB_AT_1_MB = 768
"""Ids of a byte-pair encoder for a text of one million bytes of UTF-8."""
VOCAB_AT_100_MB = 16_384
"""The same for a hundred million bytes; between the two, and below, it grows as a power."""
SMALLEST_VOCAB = 512
"""Half of these are merges; with fewer, an id is hardly longer than a byte."""
LARGEST_VOCAB = 16_384
"""More ids make the table and the output layer of a small model the larger part of it."""
MULTIPLE = 64
"""Matrix products are fastest when the number of ids is a multiple of this."""
KOREAN = 0.2
"""From this share of Hangul on, the reason calls the text Korean."""
HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xFFA0, 0xFFDC))
"""Jamo, compatibility jamo, jamo extended A, syllables and extended B, halfwidth (Unicode 16)."""


@dataclass(frozen=True, kw_only=True)
class TextCounts:
    """What is counted of a text before an encoder is chosen."""

    n_characters: int
    """How many characters (code points)."""
    n_bytes: int
    """How many bytes of UTF-8."""
    n_distinct: int
    """How many different characters."""
    n_hangul: int = 0
    """How many of the characters are Hangul, syllables or single letters."""


@dataclass(frozen=True)
class Choice:
    """An encoder to make, and the reason in one sentence."""

    kind: Literal["characters", "bytes", "bpe"]
    vocab_size: int | None
    """How many ids a byte-pair encoder should have; None for the other kinds."""
    reason: str


def count_text(texts: Iterable[str]) -> TextCounts:
    """Count what `choose_encoder` asks for, in one pass over the texts.

    Raises: UserError for a lone surrogate.

    >>> count_text(["나비 a"])
    TextCounts(n_characters=4, n_bytes=8, n_distinct=4, n_hangul=2)
    """
    n_characters = n_bytes = n_hangul = 0
    distinct: set[str] = set()
    for text in [texts] if isinstance(texts, str) else texts:
        size = len(to_utf8(text))
        n_characters += len(text)
        n_bytes += size
        distinct.update(text)
        if size != len(text):
            codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
            n_hangul += sum(_count_between(codes, first, last) for first, last in HANGUL)
    return TextCounts(
        n_characters=n_characters, n_bytes=n_bytes, n_distinct=len(distinct), n_hangul=n_hangul
    )


def choose_encoder(counts: TextCounts) -> Choice:
    """Choose a kind of encoder, its size, and say why.

    >>> choose_encoder(TextCounts(n_characters=1_000_000, n_bytes=1_000_000, n_distinct=65)).kind
    'bpe'
    """
    length, alphabet = f"{counts.n_characters:,} characters", f"{counts.n_distinct:,}"
    if counts.n_distinct <= FEW_CHARACTERS and counts.n_characters < LONG:
        return Choice(
            "characters",
            None,
            f"one id per character, because the text is short ({length}) "
            f"and uses only {alphabet} different ones.",
        )
    if counts.n_characters < TINY:
        return Choice(
            "bytes",
            None,
            f"one id per byte, because {length} are too few to learn merges from "
            f"and {alphabet} different ones too many for one id each.",
        )
    vocab_size = bpe_vocab_size(counts.n_bytes)
    why = (
        f"so many characters ({alphabet} different ones) would each be met too seldom"
        if counts.n_distinct > FEW_CHARACTERS
        else "in a text this long whole words are met often enough to be learnt"
    )
    is_korean = counts.n_hangul >= KOREAN * counts.n_characters
    korean = f", {counts.n_hangul / counts.n_characters:.0%} of it Hangul" if is_korean else ""
    return Choice(
        "bpe",
        vocab_size,
        f"byte-pair encoding with {vocab_size:,} ids for {counts.n_bytes / 1e6:,.1f} MB of "
        f"text{korean}, because {why}.",
    )


def bpe_vocab_size(n_bytes: int) -> int:
    """Give the number of ids of a byte-pair encoder for a text of n_bytes of UTF-8.

    It is a multiple of 64, and between the two anchors it grows as the power of the size that
    joins them:
        768 * (n_bytes / 10^6) ^ 0.66, from 512 to 16384

    >>> bpe_vocab_size(10**6), bpe_vocab_size(10**8)
    (768, 16384)
    """
    power = np.log(VOCAB_AT_100_MB / VOCAB_AT_1_MB) / np.log(100)
    size = VOCAB_AT_1_MB * (n_bytes / 1e6) ** power
    return int(np.clip(round(size / MULTIPLE) * MULTIPLE, SMALLEST_VOCAB, LARGEST_VOCAB))


def characters_per_token(encoder: Encoder, text: str) -> float:
    """Give how many characters one id stands for, on average; 0.0 for an empty text.

    It is the number to report for Korean: 0.33 for bytes, 1 for characters, more for merges.

    Raises: UserError for a text that the encoder cannot hold.
    """
    n_tokens = len(encoder.encode(text))
    return len(text) / n_tokens if n_tokens else 0.0


def _count_between(codes: np.ndarray, first: int, last: int) -> int:
    return int(np.count_nonzero((codes >= first) & (codes <= last)))
