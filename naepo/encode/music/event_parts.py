"""Scores as event notations can tell them, and the words that miditok adds of its own accord."""

from collections.abc import Sequence
from dataclasses import replace

from naepo.config import UserError
from naepo.encode.music.event_words import DRUMS
from naepo.encode.music.grid_bars import metronome
from naepo.encode.music.miditok_engine import Scale
from naepo.encode.music.score import Score, Tempo


def assign_programs(score: Score, programs: Sequence[int]) -> list[int]:
    """Say by which program each part is told: its own, or the nearest that no other part has.

    Parts without notes take none; where two are equally near, the higher one. Parts of drums all
    share theirs.  programs: those that there are words for; none: one part, whatever it is.

    Raises: UserError when there are more parts than programs.
    """
    has_notes = {note.part for note in score.notes}
    if not programs:
        return [0] * len(score.parts)
    free = set(programs) - {DRUMS}
    told = []
    for number, part in enumerate(score.parts):
        if number not in has_notes or part.is_drums:
            told.append(DRUMS if part.is_drums else part.program)
            continue
        if not free:
            raise UserError(
                f"this encoder tells at most {len(set(programs) - {DRUMS})} parts and drums, "
                f"got {len(has_notes)}",
                hint="leave parts out, or fit an encoder on pieces with as many parts",
            )
        nearest = min(free, key=lambda program: (abs(program - part.program), -program))
        told.append(nearest)
        free.remove(nearest)
    return told


def checked(score: Score, scale: Scale, ticks_per_quarter: int, longest: int) -> Score:
    """Give the score on the grid, no note longer than `longest` quarters, its tempos among those
    that have words, once all of its notes can be told.

    Raises: UserError for what miditok would leave out or move without a word.
    """
    known = score.at_resolution(ticks_per_quarter)
    for note in known.notes:
        part = known.parts[note.part]
        span = scale.drums if part.is_drums else scale.pitches
        if span is None or (part.is_drums and DRUMS not in scale.programs):
            raise UserError("this encoder has no words for drums", hint="leave the drums out")
        if not span[0] <= note.pitch <= span[1]:
            raise UserError(
                f"this encoder tells pitches from {span[0]} to {span[1]}, got {note.pitch} at "
                f"tick {note.onset}",
                hint="transpose the piece",
            )
    if not scale.programs and len({note.part for note in known.notes}) > 1:
        raise UserError("this encoder tells one part only, got more", hint="give one part")
    _check_meters(known, scale)
    _check_pauses(known, scale)
    assign_programs(known, scale.programs)
    most = longest * ticks_per_quarter
    return replace(
        known,
        notes=tuple(replace(note, duration=min(note.duration, most)) for note in known.notes),
        tempos=tuple(_told(tempo, scale) for tempo in known.tempos) if scale.tempos else (),
    )


def without_defaults(tokens: Sequence[str], score: Score) -> list[str]:
    """Leave out the tempo, the key and the metre that miditok begins with where a score has none.

    The metre stays where bars need it.
    """
    told = list(tokens)
    signs = {"Tempo_": score.tempos, "KeySig_": score.keys, "TimeSig_": score.meters}
    for name, events in signs.items():
        is_needed = name == "TimeSig_" and "Bar_None" in told
        if is_needed or any(event.onset == 0 for event in events):
            continue
        first = next((at for at, token in enumerate(told) if token.startswith(name)), None)
        if first is not None:
            del told[first]
    # A position that only a sign stood at tells nothing any more.
    return [
        token
        for token, following in zip(told, [*told[1:], "Bar_None"], strict=True)
        if not (token.startswith("Position_") and following.startswith(("Position_", "Bar_")))
    ]


def _told(tempo: Tempo, scale: Scale) -> Tempo:
    quarters = metronome(tempo.quarters_per_minute, scale.tempos)
    return replace(tempo, quarters_per_minute=float(quarters))


def _check_meters(score: Score, scale: Scale) -> None:
    if scale.kind == "structured" or not scale.meters:
        return
    for meter in score.meters:
        if (meter.beats, meter.unit) not in scale.meters:
            raise UserError(
                f"this encoder has no metre {meter.beats}/{meter.unit}",
                hint="it has " + ", ".join(f"{b}/{u}" for b, u in scale.meters),
            )


def _check_pauses(score: Score, scale: Scale) -> None:
    """Structured tells a pause by one word: refuse one that is longer than any."""
    if scale.kind != "structured":
        return
    longest = scale.longest_beats * score.ticks_per_quarter
    onset = 0
    for note in score.notes:
        if note.onset - onset > longest:
            raise UserError(
                f"`structured` of this encoder tells pauses of at most {scale.longest_beats} "
                f"quarter notes, got a longer one before tick {note.onset}",
                hint="use the encoder `tsd`",
            )
        onset = note.onset
