"""Chapter 1, as it is printed: every value against arithmetic by hand."""

import pytest

from naepo.learn import Request, experiment
from tests.learn.reading import column, read, rows, step, verdict


def test_cab_step_by_step():
    found = read("encoding")["steps"]
    ids, hot, looked, meaning, training, waves, turned, korean = found
    assert rows(ids) == [["C", "2"], ["A", "0"], ["B", "1"]]
    assert "CAB becomes [2, 0, 1]" in ids["says"] and "from 0 to 25" in ids["says"]
    assert ids["checks"][0]["error"] == "0"
    for letter, place in (("C", 2), ("A", 0), ("B", 1)):
        row = next(row for row in rows(hot) if row[0] == letter)
        assert row[1:] == ["1" if each == place else "0" for each in range(26)]
    assert "3 letters are now 3 rows of 26 numbers, 78 in all" in hot["says"]
    assert "are 1.4142 apart" in hot["says"]
    assert looked["formulas"] == ['x · E = … + 1 · E_C + … = ( "−0.3", "−0.7" )']
    shown = rows(looked)
    table = {row[0]: row[1:3] for row in shown if row[0] in tuple("ABCDEZ")}
    assert table["A"] == ["0.8", "0.6"] and table["B"] == ["−0.5", "−0.2"]
    assert table["D"] == ["−0.43", "−0.18"] and table["E"] == ["0.74", "0.47"]
    assert shown[-1][1:3] == ["−0.3", "−0.7"]
    assert "row of C by a table E with 26 rows" in looked["says"] and "row 2." in looked["says"]
    assert "[−0.3, −0.7], bit for bit" in looked["says"]
    assert looked["checks"][0]["error"] == "0" and looked["checks"][0]["bound"] == "0"
    assert ["C", "−0.3", "−0.7"] in rows(meaning) and len(rows(meaning)) == 26
    assert rows(meaning, 1) == [
        ["F", "0.1105", "1.4142"],
        ["K", "0.1640", "1.4142"],
        ["S", "0.2121", "1.4142"],
        ["I", "1.9043", "1.4142"],
    ]
    assert "C is nearest to F, and farthest from I" in meaning["says"]
    assert rows(training) == [
        ["A", "1", "(0.8, 0.6)", "(0.7, 0.7)"],
        ["B", "1", "(−0.5, −0.2)", "(−0.6, −0.1)"],
        ["C", "1", "(−0.3, −0.7)", "(−0.4, −0.6)"],
    ]
    assert "gradient [1, −1]" in training["says"] and "rate of 0.1" in training["says"]
    assert "the 23 letters" in training["says"]
    assert rows(waves) == [
        ["0", "0", "1", "0", "1"],
        ["1", "0.8415", "0.5403", "0.0100", "1.0000"],
        ["2", "0.9093", "−0.4161", "0.0200", "0.9998"],
    ]
    assert "4 numbers for each of 3 positions" in waves["says"]
    assert column(waves, 0, 1)[0] == "learned table" and len(rows(waves, 1)) == 3
    assert rows(turned) == [
        ["p=0", "−0.3", "−0.7"],
        ["p=1", "0.4269", "−0.6307"],
        ["p=2", "0.7614", "0.0185"],
        ["p=5", "−0.7563", "0.0891"],
    ]
    assert rows(turned, 1) == [
        ["1, 0", "−0.0368"],
        ["2, 1", "−0.0368"],
        ["5, 4", "−0.0368"],
        ["5, 0", "−0.5516"],
    ]
    assert "row of C, used" in turned["says"] and "row of A as a key" in turned["says"]
    assert "product is −0.0368" in turned["says"]
    assert korean["formulas"] == ['"44,032" + ("18" · "21" + "0") · "28" + "4" = "54,620"']
    assert rows(korean) == [
        ["한", "54,620", "ㅎ ㅏ ㄴ", "ED 95 9C"],
        ["글", "44,544", "ㄱ ㅡ ㄹ", "EA B8 80"],
    ]
    assert "out of 11,172, two or three jamo out of 67, or three bytes out of 256" in korean["says"]
    assert "2 syllables, 6 jamo, 6 bytes" in korean["says"]


def test_a_letter_that_is_read_twice_moves_twice():
    training = step(read("encoding", fields={"word": "BOB"}), "training")
    assert ["B", "2", "(−0.5, −0.2)", "(−0.7, 0)"] in rows(training)
    assert [row[0] for row in rows(training)] == ["A", "B", "C", "O"]
    assert "the 24 letters" in training["says"]


