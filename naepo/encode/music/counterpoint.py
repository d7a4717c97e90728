"""How well four voices go together: counts of what textbooks of counterpoint look at.

Meant for reading beside the same counts of a corpus: no number is good by itself. Everything is
counted on a grid of sixteenth notes and summed over pieces, so a long piece weighs more.

A raster such as `Jsb16thSeparated.json` cannot tell a repeated note from a held one, so that its
held share is too high; compare it with pieces that came from a raster too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError
from naepo.encode.music.score import Score

SILENT = -1
VOICES = ("soprano", "alto", "tenor", "bass")
RANGES = ((60, 81), (52, 74), (46, 69), (36, 66))
"""Lowest and highest pitch of each voice in the 382 chorales of `Jsb16thSeparated.json`."""
DISSONANT = (1, 2, 6, 10, 11)
"""Semitones within an octave: seconds, sevenths and the tritone."""
FIFTH, OCTAVE = 7, 0
CHORDS = ((0, 4, 7), (0, 3, 7), (0, 3, 6))
"""Major, minor and diminished, in semitones above the root."""
TRIADS = frozenset(
    sum(1 << (root + step) % 12 for step in chord) for chord in CHORDS for root in range(12)
)
"""Each triad as a set of pitch classes, one bit a class."""

Raster = NDArray[np.int64]
"""Pitches, shape (n_steps, 4), `SILENT` where a voice rests."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Counts over pieces; the shares are properties, None where there was nothing to count."""

    n_pieces: int
    n_notes: int
    n_steps: int
    """Sixteenth steps in which at least one voice sounds."""
    n_cells: int
    """Steps times voices that sound."""
    n_held: int
    """Of these, how many go on with a note that began earlier."""
    n_pairs: int
    """Steps times pairs of voices that both sound."""
    n_dissonant: int
    """Of these, how many are a second, a seventh or a tritone apart, octaves left out."""
    n_triads: int
    """Steps whose pitch classes are exactly those of a major, minor or diminished triad."""
    n_co_moving: int
    """Pairs of voices that both go to another pitch at one step, in the same direction."""
    n_fifths: int
    """Of these, how many were a fifth (or twelfth) apart before and are again."""
    n_octaves: int
    """The same for octaves and unisons."""
    n_outside: int
    """Notes outside the range of their voice."""

    def __add__(self, other: "Report") -> "Report":
        names = [field.name for field in fields(self)]
        return Report(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def held_share(self) -> float | None:
        """Of all that sounds, the share that was begun earlier, 0 to 1."""
        return _share(self.n_held, self.n_cells)

    @property
    def triad_share(self) -> float | None:
        """Of all steps that sound, the share that are triads, 0 to 1."""
        return _share(self.n_triads, self.n_steps)

    @property
    def dissonant_share(self) -> float | None:
        """Of all pairs that sound together, the share that are dissonant, 0 to 1."""
        return _share(self.n_dissonant, self.n_pairs)

    @property
    def parallel_fifths(self) -> float | None:
        """Parallel fifths per 1,000 co-moving pairs."""
        return _share(1000 * self.n_fifths, self.n_co_moving)

    @property
    def parallel_octaves(self) -> float | None:
        """Parallel octaves and unisons per 1,000 co-moving pairs."""
        return _share(1000 * self.n_octaves, self.n_co_moving)

    @property
    def outside_range(self) -> float | None:
        """Notes outside their voice's range, per 1,000 notes."""
        return _share(1000 * self.n_outside, self.n_notes)

    def row(self) -> tuple[str, ...]:
        """Write the report as cells, in the order of `HEADINGS`."""
        return (
            f"{self.n_pieces:,}",
            _percent(self.held_share),
            _percent(self.triad_share),
            _percent(self.dissonant_share),
            _number(self.parallel_fifths),
            _number(self.parallel_octaves),
            _number(self.outside_range),
        )


HEADINGS = (
    *("pieces", "held", "triads", "dissonant pairs", "parallel 5ths", "parallel 8ves"),
    "out of range",
)
"""The columns of a row: shares in per cent, the last three per 1,000."""


def report(scores: Iterable[Score], *, ranges: Sequence[tuple[int, int]] = RANGES) -> Report:
    """Count over four-voice pieces, parts from high to low.

    ranges: lowest and highest pitch of each voice.
    Raises: UserError for a piece of other than four parts, or a part that sounds two notes at once.
    """
    total = Report(**{field.name: 0 for field in fields(Report)})
    for score in scores:
        total += _report_of(score, ranges)
    return total


def beside(reports: Mapping[str, Report]) -> str:
    """Write reports as a table of text, one line each under its name: a model, and its corpus."""
    lines = [("", *HEADINGS), *((name, *found.row()) for name, found in reports.items())]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip()
        for line in lines
    )


