"""The index is a cache: what it names is scored exactly, and without it nothing changes."""

import numpy as np
import pytest

from naepo.embed import approximate
from naepo.embed.store import Entry, Store

pytest.importorskip("usearch")
ABOUT = {"v": 1}


def rows(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 16)).astype(np.float32)


def names(n, prefix="n"):
    return [Entry(f"{prefix}{number}") for number in range(n)]


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(approximate, "MANY", 300)
    store = Store.join(tmp_path / "store", ABOUT)
    store.add(rows(400), names(400))
    return store


def found(store, query, n=10):
    return [(hit.entry.name, round(hit.score, 5)) for hit in store.search(query, n)]


def test_with_an_index_the_same_is_found_and_what_is_added_or_deleted_counts_at_once(store):
    queries = rows(20, seed=1)
    exact = [found(store, query) for query in queries]
    said = store.make_index()
    assert said is not None and "recall" in said and store._table.index is not None
    again = Store.open(store.folder)
    assert again._table.index is not None
    shares = [len(set(found(again, q)) & set(e)) / 10 for q, e in zip(queries, exact, strict=True)]
    assert np.mean(shares) >= 0.99
    again.add(queries[:3], names(3, "new"))
    assert again._table.index is not None
    assert [found(again, query, 1)[0][0] for query in queries[:3]] == ["new0", "new1", "new2"]
    gone = [hit.id for hit in again.search(queries[4], 5)]
    again.delete(gone)
    assert not {hit.id for hit in again.search(queries[4], 50)} & set(gone)
    assert again.make_index() is not None and again._table.index.n_covered == 403
    assert found(again, queries[0], 1)[0][0] == "new0"
    assert len(again.search(queries[0], 390)) == 390  # more than it names: all are compared


def test_a_damaged_or_foreign_index_is_passed_over_and_made_again(store):
    exact = found(store, rows(1, seed=2)[0])
    store.make_index()
    (file,) = store.folder.glob("index-*.usearch")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)
    damaged = Store.open(store.folder)
    assert damaged._table.index is None and found(damaged, rows(1, seed=2)[0]) == exact
    damaged.make_index()
    assert Store.open(store.folder)._table.index is not None
    file.with_suffix(".json").write_text("{}")
    assert Store.open(store.folder)._table.index is None


def test_an_index_that_finds_too_little_is_not_used_and_that_is_said(store, monkeypatch):
    monkeypatch.setattr(approximate, "LEAST_RECALL", 1.01)
    said = store.make_index()
    assert said is not None and "exact" in said
    assert store._table.index is None and Store.open(store.folder)._table.index is None


def test_few_rows_need_no_index(tmp_path):
    store = Store.join(tmp_path, ABOUT)
    assert store.make_index() is None
    store.add(rows(20), names(20))
    assert store.make_index() is None and not list(tmp_path.glob("index-*"))
