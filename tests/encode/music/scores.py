"""Random pieces for the laws: four voices on a grid, and free ones of any number of parts.

Strategies give what `Score` is made of, and not the score: when its types are checked, beartype
draws random numbers, which no strategy may.
"""

from itertools import accumulate, pairwise
from typing import Any

from hypothesis import strategies as st

from naepo.encode.music.score import Key, Meter, Note, Part, Tempo
from naepo.encode.music.voices import PARTS, RANGES

GRID_METERS = ((4, 4), (3, 4), (2, 4), (6, 8))
EVENT_METERS = ((4, 4), (3, 4), (6, 8))
TEMPOS = (60, 80, 100, 120)
PROGRAMS = (0, 1, 24)


@st.composite
def voices(draw) -> dict[str, Any]:
    """Four voices in sixteenths; rests, held and repeated notes, an upbeat, changing metres."""
    notes = [note for voice in range(4) for note in draw(_line(voice))]
    end = max((note.end for note in notes), default=0)
    bars = draw(st.lists(st.tuples(st.sampled_from(GRID_METERS), st.integers(1, 3)), max_size=3))
    meters, onset = [], draw(st.sampled_from([0, 0, 4, 6]))
    for (beats, unit), n_bars in bars:
        meters.append(Meter(onset, beats, unit))
        onset += n_bars * 16 * beats // unit
    starts = _bar_starts(meters, end)
    keys = draw(_signs(starts, st.integers(-5, 6)))
    tempos = draw(_signs(starts, st.sampled_from(TEMPOS)))
    return {
        "parts": PARTS,
        "notes": tuple(notes),
        "tempos": tuple(Tempo(at, float(value)) for at, value in tempos),
        "meters": tuple(meter for meter in meters if meter.onset < end),
        "keys": tuple(Key(at, value) for at, value in keys),
    }


@st.composite
def free(draw) -> dict[str, Any]:
    """Up to four parts, drums among them, on sixteenths; no pitch twice at once in one part."""
    chosen = draw(st.sets(st.sampled_from([*PROGRAMS, -1]), min_size=1))
    programs = sorted(chosen, key=lambda program: (program < 0, program))
    notes: list[Note] = []
    for part, program in enumerate(programs):
        pitches = st.integers(35, 50) if program < 0 else st.integers(46, 83)
        found = draw(st.lists(_note(part, pitches), min_size=1, max_size=6))
        notes += [n for at, n in enumerate(found) if not any(_clash(n, m) for m in found[:at])]
    meters, onset, before = [], 0, None
    for (beats, unit), n_bars in draw(st.lists(_bars(), min_size=1, max_size=3)):
        if (beats, unit) != before:
            meters.append(Meter(onset, beats, unit))
        onset, before = onset + n_bars * 16 * beats // unit, (beats, unit)
    tempos = draw(_signs(range(0, 40, 3), st.sampled_from(TEMPOS)))
    keys = draw(_signs(range(0, 40, 5), st.integers(-5, 6)))
    modes = st.sampled_from(["major", "minor"])
    return {
        "parts": tuple(Part("", max(program, 0), program < 0) for program in programs),
        "notes": tuple(notes),
        "tempos": tuple(Tempo(at, float(value)) for at, value in tempos),
        "meters": tuple(meters),
        "keys": tuple(Key(at, value, draw(modes)) for at, value in keys),
    }


def _bars():
    return st.tuples(st.sampled_from(EVENT_METERS), st.integers(1, 2))


@st.composite
def _line(draw, voice: int) -> list[Note]:
    low, high = RANGES[voice]
    told = draw(
        st.lists(
            st.tuples(st.none() | st.integers(low + 6, high - 6), st.sampled_from([1, 2, 3, 4, 8])),
            max_size=8,
        )
    )
    ends = list(accumulate(duration for _, duration in told))
    return [
        Note(end - duration, voice, pitch, duration)
        for (pitch, duration), end in zip(told, ends, strict=True)
        if pitch is not None
    ]


@st.composite
def _note(draw, part: int, pitches) -> Note:
    onset, duration = draw(st.integers(0, 40)), draw(st.integers(1, 16))
    return Note(onset, part, draw(pitches), duration, draw(st.integers(1, 127)))


def _clash(one: Note, other: Note) -> bool:
    overlap = one.onset < other.end and other.onset < one.end
    return one.pitch == other.pitch and overlap


@st.composite
def _signs(draw, starts, values):
    chosen = draw(st.sets(st.sampled_from(list(starts)), max_size=2)) if starts else set()
    return [(at, draw(values)) for at in sorted(chosen)]


def _bar_starts(meters: list[Meter], end: int) -> list[int]:
    """Where bars begin, of sixteenths: an own count, to test the encoder's against."""
    spans = [(0, Meter(0, 4, 4)), *((m.onset, m) for m in meters), (end, Meter(0, 4, 4))]
    starts = set()
    for (start, meter), (stop, _) in pairwise(spans):
        starts |= set(range(start, min(stop, end), 16 * meter.beats // meter.unit))
    return sorted(starts)
