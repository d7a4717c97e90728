"""Where bars begin and end among the ids of a piece."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from naepo.encode.music.bars import COMMON_TIME, length_of
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.grid_words import BAR
from naepo.generate.constraint import Mask

BARRED = ("grid", "remi")
"""The kinds of encoder that say where bars are, each by an id of its own."""
PLAIN = float(length_of(COMMON_TIME))
"""Quarter notes of a bar before any metre is told."""


@dataclass(frozen=True)
class BarLines:
    """How an encoder says bars.

    marks: for each id, whether it stands between bars.  is_before: whether it stands before its bar
    (REMI) and not after it (grid).  upbeats: ids that say that a first bar is shorter.  lengths:
    the quarter notes of a bar of the metre that an id says, 0 for what is none, shape
    (vocab_size,).  others: ids that say another thing of the whole bar, such as a tempo.
    """

    marks: Mask
    is_before: bool
    upbeats: Mask
    lengths: NDArray[np.float64]
    others: Mask

    @property
    def meters(self) -> Mask:
        """For each id, whether it says a metre."""
        return self.lengths > 0

    @property
    def signs(self) -> Mask:
        """For each id, whether it fills no bar: a mark, or said of the bar before its notes."""
        return self.marks | self.upbeats | self.meters | self.others

    def split(self, ids: Sequence[int]) -> list[list[int]]:
        """Cut the ids of a piece into bars. The last one may lack its mark."""
        bars: list[list[int]] = [[]]
        for id in ids:
            if self.marks[id] and self.is_before and bars[-1]:
                bars.append([])
            bars[-1].append(id)
            if self.marks[id] and not self.is_before:
                bars.append([])
        return [bar for bar in bars if bar]

    def first_number(self, bars: Sequence[Sequence[int]]) -> int:
        """Give the number of the first bar: 1, or 0 for an upbeat, as `bars_of` counts a score."""
        if not bars or any(self.upbeats[id] for id in bars[0]):
            return 0 if bars else 1
        first = self._length(bars[0], PLAIN)
        return 0 if len(bars) > 1 and self._length(bars[1], first) > first else 1

    def _length(self, bar: Sequence[int], before: float) -> float:
        """Give the quarter notes of the metre of a bar; `before` where it says none."""
        return next((float(self.lengths[id]) for id in bar if self.lengths[id]), before)


def bar_lines(encoder: MusicEncoder) -> BarLines | None:
    """Say how an encoder tells bars; None for one that only tells time."""
    if encoder.kind not in BARRED:
        return None
    words = [encoder.content(id).decode().strip() for id in range(encoder.vocab_size)]

    def which(*beginnings: str) -> Mask:
        return np.array([word.startswith(beginnings) for word in words], dtype=np.bool_)

    def quarters(word: str) -> float:
        beats, slash, unit = word.removeprefix("TimeSig_").partition("/")
        return float(length_of((int(beats), int(unit)))) if slash else 0.0

    lengths = np.array([quarters(word) for word in words])
    if encoder.kind == "grid":
        is_mark = np.array([word == BAR for word in words], dtype=np.bool_)
        return BarLines(is_mark, False, which("bar:"), lengths, which("K:", "Q:"))
    none = np.zeros(len(words), dtype=np.bool_)
    return BarLines(which("Bar"), True, none, lengths, which("Tempo", "KeySig"))
