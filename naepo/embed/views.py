"""Two views of one piece: other stretches of it, in another key, in another time.

What is alike in both views is what makes them the same piece, and what an encoder is tuned to see.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

import numpy as np

from naepo.config import UserError
from naepo.encode.encoder import Encoder, Ids
from naepo.encode.explain import IdsLike
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.score import Key, Meter, Note, Score, Tempo

SEMITONES = (-6, 5)
"""How far a view may be transposed, both ends included: every key, each once."""
FINE_TIMES = (Fraction(4, 5), Fraction(9, 10), Fraction(1), Fraction(11, 10), Fraction(5, 4))
"""How much longer notes become, in a notation with fine ticks."""
COARSE_TIMES = (Fraction(1, 2), Fraction(1), Fraction(2))
"""The same on a coarse grid, where nothing between would keep the rhythm."""
PART = (0.4, 1.0)
"""The share of a view that its partner is a part of."""
FINE = 8
"""Ticks per quarter note from which on ticks are fine."""

Event = TypeVar("Event", Note, Tempo, Meter, Key)


class Views:
    """Draws views of pieces, as ids. Everything is decided by the generator that is given.

    A piece is a score, for an encoder of music, or ids already. Scores are re-timed and written
    anew; ids are not. Both are cut, at the beginning of a line where there is one, and transposed
    where the encoder can.
    """

    def __init__(
        self,
        encoder: Encoder,
        pieces: Sequence[Score | IdsLike],
        *,
        length: int,
        semitones: tuple[int, int] = SEMITONES,
    ) -> None:
        """length: the most ids of a view; a longer piece is cut to it.

        Raises: UserError for fewer than two pieces, of which none could be told from another.
        """
        if len(pieces) < 2:
            raise UserError(f"tuning needs at least 2 pieces to tell apart, got {len(pieces)}")
        self.encoder, self.length, self.semitones = encoder, length, semitones
        self._pieces = pieces
        self._written: dict[tuple[int, Fraction], Ids | None] = {}
        ends = [id for id in range(encoder.vocab_size) if encoder.content(id).endswith(b"\n")]
        self._line_ends = np.array(ends, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._pieces)

    def draw(self, piece: int, generator: np.random.Generator) -> Ids:
        """Give one view of a piece, shape (at most length,)."""
        ids = self._timed(piece, generator)
        start = self._start(ids, generator)
        return self._moved(ids[start : start + self.length], generator)

    def draw_pair(self, piece: int, generator: np.random.Generator) -> tuple[Ids, Ids]:
        """Give two views of a piece of which one holds what the other is a part of.

        Stretches that have nothing in common but their piece taught a small model nothing in 80
        steps on chorales in all keys: its loss stayed that of chance.
        """
        one, other = self._timed(piece, generator), self._timed(piece, generator)
        start = self._start(one, generator)
        whole = one[start : start + self.length]
        share, ratio = generator.uniform(*PART), len(other) / max(1, len(one))
        begin = int((start + generator.uniform() * (1 - share) * len(whole)) * ratio)
        n = max(1, min(self.length, round(share * len(whole) * ratio)))
        views = [self._moved(ids, generator) for ids in (whole, other[begin : begin + n])]
        return (views[0], views[1]) if generator.random() < 0.5 else (views[1], views[0])

    def _moved(self, ids: Ids, generator: np.random.Generator) -> Ids:
        """Transpose, where the encoder can."""
        if not isinstance(self.encoder, MusicEncoder):
            return ids
        low, high = self.semitones
        moved = self.encoder.transposed(ids.tolist(), int(generator.integers(low, high + 1)))
        return ids if moved is None else moved

    def _timed(self, piece: int, generator: np.random.Generator) -> Ids:
        """Give the whole piece in a time that its notation can hold."""
        given = self._pieces[piece]
        if not isinstance(given, Score):
            return np.asarray(given, dtype=np.int64)
        assert isinstance(self.encoder, MusicEncoder), self.encoder.kind
        is_fine = self.encoder.ticks_per_quarter >= FINE
        times = FINE_TIMES if is_fine else COARSE_TIMES
        ids = self._write(piece, given, times[generator.integers(len(times))])
        if ids is not None:
            return ids
        plain = self._write(piece, given, Fraction(1))
        if plain is None:
            raise UserError(
                f"`{self.encoder.kind}` cannot hold piece {piece + 1} of those to tune on"
            )
        return plain

    def _write(self, piece: int, score: Score, time: Fraction) -> Ids | None:
        """Encode a piece in another time, once; None where the notation has no room for it."""
        assert isinstance(self.encoder, MusicEncoder)
        if (piece, time) not in self._written:
            self._written[piece, time] = _encoded(self.encoder, retimed(score, time), time)
        return self._written[piece, time]

    def _start(self, ids: Ids, generator: np.random.Generator) -> int:
        """Give where a view begins: at the piece's beginning, or where a line does."""
        latest = len(ids) - self.length
        if latest <= 0:
            return 0
        starts = np.flatnonzero(np.isin(ids[:latest], self._line_ends)) + 1
        starts = starts if len(starts) else np.arange(1, latest + 1)
        place = int(generator.integers(len(starts) + 1))
        return int(starts[place - 1]) if place else 0


def retimed(score: Score, time: Fraction) -> Score:
    """Make every note, and everything between, `time` times as long; exact, in finer ticks."""

    def moved(event: Event) -> Event:
        onset = event.onset * time.numerator
        if isinstance(event, Note):
            return replace(event, onset=onset, duration=event.duration * time.numerator)
        return replace(event, onset=onset)

    return replace(
        score,
        ticks_per_quarter=score.ticks_per_quarter * time.denominator,
        notes=tuple(map(moved, score.notes)),
        tempos=tuple(map(moved, score.tempos)),
        meters=tuple(map(moved, score.meters)),
        keys=tuple(map(moved, score.keys)),
    )


def _encoded(encoder: MusicEncoder, score: Score, time: Fraction) -> Ids | None:
    is_coarse = encoder.ticks_per_quarter < FINE
    if is_coarse and time != 1 and not _is_exact(score, encoder.ticks_per_quarter):
        return None
    try:
        return encoder.encode(encoder.write(score))
    except UserError:
        return None


def _is_exact(score: Score, ticks_per_quarter: int) -> bool:
    """Whether every note begins and ends on a tick."""
    scale = Fraction(ticks_per_quarter, score.ticks_per_quarter)
    return all(
        (note.onset * scale).denominator == 1 and (note.duration * scale).denominator == 1
        for note in score.notes
    )
