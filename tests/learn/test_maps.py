"""Chapter 5, as it is printed: every value against arithmetic by hand."""

import pytest

from naepo.config import UserError
from naepo.learn import Request, experiment
from naepo.learn.experiments import drawings
from tests.learn.reading import column, read, rows, step, verdict


def test_rings_and_the_kernel_trick_step_by_step():
    found = read("maps")["steps"]
    no_line, mapped, trick, price, attention, activations, perplexity, reading = found
    assert rows(no_line)[0] == ["0", "1", "0"] and rows(no_line)[2] == ["0", "0", "1"]
    assert rows(no_line)[9] == ["1", "1.7321", "1"] and len(rows(no_line)) == 20
    assert "There are 20 points" in no_line["says"]
    assert rows(mapped)[:4] == [
        ["a straight line", "2.5", "0"],
        ["a straight line", "0", "2.5"],
        ["0", "1", "0"],
        ["0", "0.5", "0.5"],
    ]
    assert rows(mapped)[11] == ["1", "3", "1"]
    assert "is 1 for every circle and 4 for every square" in mapped["says"]
    assert "at 2.5 separates them: 0 points" in mapped["says"]
    assert trick["formulas"] == [
        '(x · z)^2 = ("1" · "2" + "2" · "1")^2 = "4"^2 = "16"',
        'φ(x) · φ(z) = "4" + "8" + "4" = "16"',
    ]
    assert rows(trick) == [["x", "1", "2"], ["z", "2", "1"]]
    assert rows(trick, 1) == [
        ["x₁²", "1", "4", "4"],
        ["√2 x₁x₂", "2.8284", "2.8284", "8"],
        ["x₂²", "4", "1", "4"],
    ]
    assert "multiply x and z, 4, and square: 16" in trick["says"]
    assert rows(price) == [
        ["2", "3", "4", "2"],
        ["10", "55", "220", "10"],
        ["1,000", "500,500", "1.67e8", "1,000"],
    ]
    assert "points of 1,000 numbers φ has 500,500" in price["says"]
    assert attention["formulas"][0] == 'frac{q · k}{sqrt{2}} = "2.8284"'
    assert column(attention, 1) == [
        *["1", "2.8284", "4", "3.7712", "2.6667", "1.5085"],
        *["0.7111", "0.2873", "0.1016", "0.0319"],
    ]
    assert column(attention, 2) == [
        *["1", "3.8284", "7.8284", "11.60", "14.27", "15.77"],
        *["16.49", "16.77", "16.87", "16.91"],
    ]
    assert rows(attention, 1) == [
        ["z", "2.8284", "16.92", "0.3302"],
        ["x", "3.5355", "34.31", "0.6698"],
    ]
    assert "After 10 terms 0.0120 of 16.92" in attention["says"]
    slopes = {row[0]: row[1:] for row in rows(activations)}
    assert slopes["0"] == ["0.25", "1", "0", "0.5", "0.5"]
    assert slopes["−4"] == ["0.0177", "0.0013", "0", "−5.04e−4", "−0.0527"]
    assert rows(activations, 1) == [
        ["sigmoid", "0.7311", "0.1966", "8.63e−8"],
        ["tanh", "0.7616", "0.4200", "1.71e−4"],
        ["ReLU", "1", "1", "1"],
        ["GELU", "0.8413", "1.0833", "2.2261"],
        ["SiLU", "0.7311", "0.9277", "0.4720"],
    ]
    assert "is 0.25 at most: after 10 layers that leaves 9.54e−7" in activations["says"]
    assert "s = x₁ = 1." in activations["says"]
    shares = column(perplexity, 1)
    assert shares[:3] == ["0.1688", "0.1591", "0.1441"] and len(shares) == 30
    assert "are 30 neighbours" in perplexity["says"] and "A perplexity of 10" in perplexity["says"]
    assert (
        "σ becomes 5.0345, the nearest gets 0.1688, and the 8 nearest hold 90 %"
        in (perplexity["says"])
    )
    assert [row[1].split(":")[0] for row in rows(reading)] == [
        *["mostly yes", "no", "hardly", "no", "no"]
    ]


def test_a_small_perplexity_asks_for_few_neighbours():
    found = step(read("maps", fields={"perplexity": "2"}), "perplexity")
    assert "as among 2 equal ones" in found["says"]
    assert found["checks"][0]["holds"]


def test_a_tip_that_is_dragged_changes_both_ways_alike():
    found = step(read("maps", fields={"x": "-1,2"}), "trick")
    assert found["formulas"] == [
        '(x · z)^2 = ({("−1")} · "2" + "2" · "1")^2 = "0"^2 = "0"',
        'φ(x) · φ(z) = "4" + {("−8")} + "4" = "0"',
    ]
    assert column(found, 3, 1) == ["4", "−8", "4"]


