"""Writing so many bars in a notation that tells no bars, only time."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.score import Meter, Score
from naepo.generate.constraint import Plan, rules_after
from naepo.generate.manner import Manner, begin
from naepo.generate.particles import Chosen
from naepo.model import LanguageModel

IDS_BETWEEN_LOOKS = 64
"""So often what was written is read, to see how far time has come."""


def write_bars(
    model: LanguageModel,
    music: MusicEncoder,
    theme: Score | None,
    begun: Sequence[int],
    bars: int,
    manner: Manner,
    most_ids: int,
) -> tuple[Score, Chosen]:
    """Write until so many more bars have passed, or the piece has ended; cut at the bar line.

    theme: what was begun, whose last metre goes on; 4/4 without one.
    """
    prompt = [music.end_id, *begun]
    rules = rules_after(music, prompt)
    assert rules is not None, "music has rules"
    no_marks = np.zeros(music.vocab_size, dtype=np.bool_)
    plan = Plan(rules, end_id=music.end_id, bar_marks=no_marks, n_bars=None)
    particles = begin(model, music, prompt, plan, manner)
    until = _bar_line(theme, music.ticks_per_quarter, bars)
    told = music.read(music.decode(begun))
    for _ in range(0, most_ids, IDS_BETWEEN_LOOKS):
        particles.grow(IDS_BETWEEN_LOOKS, manner.on_ids)
        told = music.read(music.decode([*begun, *particles.written(0)]))
        if not particles.is_open or any(note.onset >= until for note in told.notes):
            break
    chosen = particles.choose()
    is_past = any(note.onset >= until for note in told.notes)
    return _cut(told, until), replace(chosen, is_whole=chosen.is_whole or is_past)


def _bar_line(theme: Score | None, ticks_per_quarter: int, bars: int) -> int:
    """Give the tick at which so many bars after a theme are over."""
    score = None if theme is None else theme.at_resolution(ticks_per_quarter)
    meters = () if score is None else score.meters
    meter = meters[-1] if meters else Meter(0, 4, 4)
    length = max(1, 4 * ticks_per_quarter * meter.beats // meter.unit)
    end = 0 if score is None else score.end
    begun = -(-max(0, end - meter.onset) // length)
    return meter.onset + (begun + bars) * length


def _cut(score: Score, until: int) -> Score:
    """Leave out the notes that begin at a tick or later; what sounds before it ends there."""
    notes = [
        replace(note, duration=min(note.duration, until - note.onset))
        for note in score.notes
        if note.onset < until
    ]
    return replace(score, notes=tuple(notes))
