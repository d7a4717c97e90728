"""Scores for the laws of reading and writing, drawn by hypothesis.

Strategies give the fields of a score, not the score: when its types are checked, beartype draws
random numbers, which no strategy may.
"""

from typing import Any

from hypothesis import strategies as st

from naepo.encode.music.score import Key, Meter, Note, Part, Tempo

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=6)
TEMPOS = st.integers(400, 40_000).map(lambda hundredths: hundredths / 100)
METERS = st.tuples(st.integers(1, 12), st.sampled_from((1, 2, 4, 8, 16)))
KEYS = st.tuples(st.integers(-7, 7), st.sampled_from(("major", "minor")))


@st.composite
def scores(draw: st.DrawFn) -> dict[str, Any]:
    """Draw any score that MIDI can say: chords, overlaps, drums, many signs, odd resolutions."""
    ticks = draw(st.sampled_from((1, 3, 4, 12, 96, 480, 1001)))
    parts = tuple(
        Part(draw(NAMES), draw(st.integers(0, 127)), draw(st.booleans()))
        for _ in range(draw(st.sampled_from((1, 2, 3, 17))))
    )
    notes = [note for part in range(len(parts)) for note in _line(draw, part, 8 * ticks)]
    return {
        "ticks_per_quarter": ticks,
        "parts": parts,
        "notes": tuple(notes),
        "tempos": tuple(Tempo(onset, tempo) for onset, tempo in _signs(draw, TEMPOS)),
        "meters": tuple(Meter(onset, *meter) for onset, meter in _signs(draw, METERS)),
        "keys": tuple(Key(onset, *key) for onset, key in _signs(draw, KEYS)),
        "title": draw(NAMES),
    }


@st.composite
def chorales(draw: st.DrawFn) -> dict[str, Any]:
    """Draw four voices without overlaps, on sixteenths or triplets, with or without an upbeat."""
    ticks = draw(st.sampled_from((1, 2, 4, 6, 12)))
    notes: list[Note] = []
    for part, lowest in enumerate((60, 53, 48, 36)):
        onset = draw(st.integers(0, 3))
        for _ in range(draw(st.integers(1, 5))):
            duration = draw(st.integers(1, 5 * ticks))
            pitch = lowest + draw(st.integers(0, 20))
            notes.append(Note(onset, part, pitch, duration, draw(st.integers(1, 127))))
            onset += duration + draw(st.sampled_from((0, 0, 0, 1, ticks)))
    beats, unit = draw(st.sampled_from(((4, 4), (3, 4), (2, 2), (3, 2))))
    meters = [Meter(0, beats, unit)]
    if draw(st.booleans()):
        meters = [Meter(0, 1, 4), Meter(ticks, beats, unit)]
    return {
        "ticks_per_quarter": ticks,
        "parts": tuple(Part(name) for name in ("Soprano", "Alto", "Tenor", "Bass")),
        "notes": tuple(notes),
        "tempos": (Tempo(0, draw(TEMPOS)), Tempo(ticks, draw(TEMPOS))),
        "meters": tuple(meters),
        "keys": (Key(0, *draw(KEYS)),),
        "title": draw(NAMES),
    }


def _line(draw: st.DrawFn, part: int, end: int) -> list[Note]:
    """Draw notes of one part; those of one pitch never sound at once, as MIDI cannot part them."""
    notes: list[Note] = []
    for pitch in draw(st.lists(st.integers(0, 127), min_size=1, max_size=2, unique=True)):
        onset = draw(st.integers(0, end))
        for _ in range(draw(st.integers(1, 3))):
            duration = draw(st.integers(1, end))
            notes.append(Note(onset, part, pitch, duration, draw(st.integers(1, 127))))
            onset += duration + draw(st.sampled_from((0, 1, end)))
    return notes


def _signs(draw: st.DrawFn, kinds: st.SearchStrategy) -> list[tuple]:
    onsets = draw(st.lists(st.integers(0, 5000), max_size=3, unique=True))
    return [(onset, draw(kinds)) for onset in onsets]
