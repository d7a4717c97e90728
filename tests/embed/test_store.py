"""What is kept is found again, exactly; an error or a death leaves what was there."""

import errno

import numpy as np
import pytest

from naepo.checkpoint import faults
from naepo.config import UserError
from naepo.embed.pooling import Centering
from naepo.embed.store import Entry, Store

ABOUT = {"layer": 2, "pooling": "mean"}


def rows(n, width=8, seed=0):
    return np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32)


def names(n, prefix="piece"):
    return [Entry(f"{prefix} {number}", f"bars {number}") for number in range(n)]


def test_what_was_added_is_there_after_opening_again(tmp_path):
    store = Store.create(tmp_path / "vectors", ABOUT)
    store.add(rows(3), names(3))
    store.add(rows(2, seed=1), names(2, "나비"))
    again = Store.open(tmp_path / "vectors")
    assert again.about == ABOUT and len(again) == 5
    assert again.entries == names(3) + names(2, "나비")
    np.testing.assert_array_equal(again.vectors, np.concatenate([rows(3), rows(2, seed=1)]))


def test_search_gives_the_largest_cosines_over_all_parts_in_order(tmp_path):
    store = Store.create(tmp_path, ABOUT)
    store.add(rows(30), names(30))
    store.add(rows(30, seed=1), names(30, "other"))
    query = rows(1, seed=2)[0]
    unit = store.vectors / np.linalg.norm(store.vectors, axis=1, keepdims=True)
    cosines = unit @ query / np.linalg.norm(query)
    best = np.argsort(-cosines)[:7]
    hits = store.search(query, 7)
    assert [hit.entry for hit in hits] == [store.entries[row] for row in best]
    np.testing.assert_allclose([hit.score for hit in hits], cosines[best], rtol=1e-5)


def test_of_equal_scores_the_older_comes_first_and_a_vector_without_direction_scores_nothing(
    tmp_path,
):
    store = Store.create(tmp_path, ABOUT)
    store.add(np.array([[0, 0], [1, 0], [2, 0]], dtype=np.float32), names(3))
    hits = store.search(np.array([3, 0], dtype=np.float32))
    assert [(hit.entry.name, hit.score) for hit in hits] == [
        ("piece 1", 1.0),
        ("piece 2", 1.0),
        ("piece 0", 0.0),
    ]


def test_centred_search_compares_what_is_left_without_the_mean(tmp_path):
    store = Store.create(tmp_path, ABOUT)
    far = np.array([100, 0], dtype=np.float32)
    store.add(far + np.array([[0, 1], [0, -1]], dtype=np.float32), names(2))
    hits = store.search(
        far + np.array([0, 2], dtype=np.float32), centering=Centering.fit(store.vectors)
    )
    assert [round(hit.score, 4) for hit in hits] == [1.0, -1.0]


def test_search_keeps_to_those_among_which_it_is_asked(tmp_path):
    store = Store.create(tmp_path, ABOUT)
    store.add(rows(9), names(9))
    every = [hit.entry for hit in store.search(rows(1, seed=3)[0], 9)]
    odd = np.arange(9) % 2 == 1
    hits = store.search(rows(1, seed=3)[0], 3, among=odd)
    assert [hit.entry for hit in hits] == [e for e in every if int(e.name[-1]) % 2][:3]


def test_a_new_store_takes_the_place_of_the_old_one_with_its_first_vectors(tmp_path):
    Store.create(tmp_path, ABOUT).add(rows(3), names(3))
    new = Store.create(tmp_path, {"layer": 1})
    assert len(Store.open(tmp_path)) == 3
    new.add(rows(1), names(1))
    again = Store.open(tmp_path)
    assert len(again) == 1 and again.about == {"layer": 1}
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("point", range(1, 12))
def test_a_disk_that_refuses_leaves_what_was_there(tmp_path, point):
    Store.create(tmp_path, ABOUT).add(rows(3), names(3))
    full = faults.NthHit(point, faults.os_error(errno.ENOSPC))
    with faults.planted(full), pytest.raises(UserError, match="No space left"):
        Store.create(tmp_path, ABOUT).add(rows(2), names(2))
    assert len(Store.open(tmp_path)) == 3


def test_a_changed_byte_is_found(tmp_path):
    Store.create(tmp_path, ABOUT).add(rows(3), names(3))
    (file,) = tmp_path.glob("*/vectors.npy")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match="has changed"):
        Store.open(tmp_path)


def test_what_cannot_be_kept_or_asked_is_refused(tmp_path):
    store = Store.create(tmp_path, ABOUT)
    assert store.search(rows(1)[0]) == []
    with pytest.raises(UserError, match="for 2 entries"):
        store.add(rows(3), names(2))
    bad = rows(2)
    bad[1, 0] = np.nan
    with pytest.raises(UserError, match="the vector of piece 1 holds NaN"):
        store.add(bad, names(2))
    store.add(rows(2), names(2))
    with pytest.raises(UserError, match="vectors of 5 numbers for a store of 8"):
        store.add(rows(2, width=5), names(2))
    with pytest.raises(UserError, match="the query has 5 numbers"):
        store.search(rows(1, width=5)[0])
    with pytest.raises(UserError, match="no vectors are kept in"):
        Store.open(tmp_path / "nothing")


def test_names_that_are_no_unicode_come_back(tmp_path):
    store = Store.create(tmp_path, ABOUT)
    store.add(rows(1), [Entry("caf\udce9.mid")])
    assert Store.open(tmp_path).entries == [Entry("caf\udce9.mid")]
