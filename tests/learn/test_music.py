"""Chapter 12, as it is printed: ones, frequencies, frequencies over time, learned, pretrained."""

import numpy as np
import pytest

from naepo.embed import load_vectors
from naepo.learn import Request, experiment
from naepo.learn.chapters.music import TABLE, classes, nearest, pitches
from tests.learn.reading import column, read, rows, step, verdict


def test_notes_have_numbers_and_frequencies():
    found = step(read("music"), "numbers")
    assert rows(found, 1) == [
        ["C4", "60", "261.63"],
        ["E4", "64", "329.63"],
        ["G4", "67", "392.00"],
        ["C5", "72", "523.25"],
        ["G4", "67", "392.00"],
        ["E4", "64", "329.63"],
    ]
    assert found["formulas"][1] == '440 · 2^{frac{60 − 69}{12}} = "261.63"'
    assert "frequency by 1.0595" in found["says"]
    assert "C4 has 261.63 Hz, its octave 523.25 Hz" in found["says"]
    assert found["shows"][0]["notes"][0] == [0, 0.75, 60]


def test_one_hot_notes_are_all_equally_far():
    ones = step(read("music"), "ones")
    assert [row.index("1") - 1 for row in rows(ones)] == [0, 4, 7, 12, 7, 4]
    assert "Each row is 128 wide" in ones["says"] and "the distance 1.4142" in ones["says"]
    same = step(read("music", fields={"tune": "60,60"}), "ones")
    assert "the column of C4" in same["says"]


def test_partials_make_the_fifth_near():
    found = step(read("music"), "partials")
    assert column(found, 2) == ["C4", "C5", "G5", "C6", "E6", "G6"]
    assert column(found, 1)[2:] == ["784.88", "1,046.50", "1,308.13", "1,569.75"]
    assert column(found, 3) == ["1", "0.5", "0.3333", "0.25", "0.2", "0.1667"]
    like = dict(rows(found, 1))
    assert (like["C4"], like["C♯4"], like["F4"], like["G4"]) == ("1", "0", "0.0559", "0.1397")
    assert "its octave, with 0.4563; of those between them G4, with 0.1397" in found["says"]
    assert "Least like it is C♯4, with 0." in found["says"]
    assert found["shows"][2]["notes"][-1] == [1.5, 2.0, 67]
    assert found["shows"][3]["notes"][-1] == [1.5, 2.0, 61]


def test_the_tune_is_seen_in_its_spectrogram():
    found = step(read("music"), "time")
    heard = [name for name in ("C4", "E4", "G4", "C5", "G4", "E4") for _ in range(2)]
    assert column(found, 1, 1) == heard
    assert "12 frames of 128 ms" in found["says"] and "257 strengths" in found["says"]
    assert "every 7.8125 Hz" in found["says"]
    strengths = {row[0]: row[1:] for row in rows(found)}
    assert strengths["C5"][:2] == ["0.5", "0.5"] and strengths["C5"][6] == "1"
    assert strengths["G4"][4] == "0.98"


def test_neighbours_are_counted():
    found = step(read("music"), "counted")
    assert rows(found) == [
        ["C4", "0", "1", "0", "0"],
        ["E4", "1", "0", "2", "0"],
        ["G4", "0", "2", "0", "2"],
        ["C5", "0", "0", "2", "0"],
    ]
    assert rows(found, 1)[1] == ["E4", "0", "1", "0", "0.8944"]
    assert rows(found, 1)[0] == ["C4", "1", "0", "0.7071", "0"]
    assert "10 neighbours in all" in found["says"]
    assert "E4 and C5 are most alike, cosine 0.8944" in found["says"]


