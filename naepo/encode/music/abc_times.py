"""What abc2midi leaves to be put right in the times of a tune: late signs, and a lost upbeat.

It begins notes a tick late, and at times tempos, metres and keys too: all of them in a tune with
words, a tempo within any tune. And MIDI has no bar lines, so that a first bar that is short is
counted as a whole one. For that, the tune is converted once more with a note before its first bar
line: where this note begins, the bar line is, whatever stands before it (rests, tuplets, chords,
several voices). Where anything is in doubt, a tune has no upbeat.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from math import gcd
from typing import TypeVar

from naepo.encode.music.bars import length_of, time_of
from naepo.encode.music.score import Key, Meter, Note, Score, Tempo

LATE = 1
"""Ticks by which abc2midi lets a note begin late; it ends in time."""
MARK = b"=C,,,,"
"""The note before the bar line: lower than any instrument plays."""
KEY = re.compile(rb"^K:[^\n]*", re.MULTILINE)
METER = re.compile(rb"(?:^|\[)M:[ \t]*([^\n\]]*)", re.MULTILINE)
MUSIC = re.compile(rb"^(?!%|[A-Za-z+]:(?![|:]))[^\n]+", re.MULTILINE)
"""Lines of notes; `e:|` is one, and `e: ` a field."""
KEPT = rb'"[^"\n]*"|%[^\n]*|\[[A-Za-z]:[^\]\n]*\]'
"""In a line of notes: a chord name or a word, a comment, a field."""
TOKEN = re.compile(
    KEPT + rb"|![^!\s|]+!|\+[^+\s|]+\+|\{[^}\n]*\}|(?P<bar>\[\||[:|])|(?P<music>[A-Ga-gXxZz])"
)
"""In a line of notes: what is neither, a bar line, and the letter of a note or a rest."""

Sign = TypeVar("Sign", Tempo, Meter, Key)


def in_time(score: Score) -> Score:
    """Move back what stands late: all notes, and the signs that stand just after a place.

    A place is where a note begins or ends, or a multiple of what all these times are multiples of.
    """
    notes = tuple(map(_note_in_time, score.notes))
    places = {0, *(note.onset for note in notes), *(note.end for note in notes)}
    step = gcd(score.ticks_per_quarter, *places)
    step = step if step > LATE else max(score.ticks_per_quarter // 8, 2)

    def is_place(time: int) -> bool:
        return time in places or time % step == 0

    def moved(signs: Iterable[Sign]) -> tuple[Sign, ...]:
        found: dict[int, Sign] = {}
        for sign in signs:
            onset = sign.onset
            if not is_place(onset) and is_place(onset - LATE):
                onset -= LATE
            found[onset] = replace(sign, onset=onset)
        return tuple(found.values())

    return replace(
        score, notes=notes, tempos=moved(score.tempos), meters=moved(score.meters),
        keys=moved(score.keys),
    )  # fmt: skip


def _note_in_time(note: Note) -> Note:
    late = min(LATE, note.onset)
    return replace(note, onset=note.onset - late, duration=note.duration + late)


def marked(tune: bytes) -> bytes | None:
    """Put a note before the first bar line that has notes or rests before it.

    None for a tune without a metre, or without such a bar line.

    >>> marked(b"X:1\\nM:3/4\\nK:C\\n|:[K:G]d2|g6|\\n")
    b'X:1\\nM:3/4\\nK:C\\n|:[K:G]d2=C,,,,|g6|\\n'
    """
    key = KEY.search(tune, tune.find(b"X:"))
    place = _first_bar_line(tune, key.end()) if key else None
    if place is None:
        return None
    meters = METER.findall(tune, 0, place)
    is_measured = bool(meters) and re.match(rb"\d|C", meters[-1]) is not None
    return tune[:place] + MARK + tune[place:] if is_measured else None


def _first_bar_line(tune: bytes, start: int) -> int | None:
    has_begun = False
    for line in MUSIC.finditer(tune, start):
        for token in TOKEN.finditer(tune, *line.span()):
            has_begun = has_begun or token["music"] is not None
            if has_begun and token["bar"] is not None:
                return token.start()
    return None


def with_upbeat(score: Score, marked: Score) -> Score:
    """Give the score the upbeat that its reading with the mark shows: a metre of that length.

    The metre of the tune follows it, as in `read_musicxml`. Both scores: in time, in equal ticks.
    """
    known = {(note.onset, note.pitch) for note in score.notes}
    new = [note.onset for note in marked.notes if (note.onset, note.pitch) not in known]
    onset = min(new, default=0)
    meters = [meter for meter in score.meters if meter.onset < onset]
    if not 0 < onset < score.end or [meter.onset for meter in meters] != [0]:
        return score
    ticks, meter = score.ticks_per_quarter, meters[0]
    length = Fraction(onset, ticks)
    time = time_of(length, meter.unit)
    if marked.ticks_per_quarter != ticks or time is None:
        return score
    if length >= length_of((meter.beats, meter.unit)):
        return score
    later = {onset: replace(meter, onset=onset)} | {each.onset: each for each in score.meters[1:]}
    return replace(score, meters=(Meter(0, *time), *later.values()))
