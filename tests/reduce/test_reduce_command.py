"""`naepo reduce` of a store: what is drawn, what is left out, and what is on the map already."""

import csv
import errno
import io
import re

import numpy as np
import pytest

from naepo import cli
from naepo.embed.entries import Entry
from naepo.embed.store import Store

MINE = {"made_of": "sentences", "run": "/runs/mine"}
OTHER = {"made_of": "text", "by": "skip-gram"}


def entries(numbers, **marks):
    return [Entry("notes.csv", f"line {n}", "text", f"text {n}", marks) for n in numbers]


def rows(numbers, width=5):
    return np.stack([np.random.default_rng(n).normal(size=width) for n in numbers]).astype("f4")


def put(folder, about, numbers, replace=False, width=5, **marks):
    with Store.join(folder, about) as store:
        store.add(rows(numbers, width), entries(numbers, **marks), replace=replace)


@pytest.fixture
def store(tmp_path):
    put(tmp_path / "s.naepo", MINE, range(6), name="한글")
    return tmp_path / "s.naepo"


@pytest.fixture
def typed(capsys):
    def run(*words):
        code = cli.main(["reduce", *map(str, words)])
        out, err = capsys.readouterr()
        return code, list(csv.DictReader(io.StringIO(out, newline=""))), err

    return run


def test_what_is_on_the_map_is_not_added_again(store, tmp_path, typed):
    kept = tmp_path / "map.npz"
    assert typed(store, "--out", kept)[0] == 0
    put(store, MINE, [6])
    code, points, err = typed(store, "--onto", kept, "--out", kept)
    assert code == 0 and "6 entries are on the map already" in err and "1 points added" in err
    assert len(points) == 7 and "7 points" in err
    code, points, err = typed(store, "--onto", kept)
    assert code == 0 and "7 entries are on the map" in err and "0 points added" in err
    assert len(points) == 7


def test_a_file_that_is_embedded_again_brings_its_new_row_alone(store, tmp_path, typed):
    kept = tmp_path / "map.npz"
    typed(store, "--out", kept)
    put(store, MINE, range(7), replace=True)
    code, points, err = typed(store, "--onto", kept)
    assert code == 0 and "1 points added" in err and len(points) == 7


def test_entries_of_another_store_are_added_though_their_ids_are_on_the_map(store, tmp_path, typed):
    typed(store, "--out", tmp_path / "map.npz")
    put(tmp_path / "t.naepo", MINE, range(10, 13))
    code, points, err = typed(tmp_path / "t.naepo", "--onto", tmp_path / "map.npz")
    assert code == 0 and "3 points added" in err and len(points) == 9


def test_other_ways_are_said_to_be_left_out_and_may_be_asked_for(store, tmp_path, typed):
    put(store, OTHER, range(4), width=3)
    code, points, err = typed(store)
    assert code == 0 and len(points) == 6
    assert "left out: 4 entries that were embedded in other ways (--by skip-gram)" in err
    assert "drawn is neural" in err
    code, points, err = typed(store, "--by", "skip-gram", "--out", tmp_path / "map.npz")
    assert code == 0 and len(points) == 4 and "left out: 6 entries" in err
    code, points, err = typed(store, "--onto", tmp_path / "map.npz")
    assert code == 0 and len(points) == 4 and "4 entries are on the map already" in err
    code, _, err = typed(store, "--by", "neural", "--onto", tmp_path / "map.npz")
    assert code == 2 and "made in another way" in err
    code, _, err = typed(store, "--by", "skip-grm")
    assert code == 2 and "did you mean `skip-gram`" in err
    np.save(tmp_path / "a.npy", rows(range(5)))
    code, _, err = typed(tmp_path / "a.npy", "--by", "neural")
    assert code == 2 and "--by is for a store" in err


def test_two_ways_of_one_name_are_told_apart(store, typed):
    put(store, {"made_of": "pieces", "run": "/runs/music"}, range(20, 24), width=3)
    code, _, err = typed(store)
    other = re.search(r"\(--by (neural:\w+)\)", err)
    assert code == 0 and other is not None and "drawn is neural:" in err
    assert len(typed(store, "--by", other[1])[1]) == 4


def test_a_column_is_what_points_are_coloured_by_and_the_file_where_there_is_none(store, typed):
    assert {point["mark"] for point in typed(store, "--color", "name")[1]} == {"한글"}
    assert {point["mark"] for point in typed(store, "--color", "kind")[1]} == {"text"}
    code, _, err = typed(store, "--color", "nam")
    assert code == 2 and "did you mean `name`" in err


