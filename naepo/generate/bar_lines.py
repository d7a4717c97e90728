"""Where bars begin and end among the ids of a piece."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.grid_words import BAR
from naepo.generate.constraint import Mask

BARRED = ("grid", "remi")
"""The kinds of encoder that say where bars are, each by an id of its own."""


@dataclass(frozen=True)
class BarLines:
    """How an encoder says bars.

    marks: for each id, whether it stands between bars.  is_before: whether it stands before its bar
    (REMI) and not after it (grid).  upbeats: ids that say that a first bar is shorter.  meters,
    others: ids that say a metre; that say another thing of the whole bar, such as a tempo.
    """

    marks: Mask
    is_before: bool
    upbeats: Mask
    meters: Mask
    others: Mask

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
        """Give the number of the first bar: 1, or 0 for an upbeat."""
        return 0 if bars and any(self.upbeats[id] for id in bars[0]) else 1


def bar_lines(encoder: MusicEncoder) -> BarLines | None:
    """Say how an encoder tells bars; None for one that only tells time."""
    if encoder.kind not in BARRED:
        return None
    words = [encoder.content(id).decode().strip() for id in range(encoder.vocab_size)]

    def which(*beginnings: str) -> Mask:
        return np.array([word.startswith(beginnings) for word in words], dtype=np.bool_)

    if encoder.kind == "grid":
        is_mark = np.array([word == BAR for word in words], dtype=np.bool_)
        is_meter = np.array(["/" in word for word in words], dtype=np.bool_)
        return BarLines(is_mark, False, which("bar:"), is_meter, which("K:", "Q:"))
    none = np.zeros(len(words), dtype=np.bool_)
    return BarLines(which("Bar"), True, none, which("TimeSig"), which("Tempo", "KeySig"))
