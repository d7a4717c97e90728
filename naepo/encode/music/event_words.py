"""The words of event notations, and what each one means."""

from collections.abc import Sequence
from enum import Enum
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naepo.encode.music.score import Key, Score

DRUMS = -1
"""The program of drums."""


class Role(Enum):
    """What kind of event a word is, by the name that miditok gives it."""

    BAR = "Bar"
    POSITION = "Position"
    SHIFT = "TimeShift"
    METER = "TimeSig"
    TEMPO = "Tempo"
    KEY = "KeySig"
    PROGRAM = "Program"
    PITCH = "Pitch"
    DRUM = "PitchDrum"
    VELOCITY = "Velocity"
    DURATION = "Duration"
    ON = "NoteOn"
    OFF = "NoteOff"
    DRUM_ON = "DrumOn"
    DRUM_OFF = "DrumOff"
    END = "End"


BEGINS = (Role.PITCH, Role.DRUM, Role.ON, Role.DRUM_ON)
"""What says the pitch of a new note."""
STOPS = (Role.OFF, Role.DRUM_OFF)
TIMES = (Role.POSITION, Role.SHIFT, Role.DURATION)
"""What is measured in beats, so that its length depends on the metre."""
PITCHED = (Role.PITCH, Role.ON, Role.OFF)
"""What moves when a piece is transposed; drums stay."""


class EventWords:
    """Every word of one event notation, by id; the last id is the end.

    roles: the kind of each id.  values: what it says: a pitch, a velocity, a program; (beats, unit)
    of a metre; quarters a minute; (fifths, mode) of a key; a time in beats, as a Fraction.
    """

    def __init__(
        self, words: Sequence[str], *, positions_per_beat: int, ticks_per_quarter: int
    ) -> None:
        self.words = list(words)
        self.positions_per_beat = positions_per_beat
        self.ticks_per_quarter = ticks_per_quarter
        self.roles = [Role(word.split("_")[0]) for word in words] + [Role.END]
        self.values = [_value(word, positions_per_beat) for word in words] + [None]
        self.end_id = len(self.words)
        self._id_of = {word: id for id, word in enumerate(self.words)}
        self._ticks: dict[int, list[int]] = {}
        self._masks: dict[Any, NDArray[np.bool_]] = {}

    def useful(
        self, meters: Sequence[tuple[int, int]], longest: int, tempos: Sequence[int]
    ) -> "EventWords":
        """Give the same without the words that no metre can use: for all of them, miditok has one
        list of times, as fine as the slowest beat needs and as long as the fastest.

        longest: quarter notes of the longest duration.  tempos: those that are told.
        """
        kept = []
        for id, word in enumerate(self.words):
            role = self.roles[id]
            if role is Role.TEMPO:
                is_used = self.values[id] in tempos
            else:
                is_used = role not in TIMES or any(
                    self.on_grid(meter[1])[id]
                    and self.ticks(meter[1])[id] <= self._most(role, meter, longest)
                    for meter in meters
                )
            if is_used:
                kept.append(word)
        return EventWords(
            kept,
            positions_per_beat=self.positions_per_beat,
            ticks_per_quarter=self.ticks_per_quarter,
        )

    def _most(self, role: Role, meter: tuple[int, int], longest: int) -> int | float:
        """Give the longest time, in ticks, that is of use; a pause may always be longer."""
        if role is Role.POSITION:
            return self.bar_ticks(meter) - 1
        return longest * self.ticks_per_quarter if role is Role.DURATION else inf

    def id_of(self, word: str) -> int | None:
        """Give the id of a word, None for one that is none."""
        return self._id_of.get(word)

    def ticks(self, unit: int) -> list[int]:
        """Give the length of each id's time in ticks, in a metre of 1/`unit` notes; else 0."""
        if unit not in self._ticks:
            exact = self._exact(unit)
            self._ticks[unit] = [int(time + Fraction(1, 2)) for time in exact]
        return self._ticks[unit]

    def bar_ticks(self, meter: tuple[int, int]) -> int:
        """Give the ticks of a bar."""
        beats, unit = meter
        return 4 * self.ticks_per_quarter * beats // unit

    def of(self, *roles: Role) -> NDArray[np.bool_]:
        """Give, for each id, whether it is of one of these roles. Not to be written to."""
        if roles not in self._masks:
            self._masks[roles] = np.array([role in roles for role in self.roles])
        return self._masks[roles]

    def on_grid(self, unit: int) -> NDArray[np.bool_]:
        """Give, for each id, whether whole ticks tell its time. Not to be written to."""
        if unit not in self._masks:
            self._masks[unit] = np.array([time.denominator == 1 for time in self._exact(unit)])
        return self._masks[unit]

    def positions(self, unit: int, after: int, before: int) -> NDArray[np.bool_]:
        """Give, for each id, whether it is a place in a bar between two others (ticks)."""
        name = ("positions", unit, after, before)
        if name not in self._masks:
            ticks = np.array(self.ticks(unit))
            inside = (ticks > after) & (ticks < before)
            self._masks[name] = self.of(Role.POSITION) & inside & self.on_grid(unit)
        return self._masks[name]

    def moved(self, semitones: int) -> NDArray[np.int64]:
        """Give, for each id, the one of the same event so many semitones higher; -1 for none."""
        moved = np.arange(len(self.roles))
        for id, (role, value) in enumerate(zip(self.roles, self.values, strict=True)):
            if role in PITCHED:
                moved[id] = self._id_of.get(f"{role.value}_{value + semitones}", -1)
            elif role is Role.KEY and semitones:
                moved[id] = self._id_of.get(key_word(*_moved_key(value, semitones)), -1)
        return moved

    def _exact(self, unit: int) -> list[Fraction]:
        quarters = Fraction(4, unit) * self.ticks_per_quarter
        pairs = zip(self.roles, self.values, strict=True)
        return [value * quarters if role in TIMES else Fraction(0) for role, value in pairs]


def key_word(fifths: int, mode: str) -> str:
    """Spell a key as miditok does.

    >>> key_word(-1, "minor")
    'KeySig_-1:1'
    """
    return f"KeySig_{fifths}:{int(mode == 'minor')}"


def _moved_key(key: tuple[int, Any], semitones: int) -> tuple[int, str]:
    score = Score(1, (), (), keys=(Key(0, *key),)).transposed(semitones)
    return score.keys[0].fifths, score.keys[0].mode


def _value(word: str, positions_per_beat: int) -> Any:
    """Read what a word says.

    >>> _value("Duration_1.2.8", 8), _value("Position_4", 8), _value("TimeSig_3/4", 8)
    (Fraction(5, 4), Fraction(1, 2), (3, 4))
    """
    name, _, text = word.partition("_")
    role = Role(name)
    if role is Role.POSITION:
        return Fraction(int(text), positions_per_beat)
    if role in TIMES:
        beats, parts, resolution = map(int, text.split("."))
        return beats + Fraction(parts, resolution)
    if role is Role.METER:
        beats, unit = map(int, text.split("/"))
        return beats, unit
    if role is Role.KEY:
        fifths, mode = map(int, text.split(":"))
        return fifths, "minor" if mode else "major"
    if role is Role.TEMPO:
        return float(text)
    return None if role is Role.BAR else int(text)
