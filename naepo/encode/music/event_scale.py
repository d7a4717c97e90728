"""How fine and how wide an event notation must be, measured on scores."""

from collections.abc import Iterable
from itertools import pairwise
from math import ceil, lcm
from typing import Any

from naepo.config import UserError
from naepo.encode.music.event_parts import assign_programs
from naepo.encode.music.event_words import DRUMS
from naepo.encode.music.score import HIGHEST, LOWEST, Score

DOWN, UP = 6, 5
FINEST = 24
"""Ticks to a quarter note, at most: thirty-second notes and triplets of sixteenths, both exact."""
LONGEST = 32
"""Quarter notes of the longest duration that gets a word; longer notes are cut."""
ALL_PROGRAMS = tuple(range(DRUMS, 128))


def measured(kind: str, scores: Iterable[Score]) -> dict[str, Any]:
    """Give the arguments of `EventEncoder` with which all the scores can be told exactly.

    Within reason: at most `FINEST` ticks to a quarter, and durations of at most `LONGEST`. Pitches
    are widened, so that any transposition by -6 to +5 semitones stays inside. Scores without notes
    are passed over.

    Raises: UserError when no score has a note.
    """
    usable = [score.simplified() for score in scores if score.notes]
    if not usable:
        raise UserError("no notes to fit an encoder on")
    meters = sorted({(m.beats, m.unit) for score in usable for m in score.meters} | {(4, 4)})
    programs = sorted({program for score in usable for program in _programs(score)})
    pitches = [n.pitch for s in usable for n in s.notes if not s.parts[n.part].is_drums]
    drums = [n.pitch for s in usable for n in s.notes if s.parts[n.part].is_drums]
    velocities = {note.velocity for score in usable for note in score.notes}
    tempos = [tempo.quarters_per_minute for score in usable for tempo in score.tempos]
    is_one_part = all(len({note.part for note in score.notes}) == 1 for score in usable)
    return {
        "ticks_per_quarter": _grid(usable, meters),
        "longest": min(LONGEST, max(1, *(_longest(score, kind) for score in usable))),
        "pitches": _span(pitches) if pitches else (60, 72),
        "drums": _two(min(drums), max(drums)) if drums else None,
        "programs": () if is_one_part and programs == [0] else tuple(programs),
        "velocity": velocities.pop() if len(velocities) == 1 else None,
        "tempos": sorted({max(1, round(tempo)) for tempo in tempos}),
        "meters": meters if kind == "remi" or any(score.meters for score in usable) else (),
        "has_keys": any(score.keys for score in usable),
    }


def _grid(scores: list[Score], meters: list[tuple[int, int]]) -> int:
    """Find the ticks to a quarter note: what all scores share, or the finest there is."""
    for_meters = max(1, max(unit for _, unit in meters) // 4)
    exact = lcm(for_meters, *(score.ticks_per_quarter for score in scores))
    return exact if exact <= FINEST else lcm(FINEST, for_meters)


def _longest(score: Score, kind: str) -> int:
    """Give the quarter notes of the longest duration, and of the longest pause if it needs one."""
    ticks = [note.duration for note in score.notes]
    if kind == "structured":
        onsets = [0, *(note.onset for note in score.notes)]
        ticks += [after - before for before, after in pairwise(onsets)]
    return ceil(max(ticks) / score.ticks_per_quarter)


def _programs(score: Score) -> set[int]:
    told = assign_programs(score, ALL_PROGRAMS)
    return {told[part] for part in {note.part for note in score.notes}}


def _two(lowest: int, highest: int) -> tuple[int, int]:
    """Give a range that holds two pitches at least, as miditok needs it."""
    lowest = min(lowest, HIGHEST - 1)
    return lowest, max(lowest + 1, highest)


def _span(pitches: list[int]) -> tuple[int, int]:
    return max(LOWEST, min(pitches) - DOWN), min(HIGHEST, max(pitches) + UP)
