"""Standard MIDI files to scores, by symusic; what MIDI leaves open is decided here.

- A track gives a part for each channel and program it plays on; channel 10 is drums. A part that
  plays no note is none.
- Of two sounding notes of one pitch, a note-off ends the one that began first.
- A note that is never switched off has no end and is left out; so is a note of no length, but for
  drums, which keep the shortest one: a hit is a hit.
- Where several signs of one sort stand at one tick, the last one holds.
- A key or a metre that does not exist, and a tempo no one can play (over 6,000), is left out.
"""

from collections.abc import Iterable
from itertools import starmap
from typing import Any

from naepo.config import UserError
from naepo.encode.music.score import Key, Meter, Note, Part, Score, Tempo

MICROSECONDS_PER_MINUTE = 60_000_000
FASTEST = 10_000
"""Microseconds of the shortest quarter note that is believed."""
MAX_NOTES = 1_000_000
MAX_QUARTERS = 200_000
"""More than a day of music at 120 quarter notes a minute: such times are damage, not music."""


def read_midi(content: bytes) -> Score:
    """Read the bytes of a MIDI file (format 0, 1 or 2, also wrapped in RIFF).

    Raises: UserError for what is no MIDI file, or counts time in frames of film.
    """
    symusic = import_symusic()
    content = content[content.find(b"MThd") :] if content[:4] == b"RIFF" else content
    if content[12:13] >= b"\x80":
        raise UserError("its time is counted in frames of film (SMPTE), not in beats")
    try:
        found = symusic.Score.from_midi(content)
    except (RuntimeError, ValueError, IndexError, OverflowError) as error:
        raise UserError(f"not a MIDI file that can be read: {_first_line(error)}") from None
    if found.tpq < 1:
        raise UserError("not a MIDI file that can be read: it has 0 ticks to a quarter note")
    tracks = [track for track in found.tracks if len(track.notes)]
    _check_size(tracks, found.tpq)
    notes = [note for number, track in enumerate(tracks) for note in _notes(number, track)]
    sounding = sorted({note.part for note in notes})
    numbers = {part: number for number, part in enumerate(sounding)}
    if numbers != {part: part for part in sounding}:
        notes = [_renumbered(note, numbers) for note in notes]
    return Score(
        found.tpq,
        tuple(_part(tracks[part]) for part in sounding),
        tuple(notes),
        tuple(_tempos(found.tempos)),
        tuple(_meters(found.time_signatures)),
        tuple(_keys(found.key_signatures)),
        title=first_name(content),
    ).simplified()


def import_symusic() -> Any:
    """Import symusic. Raises: UserError where it is not installed."""
    try:
        import symusic
    except ImportError:
        raise UserError(
            "MIDI and ABC are read by symusic, which is not installed",
            hint='pip install "naepo[music]"',
        ) from None
    return symusic


def quarters_per_minute(microseconds_per_quarter: int) -> float:
    """Give the tempo with the fewest decimals that MIDI writes as these microseconds.

    >>> quarters_per_minute(500_000), quarters_per_minute(497_925)
    (120.0, 120.5)
    """
    exact = MICROSECONDS_PER_MINUTE / microseconds_per_quarter
    for decimals in range(9):
        tempo = round(exact, decimals)
        if tempo and microseconds_of(tempo) == microseconds_per_quarter:
            return tempo
    return exact


def microseconds_of(quarters_per_minute: float) -> int:
    """Give how many whole microseconds a quarter note lasts at a tempo.

    >>> microseconds_of(120)
    500000
    """
    return round(MICROSECONDS_PER_MINUTE / quarters_per_minute)


def first_name(content: bytes) -> str:
    """Give the name of the first track when that track only directs: the title of the piece.

    symusic drops it with the track. Read up to the first event that is no meta event; of a file
    that is damaged there, the title is empty.
    """
    n_tracks, place, name = int.from_bytes(content[10:12], "big"), 22, ""
    try:
        while n_tracks > 1:
            place = _number_at(content, place)[1]
            if content[place] != 0xFF or content[place + 1] == 0x2F:
                return name if content[place] == 0xFF else ""
            kind = content[place + 1]
            length, place = _number_at(content, place + 2)
            if kind == 0x03 and not name:
                name = _text(content[place : place + length])
            place += length
    except IndexError:
        pass
    return ""


def _number_at(content: bytes, place: int) -> tuple[int, int]:
    """Read a number of 7 bits a byte, and the place after it. Raises: IndexError at the end."""
    number = 0
    while True:
        byte = content[place]
        number, place = number << 7 | byte & 0x7F, place + 1
        if byte < 0x80:
            return number, place


def _text(raw: bytes) -> str:
    """Read a name, which MIDI gives no encoding: UTF-8 where it can be, else Latin-1."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return "".join(character for character in text if character.isprintable()).strip()


def _check_size(tracks: list[Any], ticks_per_quarter: int) -> None:
    n_notes = sum(len(track.notes) for track in tracks)
    if n_notes > MAX_NOTES:
        raise UserError(f"it has {n_notes:,} notes, and at most {MAX_NOTES:,} are read")
    latest = max((int(track.end()) for track in tracks), default=0)
    earliest = min((int(track.start()) for track in tracks), default=0)
    if earliest < 0 or latest > MAX_QUARTERS * ticks_per_quarter:
        raise UserError(f"its times run past {MAX_QUARTERS:,} quarter notes, so they are damaged")


def _part(track: Any) -> Part:
    name = _text(track.name.encode("utf-8", "replace").replace("\ufffd".encode(), b"?"))
    return Part(name, int(track.program) & 0x7F, bool(track.is_drum))


def _notes(number: int, track: Any) -> Iterable[Note]:
    columns = track.notes.numpy()
    shortest = 1 if track.is_drum else 0
    for onset, duration, pitch, velocity in zip(
        *(columns[name].tolist() for name in ("time", "duration", "pitch", "velocity")), strict=True
    ):
        if max(duration, shortest) > 0 and velocity > 0:
            yield Note(onset, number, pitch, max(duration, shortest), velocity)


def _renumbered(note: Note, numbers: dict[int, int]) -> Note:
    return Note(note.onset, numbers[note.part], note.pitch, note.duration, note.velocity)


def _tempos(found: Iterable[Any]) -> Iterable[Tempo]:
    tempos = {
        tempo.time: tempo.mspq for tempo in found if tempo.mspq >= FASTEST and tempo.time >= 0
    }
    return starmap(Tempo, ((time, quarters_per_minute(mspq)) for time, mspq in tempos.items()))


def _meters(found: Iterable[Any]) -> Iterable[Meter]:
    units = {2**power for power in range(7)}
    meters = {
        meter.time: Meter(meter.time, meter.numerator, meter.denominator)
        for meter in found
        if meter.time >= 0 and meter.numerator > 0 and meter.denominator in units
    }
    return meters.values()


def _keys(found: Iterable[Any]) -> Iterable[Key]:
    keys = {
        key.time: Key(key.time, key.key, "minor" if key.tonality == 1 else "major")
        for key in found
        if key.time >= 0 and -7 <= key.key <= 7
    }
    return keys.values()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
