"""The store over LanceDB finds what the other finds. Skipped where lancedb is not installed."""

import numpy as np
import pytest

from naepo.config import UserError
from naepo.embed.entries import Entry
from naepo.embed.filters import Condition
from naepo.embed.store import Store

pytest.importorskip("lancedb")
from naepo.embed.finding import search
from naepo.embed.lance import LanceStore


def test_both_stores_find_the_same(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    words = ["학교에서", "날씨가", "재미있다", "집까지"]
    things = [Entry(f"n{n}", text=f"{words[n % 4]} {n}", kind="text") for n in range(40)]
    ours, theirs = Store.join(tmp_path / "ours", {"v": 1}), LanceStore(tmp_path / "lance")
    for store in (ours, theirs):
        store.add(vectors[:30], things[:30])
        store.add(vectors[30:], things[30:])
    hits = ours.search(vectors[3], 10), theirs.search(vectors[3], 10)
    assert [hit.entry for hit in hits[0]] == [hit.entry for hit in hits[1]]
    np.testing.assert_allclose(*([hit.score for hit in some] for some in hits), atol=1e-5)
    for word in ("학교", "날씨", "재미", "집"):
        found = [{hit.entry.name for hit in store.by_letters(word, 40)} for store in (ours, theirs)]
        assert found[0] == found[1] and len(found[0]) == 10
    only = [Condition.read("name=n3")]
    assert [hit.entry.name for hit in theirs.search(vectors[5], 9, conditions=only)] == ["n3"]
    assert theirs.delete([hits[1][0].id]) == 1 and len(LanceStore(tmp_path / "lance")) == 39
    assert "n3" not in {hit.entry.name for hit in theirs.search(vectors[3], 40)}
    with pytest.raises(UserError, match="NaN"):
        theirs.add(np.full((1, 8), np.nan, dtype=np.float32), things[:1])


class Reader:
    """Says of any words that they are like one vector."""

    def __init__(self, vector):
        self.vector = vector

    def vectors(self, texts):
        return np.stack([self.vector for _ in texts])


@pytest.mark.parametrize("by", ["meaning", "letters", "both"])
def test_what_a_person_searches_is_found_in_both(tmp_path, by):
    vectors = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    words = ["학교에서 논다", "날씨가 좋다", "재미있다", "집까지 걷는다"]
    things = [Entry(f"n{n}", text=f"{words[n % 4]} {n}", kind="text") for n in range(40)]
    ours, theirs = Store.join(tmp_path / "ours", {"v": 1}), LanceStore(tmp_path / "lance", {"v": 1})
    for store in (ours, theirs):
        store.add(vectors, things)
    for conditions in ([], [Condition.read("name!=n4")]):
        asked = {"model": Reader(vectors[4]), "by": by, "conditions": conditions}
        found = [search(store, "학교", 5, **asked) for store in (ours, theirs)]
        if by == "meaning":
            assert [hit.entry.name for hit in found[0]] == [hit.entry.name for hit in found[1]]
        assert found[0][0].entry == found[1][0].entry or by == "letters"
        assert len(found[0]) == len(found[1]) == 5
        assert ("n4" in {hit.entry.name for hit in found[1]}) <= (not conditions)


def test_what_made_the_vectors_is_kept_and_another_maker_is_refused(tmp_path):
    LanceStore(tmp_path / "lance", {"run": "a"}).add(np.ones((1, 4), np.float32), [Entry("n")])
    assert LanceStore(tmp_path / "lance").about == {"run": "a"}
    with pytest.raises(UserError, match=r"are made by .*'a'.*, not by .*'b'"):
        LanceStore(tmp_path / "lance", {"run": "b"})
