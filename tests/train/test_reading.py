"""Read often, a text comes in ever other pieces: the same text, from the seed alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naepo.encode import BPEEncoder, DataSettings, prepare
from naepo.train.reading import windows_of
from naepo.train.settings import TrainSettings

ENCODER = BPEEncoder.train(["the cat sat on the mat, the hat and the rat " * 40], 300)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.floats(0, 1), st.integers(0, 2**40))
def test_ids_taken_apart_stand_for_the_same_text(text, share, seed):
    ids = ENCODER.encode(text)
    apart = ENCODER.take_apart(ids, share=share, seed=[seed, 0])
    assert ENCODER.decode(apart) == text
    assert len(apart) >= len(ids)


def test_the_share_decides_how_many_and_the_seed_which():
    ids = ENCODER.encode("the cat sat on the mat " * 200)
    n_merged = int((ids >= 256).sum())
    half = ENCODER.take_apart(ids, share=0.5, seed=[1, 2])
    assert len(half) - len(ids) == pytest.approx(n_merged / 2, rel=0.1)
    assert np.array_equal(half, ENCODER.take_apart(ids, share=0.5, seed=[1, 2]))
    assert not np.array_equal(half, ENCODER.take_apart(ids, share=0.5, seed=[1, 3]))
    assert np.array_equal(ids, ENCODER.take_apart(ids, share=0.0, seed=[1, 2]))


def test_the_end_of_a_document_is_never_taken_apart():
    ids = np.array([ENCODER.end_id] * 9)
    assert np.array_equal(ids, ENCODER.take_apart(ids, share=1.0, seed=[0, 0]))


def test_the_share_falls_to_nothing_by_the_end_of_the_run(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat, and the rat in the hat. " * 400)
    data = DataSettings(sources=(str(path),), encoder="bpe", vocab_size=300)
    corpus = prepare(data, cache=tmp_path / "cache")
    train = TrainSettings(steps=100_000, batch_size=4, merge_dropout=0.5)
    windows = windows_of(corpus, 16, train)
    last = 400_000 - 4
    first_ids, last_ids = (windows.at(position, 4)[0] for position in (0, last))
    plain = windows_of(corpus, 16, TrainSettings(steps=100_000, batch_size=4))
    assert (windows.at(0, 4)[0] == first_ids).all()
    assert not (plain.at(0, 4)[0] == first_ids).all()
    assert (plain.at(last, 4)[0] == last_ids).all()
