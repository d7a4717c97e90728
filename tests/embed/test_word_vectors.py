"""Vectors from neighbours: what is counted, which way is down, what they find."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.embed import word_vectors as learned
from naepo.embed.word_vectors import WordVectors, glove, skip_gram

LEARNERS = (skip_gram, glove)
lists_of_ids = st.lists(st.lists(st.integers(0, 5), max_size=9), min_size=1, max_size=4)


def two_worlds(n=30):
    """Sequences of ids 0 to 3, and others of 4 to 7, which never meet."""
    draw = np.random.default_rng(0)
    return [draw.integers(0, 4, 12) + 4 * (i % 2) for i in range(n)]


def neighbours(sequences, window, direction="both"):
    for sequence in sequences:
        for i, one in enumerate(sequence):
            for j, other in enumerate(sequence):
                if 0 < j - i <= window or (direction == "both" and 0 < i - j <= window):
                    yield one, other, abs(i - j)


@settings(max_examples=30)
@given(lists_of_ids, st.integers(1, 4), st.sampled_from(["both", "after"]))
def test_co_occurrences_are_those_counted_one_by_one(sequences, window, direction):
    expected = Counter()
    for one, other, distance in neighbours(sequences, window, direction):
        expected[one, other] += 1 / distance
    stream = flat(sequences)
    if not expected:
        with pytest.raises(UserError, match="neighbour"):
            learned._co_occurrences(stream, 6, window, direction)
        return
    cells, sums = learned._co_occurrences(stream, 6, window, direction)
    found = {tuple(cell): total for cell, total in zip(cells.tolist(), sums.tolist(), strict=True)}
    assert found == pytest.approx(dict(expected))


@settings(max_examples=30)
@given(lists_of_ids, st.integers(1, 4), st.sampled_from(["both", "after"]), st.integers(1, 7))
def test_pairs_are_those_found_one_by_one_wherever_stretches_end(
    sequences, window, direction, stretch
):
    stream = flat(sequences)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learned, "POSITIONS_AT_ONCE", stretch)
        reach = torch.full_like(stream.ids, window)
        found = [pair for some in learned._pairs(stream, reach, window, direction) for pair in some]
    expected = Counter((one, other) for one, other, _ in neighbours(sequences, window, direction))
    assert Counter(tuple(pair.tolist()) for pair in found) == expected


def flat(sequences):
    ids = torch.tensor([id for sequence in sequences for id in sequence], dtype=torch.int64)
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return learned._Stream(ids, torch.arange(len(sequences)).repeat_interleave(lengths))


def test_a_nearer_reach_gives_fewer_pairs():
    stream = flat([[0, 1, 2]])
    (pairs,) = learned._pairs(stream, torch.tensor([2, 1, 1]), 2, "both")
    assert sorted(pairs.tolist()) == [[0, 1], [0, 2], [1, 0], [1, 2], [2, 1]]


def test_an_update_goes_down_the_slope_of_the_paper():
    draw = torch.Generator().manual_seed(1)
    inner, outer = (learned._Table(7, 3, 0.1, draw) for _ in range(2))
    v, u = (table.rows.clone().requires_grad_() for table in (inner, outer))
    pairs, drawn, weight = torch.tensor([[0, 1], [0, 2], [3, 1]]), torch.tensor([4, 1, 4]), 0.5
    loss = torch.zeros(())
    for word, context in pairs.tolist():
        loss = loss - (v[word] @ u[context]).sigmoid().log()
        for other in drawn.tolist():
            if other != context:
                loss = loss - weight * (-(v[word] @ u[other])).sigmoid().log()
    loss.backward()
    slopes = {}
    for name, table in (("v", inner), ("u", outer)):
        table.descend = lambda ids, slope, name=name: slopes.update(
            {name: torch.zeros(7, 3).index_add_(0, ids, slope)}
        )
    learned._tell_apart(inner, outer, pairs, drawn, weight)
    torch.testing.assert_close(slopes["v"], v.grad)
    torch.testing.assert_close(slopes["u"], u.grad)


def test_a_small_and_a_large_vocabulary_are_updated_alike():
    ids, slopes = torch.tensor([1, 3, 1]), torch.randn(3, 2)
    small, large = (learned._Table(n, 2, 0.1, torch.Generator().manual_seed(0)) for n in (5, 500))
    large.rows[:5] = small.rows
    untouched = large.rows[5:].clone()
    for table in (small, large):
        table.descend(ids, slopes)
        table.descend(ids, slopes)
    torch.testing.assert_close(large.rows[:5], small.rows)
    assert torch.equal(large.rows[5:], untouched)


def test_glove_learns_the_logarithm_of_the_counts():
    """What products leave of log X must be a number for each word and one for each context."""
    sequences = two_worlds(20)
    found = glove(sequences, 8, d=8, epochs=200, learning_rate=0.3, x_max=1)
    cells, together = learned._co_occurrences(flat(sequences), 8, 4, "both")
    assert found.contexts is not None
    rows, columns = cells.numpy().T
    left = together.log().numpy() - (found.vectors @ found.contexts.T)[rows, columns]
    biases = np.hstack([np.eye(8)[rows], np.eye(8)[columns]])
    solved, *_ = np.linalg.lstsq(biases, left)
    assert np.abs(biases @ solved - left).max() < 0.1


@pytest.mark.parametrize("learn", LEARNERS)
def test_words_of_one_world_are_nearer_to_each_other_than_to_the_other(learn):
    found = learn(two_worlds(), 8, d=8, epochs=8, words="CEGBcegb")
    for word in "CEGB":
        assert {other for other, _ in found.nearest(word, 3)} == set("CEGB") - {word}


@pytest.mark.parametrize("learn", LEARNERS)
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(learn):
    one, again, other = (learn(two_worlds(6), 8, d=4, epochs=2, seed=s) for s in (3, 3, 4))
    assert one.vectors.tobytes() == again.vectors.tobytes()
    assert one.contexts.tobytes() == again.contexts.tobytes()
    assert not np.array_equal(one.vectors, other.vectors)


@pytest.mark.parametrize("learn", LEARNERS)
def test_an_id_that_never_occurs_has_no_direction(learn):
    found = learn([[0, 1, 0, 1]], 3, d=4, epochs=1)
    assert not found.vectors[2].any()
    assert found.similarity("2", "0") == 0


def test_contexts_that_follow_tell_what_comes_before_from_what_comes_after():
    cycle = [[0, 1, 2] * 20]
    found = skip_gram(cycle, 3, d=8, window=1, epochs=40, direction="after", subsample=None)
    assert found.contexts is not None
    scores = found.vectors @ found.contexts.T
    assert scores[0, 1] > scores[1, 0]
    assert scores.argmax(axis=1).tolist() == [1, 2, 0]


def test_frequent_words_are_thinned_as_the_paper_says():
    stream = flat([[0] * 9000 + [1] * 1000])
    counts = torch.bincount(stream.ids)
    kept = learned._thinned(stream, counts, 0.1, torch.Generator().manual_seed(0))
    shares = torch.bincount(kept.ids) / counts
    assert shares[0].item() == pytest.approx((0.1 / 0.9) ** 0.5, abs=0.02)
    assert shares[1] == 1


@pytest.mark.parametrize("learn", LEARNERS)
@pytest.mark.parametrize(
    ("sequences", "how", "says"),
    [
        ([], {}, "nothing to learn"),
        ([[1], [2]], {}, "nothing to learn"),
        ([[0, 3]], {}, "no such id: got 3"),
        ([[0, 1]], {"window": 0}, "window"),
        ([[0, 1]], {"words": ("a", "b")}, "2 words have 3 vectors"),
    ],
)
def test_what_cannot_be_learned_is_refused(learn, sequences, how, says):
    with pytest.raises(UserError, match=says):
        learn(sequences, 3, **how)


def table(*rows):
    return np.array(rows, dtype=np.float32)


def test_nearest_are_sorted_by_cosine_and_leave_the_word_out():
    found = WordVectors(("a", "b", "c", "d"), table([1, 0], [5, 5], [0, 2], [-1, 0]))
    assert [word for word, _ in found.nearest("a", 9)] == ["b", "c", "d"]
    assert found.nearest("a", 1)[0][1] == pytest.approx(0.5**0.5)
    assert found.similarity("a", "d") == -1


def test_a_word_without_a_vector_is_refused_with_the_nearest_spelling():
    found = WordVectors(("king", "queen"), table([1], [2]))
    with pytest.raises(UserError, match="did you mean `queen`"):
        found.nearest("quen")


def test_tables_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match="`a` stands twice"):
        WordVectors(("a", "b", "a"), table([1], [2], [3]))
    with pytest.raises(UserError, match="no vectors"):
        WordVectors((), np.zeros((0, 4), dtype=np.float32))
    with pytest.raises(UserError, match="no contexts"):
        WordVectors(("a",), table([1])).summed()
