"""A gap in a piece: which bars stay, which are free, and what of what follows is demanded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from naepo.config import UserError
from naepo.encode.music.bars import bars_of
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.grid_words import HOLD, REST
from naepo.encode.music.score import Score
from naepo.encode.music.voices import VOICES
from naepo.generate.bar_lines import BARRED, BarLines, bar_lines
from naepo.generate.constraint import Plan, rules_after

Demands = list[Sequence[int] | None]


@dataclass(frozen=True)
class Gap:
    """The bars of a piece around a gap, as ids.

    n_ahead: how many ids of `after` are weighed.  start, end: of the gap, in ticks of the encoder.
    """

    lines: BarLines
    before: list[int]
    inside: list[list[int]]
    after: list[int]
    n_ahead: int
    start: int
    end: int

    @classmethod
    def of(
        cls, music: MusicEncoder, score: Score, first_bar: int, last_bar: int, look_ahead: int
    ) -> "Gap":
        """Cut a score into what stays and what does not. Raises: UserError, see `fill`."""
        lines = bar_lines(music)
        if lines is None:
            raise UserError(
                f"a gap is told in bars, and the encoder {music.kind!r} of this run has no word "
                f"for them; {' and '.join(BARRED)} have",
                hint=f"train with --encoder {BARRED[1]}, or in four voices with {BARRED[0]}",
            )
        notation = music.write(score)
        bars = lines.split(music.encode(notation).tolist())
        first = lines.first_number(bars)
        last = first + len(bars) - 1
        if not first <= first_bar <= last_bar <= last:
            raise UserError(
                f"the piece has bars {first} to {last}, got the gap {first_bar}-{last_bar}"
            )
        if look_ahead < 0:
            raise UserError(f"look_ahead must be at least 0 bars, got {look_ahead}")
        begin, end = first_bar - first, last_bar - first + 1
        after = _joined(bars[end:])
        n_ahead = len(_joined(bars[end : end + look_ahead]))
        if lines.is_before and after:
            n_ahead = max(1, n_ahead)  # the mark that closes the gap is the first id after it
        known = music.read(notation)
        last_sign = max((meter.onset for meter in known.meters), default=0)
        places = bars_of(known, until=last_sign + 1)
        ticks = places[begin].start, places[end - 1].end
        return cls(lines, _joined(bars[:begin]), bars[begin:end], after, n_ahead, *ticks)

    @property
    def opening(self) -> list[int]:
        """What stands before the first note of the gap in a notation whose bars begin by a mark."""
        if not self.lines.is_before:
            return []
        n_meters = 1 + sum(bool(self.lines.meters[id]) for id in self.inside[0][1:2])
        return self.inside[0][:n_meters]

    @property
    def prompt(self) -> list[int]:
        """What is read before the gap is written."""
        return [*self.before, *self.opening]

    def most_ids(self, ids_per_bar: int) -> int:
        """Give how long gap and look-ahead may become."""
        return len(self.inside) * ids_per_bar + self.n_ahead + 1

    def plan(self, music: MusicEncoder, prompt: Sequence[int]) -> Plan:
        """Give what may be written in the gap, and what has to follow."""
        rules = rules_after(music, prompt)
        assert rules is not None, "music has rules"
        if isinstance(music, GridEncoder):
            demands = [*self._steps(music), *self._ahead(music.end_id)]
            return Plan(
                rules,
                end_id=music.end_id,
                bar_marks=self.lines.marks,
                demands=demands,
                never=~music.is_note,
            )
        marks, ends = self.lines.marks, np.zeros_like(self.lines.marks)
        ends[music.end_id] = True
        return Plan(
            rules,
            end_id=music.end_id,
            bar_marks=marks,
            n_bars=len(self.inside),
            closing=marks if self.after else ends,
            signs=self.lines.signs,
            demands=self._ahead(music.end_id)[1:],  # the first mark after the gap closes it
            never=self.lines.others | (self.lines.meters & ~self._known_meters()),
        )

    def filled(self, written: Sequence[int], music: MusicEncoder) -> list[int]:
        """Give the whole piece, with what was written, look-ahead included, in the gap."""
        n_ahead = len(self._ahead(music.end_id))
        return [*self.prompt, *written[: len(written) - n_ahead], *self.after]

    def _ahead(self, end_id: int) -> Demands:
        """Give the ids after the gap that are weighed; the end, where the piece ends in them."""
        ids = self.after[: self.n_ahead]
        return [(id,) for id in ([*ids, end_id] if self.n_ahead == len(self.after) else ids)]

    def _steps(self, music: GridEncoder) -> Demands:
        """Give the places of the gap: marks, signs and voices that are silent in the whole piece
        stay, the others are free; what is held after the gap has to sound at its end."""
        ids = _joined(self.inside)
        demands: Demands = [None if music.is_note[id] else (id,) for id in ids]
        for voice in range(len(VOICES)):
            places = np.flatnonzero(music.voices(ids) == voice).tolist()
            before, inside, after = (
                _words_of(music, part, voice) for part in (self.before, ids, self.after)
            )
            if all(word == REST for word in [*before, *inside, *after]):
                for place in places:
                    demands[place] = (ids[place],)
            following = after[0] if after else REST
            if following.endswith(HOLD) and places:
                onset = music.encode(following.removesuffix(HOLD)).tolist()
                demands[places[-1]] = [*onset, *music.encode(following).tolist()]
        return demands

    def _known_meters(self) -> np.ndarray:
        """Give which metres the gap may name: the one that it has."""
        known = np.zeros_like(self.lines.marks)
        known[[id for id in _joined(self.inside) if self.lines.meters[id]]] = True
        if known.sum() > 1:
            raise UserError(
                "the metre changes inside of the gap",
                hint="fill the bars before and after the change one after the other",
            )
        return known


def _words_of(music: GridEncoder, ids: Sequence[int], voice: int) -> list[str]:
    """Give what one voice sings in some whole bars, step by step."""
    places = np.flatnonzero(music.voices(ids) == voice)
    return [music.words[ids[place]] for place in places.tolist()]


def _joined(bars: Sequence[Sequence[int]]) -> list[int]:
    return [id for bar in bars for id in bar]
