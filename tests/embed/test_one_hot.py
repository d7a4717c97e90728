"""One-hot rows of a piece, and their equality with the lookup of an embedding layer."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.embed.one_hot import lookup_equals_product, note_rows, piano_roll
from naepo.encode.music.score import Note, Part, Score

# Plain numbers: what checks types draws at random, which a strategy may not.
drawn = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 1), st.integers(0, 127), st.integers(1, 20)),
    max_size=12,
)


def piece(notes, ticks_per_quarter=6):
    return Score(ticks_per_quarter, (Part(), Part()), tuple(Note(*note) for note in notes))


@given(st.lists(st.integers(0, 8), max_size=20), st.integers(0, 2**31), st.floats(-30, 30))
def test_the_embedding_layer_gives_the_bits_of_the_product(ids, seed, exponent):
    table = torch.randn(9, 5, generator=torch.Generator().manual_seed(seed)) * 10**exponent
    assert lookup_equals_product(ids, table)


def test_a_table_that_is_not_finite_shows_the_difference():
    table = torch.zeros(3, 2)
    table[1, 0] = torch.inf  # 0 * inf is no 0
    assert not lookup_equals_product([0], table)


def test_a_table_of_other_numbers_is_refused():
    with pytest.raises(UserError, match="float32"):
        lookup_equals_product([0], torch.zeros(3, 2, dtype=torch.float64))


@settings(max_examples=25)
@given(drawn)
def test_each_note_has_a_single_one_at_its_pitch(notes):
    score = piece(notes)
    rows = note_rows(score)
    assert rows.sum() == len(score.notes)
    assert rows.argmax(axis=1).tolist() == [note.pitch for note in score.notes]


@settings(max_examples=25)
@given(drawn)
def test_a_roll_is_1_exactly_where_a_note_sounds(notes):
    score = piece(notes, 6)
    roll = piano_roll(score, steps_per_quarter=6)
    assert roll.shape == (score.end, 128)
    sounding = {(t, n.pitch) for n in score.notes for t in range(n.onset, n.end)}
    assert {(int(t), int(p)) for t, p in np.argwhere(roll)} == sounding
    assert set(np.unique(roll)) <= {0.0, 1.0}


@settings(max_examples=25)
@given(drawn)
def test_a_roll_of_all_parts_is_the_union_of_the_parts(notes):
    score = piece(notes)
    whole, parts = piano_roll(score), [piano_roll(score, part=i) for i in range(2)]
    assert np.array_equal(whole, np.maximum(*parts))


@settings(max_examples=25)
@given(drawn, st.integers(1, 8))
def test_no_note_vanishes_at_any_resolution(notes, steps):
    score = piece(notes)
    onsets = piano_roll(score, steps_per_quarter=steps, only_onsets=True)
    assert set(np.flatnonzero(onsets.any(axis=0))) == {note.pitch for note in score.notes}


def test_a_held_and_a_repeated_note_differ_in_their_onsets_alone():
    held = Score(4, (Part(),), (Note(0, 0, 60, 8),))
    repeated = Score(4, (Part(),), (Note(0, 0, 60, 4), Note(4, 0, 60, 4)))
    assert np.array_equal(piano_roll(held), piano_roll(repeated))
    onsets = [piano_roll(score, only_onsets=True).sum() for score in (held, repeated)]
    assert onsets == [1, 2]


def test_what_has_no_roll_is_refused():
    endless = Score(1, (Part(),), (Note(0, 0, 60, 10**9),))
    with pytest.raises(UserError, match="too long"):
        piano_roll(endless)
    with pytest.raises(UserError, match="no part 1"):
        piano_roll(endless, part=1)
    with pytest.raises(UserError, match="steps_per_quarter"):
        piano_roll(endless, steps_per_quarter=0)
