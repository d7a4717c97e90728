"""What a person names, and the files that are read for it: nothing blocks, nothing is silent."""

import io
import os
import socket
import sys

import pytest

from naepo.config import UserError
from naepo.encode import sources
from naepo.encode.cache import Cache
from naepo.encode.sources import find_sources
from naepo.encode.tally import Tally


@pytest.fixture
def found(tmp_path):
    """Give the names that are read for what is named, and the lines about what is not."""

    def look(*names: str, cache: Cache | None = None) -> tuple[list[str], str]:
        tally = Tally()
        store = cache or Cache(tmp_path / "cache")
        sources = find_sources(names, store, tally)
        return [source.name for source in sources], "\n".join(tally.lines())

    return look


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """A folder with three files of text, one of them deeper down; the working folder is above."""
    folder = tmp_path / "notes"
    (folder / "b").mkdir(parents=True)
    for name in ("c.txt", "a.md", "b/inner.rst"):
        (folder / name).write_text(f"text of {name}\n")
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_folder_is_read_whole_in_the_order_of_its_names(found, notes):
    assert found("notes")[0] == ["notes/a.md", "notes/b/inner.rst", "notes/c.txt"]


def test_many_names_are_read_in_the_order_they_are_given_and_twice_named_is_read_once(found, notes):
    names, lines = found("notes/c.txt", "notes", "notes/c.txt")
    assert names == ["notes/c.txt", "notes/a.md", "notes/b/inner.rst"]
    assert "read once, though it was named twice: notes/c.txt" in lines


def test_a_pattern_is_matched_when_the_shell_did_not(found, notes):
    assert found("notes/*.txt")[0] == ["notes/c.txt"]
    assert found("notes/**/*.rst")[0] == ["notes/b/inner.rst"]
    assert found(str(notes / "*.md"))[0] == [str(notes / "a.md")]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(found, notes):
    (notes / "what[1].txt").write_text("x")
    assert found("notes/what[1].txt")[0] == ["notes/what[1].txt"]


@pytest.mark.parametrize(
    "name", [".txt", ".md", ".rst", ".py", ".jsonl", ".csv", ".tsv", ".parquet", ".txt.gz", ".MD"]
)
def test_a_known_ending_is_found_in_a_folder(found, tmp_path, name):
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / f"one{name}").write_bytes(b"x")
    assert found(str(folder))[0] == [str(folder / f"one{name}")]


def test_an_unknown_ending_is_left_out_of_a_folder_but_read_when_it_is_named(found, notes):
    (notes / "cat.png").write_bytes(b"x")
    (notes / "dog.png").write_bytes(b"x")
    (notes / "README").write_bytes(b"x")
    names, lines = found("notes")
    assert len(names) == 3
    assert "left out, unknown ending .png: notes/cat.png (2 files, this is the first)" in lines
    assert "left out, it has no ending: notes/README" in lines
    assert found("notes/README")[0] == ["notes/README"]


def test_hidden_files_and_folders_are_left_out(found, notes):
    (notes / ".git").mkdir()
    (notes / ".git" / "x.txt").write_text("x")
    (notes / ".hidden.txt").write_text("x")
    names, lines = found("notes")
    assert len(names) == 3
    assert "it is hidden: notes/.git (2 files" in lines


def test_links_in_a_folder_are_never_followed_so_loops_end(found, notes, tmp_path):
    outside = tmp_path / "secret.txt"
    outside.write_text("secret")
    (notes / "loop").symlink_to(notes)
    (notes / "b" / "up").symlink_to("..")
    (notes / "out.txt").symlink_to(outside)
    names, lines = found("notes")
    assert len(names) == 3
    assert "left out, it is a symbolic link: notes/b/up (3 files" in lines


def test_a_link_that_is_named_is_followed(found, notes, tmp_path):
    (tmp_path / "here.txt").symlink_to(notes / "c.txt")
    (tmp_path / "there").symlink_to(notes)
    assert found("here.txt")[0] == ["here.txt"]
    assert len(found("there")[0]) == 3


def test_a_link_to_itself_and_a_link_to_nothing_are_refused(found, notes, tmp_path):
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    (tmp_path / "dangling.txt").symlink_to(tmp_path / "gone.txt")
    with pytest.raises(UserError, match=r"self\.txt"):
        found("self.txt")
    with pytest.raises(UserError, match="symbolic link to nothing"):
        found("dangling.txt")


@pytest.fixture
def pipe(notes):
    os.mkfifo(notes / "pipe.txt")
    return notes / "pipe.txt"


@pytest.mark.timeout(10)
def test_a_pipe_or_socket_in_a_folder_is_left_out_without_waiting(found, notes, pipe):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("notes/socket.txt")
        names, lines = found("notes")
    assert len(names) == 3
    assert "left out, it is a pipe: notes/pipe.txt" in lines
    assert "left out, it is a socket: notes/socket.txt" in lines


