"""MusicXML to scores: our own reader, many times as fast as music21, whose notes it gives.

What is written is read: repeats are not unfolded, ornaments are not played, and grace and cue notes
are left out. Pitches are those that sound (a clarinet in B flat is transposed). Notes joined by a
tie are one note. A part with several voices gives several parts ("Piano", "Piano, voice 2"), and a
part without a note is none.

Bars are as long as what is in them. Where that is not what the metre says (a pickup, a bar divided
by a repeat), a metre of that length stands in the score, and later bars begin where they should.

Source: the MusicXML 4.0 specification of the W3C Music Notation Community Group.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, zip_longest
from math import gcd, lcm
from typing import Any
from xml.etree.ElementTree import Element

from naepo.config import UserError
from naepo.encode.music.bars import COMMON_TIME, Time, length_of, meters_of
from naepo.encode.music.part_reader import PartReader, Segment, Sign, Ticks, number, whole
from naepo.encode.music.safe_xml import parse_xml, unpack
from naepo.encode.music.score import Key, Meter, Note, Part, Score, Tempo

MAX_RESOLUTION = 1_000_000
"""The most ticks to a quarter note. 5,040 hold every tuplet up to 10."""


def read_musicxml(content: bytes) -> Score:
    """Read the bytes of a MusicXML file, plain or compressed (.mxl).

    Raises: UserError for what is no MusicXML, is damaged, or unpacks to too much.
    """
    root = parse_xml(unpack(content) if content[:2] == b"PK" else content)
    ticks_per_quarter = _resolution(root)
    heads = {head.get("id", ""): head for head in root.iterfind("part-list/score-part")}
    parts = [
        _read_part(heads.get(id, Element("score-part")), measures, ticks_per_quarter)
        for id, measures in _measures(root)
    ]
    if not parts:
        raise UserError(f"not a score in MusicXML: it has no part (its root is <{root.tag[:40]}>)")
    return _score(root, parts, ticks_per_quarter)


def _resolution(root: Element) -> int:
    """Give the fewest ticks to a quarter note that all the divisions of a file fit into."""
    divisions = {number(found.text) for found in root.iter("divisions")} - {None, Fraction(0)}
    ticks = lcm(*(abs(each.numerator) for each in divisions if each is not None))
    return _checked(ticks)


def _checked(ticks: int) -> int:
    if ticks > MAX_RESOLUTION:
        raise UserError(
            f"its notes need {ticks:,} ticks to a quarter note, and at most {MAX_RESOLUTION:,} are "
            "counted: the divisions of its parts do not fit each other"
        )
    return ticks


@dataclass(frozen=True)
class _Found:
    """A part as it is written, and what the list of parts says of it."""

    reader: PartReader
    part: Part


@dataclass
class _Voice:
    """The notes of one voice of a part: [onset, duration, pitch, velocity] each, ticks."""

    part: Part
    notes: list[list]


def _measures(root: Element) -> Iterator[tuple[str, list[Element]]]:
    """Give each part's id and measures, from a score ordered by part or by measure."""
    if root.tag == "score-partwise":
        for part in root.iterfind("part"):
            yield part.get("id", ""), part.findall("measure")
    elif root.tag == "score-timewise":
        measures: dict[str, list[Element]] = {}
        for part in root.iterfind("measure/part"):
            measures.setdefault(part.get("id", ""), []).append(part)
        yield from measures.items()


def _read_part(head: Element, measures: list[Element], ticks_per_quarter: int) -> _Found:
    unpitched = {
        instrument.get("id", ""): round(pitch) - 1
        for instrument in head.iterfind("midi-instrument")
        if (pitch := number(instrument.findtext("midi-unpitched"))) is not None
    }
    reader = PartReader(unpitched, ticks_per_quarter)
    for measure in measures:
        reader.read_measure(measure)
    program = number(head.findtext("midi-instrument/midi-program")) or Fraction(1)
    is_drums = reader.has_unpitched or number(head.findtext("midi-instrument/midi-channel")) == 10
    name = _line(head.findtext("part-name"))
    return _Found(reader, Part(name, min(127, max(0, round(program) - 1)), is_drums))


