"""Files of music as a corpus: found, read, told in words, split between pieces."""

import numpy as np
import pytest

from naepo.config import UserError
from naepo.encode import DataSettings, encode_held_out, load_encoder, prepare
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.score import Meter, Note, Part, Score
from naepo.encode.music.writing import write_midi

VOICES = tuple(Part(name) for name in ("Soprano", "Alto", "Tenor", "Bass"))
CHORDS = ((72, 67, 64, 48), (71, 67, 62, 55), (72, 69, 65, 53), (74, 67, 59, 55))


def chorale(shift: int, n_bars: int = 3) -> Score:
    """Give a piece in four voices, quarter by quarter, its chords in an order of its own."""
    notes = [
        Note(quarter, voice, CHORDS[(quarter * (shift + 1)) % 4][voice] + shift, 1)
        for quarter in range(4 * n_bars)
        for voice in range(4)
    ]
    return Score(1, VOICES, tuple(notes), meters=(Meter(0, 4, 4),))


@pytest.fixture
def folder(tmp_path):
    """Ten chorales as MIDI, one of them broken."""
    path = tmp_path / "midis"
    path.mkdir()
    for number in range(9):
        write_midi(chorale(number % 5), path / f"{number}.mid")
    (path / "9.mid").write_bytes(b"MThd and no more")
    return path


def prepared(folder, tmp_path, **how):
    return prepare(DataSettings(sources=(str(folder),), **how), cache=tmp_path.parent / "scores")


def pieces_of(split, encoder: MusicEncoder) -> list[Score]:
    ids = np.asarray(split.ids)
    parts = np.split(ids, np.flatnonzero(ids == encoder.end_id) + 1)
    return [encoder.read(encoder.decode(part)) for part in parts if len(part)]


def test_pieces_come_back_from_the_ids_of_a_corpus_and_none_is_cut_in_two(folder, tmp_path):
    corpus = prepared(folder, tmp_path, held_out=0.3)
    encoder = corpus.encoder
    assert isinstance(encoder, GridEncoder)
    found = pieces_of(corpus.train, encoder) + pieces_of(corpus.validation, encoder)
    assert [piece.notes for piece in found] == [
        encoder.kept(chorale(number % 5)).notes for number in range(9)
    ]
    assert len(pieces_of(corpus.validation, encoder)) == 2
    assert corpus.train.ids[-1] == encoder.end_id


def test_a_broken_file_is_left_out_and_told_by_name(folder, tmp_path):
    notes = prepared(folder, tmp_path).notes
    assert any("left out" in note and "9.mid" in note for note in notes)
    assert any("9 of 9 pieces are in four voices" in note for note in notes)


def test_what_is_counted_are_words_and_ends_of_pieces(folder, tmp_path):
    corpus = prepared(folder, tmp_path)
    for split in (corpus.train, corpus.validation):
        assert split.n_characters == split.n_bytes == len(split.ids)
        assert len(split.text_file.read_text().split()) < split.n_characters + 1


def test_with_a_vocab_size_events_are_merged_and_still_come_back(folder, tmp_path):
    plain, merged = prepared(folder, tmp_path), prepared(folder, tmp_path, vocab_size=400)
    assert merged.encoder.kind == "grid+bpe"
    assert merged.encoder.vocab_size <= 400
    assert len(merged.train.ids) < len(plain.train.ids)
    assert merged.train.n_characters == plain.train.n_characters
    assert merged.encoder.decode(merged.validation.ids) == plain.encoder.decode(
        plain.validation.ids
    )


def test_other_kinds_can_be_asked_for(folder, tmp_path):
    corpus = prepared(folder, tmp_path, encoder="remi")
    assert corpus.encoder.kind == "remi"
    pitches = [sorted(note.pitch for note in piece.notes) for piece in (chorale(0),)]
    first = pieces_of(corpus.train, corpus.encoder)[0]
    assert sorted(note.pitch for note in first.notes) == pitches[0]


def test_music_that_is_not_in_four_voices_is_told_as_events(tmp_path):
    folder = tmp_path / "piano"
    folder.mkdir()
    for number in range(4):
        notes = [
            Note(2 * t, 0, 48 + (t * 7 + p + number) % 30, 2) for t in range(30) for p in (0, 4, 7)
        ]
        write_midi(Score(4, (Part("Piano"),), tuple(notes)), folder / f"{number}.mid")
    corpus = prepared(folder, tmp_path)
    assert corpus.encoder.kind == "remi"
    assert any("0 of 4 pieces are in four voices" in note for note in corpus.notes)


