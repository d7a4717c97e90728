"""What is kept is found again, exactly; an error or a death leaves what was there."""

import errno
import os
import sqlite3
import subprocess
import sys
import time
import unicodedata
import warnings

import numpy as np
import pytest

from naepo.checkpoint import faults
from naepo.config import UserError
from naepo.embed.filters import Condition
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
    assert len(list(tmp_path.glob("vectors-*"))) == 1


def test_a_disk_that_refuses_at_any_point_leaves_what_was_there(tmp_path):
    Store.create(tmp_path, ABOUT).add(rows(3), names(3))
    for point in range(1, 20):
        full = faults.NthHit(point, faults.os_error(errno.ENOSPC))
        with faults.planted(full):
            try:
                Store.join(tmp_path, ABOUT).add(rows(2), names(2))
            except UserError as error:
                assert "No space left" in str(error)
            else:
                break
        assert len(Store.open(tmp_path)) == 3
    assert point > 4 and len(Store.open(tmp_path)) == 5


def texts(n):
    return [Entry(f"piece {number}", text=f"piece {number}") for number in range(n)]


def killed_at(point, act):
    """Let a child of this process act, and die at a point of its writing; say whether it did."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has threads, which the child does not use
        child = os.fork()
    if child == 0:
        with faults.planted(faults.NthHit(point, faults.sudden_exit)):
            act()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 137


WRITES = {
    "the first ever": (None, lambda folder: Store.create(folder, ABOUT).add(rows(2), texts(2))),
    "more": (3, lambda folder: Store.join(folder, ABOUT).add(rows(2), texts(2))),
    "others": (3, lambda folder: Store.create(folder, {"layer": 1}).add(rows(2), texts(2))),
    "the same again": (
        3,
        lambda folder: Store.join(folder, ABOUT).add(rows(3, seed=1), texts(3), replace=True),
    ),
    "fewer": (3, lambda folder: Store.open(folder).delete([1, 2])),
    "compact": (3, lambda folder: Store.open(folder).compact()),
}


def state_of(folder):
    """What a store holds, in plain values; "" when nothing was ever acknowledged."""
    try:
        with Store.open(folder) as store:
            assert store.by_letters("piece", 9) or not len(store)
            return store.about, store.entries, store.vectors.tolist()
    except UserError as error:
        assert "no vectors are kept" in str(error)
        return ""


def outlives_every_death(tmp_path, what):
    before, write = WRITES[what]
    folder, twin = tmp_path / "store", tmp_path / "twin"
    for place in (folder, twin):
        if before:
            Store.create(place, ABOUT).add(rows(before), texts(before))
        if what == "compact":
            Store.open(place).delete([2])
    old = state_of(folder)
    write(twin)
    new, n_deaths = state_of(twin), 0
    while killed_at(n_deaths + 1, lambda: write(folder)):
        n_deaths += 1
        found = state_of(folder)
        assert found in (old, new)
        if found == new != old:
            break
    assert n_deaths >= 2
    if state_of(folder) == old:
        write(folder)
    assert state_of(folder) == new


@pytest.mark.parametrize("what", ["the first ever", "the same again"])
def test_killed_at_any_point_of_a_write_all_is_as_it_was_or_as_it_should_be(tmp_path, what):
    outlives_every_death(tmp_path, what)


@pytest.mark.torture
@pytest.mark.parametrize("what", WRITES)
def test_killed_at_any_point_of_any_write(tmp_path, what):
    outlives_every_death(tmp_path, what)


@pytest.mark.torture
def test_killed_at_any_time_nothing_that_was_acknowledged_is_lost(tmp_path):
    script = tmp_path / "write.py"
    script.write_text(
        "import sys, numpy as np\nfrom pathlib import Path\n"
        "from naepo.embed.store import Entry, Store\n"
        "for n in range(int(sys.argv[2]), 10**6):\n"
        "    row = np.full((1, 4), n + 1.0, dtype=np.float32)\n"
        "    Store.join(Path(sys.argv[1]), {'v': 1}).add(row, [Entry(str(n), text=f'말 {n}')])\n"
        "    print(n, flush=True)\n"
    )
    folder, done = tmp_path / "store", 0
    draw = np.random.default_rng(0)
    for _ in range(12):
        writer = subprocess.Popen(
            [sys.executable, script, folder, str(done)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(draw.uniform(0, 0.2))
        writer.kill()
        said = [first, *writer.stdout.read().splitlines()]
        writer.wait()
        writer.stdout.close()
        acknowledged = int([line for line in said if line.strip()][-1])
        with Store.open(folder) as store:
            found = [entry.name for entry in store.entries]
            assert found == [str(n) for n in range(len(found))] and len(found) > acknowledged
            assert store.vectors[:, 0].tolist() == [n + 1 for n in range(len(found))]
            assert len(store.by_letters("말", 10**6)) == len(found)
        done = len(found)


def test_what_a_dead_process_left_behind_is_passed_over_and_what_is_missing_is_told(tmp_path):
    store = Store.create(tmp_path, ABOUT)
    store.add(rows(3), names(3))
    file = tmp_path / "vectors-1.f32"
    whole = file.read_bytes()
    file.write_bytes(whole + b"half a row")
    assert len(Store.open(tmp_path)) == 3
    Store.join(tmp_path, ABOUT).add(rows(2), names(2, "more"))
    np.testing.assert_array_equal(Store.open(tmp_path).vectors[3:], rows(2))
    file.write_bytes(whole[:-1])
    with pytest.raises(UserError, match=r"96 bytes long|bytes long, expected"):
        Store.open(tmp_path)
    file.unlink()
    with pytest.raises(UserError, match="is missing"):
        Store.open(tmp_path)


def test_a_changed_byte_is_found_in_vectors_and_in_texts(tmp_path):
    store = Store.create(tmp_path, ABOUT)
    store.add(rows(3), [Entry("a", text="학교"), Entry("b"), Entry("c")])
    store.close()
    file = tmp_path / "vectors-1.f32"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(UserError, match="has changed"):
        Store.open(tmp_path)
    file.write_bytes(content)
    with sqlite3.connect(tmp_path / "store.db") as other:
        other.execute("UPDATE entries SET text = '학문' WHERE name = 'a'")
    other.close()
    with pytest.raises(UserError, match="entry 1 has changed"):
        _ = Store.open(tmp_path).entries
    (tmp_path / "store.db").write_bytes(b"no database" * 999)
    with pytest.raises(UserError, match="damaged"):
        Store.open(tmp_path)


def test_a_part_of_a_word_is_found_however_it_is_spelled(tmp_path):
    texts = ["학교에서 돌아왔다", "오늘 날씨가 좋다", "재미있는 영화", "집에 간다", "Reading books"]
    store = Store.join(tmp_path)
    store.add(None, [Entry(str(n), text=text) for n, text in enumerate(texts)])

    def found(query):
        return [hit.entry.name for hit in store.by_letters(query)]

    assert [found(word) for word in ("학교", "날씨", "재미", "집", "book", "READ")] == [
        *(["0"], ["1"], ["2"], ["3"], ["4"], ["4"])
    ]
    assert found(unicodedata.normalize("NFD", "학교")) == ["0"]
    assert found("없는말") == [] and found("?!") == [] and found('" OR grams MATCH "') == []


def test_what_is_deleted_is_found_no_more_and_what_is_added_is_found_at_once(tmp_path):
    store = Store.create(tmp_path, ABOUT)
    store.add(rows(4), [Entry(str(n), text=f"학교 {n}") for n in range(4)])
    first = store.ids[0]
    assert store.delete([int(first), 999]) == 1
    for seen in (store, Store.open(tmp_path)):
        assert [hit.entry.name for hit in seen.by_letters("학교", 9)] == ["1", "2", "3"]
        assert {hit.entry.name for hit in seen.search(rows(4)[0], 9)} == {"1", "2", "3"}
    before = (tmp_path / "vectors-1.f32").stat().st_size
    store.add(rows(1, seed=9), [Entry("new", text="학교 새")])
    assert store.search(rows(1, seed=9)[0], 1)[0].entry.name == "new"
    assert (tmp_path / "vectors-1.f32").stat().st_size == before + 32
    assert store.ids[-1] == 5  # an id is never used again
    kept = store.vectors
    store.compact()
    np.testing.assert_array_equal(Store.open(tmp_path).vectors, kept)
    assert sum(path.stat().st_size for path in tmp_path.glob("vectors-*")) == 4 * 32


def test_what_another_process_has_added_outlives_the_room_that_is_freed(tmp_path):
    Store.create(tmp_path, ABOUT).add(rows(4), texts(4))
    ours = Store.open(tmp_path)
    Store.join(tmp_path, ABOUT).add(rows(5, seed=1), names(5, "later"))
    Store.open(tmp_path).delete([1])
    ours.compact()
    again = Store.open(tmp_path)
    assert [entry.name for entry in again.entries] == [
        *(f"piece {n}" for n in (1, 2, 3)),
        *(f"later {n}" for n in range(5)),
    ]
    np.testing.assert_array_equal(again.vectors, np.concatenate([rows(4)[1:], rows(5, seed=1)]))


def test_a_file_that_another_process_is_writing_is_not_swept_away(tmp_path):
    ours = Store.create(tmp_path, ABOUT)
    ours.add(rows(2), texts(2))
    ours._connected().execute("PRAGMA busy_timeout = 1")

    def sweep(point, path):
        if point == "commit":  # of the other, whose vectors are in their file
            ours._sweep()
            assert sorted(tmp_path.glob("vectors-*")) == files

    files = [tmp_path / "vectors-1.f32", tmp_path / "vectors-2.f32"]
    with faults.planted(sweep):
        Store.join(tmp_path, {"layer": 1}).add(rows(3), names(3))
    assert len(Store.open(tmp_path, {"layer": 1})) == 3


def test_a_search_of_a_store_that_was_long_open_passes_over_what_is_gone(tmp_path):
    ours = Store.create(tmp_path, ABOUT)
    ours.add(rows(4), texts(4))
    Store.open(tmp_path).delete([2])
    assert {hit.id for hit in ours.search(rows(4)[1], 4)} == {1, 3, 4}
    with pytest.raises(UserError, match="another process has changed"):
        _ = ours.entries


def test_room_is_freed_in_all_ways_and_only_where_much_is_dead_if_so_asked(tmp_path):
    one, other = Store.create(tmp_path, ABOUT), Store.join(tmp_path, {"layer": 1})
    one.add(rows(9), texts(9))
    other.add(rows(9), texts(9))
    other.delete([10, 11])
    one = Store.open(tmp_path)
    one.compact(only_much=True)
    assert (tmp_path / "vectors-2.f32").stat().st_size == 9 * 32
    one.compact()
    sizes = sorted(path.stat().st_size for path in tmp_path.glob("vectors-*"))
    assert sizes == [7 * 32, 9 * 32] and one.spaces == [ABOUT, {"layer": 1}]
    Store.open(tmp_path).delete(range(1, 10))
    assert Store.open(tmp_path).spaces == [{"layer": 1}]  # a way without an entry is none
    assert len(list(tmp_path.glob("vectors-*"))) == 1


def test_vectors_that_were_fitted_otherwise_are_never_mixed(tmp_path):
    ours = Store.join(tmp_path, ABOUT, b"ours")
    Store.join(tmp_path, ABOUT, b"theirs").add(rows(2), names(2))
    with pytest.raises(UserError, match="other vectors"):
        ours.add(rows(2), names(2))
    assert len(Store.open(tmp_path)) == 2


def test_what_is_kept_in_several_ways_is_found_by_its_letters_once(tmp_path):
    things = [Entry(name, text=f"학교 {name}") for name in "abc"]
    first = Store.create(tmp_path, ABOUT)
    first.add(rows(3), things)
    Store.join(tmp_path).add(None, [*things[:2], Entry("c", text="학교가 바뀌었다")], replace=True)
    other = Store.join(tmp_path, {"v": 2})
    other.add(rows(2, seed=1), things[:2])
    hits = other.by_letters("학교", 9)
    assert sorted((hit.entry.name, hit.entry.text) for hit in hits) == sorted(
        [("a", "학교 a"), ("b", "학교 b"), ("c", "학교 c"), ("c", "학교가 바뀌었다")]
    )
    assert {hit.id for hit in hits if hit.entry.name in "ab"} == set(other.ids.tolist())
    assert len(other.by_letters("학교", 2)) == 2


def test_conditions_narrow_both_searches_and_are_never_part_of_a_statement(tmp_path):
    store = Store.create(tmp_path, ABOUT)
    marks = [{"label": "긍정", "year": "1999"}, {"label": "부정", "year": "2020"}, {}]
    things = [Entry(str(n), text="영화", marks=each) for n, each in enumerate(marks)]
    store.add(rows(3), things)

    def among(*texts):
        conditions = [Condition.read(text) for text in texts]
        ids = store.matching(conditions)
        by_letters = [hit.id for hit in store.by_letters("영화", conditions=conditions)]
        assert sorted(by_letters) == sorted(ids)
        hits = store.search(rows(1)[0], 9, among=np.isin(store.ids, ids))
        assert sorted(hit.id for hit in hits) == sorted(ids)
        return sorted(store.read(ids)[id].name for id in ids)

    assert among("label=긍정") == ["0"] and among("label!=긍정") == ["1", "2"]
    assert among("year>2000") == ["1"] and among("year >= 1999", "label=부정") == ["1"]
    assert among("name=2") == ["2"] and among("label=x' OR '1'='1") == []
    for wrong in ("label", "year>old", "=3"):
        with pytest.raises(UserError, match=r"no.*condition|only numbers"):
            Condition.read(wrong)


def test_a_mark_may_be_called_like_a_column_and_a_name_be_spelled_apart(tmp_path):
    store = Store.join(tmp_path)
    apart = unicodedata.normalize("NFD", "한글.txt")
    marked = Entry("b", text="둘", marks={"name": "Kim", "place": "7"})
    store.add(None, [Entry(apart, text="하나"), marked, Entry("caf\udce9", text="셋")])

    def among(text):
        return store.matching([Condition.read(text)])

    assert among("name=Kim") == [2] and among("name=b") == [2] and among("name!=Kim") == [1, 3]
    assert among("place>=7") == [2] and among("place<7") == [] and among("name=한글.txt") == [1]
    assert among(f"name={apart}") == [1] and among("name=caf\udce9") == [3]
    assert store.delete([10**20, 2]) == 1


def test_two_ways_of_making_vectors_live_side_by_side(tmp_path):
    Store.join(tmp_path, {"of": "text"}).add(rows(2), names(2, "text"))
    Store.join(tmp_path, {"of": "music"}).add(rows(3, width=5), [Entry("음악"), *names(2)])
    Store.join(tmp_path, {"of": "text"}).add(rows(1, seed=4), names(1, "more"))
    assert Store.open(tmp_path).spaces == [{"of": "text"}, {"of": "music"}]
    assert len(Store.open(tmp_path, {"of": "text"})) == 3
    music = Store.open(tmp_path, {"of": "music"})
    assert len(music) == 3 and music.width == 5 and music.n_entries == 6
    assert [hit.entry.name for hit in music.by_letters("음악 1")] == ["음악"]


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
    assert Store.join(tmp_path / "nothing").spaces == []
    (tmp_path / "old" / "0001-000001").mkdir(parents=True)
    (tmp_path / "old" / "0001-000001" / "vectors.npy").write_bytes(b"")
    with pytest.raises(UserError, match="older naepo"):
        Store.open(tmp_path / "old")


def test_names_that_are_no_unicode_come_back(tmp_path):
    store = Store.create(tmp_path, ABOUT)
    store.add(rows(1), [Entry("caf\udce9.mid")])
    assert Store.open(tmp_path).entries == [Entry("caf\udce9.mid")]