def _lengths(readers: list[PartReader], times: dict[int, Time], ticks: int) -> list[Ticks]:
    """Give how long each bar lasts: as in the part where it is longest, or as its metre.

    A part that only skips the end of a bar says nothing while others fill theirs with notes or
    rests: some writers skip more than there is.
    """
    lengths: list[Ticks] = []
    time = COMMON_TIME
    rows = (zip(reader.lengths, reader.filled, strict=True) for reader in readers)
    for bar, parts in enumerate(zip_longest(*rows, fillvalue=(0, 0))):
        time = times.get(bar, time)
        certain = max((length for length, filled in parts if length == filled), default=0)
        lengths.append(certain or max(parts)[0] or length_of(time) * ticks)
    return lengths


def _first_by_bar(signs: Iterable[Sign]) -> dict[int, Time]:
    found: dict[int, Time] = {}
    for sign in signs:
        found.setdefault(sign.bar, sign.value)  # pyright: ignore[reportArgumentType]
    return found


def _score(root: Element, parts: list[_Found], ticks: int) -> Score:
    readers = [part.reader for part in parts]
    times = _first_by_bar(sign for reader in readers for sign in reader.times)
    lengths = _lengths(readers, times, ticks)
    starts = list(accumulate(lengths, initial=0))
    voices = [voice for part in parts for voice in _voices(part, starts)]
    tempos = _by_time((sign for reader in readers for sign in reader.tempos), starts)
    keys = _by_time((sign for reader in readers for sign in reader.keys), starts)
    meters = {
        onset * ticks: time
        for onset, time in meters_of([Fraction(length) / ticks for length in lengths], times)
    }
    scale = _simplest(ticks, voices, [*tempos, *keys, *meters])
    notes = [
        Note(int(onset * scale), nth, pitch, int(duration * scale), velocity)
        for nth, voice in enumerate(voices)
        for onset, duration, pitch, velocity in voice.notes
    ]
    return Score(
        _checked(int(ticks * scale)),
        tuple(voice.part for voice in voices),
        tuple(notes),
        tuple(Tempo(int(onset * scale), tempo) for onset, tempo in tempos.items()),
        tuple(Meter(int(onset * scale), *time) for onset, time in meters.items()),
        tuple(
            Key(int(onset * scale), fifths, "minor" if is_minor else "major")
            for onset, (fifths, is_minor) in keys.items()
        ),
        title=_line(root.findtext("work/work-title") or root.findtext("movement-title")),
    )


def _simplest(ticks: int, voices: list[_Voice], times: list[Ticks]) -> Ticks:
    """Give the factor that makes of all times the smallest whole numbers."""
    times += [time for voice in voices for note in voice.notes for time in note[:2]]
    finer = lcm(*{time.denominator for time in times})
    coarser = gcd(ticks * finer, *(int(time * finer) for time in set(times)))
    return whole(Fraction(finer, coarser))


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def _voices(found: _Found, starts: list[Ticks]) -> Iterator[_Voice]:
    """Divide a part into its voices, in the order of their numbers, with tied notes joined."""
    notes = _joined(found.reader.segments, starts)
    names = sorted(notes, key=lambda name: (not name.isdecimal(), len(name), name))
    for nth, name in enumerate(names, 1):
        part = found.part
        title = part.name if nth == 1 else f"{part.name}, voice {nth}".removeprefix(", ")
        yield _Voice(Part(title, part.program, part.is_drums), notes[name])


def _joined(segments: list[Segment], starts: list[Ticks]) -> dict[str, list[list]]:
    """Give the notes of each voice, a chain of ties as one note, in the voice where it begins."""
    notes: dict[str, list[list]] = {}
    open_ties: dict[tuple[int, Ticks], list[tuple[str, list]]] = {}
    timed = [(starts[segment.bar] + segment.offset, segment) for segment in segments]
    for onset, segment in sorted(timed, key=lambda pair: pair[0]):
        waiting = open_ties.get((segment.pitch, onset), []) if segment.continues else []
        own = [pair for pair in waiting if pair[0] == segment.voice]
        if waiting:
            pair = (own or waiting)[0]
            waiting.remove(pair)
            voice, note = pair
            note[1] += segment.duration
        else:
            voice = segment.voice
            note = [onset, segment.duration, segment.pitch, segment.velocity]
            notes.setdefault(voice, []).append(note)
        if segment.is_tied_on:
            end = onset + segment.duration
            open_ties.setdefault((segment.pitch, end), []).append((segment.voice, note))
    return notes


def _by_time(signs: Iterable[Sign], starts: list[Ticks]) -> dict[Ticks, Any]:
    """Give signs by their time; of several at one time, that of the first part holds."""
    found: dict[Ticks, Any] = {}
    for sign in signs:
        found.setdefault(starts[sign.bar] + sign.offset, sign.value)
    return found
