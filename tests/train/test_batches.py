"""Windows are a pure function of (seed, position), and read the whole text once an epoch."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.model.ngram import even_folds
from naepo.train.batches import Windows

IDS = np.arange(1_000, dtype=np.uint16)


def test_targets_are_the_ids_that_follow():
    inputs, targets = Windows(IDS, 16, seed=0).at(0, 4)
    assert inputs.shape == targets.shape == (4, 16)
    assert (targets == inputs + 1).all()


@given(st.integers(0, 2**40), st.integers(0, 10_000))
def test_a_batch_depends_on_seed_and_position_alone(seed, position):
    first = Windows(IDS, 16, seed).at(position, 3)
    again = Windows(IDS, 16, seed)
    again.at(position + 77, 2)
    assert all((a == b).all() for a, b in zip(first, again.at(position, 3), strict=True))


@given(st.integers(2, 400), st.integers(1, 40), st.integers(0, 5))
def test_an_epoch_reads_each_window_once_and_no_two_overlap(n, context_length, epoch):
    if n <= context_length:
        return
    windows = Windows(np.arange(n), context_length, seed=3)
    first = epoch * windows.per_epoch
    starts = sorted(windows.start_of(first + place) for place in range(windows.per_epoch))
    assert starts[0] >= 0
    assert starts[-1] + context_length + 1 <= n
    assert all(b - a >= context_length for a, b in pairwise(starts))


@given(st.integers(0, 500), st.integers(1, 9))
def test_each_target_lies_in_the_fold_that_is_told(position, n_folds):
    windows = Windows(IDS, 16, seed=0)
    _, targets = windows.at(position, 4)
    folds = even_folds(len(IDS), n_folds)
    assert (windows.folds_at(position, 4, n_folds).numpy() == folds[targets]).all()


def test_another_epoch_lays_its_windows_elsewhere():
    windows = Windows(IDS, 16, seed=0)
    edges = {windows.start_of(epoch * windows.per_epoch) % 16 for epoch in range(12)}
    assert len(edges) > 3


def test_another_seed_gives_another_order():
    a, b = (Windows(IDS, 16, seed).at(0, 8)[0] for seed in (0, 1))
    assert (a != b).any()


def test_a_corpus_shorter_than_one_context_is_refused_with_a_way_on():
    with pytest.raises(UserError, match="shorter than one context: got 10 tokens") as caught:
        Windows(IDS[:10], 16, seed=0)
    assert "--model.context-length 9" in (caught.value.hint or "")
