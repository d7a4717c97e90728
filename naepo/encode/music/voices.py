"""Which part is which of the four voices, and what each sings at each step."""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, pairwise
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError
from naepo.encode.music.score import Note, Part, Score

PARTS = (Part("Soprano"), Part("Alto"), Part("Tenor"), Part("Bass"))
VOICES = "SATB"
RANGES = ((60, 81), (53, 76), (48, 69), (36, 64))
"""Where the four voices of Bach's chorales move, as MIDI pitches, lowest and highest."""
SILENT = -1
MOST_STEPS = 100_000
"""A piece longer than this is refused: 100,000 sixteenths are four hours at a slow tempo."""

Range = tuple[int, int]


@dataclass(frozen=True)
class Raster:
    """Four voices step by step.

    pitches: MIDI pitch or `SILENT`, shape (n_steps, 4).  is_onset: whether it begins, same shape.
    """

    pitches: NDArray[np.int64]
    is_onset: NDArray[np.bool_]


def assign(score: Score, ranges: tuple[Range, ...] = RANGES) -> dict[int, int]:
    """Say which voice, 0 (soprano) to 3 (bass), each part that has notes is.

    By their names, when each is named as another voice; else four parts from the highest on
    average to the lowest; fewer, in this order, as the voices whose ranges hold them best.

    Raises: UserError when they are no voices: more than four, or drums, or chords in one part.
    """
    parts = sorted({note.part for note in score.notes})
    if len(parts) > len(VOICES):
        raise UserError(
            f"the four-voice grid holds at most 4 parts, got {len(parts)} with notes",
            hint="use the encoder `remi`, which holds any number of parts",
        )
    for part in parts:
        _check_monophonic(score, part)
    named = {part: _named(score.parts[part].name) for part in parts}
    if len({voice for voice in named.values() if voice is not None}) == len(parts):
        return {part: voice for part, voice in named.items() if voice is not None}
    means = {part: fmean(note.pitch for note in score.notes_of(part)) for part in parts}
    by_height = sorted(parts, key=lambda part: -means[part])
    choices = combinations(range(len(VOICES)), len(parts))
    best = min(choices, key=lambda chosen: _outside(score, by_height, chosen, ranges))
    return dict(zip(by_height, best, strict=True))


def in_voices(score: Score, ranges: tuple[Range, ...] = RANGES) -> Score:
    """Give the same notes in the parts Soprano, Alto, Tenor, Bass. Raises: UserError as `assign`"""
    voice_of = assign(score, ranges)
    notes = tuple(replace(note, part=voice_of[note.part]) for note in score.notes)
    return replace(score, parts=PARTS, notes=notes)


def on_steps(score: Score, steps_per_quarter: int) -> Score:
    """Count in steps, as `Score.at_resolution` does, and let every voice sing one note at a time.

    Of two notes that come to begin on one step the one that was nearer to it stays, or the longer
    of both; every note ends where the next one begins. On the grid already, nothing changes.
    """
    kept: list[Note] = []
    for part in range(len(score.parts)):
        chosen: dict[int, tuple[tuple[Fraction, int], Note]] = {}
        for note in score.notes_of(part):
            rounded = _rounded(note, score.ticks_per_quarter, steps_per_quarter)
            exact = Fraction(note.onset * steps_per_quarter, score.ticks_per_quarter)
            claim = (abs(rounded.onset - exact), -note.duration)
            if rounded.onset not in chosen or claim < chosen[rounded.onset][0]:
                chosen[rounded.onset] = (claim, rounded)
        notes = [chosen[onset][1] for onset in sorted(chosen)]
        rooms = [after.onset - note.onset for note, after in pairwise(notes)]
        shorter = (
            replace(n, duration=min(n.duration, room))
            for n, room in zip(notes, rooms, strict=False)
        )
        kept += [*shorter, *notes[-1:]]
    signs = replace(score, notes=()).at_resolution(steps_per_quarter)
    return replace(signs, notes=tuple(kept))


def rasterise(score: Score) -> Raster:
    """Lay four voices out step by step; the score is one of `on_steps`.

    Raises: UserError for a piece of more than `MOST_STEPS` steps.
    """
    if score.end > MOST_STEPS:
        raise UserError(f"the piece has {score.end:,} steps, at most {MOST_STEPS:,} are written")
    pitches = np.full((score.end, len(VOICES)), SILENT, dtype=np.int64)
    is_onset = np.zeros(pitches.shape, dtype=np.bool_)
    for note in score.notes:
        pitches[note.onset : note.end, note.part] = note.pitch
        is_onset[note.onset, note.part] = True
    return Raster(pitches, is_onset)


def _rounded(note: Note, ticks_per_quarter: int, steps_per_quarter: int) -> Note:
    """Move a note to the nearest steps, half up, as `Score.at_resolution` does."""
    onset = _nearest(note.onset, ticks_per_quarter, steps_per_quarter)
    end = _nearest(note.end, ticks_per_quarter, steps_per_quarter)
    return replace(note, onset=onset, duration=max(1, end - onset))


def _nearest(ticks: int, ticks_per_quarter: int, steps_per_quarter: int) -> int:
    return (2 * ticks * steps_per_quarter + ticks_per_quarter) // (2 * ticks_per_quarter)


def _named(name: str) -> int | None:
    """Find the voice that a part's name says: "Soprano", "soprano 1", "Bass." """
    lower = name.strip().lower()
    found = [voice for voice, part in enumerate(PARTS) if lower.startswith(part.name.lower())]
    return found[0] if found else None


def _check_monophonic(score: Score, part: int) -> None:
    if score.parts[part].is_drums:
        raise UserError("the four-voice grid holds no drums", hint="use the encoder `remi`")
    for note, following in pairwise(score.notes_of(part)):
        if following.onset < note.end:
            quarter = float(Fraction(following.onset, score.ticks_per_quarter))
            raise UserError(
                f"part {part + 1} sounds two notes at once, at quarter note {quarter:g}; "
                "a voice of the four-voice grid sings one at a time",
                hint="use the encoder `remi`, which holds chords",
            )


def _outside(
    score: Score, parts: list[int], voices: tuple[int, ...], ranges: tuple[Range, ...]
) -> int:
    """Count the semitones by which notes leave the ranges of their voices."""
    total = 0
    for part, voice in zip(parts, voices, strict=True):
        low, high = ranges[voice]
        for note in score.notes_of(part):
            total += max(0, low - note.pitch, note.pitch - high)
    return total
