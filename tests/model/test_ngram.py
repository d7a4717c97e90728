import math
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.model.ngram import WittenBell

DATA = Path(os.environ.get("NAEPO_DATA", Path(__file__).parents[3] / "shared" / "data"))
SHAKESPEARE = DATA / "text" / "tiny-shakespeare.txt"

VOCAB = 4
sequences = st.lists(st.integers(0, VOCAB - 1), max_size=40)


def array(ids: list[int]) -> np.ndarray:
    return np.array(ids, dtype=np.int64)


class Dictionary:
    """The same recursion, written the slow and obvious way."""

    def __init__(
        self, ids: list[int], vocab_size: int, order: int, left_out: Iterable[int] = ()
    ) -> None:
        self.vocab_size, self.order = vocab_size, order
        self.follows: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for position in sorted(set(range(len(ids))) - set(left_out)):
            for length in range(min(order, position) + 1):
                self.follows[tuple(ids[position - length : position])][ids[position]] += 1

    def prob(self, history: list[int], id: int) -> float:
        p = 1 / self.vocab_size
        for length in range(min(self.order, len(history)) + 1):
            seen = self.follows.get(tuple(history[len(history) - length :]))
            if not seen:
                break
            p = (seen[id] + len(seen) * p) / (sum(seen.values()) + len(seen))
        return p


def test_a_small_text_scores_what_the_hand_computes():
    model = WittenBell.count(array([0, 1, 0, 2, 0, 1]), vocab_size=3, order=1)
    # order 0: counts 3, 2, 1 of 6, 3 kinds: (c + 3/3) / 9 = 4/9, 3/9, 2/9
    # after 0 came 1, 2, 1: (c + 2 p) / 5 for p = 4/9, 3/9, 2/9
    first, after_zero = [4 / 9, 3 / 9, 2 / 9], [8 / 45, 24 / 45, 13 / 45]
    expected = -np.log([first[0], after_zero[2]])
    np.testing.assert_allclose(model.nats(array([0, 2])), expected, rtol=1e-12)
    np.testing.assert_allclose(np.exp(model.log_probs(array([[0]])))[0], after_zero, rtol=1e-6)
    np.testing.assert_allclose(np.exp(model.log_probs(array([[-1]])))[0], first, rtol=1e-6)


