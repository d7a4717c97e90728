"""One part of a MusicXML score: its measures walked from left to right, once."""

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple
from xml.etree.ElementTree import Element

from naepo.config import UserError
from naepo.encode.music.bars import Time

Ticks = int | Fraction
"""A time in ticks: whole, but in a file whose durations have a decimal point."""
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
FIRST_STAFF = "1"
VELOCITY = 80
LOUD = 90
"""The velocity that MusicXML calls 100 percent (forte)."""
NUMBER = re.compile(r"\s*([+-]?\d{1,9}(?:\.\d{0,30})?)\s*", re.ASCII)
FINEST = 10_080
"""The largest denominator behind a decimal point: 0.3333333333 is a third."""
UNITS = {"whole": 4, "half": 2, "quarter": 1, "eighth": Fraction(1, 2), "16th": Fraction(1, 4)}
"""What a metronome mark counts, in quarter notes."""


class Segment(NamedTuple):
    """One written note: a whole note, or a link in a chain of tied ones.

    offset, duration: ticks, the offset from the start of its bar.
    """

    bar: int
    offset: Ticks
    duration: Ticks
    pitch: int
    voice: str
    velocity: int
    is_tied_on: bool
    continues: bool


class Sign(NamedTuple):
    """A tempo (quarter notes a minute), a metre, or a key (fifths, whether minor) in a part."""

    bar: int
    offset: Ticks
    value: float | Time | tuple[int, bool]


class PartReader:
    """Walks one part, and keeps what it finds: segments, signs, and how long its bars are.

    lengths: of each bar, with gaps that are only skipped.  filled: up to the last note or rest.
    """

    def __init__(self, unpitched: Mapping[str, int], ticks_per_quarter: int) -> None:
        """unpitched: the pitch of each percussion instrument, by its id in the file."""
        self.segments: list[Segment] = []
        self.tempos: list[Sign] = []
        self.times: list[Sign] = []
        self.keys: list[Sign] = []
        self.lengths: list[Ticks] = []
        self.filled: list[Ticks] = []
        self.has_unpitched = False
        self._unpitched = unpitched
        self._bar = -1
        self._ticks_per_quarter = ticks_per_quarter
        self._scale: Ticks = ticks_per_quarter
        self._transpositions: dict[str | None, int] = {}
        self._velocity = VELOCITY
        self._position: Ticks = 0
        self._onset: Ticks = 0
        self._length: Ticks = 0
        self._filled: Ticks = 0

    def read_measure(self, measure: Element) -> None:
        """Walk the next measure of the part."""
        self._bar += 1
        self._position = self._onset = self._length = self._filled = 0
        for element in measure:
            match element.tag:
                case "note":
                    self._read_note(element)
                case "backup":
                    self._move(-self._duration(element.findtext("duration")))
                case "forward":
                    self._move(self._duration(element.findtext("duration")))
                case "attributes":
                    self._read_attributes(element)
                case "sound":
                    self._read_sound(element)
                case "direction":
                    self._read_direction(element)
        self.lengths.append(self._length)
        self.filled.append(self._filled)

    def _move(self, by: Ticks) -> None:
        self._position = max(0, self._position + by)
        if self._position > self._length:
            self._length = self._position

    def _duration(self, text: str | None) -> Ticks:
        return _duration(text) * self._scale

    def _read_note(self, note: Element) -> None:
        found = {child.tag: child for child in note}
        if "grace" in found:
            return
        duration = self._duration(found["duration"].text if "duration" in found else None)
        if "chord" not in found:
            self._onset = self._position
            self._move(duration)
            self._filled = max(self._filled, self._position)
        if "rest" in found or "cue" in found or not duration:
            return
        pitch = self._pitch(found)
        if pitch is None:
            return
        voice = found["voice"].text or "1" if "voice" in found else "1"
        ties = _ties(note, found)
        self.segments.append(
            Segment(
                self._bar, self._onset, duration, pitch, voice.strip(),
                self._velocity_of(note), "start" in ties, "stop" in ties,
            )
        )  # fmt: skip

    def _pitch(self, found: Mapping[str, Element]) -> int | None:
        if "pitch" in found:
            pitch = {child.tag: child.text for child in found["pitch"]}
            sounding = _midi(pitch.get("step"), pitch.get("octave"), pitch.get("alter"))
            return sounding + self._transposition(found["staff"].text if "staff" in found else None)
        if "unpitched" not in found:
            return None
        self.has_unpitched = True
        instrument = found["instrument"].get("id", "") if "instrument" in found else ""
        known = self._unpitched.get(instrument, next(iter(self._unpitched.values()), None))
        if known is not None:
            return known
        shown = found["unpitched"]
        return _midi(shown.findtext("display-step"), shown.findtext("display-octave"), None)

    def _velocity_of(self, note: Element) -> int:
        percent = number(note.get("dynamics"))
        return self._velocity if percent is None else _velocity(percent)

    def _read_attributes(self, attributes: Element) -> None:
        divisions = number(attributes.findtext("divisions"))
        if divisions is not None:
            if divisions <= 0:
                raise UserError(f"divisions must be above 0, got {divisions}")
            self._scale = whole(self._ticks_per_quarter / divisions)
        for transpose in attributes.iterfind("transpose"):
            self._transpose(transpose)
        if (time := _time(attributes.find("time"))) is not None:
            self.times.append(Sign(self._bar, self._position, time))
        if (signature := attributes.find("key")) is not None:
            key = _key(signature, self._transposition(signature.get("number")))
            if key is not None:
                self.keys.append(Sign(self._bar, self._position, key))

    def _transpose(self, transpose: Element) -> None:
        """Keep by how much a staff sounds higher; without a number, every staff of the part."""
        chromatic = number(transpose.findtext("chromatic")) or 0
        octaves = number(transpose.findtext("octave-change")) or 0
        staff = transpose.get("number")
        if staff is None:
            self._transpositions.clear()
        self._transpositions[staff and staff.strip()] = round(chromatic + 12 * octaves)

    def _transposition(self, staff: str | None) -> int:
        """Give by how many semitones a staff sounds higher; what names no staff is on the first."""
        found = self._transpositions
        return found.get((staff or FIRST_STAFF).strip(), found.get(None, 0))

    def _read_sound(self, sound: Element, later: Ticks = 0) -> bool:
        tempo, percent = number(sound.get("tempo")), number(sound.get("dynamics"))
        if percent is not None:
            self._velocity = _velocity(percent)
        return self._keep_tempo(tempo, later)

    def _read_direction(self, direction: Element) -> None:
        sound = direction.find("sound")
        mark = direction.find("direction-type/metronome")
        later = whole(number(direction.findtext("offset")) or Fraction(0)) * self._scale
        if (sound is not None and self._read_sound(sound, later)) or mark is None:
            return
        count, unit = number(mark.findtext("per-minute")), UNITS.get(mark.findtext("beat-unit", ""))
        if count is not None and unit is not None:
            n_dots = len(mark.findall("beat-unit-dot"))
            self._keep_tempo(count * unit * (2 - Fraction(1, 2 ** min(n_dots, 3))), later)

    def _keep_tempo(self, tempo: Fraction | None, later: Ticks) -> bool:
        if tempo is None or not 1 <= tempo <= 6000:
            return False
        self.tempos.append(Sign(self._bar, max(0, self._position + later), float(tempo)))
        return True


