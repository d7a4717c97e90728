"""`naepo embed FILES --by WAY --store S` and `naepo search S FILE`, typed in this process."""

import numpy as np
import pytest

from naepo import checkpoint, cli
from naepo.embed.store import Store
from naepo.embed.vector_files import load
from naepo.encode.music.events import EventEncoder
from naepo.encode.music.writing import write_midi
from naepo.render.sound import write_wav
from naepo.render.synth import render
from tests.embed.melodies import melody, small_model

N = 3
UP = 2


def run(capsys, *words):
    code = cli.main(list(map(str, words)))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Three melodies, one of them two semitones higher, and a recording of that."""
    folder = tmp_path_factory.mktemp("ways")
    (folder / "midis").mkdir()
    for number in range(N):
        write_midi(melody(number, 24), folder / "midis" / f"{number}.mid")
    theme = melody(1, 24).transposed(UP)
    write_midi(theme, folder / "theme.mid")
    write_wav(folder / "heard.wav", render(theme, sample_rate=11_025, timbre="flute"), 11_025)
    return folder


def first(out):
    """The name of the piece that was found first."""
    return out.splitlines()[0].split()[1]


@pytest.mark.parametrize("by", ["one-hot", "skip-gram"])
def test_notes_are_found_in_the_way_that_the_store_remembers(music, tmp_path, capsys, by):
    store, table = tmp_path / "s.naepo", tmp_path / "events.vec"
    out = [] if by == "one-hot" else ["--out", table]
    code, _, err = run(capsys, "embed", music / "midis", "--by", by, "--store", store, *out)
    assert code == 0 and f"search: naepo search {store} {music / 'midis' / '0.mid'}" in err, err
    code, found, _ = run(capsys, "search", store, music / "theme.mid", "--n", 2)
    assert code == 0 and first(found) == str(music / "midis" / "1.mid")
    assert f"{-UP:+d} semitones" in found.splitlines()[0] and found.startswith(" 1.000")
    if by == "skip-gram":
        assert "Pitch_60" in load(table)  # a melody is no piece in four voices
        code, _, err = run(capsys, "embed", music / "midis", "--by", table, "--store", store)
        assert code == 0, err
        code, again, err = run(capsys, "search", store, music / "theme.mid", "--by", table)
        assert code == 0 and first(again) == first(found)
        _, _, err = run(capsys, "search", store, music / "theme.mid")
        assert f"searched by skip-gram of notes; this store also knows --by {table}" in err
        table.unlink()  # the vectors of events are in the store: the file is not needed any more
        assert run(capsys, "search", store, music / "theme.mid", "--by", table)[0] == 0


def test_what_is_added_later_gets_the_same_vectors(music, tmp_path, capsys):
    store = tmp_path / "s.naepo"
    run(capsys, "embed", music / "midis", "--by", "glove", "--store", store)
    run(capsys, "embed", music / "theme.mid", "--by", "glove", "--store", store)
    _, out, _ = run(capsys, "search", store, music / "midis" / "1.mid", "--n", 2)
    here, there = out.splitlines()
    assert here.startswith(" 1.000") and str(music / "midis" / "1.mid") in here
    assert there.startswith(" 1.000") and str(music / "theme.mid") in there


@pytest.mark.parametrize("flag", [[], ["--sound"]], ids=["notes", "sound"])
def test_a_piece_is_one_from_wherever_it_is_named(music, tmp_path, capsys, monkeypatch, flag):
    store = tmp_path / "s.naepo"
    embed = ("embed", "--by", "one-hot", "--store", store, *flag)
    monkeypatch.chdir(music)
    run(capsys, *embed, "midis")
    with Store.open(store) as kept:  # the names that an older naepo gave
        kept.rename({str((music / f"midis/{n}.mid").resolve()): f"midis/{n}.mid" for n in range(N)})
        n_entries = kept.n_entries
    assert f"{n_entries:,} in {store}" in run(capsys, *embed, "midis")[2]
    monkeypatch.chdir(music / "midis")
    assert f"{n_entries:,} in {store}" in run(capsys, *embed, "0.mid", "1.mid", "2.mid")[2]
    _, out, _ = run(capsys, "search", store, "1.mid", *flag)
    assert first(out) == "1.mid" and "1.000" in out.splitlines()[0]
    monkeypatch.chdir(tmp_path)
    _, out, _ = run(capsys, "search", store, music / "midis/1.mid", *flag)
    assert first(out) == str(music / "midis/1.mid")


@pytest.mark.parametrize("by", ["one-hot", "time-series", "mfcc", "skip-gram"])
def test_a_recording_is_found_by_each_way_of_sound(music, tmp_path, capsys, by):
    store = tmp_path / "s.naepo"
    code, _, err = run(capsys, "embed", music / "midis", "--by", by, "--sound", "--store", store)
    assert code == 0, err
    code, out, err = run(capsys, "search", store, music / "heard.wav", "--by", by)
    names = [line.split()[1] for line in out.splitlines()]
    assert code == 0 and len(names) == N and "0:00-" in out, err
    if by != "mfcc":  # which tells instruments
        assert names[0] == str(music / "midis" / "1.mid")


@pytest.mark.slow
def test_recordings_alone_are_sound_and_a_folder_is_an_audio_model(music, tmp_path, capsys):
    transformers = pytest.importorskip("transformers")
    sizes = {"conv_dim": (8, 8), "conv_stride": (10, 8), "conv_kernel": (20, 8)}
    config = transformers.Wav2Vec2Config(
        hidden_size=12,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
        **sizes,
    )
    folder, store = tmp_path / "audio", tmp_path / "s.naepo"
    transformers.Wav2Vec2Model(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=8_000).save_pretrained(folder)
    code, _, err = run(capsys, "embed", music / "heard.wav", "--by", folder, "--store", store)
    assert code == 0, err
    code, out, _ = run(capsys, "search", store, music / "heard.wav", "--by", folder)
    assert code == 0 and first(out) == str(music / "heard.wav")
    transformers.Wav2Vec2Model(config).save_pretrained(folder)
    code, _, err = run(capsys, "search", store, music / "heard.wav")
    assert code == 2 and "not the one any more" in err and "hint" in err


def test_a_run_of_music_puts_pieces_into_a_store_that_a_piece_finds(music, tmp_path, capsys):
    encoder = EventEncoder.fit("remi", [melody(number, 24) for number in range(N)])
    home, store = tmp_path / "run", tmp_path / "s.naepo"
    model = small_model(encoder.vocab_size)
    checkpoint.save(home, 1, model=model, encoder=encoder, settings={}, metrics={}, state=None)
    code, _, err = run(capsys, "embed", home, music / "midis", "--store", store, "--tune", 0.0005)
    assert code == 0 and "tuned:" in err, err
    code, out, _ = run(capsys, "search", store, music / "midis" / "2.mid", "--by", "neural")
    assert code == 0 and first(out) == str(music / "midis" / "2.mid")
    sound = ("--sound", "--store", store)
    code, _, err = run(capsys, "embed", home, music / "midis", *sound, "--tune", 0.0005)
    assert code == 0, err
    code, out, err = run(capsys, "search", store, music / "heard.wav")
    assert code == 0 and first(out) == str(music / "midis" / "1.mid"), err


@pytest.mark.parametrize("by", ["one-hot", "skip-gram"])
def test_texts_are_found_by_the_words_that_a_way_knows(tmp_path, capsys, by):
    text, store = tmp_path / "a.txt", tmp_path / "s.naepo"
    text.write_text("나는 학교에 갔다.\n\n비가 오는 날 집에 있었다.\n\n나는 학교에 늦었다.\n")
    code, _, err = run(capsys, "embed", text, "--by", by, "--store", store)
    assert code == 0 and "3 added" in err, err
    code, out, _ = run(capsys, "search", store, "집에 비가", "--by", by, "--why", "--n", 1)
    lines = out.splitlines()
    assert code == 0 and "비가 오는" in lines[0] and "meaning" in lines[0]
    assert "비가 · 비가" in out
    code, _, err = run(capsys, "search", store, "집에", "--by", "one-hop")
    assert code == 2 and "no texts" in err and "hint" in err


def test_a_file_of_word_vectors_makes_texts_alike_and_has_to_stay_what_it_was(tmp_path, capsys):
    text, store, file = tmp_path / "a.txt", tmp_path / "s.naepo", tmp_path / "v.vec"
    text.write_text("a cat\n\na train\n")
    file.write_text("4 2\ncat 1 0\ntiger 0.9 0.1\ntrain 0 1\na 0.1 0.1\n")
    assert run(capsys, "embed", text, "--by", file, "--store", store)[0] == 0
    code, out, _ = run(capsys, "search", store, "Tiger", "--n", 1)
    assert code == 0 and "a cat" in out
    file.write_text("1 2\ncat 0 1\n")
    code, _, err = run(capsys, "search", store, "tiger")
    assert code == 0 and "by letters alone" in err and "is not the file any more" in err
    file.unlink()
    code, _, err = run(capsys, "search", store, "tiger", "--by", "meaning")
    assert code == 2 and "is not there" in err and "--by letters" in err
    assert run(capsys, "search", store, "cat", "--by", "letters")[0] == 0


def test_what_a_person_can_get_wrong_is_said(music, tmp_path, capsys):
    store, midis = tmp_path / "s.naepo", music / "midis"
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "a.txt").write_text("words")
    (tmp_path / "v.vec").write_text("1 2\nword 1 2\n")
    for words, said in (
        ((midis, "--by", "one-hot"), "no store|none is named"),
        ((midis, "--by", "onehot", "--store", store), "did you mean `one-hot`"),
        ((tmp_path / "run", midis, "--by", "one-hot", "--store", store), "needs no run"),
        ((midis, "--by", "one-hot", "--tune", 1, "--store", store), "--tune is of a run's model"),
        ((tmp_path / "run", midis, "--tune", 0, "--store", store), "--tune must be above 0, got 0"),
        ((tmp_path / "run", midis, "--tune", 1, "--seed", -1, "--store", store), "--seed must be"),
        ((tmp_path / "run", midis, "--pairs", "p.csv", "--store", store), "--tune is missing"),
        ((midis, "--by", "one-hot", "--pairs", "p.csv", "--store", store), "--pairs is of a run's"),
        ((tmp_path / "a.txt", "--by", "mfcc", "--store", store), "a way for sound"),
        ((music / "heard.wav", "--by", tmp_path / "v.vec", "--store", store), "a sound has none"),
        ((midis, "--by", tmp_path / "v.vec", "--store", store), "no event of these pieces"),
        ((midis, "--by", "one-hot", "--out", "x.vec", "--store", store), "no vectors of words"),
        ((tmp_path / "a.txt", "--by", "skip-gram", "--store", store), "nothing to learn from"),
    ):
        code, out, err = run(capsys, "embed", *words)
        assert code == 2 and not out and any(part in err for part in said.split("|")), err
        assert "hint" in err and not store.exists()
    run(capsys, "embed", midis, "--by", "one-hot", "--store", store)
    for words, said in (
        ((music / "heard.wav",), "no vectors that recordings are compared with"),
        ((music / "theme.mid", "--by", "glove"), "it has one-hot of notes"),
        ((music / "theme.mid", "a few words"), "cannot be looked for at once"),
        ((music / "theme.mid", "--why"), "for words"),
        ((music / "none.mid",), "no such file"),
    ):
        code, _, err = run(capsys, "search", store, *words)
        assert code == 2 and said in err, err
    _, out, _ = run(capsys, "search", store, "1.mid", "--by", "letters", "--n", 1)
    assert "1.mid" in out
    assert np.isfinite(float(out.split("letters ")[1].split(")")[0]))
