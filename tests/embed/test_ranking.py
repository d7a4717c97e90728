"""Read at once or ranked by FTS5: the same texts are found, in one order, for the same worth."""

import numpy as np
import pytest

from naepo.embed.database import reading
from naepo.embed.entries import Entry
from naepo.embed.filters import Condition
from naepo.embed.ranking import Ranking
from naepo.embed.store import Store

WORDS = ("학교", "날씨", "학생", "book", "books", "산")
QUERIES = ("학교", "학", "학교에서 날씨", "books", "산 book 없는말", "없는말", "!")


@pytest.fixture
def store(tmp_path):
    """300 texts of up to 80 words, some deleted, so that lengths take one byte and two."""
    draw = np.random.default_rng(0)
    things = []
    for number in range(300):
        words = draw.choice(WORDS, int(draw.integers(1, 80)))
        things.append(Entry(str(number), text=" ".join(words), marks={"n": str(number % 5)}))
    with Store.join(tmp_path) as store:
        store.add(None, things)
        store.delete(range(1, 300, 7))
        yield store


def both(store, ranking, query, *conditions, n=20):
    connection, narrowed = store._connected(), [Condition.read(text) for text in conditions]
    with reading(connection, store.folder):
        return [ranking.best(connection, query, n, narrowed, few=few) for few in (10**9, 0)]


def is_the_same(by_fts5, at_once):
    assert [id for id, _ in by_fts5] == [id for id, _ in at_once]
    np.testing.assert_allclose([w for _, w in by_fts5], [w for _, w in at_once], rtol=1e-12)
    return len(at_once)


@pytest.mark.parametrize("query", QUERIES)
def test_both_ways_of_ranking_find_the_same(store, query):
    ranking = Ranking()
    for conditions in ((), ("n=2",), ("n>=3", "name!=9")):
        n = is_the_same(*both(store, ranking, query, *conditions))
        assert n == (0 if query in ("없는말", "!") else 20)


def test_what_is_remembered_is_forgotten_when_anyone_changes_the_store(store):
    ranking = Ranking()
    before = both(store, ranking, "학교", n=300)[1]
    with Store.join(store.folder) as other:
        other.add(None, [Entry("new", text="학교 학교 학교")])
    assert is_the_same(*both(store, ranking, "학교", n=300)) == len(before) + 1
    store.delete([before[0][0]])
    _, at_once = found = both(store, ranking, "학교", n=300)
    assert is_the_same(*found) == len(before) and before[0][0] not in dict(at_once)


def test_only_so_much_is_remembered(store, monkeypatch):
    monkeypatch.setattr("naepo.embed.ranking.REMEMBERED", 10)
    ranking = Ranking()
    for query in QUERIES * 2:
        is_the_same(*both(store, ranking, query))
    assert len(ranking._known) == 1