def test_a_full_disk_leaves_the_old_map(store, tmp_path, typed, monkeypatch):
    kept = tmp_path / "map.npz"
    typed(store, "--out", kept)
    before = kept.read_bytes()
    put(store, MINE, [6])

    def full(file, **arrays):
        file.write(b"PK half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("naepo.reduce.adding.np.savez", full)
    code, _, err = typed(store, "--onto", kept, "--out", kept)
    assert code == 2 and re.search(r"cannot write .*map.npz: No space left", err)
    assert kept.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"map.npz", "s.naepo"}


def test_a_carriage_return_in_a_name_stays_in_its_cell(tmp_path, typed):
    with Store.join(tmp_path / "s.naepo", MINE) as store:
        store.add(rows(range(3)), [Entry("a\rb", f"line {n}", "text") for n in range(3)])
    assert [point["name"] for point in typed(tmp_path / "s.naepo")[1]] == [
        f"a\rb line {n}" for n in range(3)
    ]


def numbers(points):
    """The places that are printed, shape (rows, 2)."""
    return np.array([[float(row["x"]), float(row["y"])] for row in points])


def test_a_map_grows_twice_and_its_first_rows_keep_their_places(typed, tmp_path):
    draw = np.random.default_rng(0)
    first = draw.normal(size=(40, 5)) * [5, 2, 1, 0.5, 0.1]
    np.save(tmp_path / "a.npy", first)
    np.save(tmp_path / "b.npy", draw.normal(size=(40, 5)) * [0.1, 0.5, 1, 2, 5] + [0, 0, 0, 0, 30])
    _, made, _ = typed(tmp_path / "a.npy", "--out", tmp_path / "a.npz")
    typed(tmp_path / "b.npy", "--onto", tmp_path / "a.npz", "--out", tmp_path / "ab.npz")
    _, out, _ = typed(tmp_path / "a.npy", "--onto", tmp_path / "ab.npz")
    np.testing.assert_allclose(numbers(out)[-40:], numbers(made), rtol=1e-3, atol=1e-4)


def test_columns_go_by_their_names_and_not_by_their_order(typed, tmp_path):
    table, other, poor = (tmp_path / f"{name}.csv" for name in ("table", "other", "poor"))
    table.write_text("id,b,c\n1,2,x\n2,4,y\n3,6,z\n4,8,w\n")
    other.write_text("b,z,id\n2,9,1\n4,9,2\n")
    poor.write_text("b,id\n2,1\n,2\n")
    code, made, _ = typed(table, "--out", tmp_path / "m.npz")
    assert code == 0
    _, out, _ = typed(other, "--onto", tmp_path / "m.npz")
    np.testing.assert_allclose(numbers(out)[-2:], numbers(made)[:2], atol=1e-4)
    code, _, err = typed(poor, "--onto", tmp_path / "m.npz")
    assert code == 2 and "`b` holds something else than numbers" in err and "id, b" in err
    poor.write_text("id\n2\n")
    code, _, err = typed(poor, "--onto", tmp_path / "m.npz")
    assert code == 2 and "`b` is missing" in err


def test_mistakes_are_found_before_the_map_is_made(typed, tmp_path, monkeypatch):
    def reduce(*_, **__):
        raise AssertionError("it was made")

    monkeypatch.setattr("naepo.reduce.reduce", reduce)
    np.save(tmp_path / "a.npy", np.eye(5))
    (tmp_path / "empty.npy").touch()
    (tmp_path / "head.csv").write_text("a,b\n")
    with (tmp_path / "many.npy").open("wb") as file:
        np.savez(file, a=np.eye(3), b=np.eye(3))
    np.save(tmp_path / "words.npy", np.array([["a", "b"]]))
    np.save(tmp_path / "complex.npy", np.eye(5) * 1j)
    for words, said in (
        (("a.npy", "--out", tmp_path / "none" / "m.npz"), "cannot write"),
        (("a.npy", "--png", tmp_path / "none" / "m.png"), "cannot write"),
        (("a.npy", "--svg", tmp_path), "is a folder"),
        (("a.npy", "--most", -5), "--most must be at least 2, got -5"),
        (("a.npy", "--seed", -1), "--seed must be from 0"),
        (("words.npy",), "expected real numbers"),
        (("complex.npy",), "expected real numbers, got complex128"),
        (("empty.npy",), "not an .npy file of numbers"),
        (("many.npy",), "several arrays, expected one"),
        (("head.csv",), "head.csv has no rows"),
    ):
        code, out, err = typed(tmp_path / words[0], *words[1:])
        assert (code, out) == (2, []) and said in err and "Traceback" not in err, err
