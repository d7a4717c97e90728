"""A folder appears whole or not at all."""

import errno
import fcntl
import os
from pathlib import Path

import pytest

from naepo.checkpoint.faults import NthHit, os_error, planted
from naepo.checkpoint.folder import make_folder, new_folder, remove, set_aside, sweep, write_line
from naepo.checkpoint.manifest import MANIFEST, PIECE, verify


def write(folder: Path) -> Path:
    with new_folder(folder) as draft:
        draft.write("a.txt", [b"alpha"])
        draft.write("deep/b.bin", [b"\0" * (PIECE + 1), b"end"])
        (draft.path / "by-others.json").write_text("{}")
    return folder


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_what_is_written_is_what_is_there(tmp_path: Path):
    folder = write(tmp_path / "one")
    assert (folder / "a.txt").read_bytes() == b"alpha"
    assert (folder / "deep" / "b.bin").read_bytes() == b"\0" * (PIECE + 1) + b"end"
    assert (folder / "by-others.json").read_text() == "{}"
    verify(folder)


def test_nothing_is_seen_before_it_is_whole(tmp_path: Path):
    with new_folder(tmp_path / "one") as draft:
        draft.write("a.txt", [b"alpha"])
        assert not (tmp_path / "one").exists()
    assert (tmp_path / "one").exists()
    assert names_in(tmp_path) == ["one"]


def test_an_error_leaves_no_trace(tmp_path: Path):
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "one") as draft:
        draft.write("a.txt", [b"alpha"])
        raise KeyboardInterrupt
    assert names_in(tmp_path) == []


def test_an_existing_folder_is_never_written_into(tmp_path: Path):
    write(tmp_path / "one")
    before = (tmp_path / "one" / "manifest.json").read_bytes()
    with pytest.raises(OSError), new_folder(tmp_path / "one") as draft:
        draft.write("a.txt", [b"omega"])
    assert (tmp_path / "one" / "manifest.json").read_bytes() == before
    verify(tmp_path / "one")


def test_every_byte_is_on_the_disk_before_the_name_is(tmp_path: Path):
    seen: list[tuple[str, str]] = []
    with planted(lambda point, path: seen.append((point, path.name))):
        write(tmp_path / "one")
    renamed = seen.index(("rename", seen[0][1]))
    synced = [name for point, name in seen[:renamed] if point == "fsync"]
    files = {"a.txt", "b.bin", "by-others.json", "manifest.json"}
    assert set(synced) == files | {"deep", seen[0][1]}
    for file in files:
        writes = [i for i, (point, name) in enumerate(seen) if name == file and point == "write"]
        assert all(i < seen.index(("fsync", file)) for i in writes)
    assert synced.index(seen[0][1]) == len(synced) - 1
    assert seen[renamed + 1 :] == [("fsync", tmp_path.name)]


def test_the_disk_itself_is_asked_for_every_file_and_folder(tmp_path: Path, monkeypatch):
    synced: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda held: synced.add(os.fstat(held).st_ino))
    folder = write(tmp_path / "one")
    assert synced == {path.stat().st_ino for path in [tmp_path, folder, *folder.rglob("*")]}


def test_a_draft_of_the_dead_is_swept_and_one_of_the_living_is_not(tmp_path: Path):
    (tmp_path / ".tmp-dead-1").mkdir()
    (tmp_path / ".tmp-dead-1" / "half").write_text("x")
    (tmp_path / ".trash-old-1").mkdir()
    (tmp_path / ".tmp-best-1").write_text("step")
    (tmp_path / ".tmp-alive-1").mkdir()
    held = os.open(tmp_path / ".tmp-alive-1", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    sweep(tmp_path)
    os.close(held)
    assert names_in(tmp_path) == [".tmp-alive-1"]


def test_setting_aside_never_overwrites_what_was_set_aside_before(tmp_path: Path):
    for content in ("first", "second", "third"):
        (tmp_path / "one").mkdir()
        (tmp_path / "one" / "file").write_text(content)
        set_aside(tmp_path / "one")
    found = {path.name: (path / "file").read_text() for path in tmp_path.iterdir()}
    assert found == {"one.broken": "first", "one.broken-2": "second", "one.broken-3": "third"}


def test_what_is_replaced_stays_until_the_new_folder_is_whole(tmp_path: Path):
    old, new = {"a.txt", "deep", "by-others.json", MANIFEST}, {"other", MANIFEST}
    write(tmp_path / "one")
    left = []
    for n in range(1, 100):
        fault = NthHit(n, os_error(errno.ENOSPC))
        try:
            with planted(fault), new_folder(tmp_path / "one", replaces=True) as draft:
                draft.write("other", [b"new"])
        except OSError:
            verify(tmp_path / "one")
            left.append(set(names_in(tmp_path / "one")))
        if not fault.has_happened:
            break
    assert left == [old] * (n - 2) + [new]  # the last fault is after the exchange
    verify(tmp_path / "one")
    assert set(names_in(tmp_path / "one")) == new
    sweep(tmp_path)
    assert names_in(tmp_path) == ["one"]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_removal_that_is_cut_short_leaves_the_folder_whole_or_gone(tmp_path: Path, n: int):
    write(tmp_path / "one")
    with planted(NthHit(n, os_error(errno.EIO))), pytest.raises(OSError):
        remove(tmp_path / "one")
    if (tmp_path / "one").exists():
        verify(tmp_path / "one")
    sweep(tmp_path)
    assert set(names_in(tmp_path)) <= {"one"}


def test_a_line_is_the_old_one_or_the_new_one(tmp_path: Path):
    write_line(tmp_path / "best", "old")
    for n in range(1, 100):
        fault = NthHit(n, os_error(errno.ENOSPC))
        try:
            with planted(fault):
                write_line(tmp_path / "best", "new")
        except OSError:
            assert (tmp_path / "best").read_text() in {"old\n", "new\n"}
        if not fault.has_happened:
            break
    assert n == 5
    assert (tmp_path / "best").read_text() == "new\n"


def test_folders_above_are_made_too(tmp_path: Path):
    make_folder(tmp_path / "a" / "b" / "c")
    make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()
