"""The ways to vectors that need no run: what they are of, what they keep, what they refuse."""

from dataclasses import replace

import numpy as np
import pytest

from naepo.config import UserError
from naepo.embed import ways
from naepo.embed.note_ways import EventWay, RollWay, kept
from naepo.embed.one_hot import piano_roll, sounding_pitches
from naepo.embed.pitch_frames import LOWEST, pitch_frames
from naepo.embed.sound_ways import SoundWay, moments_of
from naepo.embed.vectors import WordVectors
from naepo.embed.ways import Way
from naepo.embed.word_ways import WordModel
from naepo.encode.music.score import Note, Part, Score
from tests.embed.melodies import melody

RATE = 11_025
TEXTS = ["the cat sat on a mat", "a dog sat", "CATS, and a mat!"]
SKIP_GRAM = {"by": "skip-gram", "d": 8, "window": 2, "epochs": 2, "seed": 0}


def tone(*pitches, seconds=1.0):
    time = np.arange(int(seconds * RATE)) / RATE
    hz = [440 * 2 ** ((pitch - 69) / 12) for pitch in pitches]
    return np.sum([np.sin(2 * np.pi * f * time) for f in hz], axis=0).astype(np.float32) / 4


def test_one_hot_of_a_text_is_the_share_of_each_word_and_its_parts_add_up_to_it():
    model = WordModel.fit({"by": "one-hot"}, TEXTS)
    assert model.words[0] == "a" and len(model.words) == 9
    (row,) = model.vectors(["mat mat cat unseen"])
    expected = np.zeros(9)
    expected[[model.words.index("mat"), model.words.index("cat")]] = 2, 1
    np.testing.assert_allclose(row, expected / np.linalg.norm(expected), rtol=1e-6)
    parts = model.parts("mat mat cat unseen")
    assert [part.content for part in parts] == [b" mat", b" mat", b" cat"]
    np.testing.assert_allclose(np.sum([part.vector for part in parts], axis=0), row, atol=1e-6)
    assert not model.vectors(["nothing known"]).any() and model.parts("?") == []


def test_what_was_learned_comes_back_from_the_state_and_a_broken_state_is_refused():
    model = WordModel.fit(SKIP_GRAM, TEXTS)
    again = WordModel.of(SKIP_GRAM, model.state)
    np.testing.assert_array_equal(again.vectors(TEXTS), model.vectors(TEXTS))
    broken = bytearray(model.state)
    broken[-1] ^= 1
    with pytest.raises(UserError, match="has changed since it was written"):
        WordModel.of(SKIP_GRAM, bytes(broken))


def test_only_pieces_that_are_mostly_in_four_voices_are_told_by_the_grid():
    four = Score(
        1,
        tuple(Part(name) for name in ("Soprano", "Alto", "Tenor", "Bass")),
        tuple(Note(t, p, 72 - 7 * p + t % 5, 1) for t in range(16) for p in range(4)),
    )
    assert EventWay.fit(SKIP_GRAM, [four, four, four, melody(1)]).encoder.kind == "grid"
    assert EventWay.fit(SKIP_GRAM, [four, melody(1), melody(2)]).encoder.kind == "remi"


def test_a_piece_is_a_roll_or_the_mean_of_its_events():
    score = melody(1)
    roll = RollWay({"by": "one-hot"})
    vectors, entries = roll.embed([roll.piece("one", score)])
    np.testing.assert_allclose(vectors[0], piano_roll(score).mean(axis=0), rtol=1e-6)
    assert entries[0].place == "" and entries[1].place.startswith("bars 1-")
    drummed = replace(
        score,
        parts=(*score.parts, Part("Kick", is_drums=True)),
        notes=(*score.notes, *(Note(t, len(score.parts), 36, 1) for t in range(score.end))),
    )
    np.testing.assert_array_equal(roll.embed([roll.piece("one", drummed)])[0][0], vectors[0])
    way = EventWay.fit(SKIP_GRAM, [score, melody(2)])
    piece = way.piece("one", score)
    vectors, entries = way.embed([piece])
    table = way.rows.astype(np.float64)
    np.testing.assert_allclose(vectors[0], table[piece.ids].mean(axis=0), rtol=1e-5)
    again = kept(way.about, way.state)
    np.testing.assert_array_equal(again.embed([again.piece("one", score)])[0], vectors)
    for made in (roll, way):
        moved = made.in_all_keys(made.piece("up", score.transposed(3)))
        np.testing.assert_allclose(
            made.embed([moved[-3]])[0], made.embed([made.piece("one", score)])[0], atol=1e-6
        )