@pytest.mark.timeout(10)
def test_a_pipe_that_is_named_is_refused_without_waiting(found, pipe):
    with pytest.raises(UserError, match="is a pipe, expected a file") as caught:
        found("notes/pipe.txt")
    assert "naepo train -" in str(caught.value.hint)


@pytest.mark.timeout(10)
def test_a_device_that_is_named_is_refused(found):
    with pytest.raises(UserError, match="/dev/zero is a device"):
        found("/dev/zero")


def test_an_unreadable_file_is_left_out_of_a_folder_with_the_reason(found, notes, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("c.txt"))
    names, lines = found("notes")
    assert "notes/c.txt" not in names
    assert "Permission denied: notes/c.txt" in lines


def test_an_unreadable_file_that_is_named_is_refused(found, notes, monkeypatch):
    def locked(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(sources, "open_regular", locked)
    with pytest.raises(UserError, match=r"cannot read notes/c\.txt: Permission denied"):
        found("notes/c.txt")


def test_an_unreadable_folder_inside_is_left_out_but_named_it_is_refused(found, notes, monkeypatch):
    scandir = os.scandir

    def locked(path):
        if str(path).endswith("b"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    names, lines = found("notes")
    assert names == ["notes/a.md", "notes/c.txt"]
    assert "Permission denied: notes/b" in lines
    with pytest.raises(UserError, match="cannot read the folder notes/b: Permission denied"):
        found("notes/b")


def test_the_cache_and_earlier_runs_inside_a_folder_are_no_text(found, notes):
    (notes / "cache").mkdir()
    (notes / "cache" / "train.txt").write_text("x")
    (notes / "runs" / "mine").mkdir(parents=True)
    (notes / "runs" / "mine" / "naepo.toml").write_text("")
    (notes / "runs" / "mine" / "metrics.jsonl").write_text("{}")
    names, lines = found("notes", cache=Cache(notes / "cache"))
    assert len(names) == 3
    assert "left out, it is the cache of naepo: notes/cache" in lines
    assert "left out, it is a run of naepo: notes/runs/mine" in lines


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("notes/c.text", "`notes/c.txt`"),
        ("note", "`notes`"),
        ("noted/c.txt", "`notes`"),
        ("python-doc", "`python-docs`"),
    ],
)
def test_a_missing_file_is_answered_with_the_nearest_name(found, notes, typed, near):
    with pytest.raises(UserError, match="no such file or folder") as caught:
        found(typed)
    assert f"did you mean {near}?" in str(caught.value.hint)


@pytest.mark.parametrize(
    "name", ["", "a\0b", "nothing/*.txt", "**x/y[", "https://example.org/a.txt"]
)
def test_a_name_that_cannot_be_a_file_is_refused(found, notes, name):
    with pytest.raises(UserError):
        found(name)


def test_a_folder_without_text_says_what_was_left_out(found, tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "cat.png").write_bytes(b"x")
    with pytest.raises(UserError, match=r"no text was found in .*pictures(.|\n)*\.png") as caught:
        found(str(tmp_path / "pictures"))
    assert ".parquet" in str(caught.value.hint)


def test_a_name_of_odd_bytes_can_be_read_and_printed(found, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / os.fsdecode(b"\xff\n.txt")).write_text("x")
    names, _ = found(str(folder))
    assert names[0].endswith("\\xff\\n.txt")
    names[0].encode()


def test_an_embedded_name_means_the_embedded_corpus_and_the_folder_of_that_name_is_said(
    found, notes, tmp_path, monkeypatch
):
    from naepo.encode import embedded

    monkeypatch.setitem(embedded.BUILDERS, "python-docs", lambda tell: iter(["one", "two"]))
    (tmp_path / "python-docs").mkdir()
    names, lines = found("python-docs")
    assert names == ["python-docs"]
    assert "./python-docs" in lines


def test_standard_input_is_read_to_its_end(found, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"typed text")))
    with Cache(tmp_path / "cache") as cache:
        source = find_sources(["-"], cache, Tally())[0]
        assert source.name == "standard input"
        assert source.path.read_bytes() == b"typed text"
    assert not source.path.exists()


def test_no_standard_input_is_refused(found, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UserError, match="no standard input"):
        found("-")


def _many(folder, n: int) -> None:
    for number in range(n):
        if number % 1000 == 0:
            (folder / f"{number:07}").mkdir(parents=True)
        (folder / f"{number // 1000 * 1000:07}" / f"{number:07}.txt").touch()


@pytest.mark.parametrize(
    "n", [500, pytest.param(1_000_000, marks=[pytest.mark.torture, pytest.mark.timeout(1800)])]
)
def test_any_number_of_files_is_found_in_order(found, tmp_path, n):
    _many(tmp_path / "many", n)
    names, lines = found(str(tmp_path / "many"))
    assert len(names) == n and names == sorted(names) and not lines