def test_pretrained_neighbours_are_read_and_heard():
    found = step(read("music"), "pretrained")
    assert rows(found) == [
        ["F", "0.6014", "0.3333"],
        ["Em", "0.5601", "0.6667"],
        ["G", "0.5118", "0.3333"],
        ["Am", "0.4594", "0.6667"],
        ["Cm", "0.4152", "0.6667"],
        ["A♭m", "−0.6031", "0"],
    ]
    assert "24 chords, 8 numbers each" in found["says"]
    assert "Nearest to C are F, Em and G; farthest is A♭m" in found["says"]
    heard = [[note[2] for note in sound["notes"]] for sound in found["shows"][2:]]
    assert heard[0] == [60, 64, 67, 65, 69, 72, 60, 64, 67]
    minor = step(read("music", fields={"chord": "Am"}), "pretrained")
    assert rows(minor)[0][0] == "Dm"


def test_the_table_is_what_naepos_own_reader_reads():
    table = load_vectors(TABLE)
    known = [(word, pytest.approx(cosine, abs=1e-5)) for word, cosine in table.nearest("C", 5)]
    assert nearest("C")[:5] == known
    assert np.abs(table.vectors).max() < 10


def test_chords_are_spelled():
    assert classes("Am") == (9, 0, 4) and pitches("Am") == [57, 60, 64]
    assert classes("A♭m") == (8, 11, 3)


def test_four_ways_side_by_side():
    assert column(step(read("music"), "ways"), 1) == ["128", "257", "4", "8"]


@pytest.mark.parametrize(
    ("place", "ones", "partials"),
    [(0, "1", "1"), (1, "0", "0"), (3, "0", "0.0559"), (4, "0", "0.1397"), (5, "0", "0.4563")],
)
def test_only_steps_know_the_tune_in_another_key(place, ones, partials):
    knob = read("music", knob=place)["knob"]
    assert column(knob["step"], 1, 1) == [ones, partials, "1"]
    assert knob["is_broken"] == (place > 0)
    assert knob["step"]["shows"][0]["notes"][0][2] == 60 + (0, 1, 2, 5, 7, 12)[place]


def test_the_guess_is_what_the_ear_says_and_not_the_keyboard():
    right = verdict("music", "guess", "fifth")
    assert (
        right["state"] == "right"
        and "G4, a fifth up. Its cosine with C4 is 0.1397" in right["text"]
    )
    assert "their cosine is 0." in verdict("music", "guess", "semitone")["text"]
    assert "the cosine is 0." in verdict("music", "guess", "tritone")["text"]
    assert "up to 6 times" in read("music")["guess"]["ask"]


def test_the_frequency_of_a_fifth_above_a():
    right = verdict("music", "fifth", "659.26")
    assert right["state"] == "right" and "440 Hz times 1.4983, which is 659.26" in right["text"]
    said = {
        "696.67": "7 equal parts of the Hz. The semitones",
        "660": "pure fifth, three halves",
        "880": "whole octave up",
        "293.66": "You went down",
    }
    for typed, words in said.items():
        found = verdict("music", "fifth", typed)
        assert found["state"] == "mistake" and words in found["text"]
    assert "the first one is 26.16 Hz wide" in verdict("music", "fifth", "696.67")["text"]
    assert "12 of them make 2" in verdict("music", "fifth", "1")["text"]


def test_what_two_chords_have_in_common():
    right = verdict("music", "common", "2/3")
    assert right["state"] == "right" and "2 notes in common" in right["text"]
    said = {
        "2": "product of both",
        "0.5": "Jaccard",
        "2/9": "root",
        "0": "are the same",
        "1.414": "distance",
    }
    for typed, words in said.items():
        found = verdict("music", "common", typed)
        assert found["state"] == "mistake" and words in found["text"]
    ask = next(each["ask"] for each in read("music")["exercises"] if each["key"] == "common")
    assert "vectors of 12 numbers" in ask


def test_chords_are_learned_here_and_now():
    for language in ("en", "ko"):
        told = experiment(Request(chapter="music", language=language), "skip_gram")
        names = column(told, 0)
        assert sorted(names) == ["Am", "Dm", "Em", "F", "G"]
        cosines = [float(said.replace("−", "-")) for said in column(told, 1)]
        assert cosines == sorted(cosines, reverse=True)
        assert names[0] in told["says"] and "10" in told["says"]
