"""The four-voice grid: its words, its marks, what it keeps and what it refuses."""

import json
import pickle
from dataclasses import replace

import pytest

from naepo.config import UserError
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.load import load_music_encoder
from naepo.encode.music.score import Key, Meter, Note, Part, Score, Tempo
from naepo.encode.music.voices import PARTS

GRID = GridEncoder()


def four(*notes: tuple[int, int, int, int], **signs) -> Score:
    """A score of sixteenths: (onset, part, pitch, duration) of each note."""
    return Score(4, PARTS, tuple(Note(*note) for note in notes), **signs)


def words(score: Score, encoder: GridEncoder = GRID) -> list[str]:
    return encoder.write(score).split()


def test_a_held_note_and_a_repeated_one_are_told_apart():
    held, repeated = four((0, 0, 72, 2)), four((0, 0, 72, 1), (1, 0, 72, 1))
    assert words(held)[::4] == ["C5", "C5~"]
    assert words(repeated)[::4] == ["C5", "C5"]
    assert GRID.read(GRID.write(held)) == held
    assert GRID.read(GRID.write(repeated)) == repeated


def test_each_step_tells_the_four_voices_from_the_highest():
    chord = four((0, 0, 72, 1), (0, 1, 67, 1), (0, 2, 64, 1), (0, 3, 48, 1))
    assert words(chord) == ["C5", "G4", "E4", "C3"]


def test_marks_stand_between_beats_and_after_whole_bars():
    notation = GRID.write(four((0, 0, 72, 40)))
    lines = notation.split("\n")
    assert [line.count("'") for line in lines] == [3, 3, 1]
    assert [line.endswith("|") for line in lines] == [True, True, False]
    waltz = GRID.write(four((0, 0, 72, 24), meters=(Meter(0, 3, 4),)))
    assert [line.count("'") for line in waltz.splitlines()] == [2, 2]
    jig = GRID.write(four((0, 0, 72, 24), meters=(Meter(0, 6, 8),)))
    assert [line.count("'") for line in jig.splitlines()] == [1, 1]


def test_an_upbeat_is_a_short_bar_and_comes_back():
    upbeat = four((0, 0, 72, 36), meters=(Meter(0, 4, 4), Meter(4, 4, 4)))
    assert words(upbeat)[:3] == ["4/4", "bar:4", "C5"]
    assert GRID.write(upbeat).count("|") == 3
    assert GRID.read(GRID.write(upbeat)) == upbeat
    untold = replace(upbeat, meters=(Meter(4, 4, 4),))
    assert GRID.read(GRID.write(untold)) == untold


def test_an_upbeat_that_is_told_as_a_metre_of_its_own_needs_no_word_for_it():
    upbeat = four((0, 0, 72, 36), meters=(Meter(0, 1, 4), Meter(4, 4, 4)))
    assert words(upbeat)[:2] == ["bar:4", "C5"]
    assert GRID.read(GRID.write(upbeat)).meters == (Meter(4, 4, 4),)
    fitted = GridEncoder.fit([upbeat])
    assert fitted.read(fitted.write(upbeat)) == upbeat


def test_metre_key_and_tempo_come_back():
    score = four(
        (0, 0, 72, 60),
        meters=(Meter(0, 3, 4), Meter(12, 4, 4)),
        keys=(Key(0, -1), Key(28, 2)),
        tempos=(Tempo(0, 100.0), Tempo(12, 60.0)),
    )
    assert GRID.read(GRID.write(score)) == score
    assert words(score)[:3] == ["3/4", "K:-1", "Q:100"]


def test_a_tempo_becomes_the_nearest_that_is_told_at_the_beginning_of_its_bar():
    score = four((0, 0, 72, 32), tempos=(Tempo(5, 97.0), Tempo(21, 62.5)))
    assert GRID.kept(score).tempos == (Tempo(0, 100.0), Tempo(16, 60.0))
    assert GRID.read(GRID.write(score)) == GRID.kept(score)


def test_missing_voices_are_silent():
    melody = Score(4, (Part("Flute"),), (Note(0, 0, 72, 1),))
    assert words(melody) == ["C5", ".", ".", "."]
    bass = Score(4, (Part("Bass"),), (Note(0, 0, 62, 1),))
    assert words(bass) == [".", ".", ".", "D4"]
    low = Score(4, (Part(), Part()), (Note(0, 0, 40, 1), Note(0, 1, 74, 1)))
    assert words(low) == ["D5", ".", ".", "E2"]


def test_times_between_the_steps_are_rounded_and_the_note_on_the_beat_stays():
    ornament = Score(8, PARTS, (Note(0, 0, 72, 1), Note(1, 0, 74, 1), Note(2, 0, 76, 2)))
    assert words(ornament)[::4] == ["C5", "E5"]
    finer = GridEncoder(steps_per_quarter=8)
    assert finer.read(finer.write(ornament)) == ornament
    triplet = Score(12, PARTS, tuple(Note(4 * i, 0, 72 + i, 4) for i in range(3)))
    assert len(GRID.read(GRID.write(triplet)).notes) == 3


