"""What a word is worth to a pair is learnt: words that are as rare as others can weigh more."""

import numpy as np
import pytest

pytest.importorskip("sklearn")
from naepo.embed.pair_grams import PairGrams
from naepo.embed.pair_scorer import PairScorer

CAPTIONS = (
    "남자가 걷는다",
    "여자가 걷는다",
    "아이가 뛴다",
    "개가 잔다",
    "a man walks",
    "a dog runs",
)


def captions(n, seed):
    """Pairs that differ by one word: a filler, which changes nothing, or a doer, which does."""
    draw = np.random.default_rng(seed)
    pairs, scores = [], []
    for _ in range(n):
        doer, other = draw.choice(["man", "woman", "dog", "child"], 2, replace=False)
        filler, another = draw.choice(["now", "here", "today", "again"], 2, replace=False)
        same = bool(draw.integers(2))
        pair = (
            f"the {doer} {filler} walks",
            f"the {doer if same else other} {filler if not same else another} walks",
        )
        pairs.append(pair if draw.integers(2) else pair[::-1])
        scores.append(5.0 if same else 1.0)
    return pairs, np.array(scores)


def test_two_words_that_are_as_rare_are_told_apart_by_what_people_thought_of_pairs():
    grams, _ = PairGrams.fit(*captions(120, 0))
    alike, unlike = grams.predict(
        [("the dog now walks", "the dog here walks"), ("the dog now walks", "the man now walks")]
    )
    assert (alike > unlike + 1).all()


def test_what_is_said_of_a_pair_that_is_learnt_from_is_less_sure_than_what_is_said_after():
    pairs, scores = captions(60, 1)
    noisy = np.random.default_rng(0).permutation(scores)
    grams, unseen = PairGrams.fit(pairs, noisy)
    after = grams.predict(pairs)
    assert unseen.shape == after.shape == (60, 2)
    for column in range(2):
        assert np.corrcoef(after[:, column], noisy)[0, 1] > 0.3
        assert np.corrcoef(unseen[:, column], noisy)[0, 1] < 0.3


def test_both_orders_are_one_pair_and_hangul_has_a_view_of_its_jamo():
    draw = np.random.default_rng(0)
    pairs = [tuple(draw.choice(CAPTIONS, 2).tolist()) for _ in range(40)]
    scores = np.array([5.0 if one[0] == other[0] else 0.0 for one, other in pairs])
    grams, unseen = PairGrams.fit(pairs, scores)
    assert unseen.shape == (40, 3)
    odd = [*pairs[:5], ("", ""), ("없다", "ⓧ"), ("개가", "")]
    there, back = grams.predict(odd), grams.predict([(b, a) for a, b in odd])
    np.testing.assert_allclose(there, back)
    assert np.isfinite(there).all()


def test_where_no_word_stands_twice_the_scorer_still_learns_from_the_rest():
    words = [chr(0x4E00 + number) for number in range(80)]
    pairs = list(zip(words[::2], words[1::2], strict=True))
    scorer = PairScorer.fit(pairs, [float(n % 3) for n in range(40)])
    assert np.isfinite(scorer.predict([("a", "b")])).all()
