"""A piece of music as data: notes on a grid of ticks, with tempo, metre and key. No file, no sound.

Time is counted in whole ticks, `ticks_per_quarter` of them to a quarter note, so that a held note,
a repeated note and a triplet are exact and never a rounded float.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm
from typing import Literal, TypeVar

from naepo.config import UserError

LOWEST, HIGHEST = 0, 127
"""The pitches of MIDI; 60 is middle C, 69 the A of 440 Hz."""


@dataclass(frozen=True, order=True)
class Note:
    """One sounding note. Two notes of one pitch that follow each other are a repeated note.

    onset, duration: ticks; duration at least 1.  pitch: MIDI number, 0 to 127.
    part: which of the score's parts plays it.  velocity: how hard, 1 to 127.
    """

    onset: int
    part: int
    pitch: int
    duration: int
    velocity: int = 80

    @property
    def end(self) -> int:
        """The tick at which it has stopped."""
        return self.onset + self.duration


@dataclass(frozen=True, order=True)
class Tempo:
    """From `onset` (ticks) on, so many quarter notes a minute."""

    onset: int
    quarters_per_minute: float


@dataclass(frozen=True, order=True)
class Meter:
    """From `onset` (ticks) on, bars of `beats` notes of 1/`unit`: 4/4, 3/4, 6/8."""

    onset: int
    beats: int
    unit: int


@dataclass(frozen=True, order=True)
class Key:
    """From `onset` (ticks) on, a key signature: -7 (flats) to 7 (sharps), in steps of fifths."""

    onset: int
    fifths: int
    mode: Literal["major", "minor"] = "major"


@dataclass(frozen=True)
class Part:
    """One voice or instrument. program: General MIDI, 0 (piano) to 127."""

    name: str = ""
    program: int = 0
    is_drums: bool = False


Event = TypeVar("Event", Note, Tempo, Meter, Key)


@dataclass(frozen=True)
class Score:
    """A whole piece. Notes and signs are kept sorted by time, so that equal pieces compare equal.

    Raises: UserError for a note outside MIDI's pitches, without length, or of a part that is not.
    """

    ticks_per_quarter: int
    parts: tuple[Part, ...]
    notes: tuple[Note, ...]
    tempos: tuple[Tempo, ...] = ()
    meters: tuple[Meter, ...] = ()
    keys: tuple[Key, ...] = ()
    title: str = ""

    def __post_init__(self) -> None:
        if self.ticks_per_quarter < 1:
            raise UserError(f"ticks_per_quarter must be at least 1, got {self.ticks_per_quarter}")
        for name in ("notes", "tempos", "meters", "keys"):
            object.__setattr__(self, name, tuple(sorted(getattr(self, name))))
        for note in self.notes:
            _check(note, len(self.parts))

    @cached_property
    def end(self) -> int:
        """The tick at which the last note has stopped; 0 without notes. Asked for in each bar."""
        return max((note.end for note in self.notes), default=0)

    def notes_of(self, part: int) -> tuple[Note, ...]:
        """Give the notes of one part, in order."""
        return tuple(note for note in self.notes if note.part == part)

    def transposed(self, semitones: int) -> "Score":
        """Move every note but the drums', and the key with them.

        Raises: UserError when a note would leave MIDI's pitches.
        """
        drums = {number for number, part in enumerate(self.parts) if part.is_drums}
        notes = [
            note if note.part in drums else replace(note, pitch=note.pitch + semitones)
            for note in self.notes
        ]
        keys = [replace(key, fifths=_moved(key.fifths, semitones)) for key in self.keys]
        return replace(self, notes=tuple(notes), keys=tuple(keys))

    def at_resolution(self, ticks_per_quarter: int) -> "Score":
        """Count in other ticks. Times are rounded to the nearest one, and no note vanishes."""
        if ticks_per_quarter == self.ticks_per_quarter:
            return self
        scale = Fraction(ticks_per_quarter, self.ticks_per_quarter)

        def moved(event: Event) -> Event:
            onset = _nearest(event.onset * scale)
            if isinstance(event, Note):
                end = max(onset + 1, _nearest(event.end * scale))
                return replace(event, onset=onset, duration=end - onset)
            return replace(event, onset=onset)

        return replace(
            self,
            ticks_per_quarter=ticks_per_quarter,
            notes=tuple(map(moved, self.notes)),
            tempos=tuple(map(moved, self.tempos)),
            meters=tuple(map(moved, self.meters)),
            keys=tuple(map(moved, self.keys)),
        )

    def simplified(self) -> "Score":
        """Count in the largest ticks in which every time is still whole."""
        times = [note.duration for note in self.notes]
        events = (*self.notes, *self.tempos, *self.meters, *self.keys)
        step = gcd(self.ticks_per_quarter, *times, *(event.onset for event in events))
        return self.at_resolution(self.ticks_per_quarter // step)


def common_resolution(scores: Iterable[Score]) -> int:
    """Give the fewest ticks per quarter in which all the scores can be counted exactly."""
    return lcm(*(score.simplified().ticks_per_quarter for score in scores))


def _nearest(time: Fraction) -> int:
    """Round half up, so that equal times stay equal."""
    return (2 * time.numerator + time.denominator) // (2 * time.denominator)


def _moved(fifths: int, semitones: int) -> int:
    """Where a key signature comes to lie: 7 steps of fifths to a semitone, nearest to no sign."""
    return (fifths + 7 * semitones + 5) % 12 - 5


def _check(note: Note, n_parts: int) -> None:
    if not LOWEST <= note.pitch <= HIGHEST:
        raise UserError(
            f"a pitch must be from {LOWEST} to {HIGHEST}, got {note.pitch} at tick {note.onset}",
            hint="transpose by fewer semitones",
        )
    if note.duration < 1 or note.onset < 0 or not 1 <= note.velocity <= 127:
        raise UserError(
            f"not a note: onset {note.onset}, duration {note.duration}, velocity {note.velocity}; "
            "expected onset >= 0, duration >= 1 (ticks), velocity 1 to 127"
        )
    if not 0 <= note.part < n_parts:
        raise UserError(f"a note is of part {note.part}, but the score has {n_parts} parts")