@pytest.mark.parametrize(
    ("place", "separable", "words"),
    [
        (0, ["no", "yes", "yes"], "φ separates all 20 points"),
        (1, ["no", "yes", "yes"], "φ separates all 20 points"),
        (2, ["no", "no", "yes"], "centred at the origin"),
        (3, ["no", "no", "yes"], "to separate the 20 points"),
        (4, ["no", "no", "yes"], "centred at the origin"),
    ],
)
def test_the_knob_breaks_what_it_says(place, separable, words):
    shown = read("maps", knob=place)["knob"]
    assert column(shown["step"], 2, 1) == separable
    assert column(shown["step"], 1, 1) == ["2", "3", "5"]
    assert words in shown["step"]["says"]
    assert shown["is_broken"] == (place > 1)
    assert shown["values"] == ["0", "0.25", "0.5", "1", "2"]
    assert rows(shown["step"])[0][1] == ["1", "1.25", "1.5", "2", "3"][place]


@pytest.mark.parametrize(
    ("typed", "state", "words"),
    [
        ("16", "right", "16"),
        ("4", "mistake", "4 is x · z."),
        ("12", "mistake", "12 leaves out the √2"),
        ("25", "mistake", "product of both squared lengths"),
        ("8", "mistake", "8 leaves out the middle number"),
        ("3", "wrong", "You said 3; it is 16."),
    ],
)
def test_a_guess_is_compared_and_its_mistake_named(typed, state, words):
    assert "With x = [1, 2] and z = [2, 1]" in read("maps")["guess"]["ask"]
    said = verdict("maps", "guess", typed)
    assert said["state"] == state
    assert words in said["text"]


def test_a_point_mapped_and_the_ways_to_miss_it():
    assert "φ(x) for x = [3, 1]" in read("maps")["exercises"][0]["ask"]
    right = verdict("maps", "mapped", "9, 4.2426, 1")
    assert right["state"] == "right" and "for z = [1, 3]" in right["text"]
    assert "(x · z)² = 36" in right["text"]
    said = {
        "9 3 1": "lacks its √2",
        "9 6 1": "2 in place of √2",
        "3 4.2426 1": "are to be squared",
        "9 1 4.2426": "belongs in the middle",
    }
    for typed, words in said.items():
        found = verdict("maps", "mapped", typed)
        assert found["state"] == "mistake" and words in found["text"], typed


def test_what_may_be_read_from_a_map():
    assert verdict("maps", "read_map", "neighbours")["state"] == "right"
    for typed, words in {
        "wider": "Sizes mean little",
        "farther": "only “not near”",
        "axis": "no features",
    }.items():
        found = verdict("maps", "read_map", typed)
        assert found["state"] == "mistake" and words in found["text"]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    ("gamma", "english", "korean"),
    [
        ("0.5", "Try a γ of 0.01 and one of 20", "0.01과 20으로도"),
        ("20", "learnt by heart", "외운 것"),
        ("0.01", "Try a larger γ", "키워"),
    ],
)
def test_a_kernel_machine_is_trained_live(language, gamma, english, korean):
    pytest.importorskip("sklearn")
    asked = Request(chapter="maps", language=language, fields={"gamma": gamma})
    told = experiment(asked, "machine")
    assert (english if language == "en" else korean) in told["says"]
    line, square, rbf = rows(told)
    assert float(line[1]) < 0.8 and square[1] == "1"
    assert gamma == "0.01" or rbf[1] == "1"


def test_groups_are_as_wide_and_as_far_apart_as_is_said():
    width, distance = drawings._figures(drawings.groups())
    assert width == pytest.approx(10, rel=0.1) and distance == pytest.approx(3, rel=0.1)


def test_what_is_missing_is_told_with_what_to_type(monkeypatch):
    monkeypatch.setattr(drawings, "available", lambda: {"tsne": False, "umap": False})
    with pytest.raises(UserError, match="openTSNE"):
        experiment(Request(chapter="maps"), "tsne")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("key", ["tsne", "umap"])
def test_maps_keep_neighbours_and_not_sizes(language, key):
    pytest.importorskip("openTSNE" if key == "tsne" else "umap")
    told = experiment(Request(chapter="maps", language=language), key)
    width, _, trust = rows(told)
    assert float(width[1]) > 9 and all(float(each) < 6 for each in width[2:])
    assert all(float(each) > 0.9 for each in trust[2:])
    assert len(told["shows"]) == 3
