"""Text is encoded once, a change is noticed, and no half-written folder is ever used."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from naepo.config import UserError
from naepo.encode import DataSettings, cache, corpus, gather, hashes, prepare
from naepo.encode.corpus import open_corpus

KOREAN = "안녕하세요, 반갑습니다. 오늘은 날씨가 참 좋네요. 나비가 납니다.\n"


@pytest.fixture
def reads(monkeypatch):
    """Count how often text is read and encoded."""
    done = []
    build = corpus._build
    monkeypatch.setattr(corpus, "_build", lambda *what: (done.append(1), build(*what)))
    return done


def test_unchanged_text_is_encoded_once(make, write, reads):
    path = write("a.txt", "some text " * 50)
    first, second = make(path), make(path)
    assert reads == [1]
    assert first.folder == second.folder and first.fingerprint == second.fingerprint
    assert first.notes == second.notes
    assert first.train.ids.tolist() == second.train.ids.tolist()


def test_a_second_start_is_quick(make, write):
    path = write("a.txt", "some text " * 10_000)
    make(path)
    quickest = []
    for _ in range(5):
        started = time.perf_counter()
        make(path)
        quickest.append(time.perf_counter() - started)
    assert min(quickest) < 0.25  # 10 ms on a machine at rest; this one may be busy


def test_a_changed_file_is_noticed_even_of_the_same_size_and_time(make, write, reads):
    path = Path(write("a.txt", "some text " * 50))
    first, before = make(str(path)), path.stat()
    path.write_text("some Text " * 50)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    second = make(str(path))
    assert len(reads) == 2 and first.fingerprint != second.fingerprint
    assert "Text" in second.train.text_file.read_text()


def test_a_fingerprint_knows_content_and_settings_but_no_paths_and_no_times(make, write):
    text = KOREAN * 20
    first = make(write("a.txt", text))
    moved = Path(write("elsewhere/b.txt", text))
    os.utime(moved, (0, 0))
    assert make(str(moved)).fingerprint == first.fingerprint
    assert make(write("a.txt", text), held_out=0.2).fingerprint != first.fingerprint
    assert make(write("a.txt", text), encoder="bytes").fingerprint != first.fingerprint
    assert make(write("c.txt", text + "!")).fingerprint != first.fingerprint


def test_a_choice_made_by_other_rules_is_made_again(make, write, reads, monkeypatch):
    path = write("a.txt", "some text " * 50)
    make(path)
    monkeypatch.setattr(corpus, "rules", lambda: "of another version")
    make(path)
    assert reads == [1, 1]


def test_the_order_of_files_is_part_of_the_text(make, write):
    one, two = write("1.txt", "first text here"), write("2.txt", "second text there")
    assert make(one, two).fingerprint != make(two, one).fingerprint


def test_notes_name_the_files_as_they_are_called_now(make, write, reads):
    make(write("old.txt", "\ufefftext " * 20))
    made = make(write("new.txt", "\ufefftext " * 20))
    assert reads == [1]
    assert any("byte order mark: " in note and note.endswith("new.txt") for note in made.notes)


@pytest.fixture
def large_files(monkeypatch):
    """Treat every file as a large one, whose hash may be remembered; collect what is hashed."""
    hashed = []
    hash_of = hashes.hash_of
    monkeypatch.setattr(hashes.KnownHashes, "ALWAYS_READ", 1)
    monkeypatch.setattr(
        hashes, "hash_of", lambda path, tell: (hashed.append(path.name), hash_of(path, tell))[1]
    )
    return hashed


def test_a_large_file_is_not_read_again_to_see_that_it_is_the_same(make, write, large_files):
    path = write("a.txt", "some text " * 50)
    os.utime(path, (1_000_000, 1_000_000))
    make(path)
    make(path)
    assert large_files == ["a.txt"]
    os.utime(path, (2_000_000, 2_000_000))
    make(path)
    assert large_files == ["a.txt", "a.txt"]


def test_a_large_file_that_was_just_written_is_not_trusted(make, write, large_files):
    path = write("a.txt", "some text " * 50)
    make(path)
    make(path)
    assert large_files == ["a.txt", "a.txt"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"x": 5}', b"\xff"])
def test_a_damaged_list_of_known_hashes_is_no_obstacle(make, write, store, large_files, damage):
    path = write("a.txt", "some text " * 50)
    os.utime(path, (1_000_000, 1_000_000))
    make(path)
    (store / "hashes.json").write_bytes(damage)
    make(path)
    assert large_files == ["a.txt", "a.txt"]


def test_a_file_that_changes_while_it_is_read_is_refused(make, write, monkeypatch):
    path = write("a.txt", "some text " * 50)
    documents = gather.documents

    def and_change(source, reading):
        yield from documents(source, reading)
        Path(path).write_text("other")

    monkeypatch.setattr(gather, "documents", and_change)
    with pytest.raises(UserError, match="was changed while it was being read"):
        make(path)


def _names(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_every_file_of_the_cache_is_checked_when_it_is_opened(make, write):
    made = make(write("a.txt", KOREAN * 20), encoder="bytes")
    names = _names(made.folder)
    assert {"corpus.json", "train.ids", "validation.ids", "train.txt"} < set(names)
    for file in (made.folder / name for name in names):
        content = file.read_bytes()
        flipped = bytearray(content)
        flipped[len(content) // 2] ^= 1
        for damaged in (bytes(flipped), content[:-1], b"", content + b"0"):
            file.write_bytes(damaged)
            with pytest.raises(UserError):
                open_corpus(made.folder)
        file.unlink()
        with pytest.raises(UserError):
            open_corpus(made.folder)
        file.write_bytes(content)
    assert open_corpus(made.folder).fingerprint == made.fingerprint


@pytest.mark.parametrize("name", ["corpus.json", "train.ids", "encoder/tokenizer.json"])
def test_a_damaged_corpus_is_made_anew_and_this_is_said(make, write, store, name):
    path = write("a.txt", KOREAN * 20)
    made = make(path, encoder="bytes")
    file = made.folder / name
    file.write_bytes(file.read_bytes()[:-1])
    again = make(path, encoder="bytes")
    assert any("made anew, what was in the cache is damaged" in note for note in again.notes)
    assert again.fingerprint == made.fingerprint
    assert open_corpus(again.folder).fingerprint == made.fingerprint
    assert [entry.name for entry in (store / "corpora").iterdir()] == [again.folder.name]


def test_what_was_opened_is_what_was_prepared(make, write):
    made = make(write("a.txt", KOREAN * 20))
    again = open_corpus(made.folder)
    assert again.notes == made.notes and again.encoder.fingerprint == made.encoder.fingerprint
    assert again.train.ids.tolist() == made.train.ids.tolist()
    with pytest.raises(ValueError, match="read-only"):
        again.train.ids[0] = 0


def test_opening_what_is_no_corpus_is_refused(tmp_path):
    with pytest.raises(UserError, match="no corpus can be opened here"):
        open_corpus(tmp_path)


@pytest.mark.parametrize(
    "place", ["read_into", "learn_encoder", "write_ids", "seal", "commit", "unseal"]
)
@pytest.mark.parametrize("death", [KeyboardInterrupt, MemoryError])
def test_work_that_stops_anywhere_leaves_nothing_that_could_be_used(
    make, write, store, monkeypatch, place, death
):
    path = write("a.txt", KOREAN * 20)

    def die(*what, **how):
        raise death

    with monkeypatch.context() as patched:
        patched.setattr(corpus, place, die)
        with pytest.raises(death):
            make(path)
    left = _names(store / "corpora")
    assert not left or place == "unseal"
    assert make(path).train.n_characters > 0


def test_what_a_killed_process_left_is_removed_after_a_day(make, write, store):
    fresh, old = store / "corpora/.tmp-fresh", store / "corpora/.tmp-old"
    for folder in (fresh, old):
        folder.mkdir(parents=True)
        (folder / "train.txt").write_text("half")
    for path in (old / "train.txt", old):
        os.utime(path, (1_000_000, 1_000_000))
    make(write("a.txt", "some text " * 5))
    assert fresh.exists() and not old.exists()


def test_when_another_process_was_first_its_work_stays(make, write, store, monkeypatch, tmp_path):
    path = write("a.txt", KOREAN * 20)
    theirs = prepare(DataSettings(sources=(path,)), cache=tmp_path / "other").folder
    rename = cache.commit

    def and_be_late(draft, final):
        shutil.copytree(theirs, final)
        (final / "mark").touch()
        rename(draft, final)

    monkeypatch.setattr(corpus, "commit", and_be_late)
    made = make(path)
    assert (made.folder / "mark").exists()
    assert [entry.name for entry in (store / "corpora").iterdir()] == [made.folder.name]


@pytest.mark.slow
def test_processes_that_prepare_at_once_agree(write, store):
    path = write("a.txt", KOREAN * 2000)
    code = (
        "import sys; from pathlib import Path; from naepo.encode import DataSettings, prepare;"
        "c = prepare(DataSettings(sources=(sys.argv[1],)), cache=Path(sys.argv[2]));"
        "print(c.fingerprint, len(c.train.ids))"
    )
    command = [sys.executable, "-c", code, path, str(store)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    said = {process.communicate()[0] for process in running}
    assert len(said) == 1 and all(process.returncode == 0 for process in running)
    assert len(list((store / "corpora").iterdir())) == 1


@pytest.mark.slow
def test_a_process_killed_at_any_moment_leaves_no_half_a_corpus(write, store):
    path = write("a.txt", KOREAN * 4000)
    code = (
        "import sys; from pathlib import Path; from naepo.encode import DataSettings, prepare;"
        "print('ready', flush=True);"
        "prepare(DataSettings(sources=(sys.argv[1],), encoder='bytes'), cache=Path(sys.argv[2]))"
    )
    whole = prepare(DataSettings(sources=(path,), encoder="bytes"), cache=store).fingerprint
    for wait in np.linspace(0, 0.4, 12):
        shutil.rmtree(store)
        command = [sys.executable, "-c", code, path, str(store)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(wait)
            process.kill()
        for folder in (store / "corpora").glob("[!.]*"):
            assert open_corpus(folder).fingerprint == whole
        made = prepare(DataSettings(sources=(path,), encoder="bytes"), cache=store)
        assert made.fingerprint == whole and not any("made anew" in note for note in made.notes)


def test_a_cache_that_cannot_be_written_is_said(write, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write in") as caught:
        prepare(DataSettings(sources=(write("a.txt", "text"),)), cache=tmp_path / "file")
    assert "XDG_CACHE_HOME" in str(caught.value.hint)


def test_a_full_disk_is_said(make, write, store, monkeypatch):
    def full(*what):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(corpus, "write_ids", full)
    with pytest.raises(UserError, match=r"the disk is full: .* MiB are free"):
        make(write("a.txt", "some text " * 5))
    assert not _names(store / "corpora")


def test_the_cache_is_where_the_person_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.Cache().root == tmp_path / "xdg" / "naepo"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.Cache().root == tmp_path / ".cache" / "naepo"
    monkeypatch.setattr(Path, "home", lambda: Path("~nobody-at-all").expanduser())
    with pytest.raises(UserError, match="no home folder"):
        cache.Cache()
