"""Files become pieces, pieces vectors of the whole and of moments that say where they are."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from naepo.checkpoint import Checkpoint
from naepo.config import UserError
from naepo.embed.contrast import ContrastSettings, tune
from naepo.embed.likeness import Likeness, alike, best_of_keys
from naepo.embed.pieces import (
    Piece,
    bar_of,
    embed_pieces,
    embedder,
    files_below,
    in_all_keys,
    moments,
    place_of,
    read_pieces,
    scores_in,
)
from naepo.embed.places import home_of
from naepo.embed.store import Store
from naepo.encode import CharacterEncoder
from naepo.encode.music.score import Meter, Note, Part, Score
from naepo.encode.music.writing import write_midi
from tests.embed.melodies import MelodyEncoder, melody, small_model

TEXT = CharacterEncoder.fit(["the quick brown fox jumps over lazy dogs.\n"])


def opened(tmp_path, encoder, step=5):
    return Checkpoint(tmp_path, step, small_model(encoder.vocab_size), encoder, {}, {})


def melodies(numbers):
    encoder = MelodyEncoder()
    scores = {f"melody {n}": melody(n, 400) for n in numbers}
    return [Piece(name, encoder.encode(encoder.write(s)), s) for name, s in scores.items()]


def bars_at(score, *quarters):
    piece = Piece("x", np.zeros(0, dtype=np.int64), score)
    return [bar_of(piece, float(time)) for time in quarters]


def test_moments_overlap_by_half_and_cover_the_piece():
    ids = np.arange(640)
    found = list(moments(ids))
    assert [start for start, _ in found] == [0, 128, 256, 384]
    assert all(np.array_equal(piece, ids[start : start + 256]) for start, piece in found)
    assert [piece.tolist() for _, piece in moments(np.arange(3))] == [[0, 1, 2]]


def test_a_piece_has_one_vector_for_the_whole_and_one_for_each_moment(tmp_path):
    encoder = MelodyEncoder()
    maker = embedder(opened(tmp_path, encoder), None)
    (piece,) = melodies([1])
    vectors, entries = maker.embed([piece])
    cut = list(moments(piece.ids))
    assert [entry.place == "" for entry in entries] == [True] + [False] * len(cut)
    np.testing.assert_allclose(vectors[0], maker.vectors([piece.ids])[0], atol=1e-6)
    np.testing.assert_allclose(vectors[2], maker.vectors([cut[1][1]])[0], atol=1e-6)


def test_a_search_finds_the_piece_itself_and_the_moment_that_was_asked_for(tmp_path):
    encoder = MelodyEncoder()
    maker = embedder(opened(tmp_path, encoder), None)
    pieces = melodies(range(8))
    store = Store.create(tmp_path / "vectors", maker.about)
    store.add(*maker.embed(pieces))
    best, second = alike(store, *maker.embed([pieces[3]]), 2)
    assert best.name == "melody 3" and best.score == pytest.approx(1, abs=1e-5)
    assert best.score > second.score
    start, ids = list(moments(pieces[5].ids))[2]
    best = alike(store, *maker.embed([Piece("query", ids, None)]), 8)
    (there,) = [found for found in best if found.name == "melody 5"]
    assert there.there == place_of(pieces[5], encoder)(start, len(ids))
    assert there.moment_score == pytest.approx(1, abs=1e-5)
    assert there.line().startswith(f"{there.score:6.3f}  melody 5  ({there.there}, like ")


def test_asked_in_all_keys_a_transposed_piece_is_found_as_if_it_were_not(tmp_path):
    encoder = MelodyEncoder()
    maker = embedder(opened(tmp_path, encoder), None)
    pieces = melodies(range(6))
    store = Store.create(tmp_path / "vectors", maker.about)
    store.add(*maker.embed(pieces))
    (moved,) = melodies([4])
    moved = replace(moved, ids=encoder.transposed(moved.ids.tolist(), 3))
    keys = in_all_keys(moved, encoder)
    assert sorted(keys) == list(range(-6, 6))
    found = {key: alike(store, *maker.embed([piece]), 2) for key, piece in keys.items()}
    best = best_of_keys(found, 2)[0]
    assert (best.name, best.semitones) == ("melody 4", -3)
    assert best.score == pytest.approx(1, abs=1e-4) and "-3 semitones" in best.line()
    assert list(in_all_keys(Piece("x", TEXT.encode("fox")), TEXT)) == [0]


def test_of_equal_scores_the_nearest_key_is_told_and_no_piece_twice():
    one, other = (Likeness(name, 0.5, "here", "there", 0.5) for name in ("a", "b"))
    found = best_of_keys({-5: [one], 0: [one, other], 2: [replace(other, score=0.9)]}, 5)
    assert [(each.name, each.semitones) for each in found] == [("b", 2), ("a", 0)]


def test_bars_are_counted_from_one_through_changes_of_metre():
    score = Score(2, (Part(),), (Note(0, 0, 60, 1),), meters=(Meter(0, 3, 4), Meter(12, 2, 4)))
    assert bars_at(score, 0, 2.5, 3, 5.9, 6, 7.5, 8) == [1, 1, 2, 2, 3, 3, 4]
    assert bars_at(Score(1, (Part(),), ()), 8.0) == [3]


def test_an_upbeat_is_bar_nought_as_in_a_score_that_is_printed():
    meters = (Meter(0, 1, 4), Meter(1, 3, 4))
    score = Score(1, (Part(),), tuple(Note(n, 0, 60 + n, 1) for n in range(7)), meters=meters)
    assert bars_at(score, 0, 0.5, 1, 3, 4, 6) == [0, 0, 1, 1, 2, 2]
    encoder = MelodyEncoder(1)
    piece = Piece("x", encoder.encode(encoder.write(score)), score)
    assert place_of(piece, encoder)(0, 4) == "bars 0-1"
    whole = replace(score, meters=(Meter(0, 3, 4), Meter(3, 1, 4), Meter(4, 3, 4)))
    assert bars_at(whole, 0) == [1]


def test_a_place_is_bars_of_music_and_words_of_text():
    encoder = MelodyEncoder(2)
    notes = tuple(Note(n, 0, 60 + n, 1) for n in range(24))
    piece = Piece("x", encoder.encode(encoder.write(Score(2, (Part(),), notes))), None)
    with_score = Piece("x", piece.ids, Score(2, (Part(),), notes))
    assert place_of(with_score, encoder)(8, 8) == "bar 2"
    assert place_of(with_score, encoder)(8, 9) == "bars 2-3"
    assert encoder.soundings(piece.ids.tolist())[3].onset == Fraction(3, 2)
    text = Piece("x", TEXT.encode("the quick brown fox jumps over the lazy dogs"))
    assert place_of(text, TEXT)(4, 5) == "quick"
    assert place_of(text, TEXT)(0, 44) == "the quick brown fox jumps over the lazy…"


def test_a_long_piece_is_read_once_for_the_places_of_all_its_moments(monkeypatch):
    encoder, n_read = MelodyEncoder(2), 0
    notes = tuple(Note(n, 0, 60 + n % 12, 1) for n in range(2_000))
    piece = Piece("x", encoder.encode(encoder.write(Score(2, (Part(),), notes))), None)
    piece = replace(piece, score=Score(2, (Part(),), notes))
    soundings = encoder.soundings

    def counted(ids):
        nonlocal n_read
        n_read += 1
        return soundings(ids)

    monkeypatch.setattr(encoder, "soundings", counted)
    vectors, entries = embed_pieces([piece], encoder, lambda rows: np.zeros((len(rows), 2)))
    assert len(vectors) == len(entries) > 10 and n_read == 1


def test_texts_are_read_whole_or_by_line_and_what_cannot_be_read_is_told(tmp_path):
    (tmp_path / "a.txt").write_text("the fox\n\njumps\n")
    (tmp_path / "b.txt").write_text("Großes Ω")
    (tmp_path / "c.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / ".hidden").write_text("the")
    told = []
    whole = read_pieces([tmp_path], TEXT, on_unread=told.append)
    assert [piece.name for piece in whole] == [str(tmp_path / "a.txt")]
    assert len(told) == 2 and "b.txt" in told[0] and "c.txt" in told[1]
    lines = read_pieces([tmp_path / "a.txt"], TEXT, on_unread=told.append, by_line=True)
    assert [piece.name for piece in lines] == [f"{tmp_path / 'a.txt'}:{n}" for n in (1, 3)]
    assert TEXT.decode(lines[1].ids) == "jumps"


def test_books_and_files_are_read_by_one_set_of_processes_and_tunes_are_numbered(
    tmp_path, monkeypatch
):
    from naepo.encode.music import library

    started = []

    class Counted(library.Readers):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            started.append(self)

    monkeypatch.setattr(library, "Readers", Counted)
    for name, pitches in (("a", "CD"), ("b", "E"), ("d", "FG")):
        tunes = (f"X:{n}\nM:4/4\nL:1/4\nK:C\n{p}4|\n" for n, p in enumerate(pitches, 1))
        (tmp_path / f"{name}.abc").write_text("\n".join(tunes))
    write_midi(melody(0), tmp_path / "c.mid")
    found = list(scores_in(files_below([tmp_path], None)))
    names = ["a.abc #1", "a.abc #2", "b.abc", "c.mid", "d.abc #1", "d.abc #2"]
    assert [name for name, _ in found] == [str(tmp_path / name) for name in names]
    assert [found[n][1].notes[0].pitch for n in (0, 1, 2, 4, 5)] == [60, 62, 64, 65, 67]
    assert len(started) == 1


def test_a_path_that_is_not_there_and_nothing_to_read_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such file or folder"):
        files_below([tmp_path / "nothing"], None)
    with pytest.raises(UserError, match="nothing to embed"):
        read_pieces([tmp_path], TEXT, on_unread=print)


def test_the_tuned_copy_is_used_where_there_is_one_and_its_layer_stands(tmp_path):
    encoder = MelodyEncoder()
    loaded = opened(tmp_path, encoder)
    how = ContrastSettings(steps=1, batch_size=2, length=16)
    tuned = tune(loaded.model, encoder, [melody(0), melody(1)], how)
    maker, ids = embedder(loaded, tuned), np.array([1, 2])
    assert maker.about["tuned"] and maker.about["layer"] == 2
    np.testing.assert_array_equal(maker.vectors([ids]), tuned.vectors(encoder, [ids]))
    with pytest.raises(UserError, match="pools layer 2 by mean"):
        embedder(loaded, tuned, layer=0)
    with pytest.raises(UserError, match="another vocabulary"):
        embedder(opened(tmp_path, TEXT), tuned)


def test_vectors_of_another_step_are_refused(tmp_path):
    maker = embedder(opened(tmp_path, TEXT), None)
    maker.refuse_others(dict(maker.about))
    with pytest.raises(UserError, match="made with step 4, this model has 5"):
        maker.refuse_others({**maker.about, "step": 4})


def test_vectors_are_kept_in_a_run_and_never_in_a_checkpoint(tmp_path):
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    assert home_of(tmp_path / "run") == tmp_path / "run" / "embedding"
    assert home_of(tmp_path, tmp_path / "out") == tmp_path / "out"
    with pytest.raises(UserError, match="no run's folder"):
        home_of(tmp_path)
    with pytest.raises(UserError, match="no such run"):
        home_of(tmp_path / "nothing")