@pytest.mark.parametrize(
    "score, reason",
    [
        (Score(4, (Part(),) * 5, tuple(Note(0, i, 60, 1) for i in range(5))), "at most 4 parts"),
        (Score(4, (Part(),), (Note(0, 0, 60, 2), Note(1, 0, 64, 2))), "two notes at once, at"),
        (Score(4, (Part("", 0, True),), (Note(0, 0, 60, 1),)), "no drums"),
        (four((0, 0, 100, 1)), "soprano of this encoder sings from 60 to 81"),
        (four((0, 0, 72, 9), meters=(Meter(0, 7, 8),)), "no metre 7/8"),
        (four((0, 0, 72, 9), meters=(Meter(0, 4, 4), Meter(3, 4, 4))), "no bar of 3 steps"),
        (four((0, 0, 72, 100_001)), "100,001 steps"),
    ],
)
def test_what_is_no_four_voices_is_refused_with_the_reason(score, reason):
    with pytest.raises(UserError, match=reason):
        GRID.write(score)


def test_accepting_says_whether_writing_works():
    assert GRID.accepts(four((0, 0, 72, 1)))
    assert not GRID.accepts(four((0, 0, 100, 1)))
    assert not GRID.accepts(four())


def test_what_was_fitted_on_can_be_moved_by_half_an_octave():
    scores = [
        four((0, 0, 95, 1), (0, 3, 30, 1), meters=(Meter(0, 5, 4),), keys=(Key(0, 1, "minor"),))
    ]
    fitted = GridEncoder.fit(scores)
    assert fitted.ranges[0] == (89, 100)
    assert fitted.ranges[3] == (24, 35)
    ids = fitted.encode(fitted.write(scores[0]))
    for semitones in range(-6, 6):
        moved = fitted.transposed(ids, semitones)
        assert moved is not None
        assert fitted.read(fitted.decode(moved)) == scores[0].transposed(semitones)
    assert fitted.transposed(ids, 6) is None


def test_a_window_that_begins_and_ends_anywhere_is_a_piece():
    score = four(*((4 * i, v, 70 - 5 * v, 4) for i in range(24) for v in range(4)))
    notation = GRID.write(replace(score, meters=(Meter(0, 3, 4),))).split()
    for start in range(1, 120, 7):
        window = GRID.read(" ".join(notation[start : start + 200]))
        assert {note.pitch for note in window.notes} == {70, 65, 60, 55}
        assert all(note.duration <= 4 for note in window.notes)
    window = GRID.read(" ".join(notation[1 + 4 * 6 + 1 :]))
    assert window.meters == (Meter(6, 3, 4),)


@pytest.mark.parametrize(
    "notation, place",
    [
        ("4/4 C5 C5 C4 X:C3", "line 1, column 14"),
        ("4/4 C5 C3", "'C3' cannot stand at line 1, column 8: the alto sings from F3 to E5"),
        ("4/4 C5 '", "cannot stand at line 1, column 8: the alto comes next"),
        ("4/4 C5 C5 C4 C3\n|", "line 2, column 1: after 1 steps of a bar of 16"),
        ("4/4 C5 C5 C4 C3\n D5~", "line 2, column 2: only the pitch of the step before"),
        ("4/4 3/4", "signs stand in the order"),
        ("4/4 C5 K:1", "'K:1' cannot stand at line 1, column 8: signs stand at the beginning"),
    ],
)
def test_a_word_that_is_none_or_misplaced_is_named_with_its_place(notation, place):
    with pytest.raises(UserError, match=place.replace("|", r"\|")):
        GRID.read(notation)


def test_the_place_of_a_word_tells_its_voice_also_where_a_step_is_cut():
    whole = GRID.encode("C5 G4 E4 C3 C5~ G4~ E4~ C3~ ' D5 G4 F4 B2 |")
    assert GRID.voices(whole).tolist() == [0, 1, 2, 3, 0, 1, 2, 3, -1, 0, 1, 2, 3, -1]
    for start in range(len(whole)):
        assert GRID.voices(whole[start:]).tolist() == GRID.voices(whole).tolist()[start:]
    heard = {(n.part, n.pitch) for n in GRID.read("E4 C3 ' D5 G4 F4 B2 |").notes}
    assert heard == {(2, 64), (3, 48), (0, 74), (1, 67), (2, 65), (3, 47)}


def test_words_of_the_first_notation_are_refused_with_a_way_on(tmp_path):
    GRID.save(tmp_path)
    file = tmp_path / "music.json"
    settings = json.loads(file.read_text())
    del settings["notation"]
    file.write_text(json.dumps(settings))
    with pytest.raises(UserError, match="notation 1, of another version of naepo, expected 2"):
        load_music_encoder(tmp_path)


def test_soundings_tell_the_whole_note_of_each_id():
    score = four((0, 0, 72, 3), (0, 3, 48, 1), (2, 3, 48, 1))
    ids = GRID.encode(GRID.write(score)).tolist()
    heard = GRID.soundings(ids)
    assert len(heard) == len(ids)
    assert [s.pitch if s else None for s in heard[:4]] == [72, None, None, 48]
    assert {(s.onset * 4, s.part, s.pitch, s.duration * 4) for s in heard if s} == {
        (note.onset, note.part, note.pitch, note.duration) for note in score.notes
    }


def test_an_encoder_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(GRID)).fingerprint == GRID.fingerprint