@given(sequences, sequences, st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_it_agrees_with_a_dictionary(counted: list[int], scored: list[int], order: int):
    slow = Dictionary(counted, VOCAB, order)
    fast = WittenBell.count(array(counted), VOCAB, order)
    expected = [-math.log(slow.prob(scored[:i], id)) for i, id in enumerate(scored)]
    np.testing.assert_allclose(fast.nats(array(scored)), expected, rtol=1e-9, atol=1e-12)


@given(sequences, sequences, st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_whole_distributions_agree_with_a_dictionary(
    counted: list[int], text: list[int], order: int
):
    slow = Dictionary(counted, VOCAB, order)
    fast = WittenBell.count(array(counted), VOCAB, order)
    padded = [-1] * order + text
    contexts = [padded[i : i + order] for i in range(len(text) + 1)]
    given_contexts = np.array(contexts, dtype=np.int64).reshape(len(contexts), order)
    expected = [[slow.prob(text[:i], id) for id in range(VOCAB)] for i in range(len(text) + 1)]
    np.testing.assert_allclose(np.exp(fast.log_probs(given_contexts)), expected, rtol=1e-5)


@given(sequences, st.integers(0, 4), st.data())
@settings(max_examples=60, deadline=None)
def test_every_distribution_sums_to_one(counted: list[int], order: int, data: st.DataObject):
    model = WittenBell.count(array(counted), VOCAB, order)
    row = st.lists(st.integers(-1, VOCAB - 1), min_size=order, max_size=order)
    contexts = np.array(data.draw(st.lists(row, min_size=1, max_size=8)), dtype=np.int64)
    probs = np.exp(model.log_probs(contexts.reshape(len(contexts), order)))
    assert probs.min() > 0
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-5)


def test_the_score_of_an_id_and_its_whole_distribution_agree():
    rng = np.random.default_rng(0)
    counted, scored = (
        rng.integers(0, 300, 20_000) ** 2 // 300,
        rng.integers(0, 300, 500) ** 2 // 300,
    )
    model = WittenBell.count(counted, vocab_size=300, order=3)
    padded = np.append([-1, -1, -1], scored)
    contexts = np.lib.stride_tricks.sliding_window_view(padded, 3)[: len(scored)]
    picked = model.log_probs(contexts)[np.arange(len(scored)), scored]
    np.testing.assert_allclose(-picked, model.nats(scored), rtol=1e-5)


def test_what_stands_before_a_missing_id_is_not_looked_at():
    model = WittenBell.count(array([0, 1, 2, 0, 1, 2, 1]), vocab_size=3, order=3)
    rows = model.log_probs(array([[0, -1, 2], [1, -1, 2], [-1, -1, 2]]).reshape(3, 3))
    assert (rows == rows[0]).all()


def test_a_lower_order_is_a_prefix_of_a_higher_one():
    ids = np.random.default_rng(1).integers(0, 5, 400)
    deep, shallow = WittenBell.count(ids, 5, 4), WittenBell.count(ids, 5, 2)
    assert (deep.nats(ids, order=2) == shallow.nats(ids)).all()


def test_order_zero_needs_no_context():
    model = WittenBell.count(array([0, 0, 1]), vocab_size=2, order=0)
    probs = np.exp(model.log_probs(np.zeros((2, 0), dtype=np.int64)))
    np.testing.assert_allclose(probs, [[0.6, 0.4], [0.6, 0.4]], rtol=1e-6)


def test_nothing_counted_is_an_even_guess():
    model = WittenBell.count(array([]), vocab_size=8, order=2)
    np.testing.assert_allclose(model.nats(array([3, 1, 2])), math.log(8))
    np.testing.assert_allclose(model.log_probs(array([[3, 1]])), -math.log(8), rtol=1e-6)


@given(sequences, st.integers(0, 3), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_a_fold_left_out_is_as_if_never_counted(counted: list[int], order: int, n_folds: int):
    folds = [i * n_folds // len(counted) for i in range(len(counted))]
    fast = WittenBell.count(array(counted), VOCAB, order, folds=n_folds)
    padded = [-1] * order + counted
    rows = [padded[i : i + order] for i in range(len(counted))]
    contexts = np.array(rows, dtype=np.int64).reshape(len(rows), order)
    expected = []
    for position, fold in enumerate(folds):
        left_out = [i for i, other in enumerate(folds) if other == fold]
        slow = Dictionary(counted, VOCAB, order, left_out)
        expected.append([slow.prob(counted[:position], id) for id in range(VOCAB)])
    probs = np.exp(fast.log_probs(contexts, leave_out=array(folds)))
    np.testing.assert_allclose(probs, np.reshape(expected, (len(rows), VOCAB)), rtol=1e-5)


def test_folds_may_be_named_and_none_left_out():
    ids = np.random.default_rng(3).integers(0, 6, 200)
    plain = WittenBell.count(ids, 6, 2)
    named = WittenBell.count(ids, 6, 2, folds=ids % 3)
    assert named.n_folds == 3
    contexts = np.lib.stride_tricks.sliding_window_view(ids, 2)[:50]
    none = np.full(50, -1)
    np.testing.assert_allclose(
        named.log_probs(contexts, none), plain.log_probs(contexts), rtol=1e-6
    )
    first, even = named.log_probs(contexts, np.zeros(50, dtype=np.int64)), (ids % 3 == 0)
    without = Dictionary(ids.tolist(), 6, 2, np.flatnonzero(even).tolist())
    expected = [without.prob(contexts[0].tolist(), id) for id in range(6)]
    np.testing.assert_allclose(np.exp(first[0]), expected, rtol=1e-5)


def test_a_fold_that_was_not_counted_is_refused():
    model = WittenBell.count(array([0, 1, 0]), vocab_size=2, order=1, folds=2)
    with pytest.raises(ValueError, match="must lie in"):
        model.log_probs(array([[0]]), leave_out=array([2]))
    with pytest.raises(ValueError, match="must lie in"):
        WittenBell.count(array([0, 1]), 2, 1).log_probs(array([[0]]), leave_out=array([0]))


@given(sequences, st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_it_comes_back_from_its_arrays(counted: list[int], order: int):
    model = WittenBell.count(array(counted), VOCAB, order)
    again = WittenBell.from_arrays(model.to_arrays())
    scored = array([0, 1, 2, 3, 2, 1, 0, 0, 1])
    assert (again.nats(scored) == model.nats(scored)).all()
    assert (again.vocab_size, again.order) == (model.vocab_size, model.order)


def test_ids_of_any_integer_type_count_the_same():
    ids = np.random.default_rng(2).integers(0, 200, 1000)
    wide = WittenBell.count(ids, 256, 2).nats(ids)
    for kind in (np.uint8, np.uint16, np.uint32, np.int32):
        small = ids.astype(kind)
        assert (WittenBell.count(small, 256, 2).nats(small) == wide).all()


@pytest.mark.parametrize("ids", [[0, 3], [-1, 0]])
def test_an_id_outside_the_vocabulary_is_refused(ids: list[int]):
    with pytest.raises(ValueError, match="must lie in"):
        WittenBell.count(array(ids), vocab_size=3, order=1)
    with pytest.raises(ValueError, match="must lie in"):
        WittenBell.count(array([0]), vocab_size=3, order=1).nats(array(ids))


def test_a_context_of_another_length_is_refused():
    with pytest.raises(ValueError, match="must hold 2 ids, got 3"):
        WittenBell.count(array([0, 1]), vocab_size=2, order=2).log_probs(array([[0, 1, 0]]))


@pytest.mark.skipif(not SHAKESPEARE.is_file(), reason=f"needs {SHAKESPEARE.name} (NAEPO_DATA)")
def test_tiny_shakespeare_scores_the_published_nats_within_seconds():
    text = np.frombuffer(SHAKESPEARE.read_bytes(), dtype=np.uint8)
    ids = np.unique(text, return_inverse=True)[1]
    started = time.process_time()
    model = WittenBell.count(ids[:1_003_854], vocab_size=65, order=5)
    held_out = ids[1_003_854:]
    nats = [model.nats(held_out, order=order).mean() for order in (0, 1, 3, 5)]
    assert time.process_time() - started < 10
    np.testing.assert_allclose(nats, [3.3473, 2.4858, 1.7738, 1.6981], atol=1e-4)
