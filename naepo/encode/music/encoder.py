"""What a music encoder is: notes in, ids out, and back, through a notation that a person can read.

A piece is written as *words*, one an event, with a space after each and a line a bar. So a corpus
of music is a text of words, a prompt can be typed, and everything that is built for text serves
music. The model never learns which it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from naepo.encode.encoder import Encoder, Ids
from naepo.encode.explain import IdsLike
from naepo.encode.music.score import Score


@dataclass(frozen=True)
class Sounding:
    """The note that an id belongs to, for pictures and for listening.

    onset, duration: in quarter notes, the whole note as far as the ids say it.
    """

    onset: Fraction
    duration: Fraction
    pitch: int
    part: int


@runtime_checkable
class Grammar(Protocol):
    """Which ids may follow the ids so far. One object follows one text, from its beginning."""

    def allowed(self) -> NDArray[np.bool_]:
        """Give, for each id, whether it may come next, shape (vocab_size,); never all False."""
        ...

    def advance(self, id: int) -> None:
        """Read one more id. Raises: UserError for one that was not allowed."""
        ...

    def copy(self) -> "Grammar":
        """Give another that goes on from here on its own."""
        ...


@runtime_checkable
class MusicEncoder(Encoder, Protocol):
    """Score <-> notation <-> ids. Laws, for every score it accepts:

    `decode(encode(notation)) == notation` for the notation that `write` gives, and
    `read(write(score)) == score.at_resolution(ticks_per_quarter)`, as far as its kind keeps things.
    Whatever ids the grammar allowed, `read(decode(ids))` is a valid piece.
    """

    @property
    def ticks_per_quarter(self) -> int:
        """The grid that onsets and durations are told on."""
        ...

    def write(self, score: Score) -> str:
        """Write a piece in words. Raises: UserError for what this notation cannot hold."""
        ...

    def read(self, notation: str) -> Score:
        """Read a piece; one that stops in the middle of a bar is a piece too.

        Raises: UserError for words that are none, or stand where they cannot, with the place.
        """
        ...

    def grammar(self) -> Grammar:
        """Give the rules of a new piece."""
        ...

    def soundings(self, ids: Sequence[int]) -> list[Sounding | None]:
        """Give the note of each id; None for ids that are no part of a note."""
        ...

    def transposed(self, ids: IdsLike, semitones: int) -> Ids | None:
        """Move every pitch among ids; None when one would leave the vocabulary."""
        ...
