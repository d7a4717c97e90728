"""Floors: what counting and compression reach on the same split, beside every loss.

A network that is not below its floor has learned nothing that a table does not know.
"""

import bz2
import dataclasses
import lzma
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Integer
from numpy.typing import NDArray

from naepo.config import Table
from naepo.model.ngram import WittenBell
from naepo.train.readable import Real, apart

ORDER = 5
"""How many characters (or ids) the larger floor looks back at."""
MAX_COUNTED = 20_000_000
"""Counts come from at most this many characters, the last ones before the held-out part."""
MAX_SCORED = 2_000_000
"""At most this many held-out characters are scored, the first ones."""
MAX_COMPRESSED = 5_000_000
"""Compression is tried on texts below this many UTF-8 bytes."""
FIRST_SIGN = 0xF0000
"""Where a plane of private characters begins, which stand for the words of a notation."""
PIECE = 4_000_000
"""A text is searched for its symbols this many characters at a time, to spare memory."""


class CountedNats(NamedTuple):
    """Mean nats per id of the two counting floors."""

    unigram: float
    order_5: float


@dataclass(frozen=True)
class Floor:
    """One figure to beat: nats per character and bits per UTF-8 byte of the held-out text."""

    name: str
    nats_per_character: float
    bits_per_byte: float