def test_other_characters_are_no_syllables():
    found = step(read("encoding", fields={"korean": "ab"}), "korean")
    assert found["shows"] == [] and "0 syllables, 0 jamo, 0 bytes" in found["says"]
    assert read("encoding", fields={"word": "가1"})["steps"]


@pytest.mark.parametrize(
    ("place", "by_product", "by_row", "formula", "words"),
    [
        (0, ["−0.3", "−0.7"], ["−0.3", "−0.7"], ['"1" · E_C'], "A single 1 at C"),
        (1, ["−0.32", "−0.65"], ["−0.3", "−0.7"], ['"0.1" · E_B + "0.9" · E_C'], "0.9 of C"),
        (2, ["0.5", "−0.1"], ["−0.3", "−0.7"], ['"1" · E_A + "1" · E_C'], "rows are added"),
        (3, ["NaN", "NaN"], ["−0.3", "−0.7"], ['"1" · E_C'], "0 · NaN is NaN"),
        (4, ["0", "0"], ["NaN", "NaN"], [], "Ids go from 0 to 25. Id 26 has no column"),
    ],
)
def test_the_knob_breaks_what_it_says(place, by_product, by_row, formula, words):
    shown = read("encoding", knob=place)["knob"]
    assert column(shown["step"], 1, 1) == by_product and column(shown["step"], 2, 1) == by_row
    assert shown["step"]["formulas"] == formula and words in shown["step"]["says"]
    assert shown["is_broken"] == (place > 0)


def test_what_the_knob_puts_into_the_row():
    rows_of_x = [rows(read("encoding", knob=i)["knob"]["step"])[0][1:4] for i in range(5)]
    assert rows_of_x == [
        ["0", "0", "1"],
        ["0", "0.1", "0.9"],
        ["1", "0", "1"],
        ["0", "0", "1"],
        ["0", "0", "0"],
    ]


@pytest.mark.parametrize(
    ("typed", "state", "words"),
    [
        ("-0.3, -0.7", "right", "[−0.3, −0.7]"),
        ("-0.5 -0.2", "mistake", "is the row of B. Places are counted from 0, so id 2"),
        ("0.8 0.6", "mistake", "is the row of A, id 0. The 1 stands at place 2"),
        ("0 -0.3", "mistake", "is the sum of the three rows"),
        ("-0.6 -1.4", "mistake", "is the row times 2"),
        ("1 1", "wrong", "it is [−0.3, −0.7]: the row of C"),
    ],
)
def test_a_guess_is_compared_and_its_mistake_named(typed, state, words):
    said = verdict("encoding", "guess", typed)
    assert said["state"] == state
    assert words in said["text"]


def test_how_wide_a_word_is_and_the_ways_to_miscount_it():
    found = read("encoding")
    assert "C has the id 2. Its one-hot row is 26 numbers wide" in found["guess"]["ask"]
    assert "encoding of NAEPO" in found["exercises"][0]["ask"]
    right = verdict("encoding", "width", "130")
    assert right["state"] == "right" and "5 rows of 26 numbers, and only 5" in right["text"]
    said = {
        "26": "26 is the width of one letter. The word has 5",
        "5": "5 numbers are enough for the ids",
        "31": "added rows and columns",
        "125": "Those are the zeros. The 5 ones",
    }
    for typed, words in said.items():
        found = verdict("encoding", "width", typed)
        assert found["state"] == "mistake" and words in found["text"], typed


def test_a_syllable_put_together_and_the_ways_to_miss_it():
    ask = read("encoding")["exercises"][1]["ask"]
    assert "봄 is ㅂ ㅗ ㅁ: initial number 7, medial number 8, final number 16" in ask
    assert "44,032 + (initial · 21 + medial) · 28 + final" in ask
    assert chr(48388) == "봄"
    assert verdict("encoding", "spring", "48388")["state"] == "right"
    said = {
        "4356": "own code point, 44,032",
        "48332": "21 medials and 28 finals",
        "48387": "so this one counts 16",
        "48372": "add 16",
    }
    for typed, words in said.items():
        found = verdict("encoding", "spring", typed)
        assert found["state"] == "mistake" and words in found["text"], typed
    assert "then times 28" in verdict("encoding", "spring", "1")["text"]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_in_torch_every_bit_is_the_same(language):
    told = experiment(Request(chapter="encoding", language=language), "lookup")
    assert len(told["shows"][0]["table"]["rows"]) == 2
    assert ("2,048 of 2,048 numbers" in told["says"]) == (language == "en")
    assert language == "en" or "수 2,048개 가운데 2,048개" in told["says"]