def raster_of(score: Score) -> tuple[Raster, NDArray[np.bool_]]:
    """Give the pitch of each voice at each sixteenth, and whether a note begins there.

    Both of shape (n_steps, 4). Times between are rounded to the nearest step.
    """
    _check(score)
    on_grid = score.at_resolution(4)
    pitches = np.full((on_grid.end, len(VOICES)), SILENT, dtype=np.int64)
    begins = np.zeros(pitches.shape, dtype=np.bool_)
    for note in on_grid.notes:
        pitches[note.onset : note.end, note.part] = note.pitch
        begins[note.onset, note.part] = True
        # A note shorter than a step may have been there; the later one is heard.
        begins[note.onset + 1 : note.end, note.part] = False
    return pitches, begins


def _report_of(score: Score, ranges: Sequence[tuple[int, int]]) -> Report:
    pitches, begins = raster_of(score)
    sounds = pitches != SILENT
    pairs = [_Pair(pitches[:, upper], pitches[:, lower]) for upper, lower in _PAIRS]
    limits = np.array(ranges)
    notes = [(note.part, note.pitch) for note in score.notes]
    return Report(
        n_pieces=1,
        n_notes=len(notes),
        n_steps=int(sounds.any(axis=1).sum()),
        n_cells=int(sounds.sum()),
        n_held=int((sounds & ~begins).sum()),
        n_pairs=sum(pair.n_together() for pair in pairs),
        n_dissonant=sum(pair.n_dissonant() for pair in pairs),
        n_triads=_count_triads(pitches, sounds),
        n_co_moving=sum(int(pair.co_moving().sum()) for pair in pairs),
        n_fifths=sum(pair.n_parallel(FIFTH) for pair in pairs),
        n_octaves=sum(pair.n_parallel(OCTAVE) for pair in pairs),
        n_outside=sum(not limits[part, 0] <= pitch <= limits[part, 1] for part, pitch in notes),
    )


_PAIRS = tuple(combinations(range(len(VOICES)), 2))


class _Pair:
    """Two voices, step by step."""

    def __init__(self, upper: NDArray[np.int64], lower: NDArray[np.int64]) -> None:
        self._upper, self._lower = upper, lower
        self._together = (upper != SILENT) & (lower != SILENT)
        self._interval = np.abs(upper - lower) % 12

    def n_together(self) -> int:
        return int(self._together.sum())

    def n_dissonant(self) -> int:
        return int((self._together & np.isin(self._interval, DISSONANT)).sum())

    def co_moving(self) -> NDArray[np.bool_]:
        """Whether both move the same way from each step to the next, shape (n_steps - 1,)."""
        both = self._together[1:] & self._together[:-1]
        return both & (np.diff(self._upper) * np.diff(self._lower) > 0)

    def n_parallel(self, interval: int) -> int:
        stays = (self._interval[1:] == interval) & (self._interval[:-1] == interval)
        return int((self.co_moving() & stays).sum())


def _count_triads(pitches: Raster, sounds: NDArray[np.bool_]) -> int:
    bits = np.where(sounds, np.left_shift(1, pitches % 12), 0)
    classes = np.bitwise_or.reduce(bits, axis=1)
    return int(np.isin(classes, list(TRIADS)).sum())


def _check(score: Score) -> None:
    name = f"“{score.title}”" if score.title else "a piece"
    if len(score.parts) != len(VOICES):
        raise UserError(
            f"{name} has {len(score.parts)} parts, expected 4: {', '.join(VOICES)}",
            hint="the report of counterpoint is for four-voice pieces, such as chorales",
        )
    for part, voice in enumerate(VOICES):
        for earlier, later in pairwise(score.notes_of(part)):
            if later.onset < earlier.end:
                raise UserError(
                    f"the {voice} of {name} sounds two notes at once, at tick {later.onset}"
                )


def _share(count: int, of: int) -> float | None:
    return count / of if of else None


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _number(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.2f}"