@pytest.mark.parametrize(
    ("n_parts", "ticks"), [(1, 1), (2, 1), (4, 3)], ids=["solo", "duet", "triplets"]
)
def test_what_the_grid_would_fill_with_rests_or_lose_notes_of_is_no_four_voices(
    tmp_path, n_parts, ticks
):
    parts = range(n_parts)
    notes = [Note(t, p, 72 - 7 * p + t % 5, 1) for t in range(48) for p in parts]
    score = Score(ticks, VOICES[:n_parts], tuple(notes), meters=(Meter(0, 4, 4),))
    for number in range(2):
        write_midi(score.transposed(number), tmp_path / f"{number}.mid")
    corpus = prepared(tmp_path, tmp_path)
    assert corpus.encoder.kind == "remi"
    assert any("remi, because 0 of 2 pieces are in four voices" in note for note in corpus.notes)
    grid = prepared(tmp_path, tmp_path, encoder="grid")
    told = [note for note in grid.notes if "moves its notes to sixteenths" in note]
    assert grid.encoder.kind == "grid" and len(told) == (ticks == 3)


def test_the_second_time_all_comes_from_the_cache(folder, tmp_path):
    first, second = prepared(folder, tmp_path), prepared(folder, tmp_path)
    assert first.folder == second.folder
    assert first.fingerprint == second.fingerprint
    assert first.notes == second.notes


def test_a_saved_encoder_of_a_corpus_is_opened_as_what_it_was(folder, tmp_path):
    corpus = prepared(folder, tmp_path)
    corpus.encoder.save(tmp_path / "saved")
    again = load_encoder(tmp_path / "saved")
    assert isinstance(again, GridEncoder)
    assert again.fingerprint == corpus.encoder.fingerprint


def test_other_pieces_are_told_in_the_words_of_a_run(folder, tmp_path):
    encoder = prepared(folder, tmp_path).encoder
    other = tmp_path / "other.mid"
    write_midi(chorale(2, n_bars=1), other)
    settings = DataSettings(sources=(str(folder),))
    split = encode_held_out([other], encoder, settings, cache=tmp_path / "cache")
    [found] = pieces_of(split, encoder)
    assert found.notes == encoder.kept(chorale(2, n_bars=1)).notes


def test_text_in_a_folder_of_music_is_left_out_and_told(folder, tmp_path):
    (folder / "inside").mkdir()
    for name in ("LICENSE.txt", "inside/README.md", "inside/titles.csv"):
        (folder / name).write_text("words about music\n")
    corpus = prepared(folder, tmp_path)
    assert corpus.encoder.kind == "grid"
    [told] = [note for note in corpus.notes if "it is no music" in note]
    assert told.startswith("left out") and "LICENSE.txt (3 files" in told


@pytest.mark.parametrize("n_texts", [0, 11])
def test_text_and_music_together_are_refused_where_both_are_meant(
    folder, tmp_path, n_texts, monkeypatch
):
    monkeypatch.chdir(folder.parent)
    (folder / "inside").mkdir()
    write_midi(chorale(1), folder / "inside" / "10.mid")
    text = tmp_path / "notes.txt"
    text.write_text("words about music")
    for number in range(n_texts):
        (folder / f"{number}.txt").write_text("words about music")
    names = (str(folder),) if n_texts else (str(folder), str(text))
    with pytest.raises(UserError, match="a corpus is of one kind") as caught:
        prepare(DataSettings(sources=names), cache=tmp_path / "cache")
    hint = str(caught.value.hint)
    pattern = hint.split("'")[1].replace("folder", folder.name)
    alone = prepare(DataSettings(sources=(pattern,)), cache=tmp_path / "cache")
    assert any("10 of 10 pieces" in note for note in alone.notes)


def test_an_encoder_of_text_is_refused_for_music(folder, tmp_path):
    with pytest.raises(UserError, match="characters is no encoder of music"):
        prepared(folder, tmp_path, encoder="characters")


def test_an_encoder_of_music_is_refused_for_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("no music at all")
    with pytest.raises(UserError, match="music"):
        prepared(path, tmp_path, encoder="grid")


def test_a_folder_of_broken_files_says_so(tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "a.mid").write_bytes(b"MThd")
    with pytest.raises(UserError, match="none of the 1 files of music could be read"):
        prepared(folder, tmp_path)


def test_an_xml_that_is_no_score_is_no_music(tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "a.txt").write_text("a text, long enough to be split " * 20)
    (folder / "b.xml").write_text("<?xml version='1.0'?><settings/>")
    corpus = prepared(folder, tmp_path)
    assert corpus.encoder.unit == "character"
    assert any("unknown ending .xml" in note for note in corpus.notes)


def test_merges_can_be_asked_for_by_name(folder, tmp_path):
    corpus = prepared(folder, tmp_path, encoder="tsd+bpe")
    assert corpus.encoder.kind == "tsd+bpe"
