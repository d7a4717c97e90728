"""Scores to Standard MIDI files: one track that directs, then one for each part."""

import struct
from collections.abc import Iterable, Iterator

from naepo.config import UserError
from naepo.encode.music.midi import FASTEST, microseconds_of
from naepo.encode.music.score import Note, Part, Score

MAX_TICKS = 0x7FFF
FINE = 20_160
"""Ticks to a quarter note for a score that needs more than MIDI can count; 1 to 10 divide it."""
SLOWEST = 0xFFFFFF
"""Microseconds of the longest quarter note that MIDI can say."""
LONGEST_WAIT = 0x0FFFFFFF
DRUMS = 9
CHANNELS = [channel for channel in range(16) if channel != DRUMS]
Event = tuple[int, int, bytes]
"""A tick, a rank among what happens at it, and the bytes."""


def to_midi(score: Score) -> bytes:
    """Write a score as a MIDI file of format 1.

    `read_midi` gives the same score, `simplified`, but for what MIDI cannot say: of two notes of
    one part and pitch that sound at once, which one ends first; a part without a note; a tempo
    finer than a microsecond a quarter note. More than 15 parts share channels.

    Raises: UserError for a tempo, metre or key that MIDI cannot say.
    """
    score = score.simplified()
    if score.ticks_per_quarter > MAX_TICKS:
        score = score.at_resolution(FINE)
    tracks = [_track(_directions(score))]
    pitched = 0
    for number, part in enumerate(score.parts):
        channel = DRUMS if part.is_drums else CHANNELS[pitched % len(CHANNELS)]
        pitched += not part.is_drums
        tracks.append(_track(_playing(part, channel, score.notes_of(number))))
    head = b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), score.ticks_per_quarter)
    return head + b"".join(tracks)


def _track(events: Iterable[Event]) -> bytes:
    body, now = bytearray(), 0
    for tick, _, event in sorted(events, key=lambda event: event[:2]):
        body += _number(tick - now) + event
        now = tick
    body += b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(body)) + bytes(body)


def _number(value: int) -> bytes:
    """Write a number of 7 bits a byte, the highest first."""
    if value > LONGEST_WAIT:
        raise UserError(f"MIDI cannot wait {value:,} ticks for the next note")
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def _meta(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + _number(len(data)) + data


def _name(text: str) -> bytes:
    return _meta(0x03, text.encode("utf-8", "replace"))


def _directions(score: Score) -> Iterator[Event]:
    if score.title:
        yield 0, 0, _name(score.title)
    for tempo in score.tempos:
        duration = microseconds_of(tempo.quarters_per_minute) if tempo.quarters_per_minute else 0
        if not FASTEST <= duration <= SLOWEST:
            raise UserError(
                "MIDI says tempos from 3.58 to 6,000 quarter notes a minute, got "
                f"{tempo.quarters_per_minute:g} at tick {tempo.onset}"
            )
        yield tempo.onset, 1, _meta(0x51, duration.to_bytes(3, "big"))
    for meter in score.meters:
        power = meter.unit.bit_length() - 1
        if not 1 <= meter.beats <= 255 or meter.unit != 1 << power or power > 6:
            raise UserError(f"MIDI has no metre {meter.beats}/{meter.unit} (at tick {meter.onset})")
        yield meter.onset, 2, _meta(0x58, bytes([meter.beats, power, 24, 8]))
    for key in score.keys:
        if not -7 <= key.fifths <= 7:
            raise UserError(f"a key has 0 to 7 flats (-) or sharps, got {key.fifths}")
        yield key.onset, 3, _meta(0x59, bytes([key.fifths & 0xFF, key.mode == "minor"]))


def _playing(part: Part, channel: int, notes: Iterable[Note]) -> Iterator[Event]:
    """Give a part's events. At one tick, what ends comes before what begins: a repeated note."""
    if part.name:
        yield 0, 0, _name(part.name)
    yield 0, 1, bytes([0xC0 | channel, part.program])
    for note in notes:
        yield note.end, 2, bytes([0x80 | channel, note.pitch, 0])
        yield note.onset, 3, bytes([0x90 | channel, note.pitch, note.velocity])
