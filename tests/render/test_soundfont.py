"""Pieces through fluidsynth: what comes out, and what is said when it cannot."""

import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from naepo.config import UserError
from naepo.encode.music.midi import read_midi
from naepo.encode.music.score import Note, Part, Score, Tempo
from naepo.render import soundfont

RATE = 22_050
PIECE = Score(1, (Part(program=19),), (Note(0, 0, 69, 2),), tempos=(Tempo(0, 120.0),))

needs_fluidsynth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or find_spec("pretty_midi") is None,
    reason="needs the program fluidsynth and the SoundFont in the wheel of pretty_midi",
)


@pytest.fixture
def font() -> Path:
    """The SoundFont of 6 MB that pretty_midi carries; found without importing it."""
    spec = find_spec("pretty_midi")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("TimGM6mb.sf2")


@needs_fluidsynth
def test_an_a_on_a_church_organ_is_heard_at_440_hz_or_its_octaves(font: Path) -> None:
    samples = soundfont.render(PIECE, font, RATE)
    strength = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    hz = np.fft.rfftfreq(samples.size, 1 / RATE)
    octaves = np.log2(hz[strength.argmax()] / 440)
    assert abs(octaves - round(octaves)) < 0.01
    assert samples.size >= RATE
    assert np.abs(samples).max() == pytest.approx(soundfont.PEAK, abs=1e-3)


@needs_fluidsynth
def test_a_file_that_is_no_soundfont_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.sf2").write_bytes(b"not a SoundFont")
    with pytest.raises(UserError, match=r"a\.sf2 is no SoundFont"):
        soundfont.render(PIECE, tmp_path / "a.sf2")
    with pytest.raises(UserError, match="No such file"):
        soundfont.render(PIECE, tmp_path / "none.sf2")


@needs_fluidsynth
def test_a_soundfont_cut_short_is_refused_and_no_other_is_played_instead(tmp_path: Path) -> None:
    (tmp_path / "a.sf2").write_bytes(b"RIFF\x10\0\0\0sfbk" + bytes(40))
    with pytest.raises(UserError, match="cannot play by"):
        soundfont.render(PIECE, tmp_path / "a.sf2")


@needs_fluidsynth
def test_a_piece_without_notes_is_no_sound_and_starts_no_program(font: Path) -> None:
    assert soundfont.render(Score(1, (Part(),), ()), font).size == 0


def test_without_the_program_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UserError, match="fluidsynth is not installed") as refusal:
        soundfont.render(PIECE)
    assert refusal.value.hint is not None
    assert "apt install fluidsynth" in refusal.value.hint


def test_whether_a_soundfont_can_be_played_is_found_out_by_a_short_note(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    heard: list[float] = []
    monkeypatch.setattr(soundfont, "render", lambda score, *_, **__: heard.append(score.end))
    soundfont.check(tmp_path / "a.sf2")
    assert heard == [1]


def test_a_piece_without_a_tempo_is_played_at_the_one_it_is_heard_at_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.sf2").write_bytes(b"RIFF\x10\0\0\0sfbk" + bytes(40))
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/false")
    played: list[tuple[Tempo, ...]] = []

    def listen(command: list[str], max_seconds: float) -> str:
        played.append(read_midi(Path(command[-1]).read_bytes()).tempos)
        return "Failed to load"

    monkeypatch.setattr(soundfont, "_run", listen)
    with pytest.raises(UserError, match="cannot play by"):
        soundfont.render(replace(PIECE, tempos=()), tmp_path / "a.sf2")
    assert played == [(Tempo(0, 96.0),)]


def test_without_any_soundfont_the_way_to_get_one_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/false")
    monkeypatch.setattr(soundfont, "FOLDERS", (str(tmp_path),))
    with pytest.raises(UserError, match="no SoundFont is installed"):
        soundfont.render(PIECE)


def test_the_usual_soundfont_is_taken_before_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("aaa.sf2", "TimGM6mb.sf2", "default-GM.sf2", "readme.txt"):
        (tmp_path / name).touch()
    monkeypatch.setattr(soundfont, "FOLDERS", (str(tmp_path / "none"), str(tmp_path)))
    assert soundfont._installed().name == "default-GM.sf2"


def test_a_program_that_fails_or_never_ends_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="fluidsynth failed: no such thing"):
        soundfont._run(["sh", "-c", "echo no such thing >&2; exit 3"], max_seconds=5.0)
    with pytest.raises(UserError, match="took more than"):
        soundfont._run(["sleep", "10"], max_seconds=0.05)