@dataclass(frozen=True)
class Floors:
    """The figures to beat on one split of one text.

    compression: bz2 and xz, the growth of the compressed training text when the held-out text
    follows it; empty for a large text.  note: what was left out, in words; empty when nothing was.
    unit: "character", or "event" for music, whose words count as one each, also in place of bytes.
    """

    unigram: Floor
    order_5: Floor
    compression: tuple[Floor, ...] = ()
    note: str = ""
    unit: str = "character"

    @property
    def per_unit(self) -> str:
        """How a loss is counted, in words."""
        return per_unit(self.unit)

    @property
    def bits(self) -> str:
        """How bits are counted, in words."""
        return bits_per_unit(self.unit)

    @property
    def all(self) -> tuple[Floor, ...]:
        """Every floor, the counting ones first."""
        return (self.unigram, self.order_5, *self.compression)

    @property
    def counting(self) -> Floor:
        """The lower of the two counting floors: what "beats counting" means."""
        return min(self.unigram, self.order_5, key=lambda floor: floor.nats_per_character)

    def verdict(self, nats_per_character: Real) -> str:
        """Say in words whether a loss beats counting.

        >>> half, whole = Floor("unigram", 3.35, 4.83), Floor("order-5 n-gram", 1.7, 2.45)
        >>> Floors(half, whole).verdict(1.49)
        'beats counting: 1.49 against 1.70 nats per character'
        >>> Floors(half, whole).verdict(1.75)
        'does NOT beat counting: 1.75 against 1.70 nats per character'
        """
        counted = self.counting.nats_per_character
        says = "beats counting" if nats_per_character < counted else "does NOT beat counting"
        reached, floor = apart(nats_per_character, counted)
        return f"{says}: {reached} against {floor} {self.per_unit}"

    def to_table(self) -> dict[str, Any]:
        """Give plain tables, for JSON; `from_table` reads them back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_table(cls, table: Table) -> "Floors":
        """Rebuild what `to_table` gave."""
        return cls(
            unigram=Floor(**table["unigram"]),
            order_5=Floor(**table["order_5"]),
            compression=tuple(Floor(**row) for row in table["compression"]),
            note=table["note"],
            unit=table.get("unit", "character"),
        )


def per_unit(unit: str) -> str:
    """Say how a loss is counted: per character of a text, per event of a piece of music."""
    return f"nats per {unit}"


def bits_per_unit(unit: str) -> str:
    """Say how bits are counted: per byte of a text, per event of a piece of music."""
    return "bits per byte" if unit == "character" else f"bits per {unit}"


def floors(
    train_text: str, validation_text: str, *, compress: bool = True, unit: str = "character"
) -> Floors:
    """Count the training text, score the held-out text, and say what was left out.

    unit: "event" for notations of music, of which the words are counted, not the characters.

    The symbols of both texts share the probability (V of the recursion), as published floors do.
    Text of any size takes seconds: see MAX_COUNTED, MAX_SCORED and MAX_COMPRESSED.
    """
    if not validation_text:
        raise ValueError("floors need a held-out text, got an empty one")
    if unit == "event":
        train_text, validation_text = _one_sign_a_word(train_text, validation_text)
        compress = False
    counted, scored = train_text[-MAX_COUNTED:], validation_text[:MAX_SCORED]
    rank, vocab_size = _ranks(train_text, validation_text)
    nats = floor_of_ids(rank[_code_points(counted)], rank[_code_points(scored)], vocab_size)
    n_bytes = len(scored) if unit == "event" else len(_utf8(scored))

    def floor(name: str, nats_per_character: float) -> Floor:
        bits = nats_per_character * len(scored) / (n_bytes * math.log(2))
        return Floor(name, float(nats_per_character), float(bits))

    compressed = _compression(train_text, validation_text) if compress else []
    return Floors(
        unigram=floor("unigram", nats.unigram),
        order_5=floor(f"order-{ORDER} n-gram", nats.order_5),
        compression=tuple(
            floor(name, n * 8 * math.log(2) / len(validation_text)) for name, n in compressed
        ),
        note=_note(len(train_text), len(validation_text), unit),
        unit=unit,
    )


def _one_sign_a_word(*texts: str) -> list[str]:
    """Write texts anew with one code point for each word, the same in all of them."""
    words = [text.split() for text in texts]
    signs = {word: chr(FIRST_SIGN + n) for n, word in enumerate(sorted(set().union(*words)))}
    return ["".join(map(signs.__getitem__, each)) for each in words]


def floor_of_ids(
    train_ids: Integer[np.ndarray, " n_train"],
    validation_ids: Integer[np.ndarray, " n_validation"],
    vocab_size: int,
) -> CountedNats:
    """Count ids of any kind (tokens, notes) and give the mean nats per held-out id."""
    if not len(validation_ids):
        raise ValueError("floors need held-out ids, got none")
    model = WittenBell.count(train_ids, vocab_size, ORDER)
    return CountedNats(
        float(model.nats(validation_ids, order=0).mean()),
        float(model.nats(validation_ids).mean()),
    )


def _ranks(*texts: str) -> tuple[NDArray[np.int64], int]:
    """Give the id of each code point, and V: how many distinct ones the texts hold."""
    is_used = np.zeros(0x110000, dtype=bool)
    for text in texts:
        for start in range(0, len(text), PIECE):
            is_used[_code_points(text[start : start + PIECE])] = True
    return np.cumsum(is_used) - 1, int(is_used.sum())


def _code_points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _compression(train_text: str, validation_text: str) -> list[tuple[str, int]]:
    """Give each compressor's name and the bytes that the held-out text adds to the other."""
    if len(train_text) + len(validation_text) >= MAX_COMPRESSED:
        return []
    train, validation = _utf8(train_text), _utf8(validation_text)
    if len(train) + len(validation) >= MAX_COMPRESSED:
        return []
    packers = {"bz2": bz2.compress, "xz": lzma.compress}
    return [
        (name, len(pack(train + validation)) - len(pack(train))) for name, pack in packers.items()
    ]


def _note(n_train: int, n_validation: int, unit: str) -> str:
    """Say which part of a large text was looked at."""
    parts = []
    if n_train > MAX_COUNTED:
        parts.append(f"counted in the last {MAX_COUNTED:,} of {n_train:,} training {unit}s")
    if n_validation > MAX_SCORED:
        parts.append(f"scored on the first {MAX_SCORED:,} of {n_validation:,} held-out {unit}s")
    return "; ".join(parts)
