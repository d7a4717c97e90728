"""`naepo embed` and `naepo search`, in this process, over a run and pieces made on the spot."""

import numpy as np
import pytest

from naepo import checkpoint, cli
from naepo.encode import CharacterEncoder
from naepo.encode.music.events import EventEncoder
from naepo.encode.music.writing import write_midi
from naepo.render.sound import write_wav
from tests.embed.melodies import melody, small_model

TEXTS = {"fox": "the quick brown fox\n", "dog": "a lazy dog sleeps\n", "sea": "zzz www qqq kkk\n"}


def saved_run(folder, encoder):
    model = small_model(encoder.vocab_size)
    checkpoint.save(folder, 1, model=model, encoder=encoder, settings={}, metrics={}, state=None)
    return folder


@pytest.fixture
def texts(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / f"{name}.txt").write_text(text)
    run = saved_run(tmp_path / "run", CharacterEncoder.fit(TEXTS.values()))
    return str(run), folder


def run(capsys, *words):
    code = cli.main(list(map(str, words)))
    out, err = capsys.readouterr()
    return code, out, err


def test_a_text_finds_itself_first_and_a_line_is_a_piece_when_asked(texts, capsys):
    home, folder = texts
    code, out, err = run(capsys, "embed", home, folder)
    assert (code, out) == (0, "") and f"3 pieces, kept in {home}/embedding/vectors" in err
    code, out, _ = run(capsys, "search", home, folder / "dog.txt", "--n", 2)
    lines = out.splitlines()
    assert code == 0 and len(lines) == 2
    assert lines[0].split()[:2] == ["1.000", str(folder / "dog.txt")]
    both = folder / "both.txt"
    both.write_text(TEXTS["fox"] + TEXTS["sea"])
    _, _, err = run(capsys, "embed", home, both, "--lines")
    assert "2 pieces" in err
    _, out, _ = run(capsys, "search", home, folder / "sea.txt")
    assert out.splitlines()[0].split()[1] == f"{both}:2"


def test_a_tuned_copy_is_made_kept_and_used_by_the_search(texts, capsys):
    home, folder = texts
    code, _, err = run(capsys, "embed", home, folder, "--tune", 0.0005)
    assert code == 0 and f"tuned: {home}/embedding/encoder" in err
    code, out, _ = run(capsys, "search", home, folder / "fox.txt")
    assert code == 0 and out.split()[1] == str(folder / "fox.txt")
    run(capsys, "embed", home, folder, "--no-tuned", "--layer", 0)
    code, out, _ = run(capsys, "search", home, folder / "fox.txt")
    assert code == 0 and out.split()[1] == str(folder / "fox.txt")


def test_what_a_person_can_get_wrong_is_said(texts, capsys, tmp_path):
    home, folder = texts
    code, _, err = run(capsys, "search", home, folder / "fox.txt")
    assert code == 2 and "no vectors are kept" in err and "naepo embed" in err
    code, _, err = run(capsys, "embed", home, folder, "--sound")
    assert code == 2 and "no encoder of sound" in err
    code, _, err = run(capsys, "embed", f"{home}/checkpoints/step-00000001", folder)
    assert code == 2 and "--out" in err
    code, _, err = run(capsys, "embed", home, tmp_path / "nothing")
    assert code == 2 and "no such file or folder" in err


def test_music_is_found_by_its_notes_and_broken_files_are_told(tmp_path, capsys):
    folder = tmp_path / "midis"
    folder.mkdir()
    scores = [melody(number, 30) for number in range(3)]
    for number, score in enumerate(scores):
        write_midi(score, folder / f"{number}.mid")
    (folder / "broken.mid").write_bytes(b"MThd nothing")
    home = saved_run(tmp_path / "run", EventEncoder.fit("remi", iter(scores)))
    code, _, err = run(capsys, "embed", home, folder)
    assert code == 0 and "3 pieces" in err and "left out" in err and "broken.mid" in err
    code, out, _ = run(capsys, "search", home, folder / "1.mid")
    assert code == 0 and out.split()[:2] == ["1.000", str(folder / "1.mid")]
    assert "(bar" in out


def test_a_recording_finds_the_music_that_it_is_of(tmp_path, capsys):
    from naepo.render.synth import render

    folder = tmp_path / "midis"
    folder.mkdir()
    for number in range(3):
        write_midi(melody(number, 40), folder / f"{number}.mid")
    home = tmp_path / "run"
    (home / "checkpoints").mkdir(parents=True)
    code, _, err = run(capsys, "embed", home, folder, "--sound", "--tune", 0.0005)
    assert code == 0 and f"3 pieces, kept in {home}/embedding/sound-vectors" in err
    played = render(melody(1, 40).transposed(3), sample_rate=22_050, timbre="flute")
    write_wav(tmp_path / "heard.wav", played.astype(np.float32), 22_050)
    code, out, _ = run(capsys, "search", home, tmp_path / "heard.wav")
    assert code == 0 and out.split()[1] == str(folder / "1.mid") and "0:00-" in out
    (tmp_path / "heard").mkdir()
    (tmp_path / "heard.wav").rename(tmp_path / "heard" / "a.wav")
    code, _, err = run(capsys, "embed", home, tmp_path / "heard")
    assert code == 0 and f"1 pieces, kept in {home}/embedding/sound-vectors" in err


def test_recordings_beside_music_are_left_out_and_told(tmp_path, capsys):
    folder = tmp_path / "mixed"
    (folder / "inside").mkdir(parents=True)
    write_midi(melody(0, 30), folder / "0.mid")
    for name in ("a.wav", "inside/b.WAV"):
        write_wav(folder / name, np.zeros(2_205, dtype=np.float32), 22_050)
    home = saved_run(tmp_path / "run", EventEncoder.fit("remi", iter([melody(0, 30)])))
    code, _, err = run(capsys, "embed", home, folder)
    assert code == 0 and "1 pieces" in err
    assert f"recordings left out, which --sound takes: 2 (first: {folder / 'a.wav'})" in err
    store = tmp_path / "s.naepo"
    code, _, err = run(capsys, "embed", folder, "--by", "one-hot", "--store", store)
    assert code == 0 and "recordings left out, which --sound takes: 2" in err
