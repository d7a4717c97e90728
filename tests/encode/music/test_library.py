import io
import os
import signal
import time
import zipfile
from pathlib import Path

import pytest

from naepo.config import UserError
from naepo.encode.music import library, readers
from naepo.encode.music.kept_scores import Failure, from_bytes, to_bytes
from naepo.encode.music.library import Broken, read_all
from naepo.encode.music.score import Key, Meter, Note, Part, Score, Tempo
from naepo.encode.music.writing import write_midi, write_musicxml

PITCHES = (60, 62, 64, 65)


def piece(pitch: int) -> Score:
    return Score(2, (Part("Solo"),), (Note(0, 0, pitch, 1), Note(2, 0, pitch, 4)), title="Piece")


@pytest.fixture
def files(tmp_path) -> list[Path]:
    """Four files that can be read, with three that cannot between them."""
    paths = [tmp_path / f"{name}" for name in ("a.mid", "b.xml", "c.mid", "d.musicxml")]
    for path, pitch in zip(paths, PITCHES, strict=True):
        (write_midi if path.suffix == ".mid" else write_musicxml)(piece(pitch), path)
    (tmp_path / "broken.mid").write_bytes(b"MThd\0\0\0\6\0\1")
    (tmp_path / "words.txt").write_text("no music")
    return [paths[0], tmp_path / "broken.mid", *paths[1:3], tmp_path / "none.mid", paths[3],
            tmp_path / "words.txt"]  # fmt: skip


def told(found: list[Score | Broken]) -> list[int | str]:
    return [f.path.name if isinstance(f, Broken) else f.notes[0].pitch for f in found]


def test_files_come_in_their_order_and_broken_ones_are_told_with_their_reason(files, tmp_path):
    found = list(read_all(files, cache=tmp_path / "cache", workers=2))
    assert told(found) == [60, "broken.mid", 62, 64, "none.mid", 65, "words.txt"]
    reasons = [each.reason for each in found if isinstance(each, Broken)]
    assert "not a MIDI file" in reasons[0]
    assert reasons[1:] == ["no such file", "not a file of music"]


