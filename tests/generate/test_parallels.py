"""Parallels are left out wherever something else may come, and only there."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.encode.music.counterpoint import report
from naepo.encode.music.events import EventEncoder
from naepo.encode.music.score import Meter, Note, Score
from naepo.encode.music.voices import PARTS, SILENT
from naepo.generate import Sampling
from naepo.generate.composing import compose, fill, harmonise
from naepo.generate.constraint import Plan, Rules
from naepo.generate.manner import Manner
from naepo.generate.parallels import Parallels, wish_of
from tests.generate.test_composing import GRID, Fond, chorale, melody, model_of, sung

RANGE = st.none() | st.integers(40, 72)
STEP = st.tuples(RANGE, RANGE, RANGE, RANGE)


class Fifths(Fond):
    """Likes the note a fifth below the one before, hardly a rest or a sign: so it goes along."""

    def __init__(self) -> None:
        super().__init__()
        self.table.zero_()
        self.table[:, ~GRID.is_note | (GRID.pitches == SILENT)] = -9.0
        for id, pitch in enumerate(GRID.pitches.tolist()):
            if pitch != SILENT:
                self.table[id, GRID.pitches == pitch - 7] = 4.0


MODEL = Fifths()
WISH = ("parallels",)


def avoiding(seed: int = 1, particles: int = 3, avoid=WISH) -> Manner:
    return Manner(sampling=Sampling(seed=seed), particles=particles, avoid=avoid)


def n_parallels(score: Score) -> int:
    found = report([score])
    return found.n_fifths + found.n_octaves


def read(wish: Parallels, *pitches: int | None) -> Parallels:
    for pitch in pitches:
        wish.advance(0 if pitch is None else word_of(pitch))
    return wish


def word_of(pitch: int) -> int:
    return int(np.flatnonzero(GRID.is_note & (GRID.pitches == pitch))[0])


@settings(max_examples=25)
@given(before=STEP, now=STEP)
def test_what_is_unwanted_is_what_the_report_counts(before, now):
    wish = read(Parallels(GRID), *before)
    for voice, pitch in enumerate(now):
        unwanted = wish.unwanted()
        two = [
            Note(step, part, sounds, 1)
            for step, chord in enumerate((before, now))
            for part, sounds in enumerate(chord[: voice + 1])
            if sounds is not None
        ]
        above = [note for note in two if note.onset == 0 or note.part < voice]
        counts = [
            n_parallels(Score(1, PARTS, tuple(notes))) if notes else 0 for notes in (two, above)
        ]
        is_one = pitch is not None and bool(unwanted[word_of(pitch)])
        assert is_one == (counts[0] > counts[1])
        read(wish, pitch)


def test_to_hold_or_to_rest_is_never_unwanted_and_neither_is_a_mark():
    wish = read(Parallels(GRID), 72, 65, 60, 48, 71)
    unwanted = wish.unwanted()
    assert not unwanted[~GRID.is_note].any() and not unwanted[GRID.pitches == SILENT].any()
    wish = read(Parallels(GRID), 67, 60, 55, 48, 69)
    unwanted = wish.unwanted()  # C-G to D-A: parallel fifths
    assert sorted(set(GRID.pitches[unwanted].tolist())) == [62]
    wish.advance(GRID.end_id)
    assert not wish.unwanted().any()


@settings(max_examples=3)
@given(seed=st.integers(0, 999))
def test_a_piece_has_no_parallels_though_the_model_writes_many(seed):
    freely = compose(MODEL, GRID, bars=3, manner=avoiding(seed, 1, ()))
    piece = compose(MODEL, GRID, bars=3, manner=avoiding(seed, 1))
    assert n_parallels(freely.score) > 0 == n_parallels(piece.score)
    assert piece.avoid == WISH and "parallels avoided" in piece.describe()


def test_three_voices_to_a_soprano_have_no_parallels_and_the_soprano_stays():
    tune = melody([60, 62, 64, 65, 67, 69, 71, 72], [1] * 8)
    freely, piece = (harmonise(MODEL, GRID, tune, manner=avoiding(1, 2, a)) for a in ((), WISH))
    assert n_parallels(freely.score) > 0 == n_parallels(piece.score)
    assert sung(piece.score, 0) == sung(tune, 0)


def test_to_a_bass_that_cannot_give_way_the_others_do():
    bass = melody([48, 50, 52, 50, 48, 47, 45, 43], [1] * 8)
    freely, kept = (
        harmonise(MODEL, GRID, bass, voice="B", manner=avoiding(3, 16, avoid)).score
        for avoid in ((), WISH)
    )
    assert n_parallels(kept) < n_parallels(freely) / 2
    assert sung(kept, 3) == sung(bass, 0)


def test_a_gap_is_filled_without_parallels_and_what_follows_stays():
    given = replace(chorale(3), meters=(Meter(0, 4, 4),))
    freely, piece = (fill(MODEL, GRID, given, 2, 2, manner=avoiding(2, 2, a)) for a in ((), WISH))
    assert n_parallels(inside(freely.score)) > 0 == n_parallels(inside(piece.score))
    assert piece.notation.splitlines()[2:] == freely.notation.splitlines()[2:]


def inside(score: Score) -> Score:
    """The second bar, and the step before it."""
    return replace(score, notes=tuple(note for note in score.notes if 3 <= note.onset < 8))


def test_where_nothing_else_may_come_the_unwanted_comes_and_is_told():
    first, beat = [word_of(pitch) for pitch in (67, 60, 55, 48)], GRID.encode("' ").tolist()
    ids = [*first, *beat, word_of(69), word_of(62)]
    marks = np.zeros(GRID.vocab_size, dtype=np.bool_)
    demands = [(id,) for id in ids]
    plan = Plan(Rules(GRID), end_id=GRID.end_id, bar_marks=marks, demands=demands)
    plan = plan.avoiding(Parallels(GRID))
    for id in ids[:-1]:
        plan.advance(id)
        assert not plan.is_unwanted
    twin = plan.copy()
    assert np.flatnonzero(plan.allowed()).tolist() == [word_of(62)]
    plan.advance(word_of(62))
    assert plan.is_unwanted and not twin.is_unwanted and plan.is_fulfilled


def test_only_the_grid_knows_voices_and_a_slip_is_named():
    remi = EventEncoder.fit("remi", [melody([60, 62], [1, 1])])
    with pytest.raises(UserError, match="four-voice grid alone, got the encoder 'remi'"):
        compose(model_of(remi.vocab_size), remi, bars=1, manner=avoiding())
    with pytest.raises(UserError, match="nothing that can be avoided is called 'paralels'"):
        wish_of(GRID, ("paralels",))
