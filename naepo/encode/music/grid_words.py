"""The words of the four-voice grid, and what each one means.

The voices share their words: which of them sings a word, its place tells. So a model learns a pitch
once, and not once a voice (LOG.md).
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naepo.encode.music.grid_bars import bar_steps
from naepo.encode.music.voices import SILENT, Range
from naepo.encode.music.words import spell

BEAT, BAR, REST, HOLD = "'", "|", ".", "~"


class Role(IntEnum):
    """What kind of word it is. Signs stand at the beginning of a bar, in this order."""

    VOICE = 0
    METER = 1
    KEY = 2
    TEMPO = 3
    SHORT = 4
    BEAT = 5
    BAR = 6
    END = 7


SIGNS = (Role.METER, Role.KEY, Role.TEMPO, Role.SHORT)


class GridWords:
    """Every word of one grid, by id.

    words: the words.  roles, pitches: one item an id, the end's last; pitches hold `SILENT` where
    nothing sounds.  is_hold: whether the pitch goes on from the step before.
    values: what a sign says: (beats, unit), (fifths, mode), quarters a minute, or steps.
    ranges: the lowest and highest pitch of each voice.  onsets: for each voice, which ids it may
    begin a note with, or rest.
    """

    def __init__(
        self,
        ranges: Sequence[Range],
        meters: Sequence[tuple[int, int]],
        keys: Sequence[tuple[int, str]],
        tempos: Sequence[int],
        short_bars: Sequence[int],
        steps_per_quarter: int,
    ) -> None:
        """Make the words. Meters must be ones that whole steps can count."""
        self._entries: list[tuple[str, Role, int, bool, Any]] = []
        self.ranges = tuple(ranges)
        self.lowest, self.highest = min(map(min, ranges)), max(map(max, ranges))
        self._add_notes()
        self.meter_ids = {m: self._add(f"{m[0]}/{m[1]}", Role.METER, m) for m in meters}
        self.key_ids = {k: self._add(_key_word(*k), Role.KEY, k) for k in keys}
        self.tempo_ids = {t: self._add(f"Q:{t}", Role.TEMPO, t) for t in tempos}
        self.short_ids = {n: self._add(f"bar:{n}", Role.SHORT, n) for n in short_bars}
        self.beat_id = self._add(BEAT, Role.BEAT)
        self.bar_id = self._add(BAR, Role.BAR)
        self.end_id = self._add("", Role.END)
        self.words = [entry[0] for entry in self._entries[:-1]]
        self.roles = [entry[1] for entry in self._entries]
        self.pitches = [entry[2] for entry in self._entries]
        self.is_hold = [entry[3] for entry in self._entries]
        self.values = [entry[4] for entry in self._entries]
        self.steps_of = {m: bar_steps(*m, steps_per_quarter) or (1, 1) for m in meters}
        self.is_note = np.array(self.roles) == Role.VOICE
        begins, pitches = self.is_note & ~np.array(self.is_hold), np.array(self.pitches)
        self.onsets = [
            begins & ((pitches == SILENT) | ((pitches >= low) & (pitches <= high)))
            for low, high in ranges
        ]
        self._signs_after: dict[tuple[int, int], NDArray[np.bool_]] = {}

    def hold_id(self, pitch: int) -> int:
        """Give the id by which a pitch is held."""
        return 2 + 2 * (pitch - self.lowest)

    def sung(self, pitches: NDArray[np.int64], is_onset: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Give the ids of steps, shape (n_steps, 4): pitch or `SILENT`, and whether it begins."""
        return np.where(pitches == SILENT, 0, 1 + 2 * (pitches - self.lowest) + ~is_onset)

    def signs_after(self, sign: int, full: int) -> NDArray[np.bool_]:
        """Give, for each id, whether it is a sign that may follow `sign` in a bar of `full`."""
        if (sign, full) not in self._signs_after:
            mask = np.array([role in SIGNS and role > sign for role in self.roles])
            too_long = [id for n, id in self.short_ids.items() if n >= full]
            mask[too_long] = False
            self._signs_after[sign, full] = mask
        return self._signs_after[sign, full]

    def moved(self, semitones: int) -> NDArray[np.int64]:
        """Give, for each id, the one of the same event so many semitones higher; -1 for none."""
        moved = np.arange(len(self.roles))
        for id, (role, pitch) in enumerate(zip(self.roles, self.pitches, strict=True)):
            if role == Role.VOICE and pitch != SILENT:
                is_told = self.lowest <= pitch + semitones <= self.highest
                moved[id] = id + 2 * semitones if is_told else -1
            elif role == Role.KEY:
                moved[id] = self._moved_key(self.values[id], semitones)
        return moved

    def _moved_key(self, key: tuple[int, str], semitones: int) -> int:
        fifths, mode = key
        if semitones:  # as Score.transposed: 7 steps of fifths a semitone, nearest to no sign
            fifths = (fifths + 7 * semitones + 5) % 12 - 5
        return self.key_ids.get((fifths, mode), -1)

    def _add_notes(self) -> None:
        self._add(REST, Role.VOICE)
        for pitch in range(self.lowest, self.highest + 1):
            self._add(spell(pitch), Role.VOICE, pitch=pitch)
            self._add(spell(pitch) + HOLD, Role.VOICE, pitch=pitch, is_hold=True)

    def _add(
        self,
        word: str,
        role: Role,
        value: Any = None,
        *,
        pitch: int = SILENT,
        is_hold: bool = False,
    ) -> int:
        self._entries.append((word, role, pitch, is_hold, value))
        return len(self._entries) - 1


def _key_word(fifths: int, mode: str) -> str:
    return f"K:{fifths}" + ("m" if mode == "minor" else "")