def number(text: str | None) -> Fraction | None:
    """Read a decimal number; None for what is none, as for 1e999999999, an attack.

    >>> number("4"), number("0.66666667"), number("four")
    (Fraction(4, 1), Fraction(2, 3), None)
    """
    found = NUMBER.fullmatch(text) if text is not None and len(text) < 80 else None
    return Fraction(found[1]).limit_denominator(FINEST) if found else None


def whole(time: Fraction) -> Ticks:
    """Give a whole number as what it is: sums of them take a tenth of the time."""
    return time.numerator if time.denominator == 1 else time


@lru_cache(maxsize=4096)
def _duration(text: str | None) -> Ticks:
    return whole(max(number(text) or Fraction(0), Fraction(0)))


@lru_cache(maxsize=1024)
def _midi(step: str | None, octave: str | None, alter: str | None) -> int:
    steps, octaves = STEPS.get((step or "").strip().upper()), number(octave)
    if steps is None or octaves is None:
        raise UserError(f"a note has no pitch that can be read: step {step}, octave {octave}")
    return round(12 * (octaves + 1) + steps + (number(alter) or 0))


def _ties(note: Element, found: Mapping[str, Element]) -> set[str | None]:
    """Give which ends of a tie a note has. The sign that is drawn counts where no sound is told."""
    if "tie" in found:
        return {tie.get("type") for tie in note.iterfind("tie")}
    if "notations" in found:
        return {tie.get("type") for tie in note.iterfind("notations/tied")}
    return set()


def _velocity(percent: Fraction) -> int:
    return min(127, max(1, round(percent * LOUD / 100)))


def _time(time: Element | None) -> Time | None:
    """Read a metre; 3+2/8 is 5/8, and 3/8 + 2/4 is 7/8."""
    if time is None:
        return None
    pairs: list[Time] = []
    for beats, unit in zip(time.findall("beats"), time.findall("beat-type"), strict=False):
        counts = [number(each) for each in (beats.text or "").split("+")]
        size = number(unit.text)
        if size not in (1, 2, 4, 8, 16, 32, 64) or any(each is None for each in counts):
            return None
        pairs.append((int(sum(each or 0 for each in counts)), int(size)))
    unit = max((size for _, size in pairs), default=4)
    total = sum(beats * unit // size for beats, size in pairs)
    return (total, unit) if 0 < total < 256 else None


def _key(key: Element, transposition: int) -> tuple[int, bool] | None:
    """Read a key signature as it sounds: (fifths, whether minor)."""
    fifths = number(key.findtext("fifths"))
    if fifths is None or not -7 <= fifths <= 7:
        return None
    sounding = (
        round(fifths) if not transposition else (round(fifths) + 7 * transposition + 5) % 12 - 5
    )
    return sounding, (key.findtext("mode") or "").strip() == "minor"
