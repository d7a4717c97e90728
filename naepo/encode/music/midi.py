"""Standard MIDI files to scores, by symusic; what MIDI leaves open is decided here.

- A track gives a part for each channel and program it plays on; channel 10 is drums. A part that
  plays no note is none.
- Of two sounding notes of one pitch, a note-off ends the one that began first.
- A note that is never switched off has no end and is left out; so is a note of no length, but for
  drums, which keep the shortest one: a hit is a hit.
- Where several signs of one sort stand at one tick, the last one holds.
- A key or a metre that does not exist, and a tempo no one can play (over 6,000), is left out.
"""

from math import gcd
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError
from naepo.encode.music.score import Key, Meter, Note, Part, Score, Tempo

MICROSECONDS_PER_MINUTE = 60_000_000
FASTEST = 10_000
"""Microseconds of the shortest quarter note that is believed."""
PLAIN_TEMPO = 120.0
"""Quarter notes a minute of a file that says none (Standard MIDI Files 1.0, Set Tempo)."""
MAX_NOTES = 1_000_000
TIMES = [0, 3]
"""The rows of onsets and durations among the columns of notes."""
UNITS = (1, 2, 4, 8, 16, 32, 64)


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
    heard = [(track, _sounding(track)) for track in found.tracks]
    heard = [(track, columns) for track, columns in heard if columns.size]
    if (n_notes := sum(columns.shape[1] for _, columns in heard)) > MAX_NOTES:
        raise UserError(f"it has {n_notes:,} notes, and at most {MAX_NOTES:,} are read")
    tempos, meters, keys = _tempos(found), _meters(found), _keys(found)
    columns = _together([columns for _, columns in heard])
    step = gcd(found.tpq, *tempos, *meters, *keys, int(np.gcd.reduce(columns[TIMES], axis=None)))
    columns[TIMES] //= step
    return Score(
        found.tpq // step,
        tuple(Part(_name(track), int(track.program) & 0x7F, track.is_drum) for track, _ in heard),
        tuple(map(Note, *columns.tolist())),
        tuple(Tempo(time // step, tempo) for time, tempo in tempos.items()),
        tuple(Meter(time // step, *meter) for time, meter in meters.items()),
        tuple(Key(time // step, *key) for time, key in keys.items()),
        title=first_name(content),
    )


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

    >>> microseconds_of(120.0)
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


def _name(track: Any) -> str:
    return _text(track.name.replace("\ufffd", "?").encode("utf-8", "replace"))


def _sounding(track: Any) -> NDArray[np.int64]:
    """Give onset, duration, pitch and velocity of the notes of a track that sound, (4, n_notes)."""
    named = track.notes.numpy()
    columns = np.array(
        [named[name] for name in ("time", "duration", "pitch", "velocity")], np.int64
    )
    if track.is_drum:
        columns[1] = np.maximum(columns[1], 1)
    return columns[:, (columns[1] > 0) & (columns[3] > 0)]


def _together(tracks: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Give the columns of all notes as `Note` has its fields, in its order, (5, n_notes)."""
    parts = [np.full(columns.shape[1], part) for part, columns in enumerate(tracks)]
    onset, duration, pitch, velocity = np.concatenate([np.empty((4, 0), np.int64), *tracks], axis=1)
    columns = np.array([onset, np.concatenate([[], *parts]), pitch, duration, velocity], np.int64)
    return columns[:, np.lexsort(columns[::-1])]


def _tempos(score: Any) -> dict[int, float]:
    return {
        tempo.time: quarters_per_minute(tempo.mspq)
        for tempo in score.tempos
        if tempo.mspq >= FASTEST and tempo.time >= 0
    }


def _meters(score: Any) -> dict[int, tuple[int, int]]:
    return {
        meter.time: (meter.numerator, meter.denominator)
        for meter in score.time_signatures
        if meter.time >= 0 and meter.numerator > 0 and meter.denominator in UNITS
    }


def _keys(score: Any) -> dict[int, tuple[int, Literal["major", "minor"]]]:
    return {
        key.time: (key.key, "minor" if key.tonality == 1 else "major")
        for key in score.key_signatures
        if key.time >= 0 and -7 <= key.key <= 7
    }


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