def test_a_file_of_vectors_chooses_the_notation_that_it_knows():
    scores = [melody(1), melody(2)]
    remi = WordVectors(("Pitch_60", "Pitch_67", "Bar_None"), np.eye(3, dtype=np.float32))
    about = {"by": "vectors", "from": "x.vec", "sha256": ""}
    assert EventWay.fit(about, scores, remi).encoder.kind == "remi"
    way = EventWay.fit(about, scores, WordVectors(("C4~", "G4"), np.eye(2, dtype=np.float32)))
    assert way.encoder.kind == "grid" and way.known.sum() == 2
    with pytest.raises(UserError, match=r"no event of these pieces has a vector in x\.vec"):
        EventWay.fit(about, scores, WordVectors(("cat",), np.ones((1, 2), np.float32)))
    with pytest.raises(UserError, match="none of the words of these texts"):
        WordModel.fit(about, TEXTS, WordVectors(("고양이",), np.ones((1, 2), np.float32)))


def test_the_strongest_pitches_of_a_sound_are_its_one_hot_rows():
    rows = sounding_pitches(pitch_frames(tone(60, 67), RATE))
    middle = rows[len(rows) // 2]
    assert middle[60 - LOWEST] and middle[67 - LOWEST] and not middle[63 - LOWEST]
    assert not sounding_pitches(pitch_frames(np.zeros(RATE, np.float32), RATE)).any()


@pytest.mark.parametrize("by", ["one-hot", "skip-gram", "mfcc", "chroma-invariant"])
def test_a_sound_way_comes_back_from_its_state(by):
    about = {**SKIP_GRAM, "by": by}
    way = SoundWay.of(about, b"")
    sounds = [np.concatenate([tone(p, seconds=0.5) for p in row]) for row in ((60, 62, 64), (55,))]
    seen = [way.look(str(number), sound, RATE) for number, sound in enumerate(sounds)]
    way.learn(seen)
    vectors, entries = way.embed(seen)
    assert [entry.place for entry in entries] == ["", "0:00-0:01", "", "0:00-0:00"]
    again = SoundWay.of(about, way.state)
    np.testing.assert_array_equal(again.embed(seen)[0], vectors)


def test_a_sound_is_found_in_another_key_where_its_rows_are_of_pitches():
    way = SoundWay.of({"by": "one-hot"}, b"")
    low, high = way.look("low", tone(60, 64), RATE), way.look("high", tone(63, 67), RATE)
    moved = way.in_all_keys(high)
    assert np.abs(way.embed([moved[-3]])[0][0] - way.embed([low])[0][0]).max() < 0.1
    assert np.abs(way.embed([high])[0][0] - way.embed([low])[0][0]).max() > 0.5
    assert moved[5].rows[0][0, :5].sum() == 0 and moved[-6].rows[0][0, -6:].sum() == 0
    assert list(SoundWay.of({"by": "chroma-invariant"}, b"").in_all_keys(low)) == [0]


def test_moments_cover_a_sound_and_overlap_by_half():
    assert moments_of(7 * RATE, RATE) == [(0, 7 * RATE)]
    stretches = moments_of(33 * 100, 100)
    assert stretches[0] == (0, 1000) and stretches[1] == (500, 1500)
    assert stretches[-1] == (2300, 3300)


def test_a_way_is_a_name_a_file_or_a_folder_and_fits_what_it_is_for(tmp_path):
    (tmp_path / "v.vec").write_text("1 2\nword 1 2\n")
    assert Way.read(str(tmp_path)).name == "audio-model"
    file = Way.read(str(tmp_path / "v.vec"))
    assert file.name == "vectors" and len(file.about("text", 0)["sha256"]) == 64
    assert Way.read("time-series").name == "chroma-invariant"
    assert Way("glove").material(has_sound=False, has_notes=True) == "notes"
    assert Way("mfcc").material(has_sound=False, has_notes=True) == "sound"
    assert Way("one-hot").material(has_sound=False, has_notes=False) == "text"
    for said, wrong in (
        ("did you mean `skip-gram`", lambda: Way.read("skipgram")),
        ("way for sound", lambda: Way("mfcc").material(False, False)),
        ("a sound has none", lambda: file.material(True, False)),
    ):
        with pytest.raises(UserError) as caught:
            wrong()
        assert said in str(caught.value)
    assert ways.is_way({"by": "glove"}) and not ways.is_way({"by": "neural", "run": "x"})
