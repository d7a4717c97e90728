"""Which words a grid needs to tell pieces: gathered a piece at a time, so that none is kept."""

from typing import Any

from naepo.config import UserError
from naepo.encode.music.grid_bars import bar_steps, bars_of, metronome
from naepo.encode.music.score import HIGHEST, LOWEST, Score
from naepo.encode.music.voices import RANGES, VOICES, Range, in_voices, on_steps

DOWN, UP = 6, 5
"""How many semitones every piece that was gathered can be moved and still be told."""
METERS = ((4, 4), (3, 4), (2, 4), (6, 8))
TEMPOS = (60, 80, 100, 120)
MAJOR_KEYS = tuple((fifths, "major") for fifths in range(-5, 7))


class GridFit:
    """The pitch range of each voice, and the metres, keys, tempos and short bars of pieces."""

    def __init__(self, steps_per_quarter: int = 4) -> None:
        self.steps_per_quarter = steps_per_quarter
        self._ranges: list[Range | None] = [None] * len(VOICES)
        self._meters: set[tuple[int, int]] = set()
        self._keys: set[tuple[int, str]] = set()
        self._tempos: set[int] = set(TEMPOS)
        self._short_bars = set(half_beats(steps_per_quarter))

    def add(self, score: Score) -> bool:
        """Take a piece in; one that is not four voices, or fewer, is passed over: False."""
        voiced = self._voiced(score)
        if voiced is None:
            return False
        for voice, known in enumerate(self._ranges):
            pitches = [note.pitch for note in voiced.notes if note.part == voice]
            if pitches:
                pitches += known or ()
                self._ranges[voice] = min(pitches), max(pitches)
        for bar in bars_of(voiced):
            if bar.meter:
                self._meters.add((bar.meter.beats, bar.meter.unit))
            if bar.key:
                self._keys.add((bar.key.fifths, str(bar.key.mode)))
            if bar.tempo:
                self._tempos.add(metronome(bar.tempo.quarters_per_minute))
            if bar.length < bar.full:
                self._short_bars.add(bar.length)
        return True

    def settings(self) -> dict[str, Any]:
        """Give the arguments of `GridEncoder` with which it tells these pieces in every key."""
        modes = {"major", *(mode for _, mode in self._keys)}
        keys = {(fifths, mode) for mode in modes for fifths, _ in MAJOR_KEYS} | self._keys
        return {
            "steps_per_quarter": self.steps_per_quarter,
            "ranges": [_widened(self._ranges[n] or RANGES[n]) for n in range(len(VOICES))],
            "meters": [*METERS, *sorted(self._meters - set(METERS))],
            "keys": sorted(keys, key=lambda key: (key[1], key[0])),
            "tempos": sorted(self._tempos),
            "short_bars": sorted(self._short_bars),
        }

    def _voiced(self, score: Score) -> Score | None:
        """Give the score in voices and on steps, or None when it cannot be."""
        if not score.notes:
            return None
        try:
            voiced = on_steps(in_voices(score), self.steps_per_quarter)
        except UserError:
            return None
        steps = [bar_steps(m.beats, m.unit, self.steps_per_quarter) for m in voiced.meters]
        return voiced if all(steps) else None


def half_beats(steps_per_quarter: int) -> range:
    """Give the lengths, in steps, of a bar of 4/4 that is cut short after each half beat."""
    half = max(1, steps_per_quarter // 2)
    return range(half, 4 * steps_per_quarter, half)


def _widened(pitches: Range) -> Range:
    return max(LOWEST, pitches[0] - DOWN), min(HIGHEST, pitches[1] + UP)