def test_what_was_read_once_is_not_read_again(files, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    first = list(read_all(files, cache=cache, workers=1))

    def refuse(*args, **options):
        raise AssertionError("a process was started")

    monkeypatch.setattr(readers, "_Reader", refuse)
    assert list(read_all(files, cache=cache)) == first
    files[0].write_bytes(files[2].read_bytes())
    assert told(list(read_all(files[:1], cache=cache))) == [62]
    monkeypatch.setattr(library, "VERSION", library.VERSION + 1)
    with pytest.raises(AssertionError):
        list(read_all(files, cache=cache))


def test_what_is_damaged_in_the_cache_is_read_anew(files, tmp_path):
    cache = tmp_path / "cache"
    first = list(read_all(files, cache=cache, workers=1))
    kept = sorted(cache.glob("scores/*/*.json"))
    assert len(kept) == 5
    for number, path in enumerate(kept):
        path.write_bytes(path.read_bytes()[:20] if number % 2 else b'[{"notes": 3}]')
    assert list(read_all(files, cache=cache, workers=1)) == first


def test_how_far_it_has_come_is_told_after_each_file(files, tmp_path):
    shares: list[tuple[str, float]] = []
    told(list(read_all(files, cache=tmp_path, workers=1, on_progress=lambda *s: shares.append(s))))
    assert [phase for phase, _ in shares] == ["music"] * 7
    assert [share for _, share in shares] == [n / 7 for n in range(1, 8)]


def test_a_book_of_tunes_gives_one_score_a_tune(tmp_path):
    book = "X:1\nM:4/4\nL:1/4\nK:C\nC4|\n\nX:2\nK:C\n\nX:3\nM:4/4\nL:1/4\nK:C\nD4|\n"
    (tmp_path / "book.abc").write_text(book)
    found = list(read_all([tmp_path / "book.abc"], cache=tmp_path / "cache", workers=1))
    assert told(found) == [60, "book.abc", 62]
    assert found[1].reason.startswith("tune 2: ")  # pyright: ignore[reportAttributeAccessIssue]


def test_a_zip_bomb_costs_its_own_file_and_no_other(files, tmp_path):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped:
        zipped.writestr("bomb.xml", bytes(65 << 20))
    (tmp_path / "bomb.mxl").write_bytes(raw.getvalue())
    found = list(read_all([tmp_path / "bomb.mxl", files[0]], cache=tmp_path / "cache", workers=1))
    assert told(found) == ["bomb.mxl", 60]


BEHAVIOUR = {
    "crash": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "hang": "import time; time.sleep(600)",
    "grow": "x = bytearray(1 << 40)",
    "fail": "1 / 0",
}


@pytest.fixture
def mischief(tmp_path, monkeypatch):
    """Let the reading processes do what a file says, when it is no music: as a parser might."""
    (tmp_path / "sitecustomize.py").write_text(
        "import naepo.encode.music.reading as r\n"
        "parse = r.parse\n"
        "def act(content, format):\n"
        "    return exec(content[4:]) if content[4:5] == b'#' else parse(content, format)\n"
        "r.parse = act\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(name: str) -> Path:
        path = tmp_path / f"{name}.mid"
        path.write_bytes(b"MThd#\n" + BEHAVIOUR[name].encode())
        return path

    return write


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("crash", "its reader crashed (SIGSEGV)"),
        ("hang", "reading it was given up after 2 s"),
        ("grow", "it needs more memory"),
        ("fail", "ZeroDivisionError"),
    ],
)
def test_a_file_that_ruins_its_reader_is_told_and_the_rest_goes_on(
    files, tmp_path, mischief, name, reason
):
    paths = [files[0], mischief(name), files[2]]
    began = time.monotonic()
    found = list(read_all(paths, cache=tmp_path / "cache", workers=1, seconds=2.0))
    assert told(found) == [60, f"{name}.mid", 62]
    assert reason in found[1].reason  # pyright: ignore[reportAttributeAccessIssue]
    assert time.monotonic() - began < 60


def test_no_process_is_left_when_the_reader_of_the_answers_stops_early(files, tmp_path):
    found = read_all(files, cache=tmp_path / "cache", workers=2)
    next(found)
    started = _children()
    assert started
    found.close()  # pyright: ignore[reportAttributeAccessIssue]
    deadline = time.monotonic() + 30  # a busy machine takes its time to bury a process
    while _children() & started and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _children() & started


def _children() -> set[int]:
    own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not own.exists():
        pytest.skip("needs /proc")
    return {int(number) for number in own.read_text().split()}


def test_a_process_that_cannot_start_is_our_error_and_no_broken_file(files, tmp_path, monkeypatch):
    monkeypatch.setattr(readers.sys, "executable", "/bin/false")
    with pytest.raises(RuntimeError, match="ended with 1 before it began"):
        list(read_all(files, cache=tmp_path / "cache", workers=1))


def test_a_cache_that_cannot_be_written_is_told(files, tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(UserError, match="cannot write"):
        list(read_all(files, cache=tmp_path / "cache"))


def test_a_score_survives_being_kept():
    whole = Score(
        3, (Part("Ä\ud800", 5, True),), (Note(0, 0, 60, 1, 7),), (Tempo(0, 60.5),),
        (Meter(0, 3, 8),), (Key(0, -3, "minor"),), "title",
    )  # fmt: skip
    outcome = [whole, Failure("why"), Score(1, (), ())]
    assert from_bytes(to_bytes(outcome)) == outcome


def test_the_signal_of_a_crash_has_its_name():
    assert readers._cause(-signal.SIGSEGV) == "SIGSEGV"
    assert readers._cause(3) == "exit 3"
