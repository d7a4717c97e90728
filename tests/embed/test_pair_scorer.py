"""How alike two sentences are is learnt from pairs, and is the same from both sides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError

pytest.importorskip("sklearn")
from naepo.embed.pair_features import PairFeatures, in_common
from naepo.embed.pair_scorer import PairScorer

WORDS = ["학교", "날씨가", "a man", "guitar", "2 dogs", "영화", "plays", "춥다"]


def pairs(n, seed):
    """Sentences of four words, and the share of those they have in common."""
    draw = np.random.default_rng(seed)
    found = [[draw.choice(WORDS, 4, replace=False).tolist() for _ in range(2)] for _ in range(n)]
    scores = [len(set(a) & set(b)) / 4 for a, b in found]
    return [(" ".join(a), " ".join(b)) for a, b in found], scores


def test_it_learns_what_people_found_alike_and_gives_it_for_new_pairs():
    scorer = PairScorer.fit(*pairs(60, 0))
    new, wanted = pairs(30, 1)
    assert np.corrcoef(scorer.predict(new), wanted)[0, 1] > 0.8
    again = PairScorer.fit(*pairs(60, 0))
    np.testing.assert_array_equal(again.predict(new), scorer.predict(new))


def test_a_pair_has_the_same_numbers_from_both_sides_whatever_it_is_made_of():
    features = PairFeatures.fit([text for pair in pairs(20, 0)[0] for text in pair])
    odd = [("", ""), ("", "학교"), ("!?", "ⓧ"), ("같다", "같다"), ("A man", "a man plays 3")]
    rows = features.transform(odd)
    np.testing.assert_allclose(rows, features.transform([(b, a) for a, b in odd]), atol=1e-9)
    assert np.isfinite(rows).all()


@settings(max_examples=30)
@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_what_two_hold_in_order_is_as_long_as_the_plain_recursion_says(one, other):
    def slow(a, b):
        if not a or not b:
            return 0
        if a[0] == b[0]:
            return 1 + slow(a[1:], b[1:])
        return max(slow(a[1:], b), slow(a, b[1:]))

    assert in_common(one, other) == slow(one, other)


def test_what_cannot_be_learnt_from_is_said():
    some, scores = pairs(30, 0)
    for wrong in ((some[:5], scores[:5]), (some, [1.0] * 30), (some, [float("nan")] * 30)):
        with pytest.raises(UserError, match=r"expected 20 each|numbers that differ"):
            PairScorer.fit(*wrong)
    with pytest.raises(UserError, match="no word"):
        PairFeatures.fit(["!", "?"])
