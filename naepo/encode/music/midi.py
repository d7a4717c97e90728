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
from naepo.encode.music.midi_names import first_name, whole_names
from naepo.encode.music.score import Key, Meter, Note, Part, Score, Tempo

MICROSECONDS_PER_MINUTE = 60_000_000
FASTEST = 10_000
"""Microseconds of the shortest quarter note that is believed."""
CUT_OFF = 150_000
"""The fewest microseconds of a quarter note that may be cut off: 400 quarter notes a minute."""
PLAIN_TEMPO = 120.0
"""Quarter notes a minute of a file that says none (Standard MIDI Files 1.0, Set Tempo)."""
MAX_NOTES = 1_000_000
TIMES = [0, 3]
"""The rows of onsets and durations among the columns of notes."""
UNITS = (1, 2, 4, 8, 16, 32, 64)


def read_midi(content: bytes) -> Score:
    """Read the bytes of a MIDI file (format 0 or 1, also wrapped in RIFF).

    Raises: UserError for what is no MIDI file, counts time in frames of film, or is of format 2 and
    holds several patterns, which are pieces of their own.
    """
    symusic = import_symusic()
    content = content[content.find(b"MThd") :] if content[:4] == b"RIFF" else content
    _refuse_other_kinds(content)
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
        _parts([track for track, _ in heard], content),
        tuple(map(Note, *columns.tolist())),
        tuple(Tempo(time // step, tempo) for time, tempo in tempos.items()),
        tuple(Meter(time // step, *meter) for time, meter in meters.items()),
        tuple(Key(time // step, *key) for time, key in keys.items()),
        title=first_name(content),
    )


def _refuse_other_kinds(content: bytes) -> None:
    """Raise UserError for a MIDI file that is no piece on a time of beats."""
    if content[12:13] >= b"\x80":
        raise UserError("its time is counted in frames of film (SMPTE), not in beats")
    n_tracks = int.from_bytes(content[10:12], "big")
    if content[:4] == b"MThd" and content[8:10] == b"\0\2" and n_tracks > 1:
        raise UserError(
            f"it holds {n_tracks:,} patterns, each a piece of its own (MIDI of format 2)",
            hint="save each pattern as a file of its own, of format 0 or 1",
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

    Many programs cut off what is less than a microsecond, where naepo rounds it. Both are read as
    the same tempo, where it has at most 2 decimals and is at most 400: among faster ones, a
    microsecond may part two of them.

    >>> quarters_per_minute(500_000), quarters_per_minute(497_925)
    (120.0, 120.5)
    >>> quarters_per_minute(666_667), quarters_per_minute(666_666)
    (90.0, 90.0)
    """
    exact = MICROSECONDS_PER_MINUTE / microseconds_per_quarter
    for decimals in range(9):
        tempo = round(exact, decimals)
        may_be_cut_off = decimals <= 2 and microseconds_per_quarter >= CUT_OFF
        if tempo and (
            microseconds_of(tempo) == microseconds_per_quarter
            or (may_be_cut_off and int(MICROSECONDS_PER_MINUTE / tempo) == microseconds_per_quarter)
        ):
            return tempo
    return exact


def microseconds_of(quarters_per_minute: float) -> int:
    """Give how many whole microseconds a quarter note lasts at a tempo.

    >>> microseconds_of(120.0)
    500000
    """
    return round(MICROSECONDS_PER_MINUTE / quarters_per_minute)


def _parts(tracks: list[Any], content: bytes) -> tuple[Part, ...]:
    names = whole_names([track.name for track in tracks], content)
    return tuple(
        Part(name, int(track.program) & 0x7F, track.is_drum)
        for name, track in zip(names, tracks, strict=True)
    )


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
