"""Byte-pair encoding over events: what is merged, what stays, what a mask costs."""

import pickle

import pytest

from naepo.config import UserError
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.merges import MergedEncoder
from naepo.encode.music.score import Note, Score
from naepo.encode.music.voices import PARTS

GRID = GridEncoder()
CHORDS = Score(4, PARTS, tuple(Note(4 * i, v, 70 - 5 * v, 4) for i in range(16) for v in range(4)))
NOTATION = GRID.write(CHORDS)
MERGED = MergedEncoder.train(GRID, [NOTATION], GRID.vocab_size + 40)


def test_what_often_stands_together_becomes_one_id():
    assert len(MERGED.encode(NOTATION)) < len(GRID.encode(NOTATION)) / 4
    assert MERGED.decode(MERGED.encode(NOTATION)) == NOTATION
    longest = max(MERGED.content(id).decode().split() for id in range(MERGED.vocab_size))
    assert set(longest) <= set(NOTATION.split())


def test_the_words_of_the_base_keep_their_ids():
    for id, word in enumerate(GRID.words):
        assert MERGED.encode(word).tolist() == [id]
        assert MERGED.content(id) == GRID.content(id)


def test_no_merge_goes_over_the_end_of_a_line():
    contents = [MERGED.content(id).decode() for id in range(MERGED.vocab_size)]
    assert all("\n" not in content[:-1] for content in contents)


def test_without_a_pair_that_comes_twice_nothing_is_merged():
    alone = MergedEncoder.train(GRID, [], 1000)
    assert alone.vocab_size == GRID.vocab_size
    assert alone.encode(NOTATION).tolist() == GRID.encode(NOTATION).tolist()


def test_training_does_not_depend_on_the_order_of_the_pieces():
    other = GRID.write(CHORDS.transposed(2))
    one = MergedEncoder.train(GRID, [NOTATION, other, other], 400)
    assert one.fingerprint == MergedEncoder.train(GRID, [other, NOTATION, other], 400).fingerprint


def test_two_merges_that_make_the_same_are_one_id():
    merged = MergedEncoder(GRID, [(0, 1), (1, 2), (len(GRID.words), 2), (0, len(GRID.words) + 1)])
    assert merged.vocab_size == GRID.vocab_size + 3


@pytest.mark.parametrize("merges", [[(0, 100_000)], [(0, 5000)]])
def test_merges_of_ids_that_are_none_are_refused(merges):
    with pytest.raises(UserError, match="ids that come after it"):
        MergedEncoder(GRID, merges)


def test_a_vocabulary_smaller_than_the_base_is_refused():
    with pytest.raises(UserError, match=r"vocab_size must be at least .* got 5"):
        MergedEncoder.train(GRID, [NOTATION], 5)


def test_an_encoder_can_be_sent_to_another_process():
    again = pickle.loads(pickle.dumps(MERGED))
    assert again.encode(NOTATION).tolist() == MERGED.encode(NOTATION).tolist()
