"""Music through the command line: trained on, composed with, written as files, refused in words."""

import contextlib
import io
import shutil
import sys
import wave
from dataclasses import replace
from pathlib import Path

import pytest

from naepo import cli
from naepo.cli.composing import _check
from naepo.cli.generate import Music
from naepo.config import UserError
from naepo.encode.music.events import EventEncoder
from naepo.encode.music.reading import read_score
from naepo.encode.music.score import Meter, Note, Part, Score, Tempo
from naepo.encode.music.writing import write_midi

SMALL = [
    "--model.d-model", "16", "--model.n-layers", "1", "--model.n-heads", "2",
    "--model.n-kv-heads", "2", "--model.d-head", "8", "--model.d-ff", "32",
    "--model.context-length", "64", "--train.batch-size", "2", "--train.precision", "fp32",
]  # fmt: skip
PARTS = tuple(Part(name) for name in ("Soprano", "Alto", "Tenor", "Bass"))
CHORDS = ((72, 67, 64, 48), (71, 67, 62, 55), (72, 69, 65, 53), (74, 67, 59, 55))


def chorale(shift: int, n_bars: int = 4) -> Score:
    notes = [
        Note(quarter, voice, CHORDS[(quarter * (shift + 1)) % 4][voice] + shift, 1)
        for quarter in range(4 * n_bars)
        for voice in range(4)
    ]
    return Score(1, PARTS, tuple(notes), tempos=(Tempo(0, 100.0),), meters=(Meter(0, 4, 4),))


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Six pieces, and a small run on them, hardly trained: what it writes is noise, and valid."""
    home = tmp_path_factory.mktemp("music")
    (home / "midis").mkdir()
    for number in range(6):
        write_midi(chorale(number % 4), home / f"midis/{number}.mid")
    arguments = [
        "train", home / "midis", "--steps", 6, "--out", home / "chorales",
        "--data.held-out", 0.3, *SMALL,
    ]  # fmt: skip
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(said):
        patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        assert cli.main([str(argument) for argument in arguments]) == 0, said.getvalue()
    (home / "said.txt").write_text(said.getvalue(), encoding="utf-8")
    return home


@pytest.fixture
def pieces(home) -> Path:
    return home / "midis"


@pytest.fixture
def composer(home, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    return home / "chorales"


def test_a_training_on_music_counts_events_and_moves_pieces_to_other_keys(home):
    said = (home / "said.txt").read_text(encoding="utf-8")
    assert "nats per event" in said
    assert "each piece moved by up to 5 semitones" in said


def test_a_piece_is_composed_and_kept_as_midi_sound_notes_and_roll(naepo, composer, tmp_path):
    out = tmp_path / "out"
    code, words, err = naepo(
        "generate", composer, "--bars", 2, "--seed", 3, "--midi", out / "a.mid",
        "--wav", out / "a.wav", "--score", out / "a.svg", "--roll", out / "a.png", "--report",
    )  # fmt: skip
    assert code == 0, err
    assert words.count("|") >= 1
    score = read_score(out / "a.mid")
    assert score.notes
    with wave.open(str(out / "a.wav")) as sound:
        assert sound.getnframes() > sound.getframerate()
    assert (out / "a.svg").read_text().startswith("<?xml") or "<svg" in (out / "a.svg").read_text()
    assert (out / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert "learned from" in err
    assert naepo("generate", composer, "--bars", 2, "--seed", 3)[1] == words


def test_a_theme_is_gone_on_with(naepo, composer, tmp_path):
    theme = tmp_path / "theme.mid"
    write_midi(chorale(1, n_bars=1), theme)
    code, _, err = naepo(
        "generate", composer, "--continue", theme, "--bars", 1, "--midi", tmp_path / "more.mid"
    )
    assert code == 0, err
    made = read_score(tmp_path / "more.mid")
    begun = chorale(1, n_bars=1)
    scale = made.ticks_per_quarter
    first = {(n.onset // scale, n.pitch) for n in made.notes if n.onset < 4 * scale}
    assert {(note.onset, note.pitch) for note in begun.notes} <= first
    assert made.end > 4 * scale


def test_a_melody_is_harmonised_and_stays_as_it_is(naepo, composer, tmp_path):
    melody = tmp_path / "melody.mid"
    soprano = chorale(2, n_bars=1)
    write_midi(Score(1, (Part("Soprano"),), soprano.notes_of(0), meters=(Meter(0, 4, 4),)), melody)
    out = tmp_path / "four.mid"
    code, _, err = naepo(
        "generate", composer, "--soprano", melody, "--particles", 4, "--midi", out,
        "--temperatures", "A=0.5", "B=1",
    )  # fmt: skip
    assert code == 0, err
    made = read_score(out).simplified()
    top = [(n.onset, n.pitch) for n in made.at_resolution(1).notes_of(0)]
    assert top == [(n.onset, n.pitch) for n in soprano.notes_of(0)]
    assert "4 particles" in err


def test_a_gap_is_filled_and_the_rest_stays(naepo, composer, tmp_path):
    whole = tmp_path / "whole.mid"
    write_midi(chorale(0), whole)
    out = tmp_path / "filled.mid"
    code, _, err = naepo(
        "generate", composer, "--fill", whole, "--bars", "2-2", "--particles", 4, "--midi", out
    )
    assert code == 0, err
    made = read_score(out)
    scale = made.ticks_per_quarter
    kept = {(n.onset / scale, n.pitch) for n in made.notes if not 4 <= n.onset / scale < 8}
    before = {(float(n.onset), n.pitch) for n in chorale(0).notes if not 4 <= n.onset < 8}
    assert before <= kept | {(n.onset / scale, n.pitch) for n in made.notes}


def test_several_pieces_get_a_number_each(naepo, composer, tmp_path):
    code, _, err = naepo(
        "generate", composer, "--bars", 1, "--samples", 2, "--midi", tmp_path / "p.mid"
    )
    assert code == 0, err
    assert (tmp_path / "p-1.mid").is_file()
    assert (tmp_path / "p-2.mid").is_file()


def test_a_run_of_music_is_evaluated_by_events(naepo, composer, pieces):
    code, out, _ = naepo("evaluate", composer, pieces / "1.mid")
    assert code == 0
    assert "nats per event" in out
    assert "bits per event" in out
    assert "character" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fill", "a.mid"), "--fill needs the bars"),
        (("--bars", "two"), "--bars is a number of bars"),
        (("--continue", "a.mid", "--soprano", "b.mid"), "cannot go together"),
        (("--temperatures", "S"), "a voice and a number"),
        (("--score", "a.pdf"), "a name that ends in .svg"),
        (("--wav", "a.mp3"), "a name that ends in .wav"),
        (("--midi", "a.wav"), "a name that ends in .mid"),
        (("--wav", "a.wav", "--soundfont", "none.sf2"), "none.sf2"),
        (("--continue", "nowhere.mid"), "no such file"),
        (("--prompt", "H:X9"), "no word 'H:X9'"),
        (("--wav", "a.wav", "--timbre", "kazoo"), "kazoo"),
    ],
)
def test_a_mistake_is_answered_in_words_before_anything_is_composed(
    naepo, composer, tmp_path, monkeypatch, arguments, said
):
    monkeypatch.chdir(tmp_path)
    code, words, err = naepo("generate", composer, *arguments)
    assert code == 2
    assert not words
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("missing", "arguments"),
    [("verovio", ("--score", "a.svg")), ("fluidsynth", ("--wav", "a.wav", "--soundfont", "a.sf2"))],
)
def test_a_program_that_is_missing_is_told_before_anything_is_composed(
    naepo, composer, tmp_path, monkeypatch, missing, arguments
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "verovio", None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    code, words, err = naepo("generate", composer, *arguments)
    assert (code, words) == (2, "")
    assert f"{missing} is not installed" in err


def test_a_report_of_a_run_without_four_voices_is_refused_before_anything_is_composed():
    with pytest.raises(UserError, match="the encoder 'remi' of this run tells other parts"):
        _check(Music(report=True), EventEncoder("remi", programs=()))
    _check(Music(report=True), EventEncoder("remi", programs=(0, 1, 2, 3)))
    _check(Music(), EventEncoder("remi", programs=()))


def test_no_samples_at_all_are_refused_before_a_model_is_opened(naepo):
    code, words, err = naepo("generate", "no/run", "--samples", 0)
    assert (code, words) == (2, "") and "--samples must be at least 1, got 0" in err


def test_a_file_that_cannot_be_written_keeps_none_of_the_others_back(naepo, composer, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = naepo(
        "generate", composer, "--bars", 1, "--midi", tmp_path / "file" / "a.mid",
        "--score", tmp_path / "file" / "a.musicxml", "--roll", tmp_path / "a.svg",
    )  # fmt: skip
    assert code == 2
    assert err.count("cannot make the folder") == 2
    assert "<svg" in (tmp_path / "a.svg").read_text()


def test_a_report_says_why_the_row_of_the_training_pieces_is_missing(naepo, composer, home):
    (home / "cache").rename(home / "elsewhere")
    try:
        code, _, err = naepo("generate", composer, "--bars", 1, "--report")
    finally:
        (home / "elsewhere").rename(home / "cache")
    assert code == 0, err
    assert "no row of the pieces that the model learned from: the cache does not hold them" in err
    assert "written" in err


@pytest.mark.parametrize("tempo", [None, 63.0])
def test_all_that_is_made_of_a_piece_has_one_tempo(naepo, composer, tmp_path, tempo):
    made, given = tmp_path / "a.musicxml", tmp_path / "whole.mid"
    score = chorale(0)
    write_midi(replace(score, tempos=(Tempo(0, tempo),) if tempo else ()), given)
    code, _, err = naepo(
        "generate", composer, "--fill", given, "--bars", 2, "--particles", 2, "--score", made,
        "--midi", tmp_path / "a.mid", "--wav", tmp_path / "a.wav",
    )  # fmt: skip
    assert code == 0, err
    heard = 16 * 60 / (tempo or 120)  # MIDI means 120 where it says none
    with wave.open(str(tmp_path / "a.wav")) as sound:
        seconds = sound.getnframes() / sound.getframerate()
    assert heard <= seconds < heard + 1
    for path in (made, tmp_path / "a.mid"):
        assert read_score(path).tempos == (Tempo(0, tempo or 120.0),)


def test_a_model_of_text_says_that_it_knows_no_notes(naepo, trained):
    code, _, err = naepo("generate", trained, "--midi", "a.mid")
    assert code == 2
    assert "it knows no notes" in err
