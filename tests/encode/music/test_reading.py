import os
import subprocess
import sys

import pytest

from naepo.config import UserError
from naepo.encode.music import reading
from naepo.encode.music.bach import N_CHORALES, chorale_files
from naepo.encode.music.midi_writing import to_midi
from naepo.encode.music.musicxml_writing import to_musicxml
from naepo.encode.music.score import Note, Part, Score

TWO = Score(1, (Part("Voice"),), (Note(0, 0, 60, 1), Note(1, 0, 62, 1)))


def test_a_file_is_what_its_first_bytes_say_whatever_it_is_called(tmp_path):
    (tmp_path / "song.xml").write_bytes(to_midi(TWO))
    (tmp_path / "song.mid").write_text("\ufeff\n" + to_musicxml(TWO), encoding="utf-8")
    assert reading.read_score(tmp_path / "song.xml").notes == TWO.notes
    assert reading.read_score(tmp_path / "song.mid").notes == TWO.notes


def test_what_cannot_be_read_is_told_with_the_file(tmp_path, monkeypatch):
    silent = Score(1, (Part(),), ())
    monkeypatch.setattr(reading, "MAX_BYTES", 1000)
    for name, content, reason in (
        ("empty.mid", b"", "it is empty"),
        ("silent.mid", to_midi(silent), "it holds no note"),
        ("picture.png", b"\x89PNG", "not a file of music"),
        ("large.mid", bytes(1001), "at most"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UserError, match=reason) as error:
            reading.read_score(path)
        assert name in str(error.value)
    with pytest.raises(UserError, match="no such file"):
        reading.read_score(tmp_path / "none.mid")
    with pytest.raises(UserError, match="not a file"):
        reading.read_score(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.mid")
    with pytest.raises(UserError, match="not a file"):
        reading.read_score(tmp_path / "pipe.mid")


def test_times_of_more_than_a_day_are_damage():
    endless = Score(1, (Part(),), (Note(reading.MAX_QUARTERS, 0, 60, 1),))
    with pytest.raises(UserError, match="damaged"):
        reading.parse(to_midi(endless), "midi")


def test_the_chorales_are_found_in_the_order_of_their_numbers():
    names = [path.stem for path in chorale_files()]
    assert len(names) == len(set(names)) == N_CHORALES
    assert names[:3] == ["bwv1.6", "bwv2.6", "bwv3.6"]
    assert names.index("bwv9.7") < names.index("bwv10.7")


def test_without_music21_the_way_to_the_chorales_is_told(monkeypatch):
    monkeypatch.setattr("naepo.encode.music.bach.find_spec", lambda name: None)
    with pytest.raises(UserError, match="music21") as error:
        chorale_files()
    assert 'pip install "naepo[music]"' in str(error.value)


def test_importing_the_readers_imports_no_library_of_music():
    code = (
        "import sys, naepo.encode.music.library, naepo.encode.music.writing\n"
        "print([m for m in ('symusic', 'music21', 'miditok', 'verovio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
