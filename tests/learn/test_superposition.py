"""Chapter 4, as it is printed: every value against arithmetic by hand."""

import pytest

from tests.learn.reading import column, read, rows, step, verdict


def test_six_and_eight_apples_step_by_step():
    found = read("superposition")["steps"]
    same, curve, added, multiplied, everywhere, fee, collapsed, bent = found
    assert same["formulas"] == [
        '"1,000" · ("6" + "8") = "14,000"',
        '"1,000" · "6" + "1,000" · "8" = "6,000" + "8,000" = "14,000"',
    ]
    assert "An apple costs 1,000 won" in same["says"] and "Take 2 times" in same["says"]
    assert [check["error"] for check in same["checks"]] == ["0", "0"]
    assert curve["formulas"] == [
        'f(x) = "1,000" · x ~ (x < "10")',
        'f(x) = "800" · x ~ (x ≥ "10")',
    ]
    assert "takes 10 or more pays 800 won" in curve["says"] and "f(6)" in curve["says"]
    drawn = {row[0]: row[1:] for row in rows(curve)}
    assert drawn["9.5"] == ["9,500", ""] and drawn["10"] == ["8,000", ""]
    assert drawn["14"] == ["11,200", ""] and drawn["17"] == ["13,600", "17,000"]
    assert drawn["−3"] == ["−3,000", "−3,000"]
    assert added["formulas"] == [
        'f("6") + f("8") = "6,000" + "8,000" = "14,000"',
        'f("6" + "8") = f("14") = "11,200"',
    ]
    assert "difference is −2,800" in added["says"]
    assert multiplied["formulas"] == [
        '"2" · f("6") = "2" · "6,000" = "12,000"',
        'f("2" · "6") = f("12") = "9,600"',
    ]
    assert "2 times as many" in multiplied["says"] and "is −2,400" in multiplied["says"]
    assert "81 pairs" in everywhere["says"] and "In 31 of them" in everywhere["says"]
    pairs = {row[0]: row[1:] for row in rows(everywhere)}
    assert pairs["5"] == ["0"] * 5 + ["−2,000", "−1,000", "−1,000", "−1,000"]
    assert pairs["−10"] == ["0"] * 6 + ["2,000", "3,000", "2,000"]
    assert pairs["0"] == ["0"] * 9
    assert fee["formulas"] == ['f(0) = "1,000" · 0 + "3,000" = "3,000"']
    assert column(fee, 1) == ["9,000", "11,000", "20,000", "17,000", "−3,000"]
    assert "won, and each order 3,000 won" in fee["says"] and "here it is 3,000" in fee["says"]
    assert [row[1:] for row in rows(collapsed) if row[0] in ("0", "1")] == [
        ["1", "2"],
        ["1", "−1"],
        ["1", "−1"],
        ["2", "1"],
        ["5", "1"],
        ["−1", "−2"],
    ]
    assert rows(collapsed, 1) == [["1", "6", "−2", "38", "38"], ["2", "8", "20", "−22", "−22"]]
    assert "[38, −22]" in collapsed["says"] and "4 numbers" in collapsed["says"]
    assert collapsed["checks"][0]["error"] == "0"
    assert rows(bent) == [
        ["1", "6", "−2", "0", "40", "2", "42"],
        ["2", "8", "20", "20", "−20", "2", "−18"],
    ]
    assert "is [40, −20]" in bent["says"] and "said [38, −22]" in bent["says"]
    assert "add up to [42, −18]" in bent["says"]


@pytest.mark.parametrize(
    ("rule", "formula", "at_sum", "failing", "words"),
    [
        ("proportional", 'f(x) = "1,000" · x', "14,000", 0, "costs 1,000 won, however many"),
        ("fee", 'f(x) = "1,000" · x + "3,000"', "17,000", 81, "each order 3,000 won"),
        ("square", 'f(x) = "1,000" · x^2', "196,000", 64, "costs 1,000 won times its area"),
        ("relu", 'f(x) = "1,000" · "max"(x, 0)', "14,000", 32, "gets nothing back"),
    ],
)
def test_each_rule_of_the_shop(rule, formula, at_sum, failing, words):
    found = read("superposition", fields={"rule": rule})
    assert step(found, "curve")["formulas"] == [formula]
    assert words in step(found, "curve")["says"]
    assert step(found, "added")["formulas"][1].endswith(f'= "{at_sum}"')
    says = step(found, "everywhere")["says"]
    assert f"In {failing} of them" in says if failing else "in none of them" in says


def test_one_pair_that_holds_proves_nothing():
    found = read("superposition", fields={"rule": "relu"})
    assert "That proves nothing yet" in step(found, "added")["says"]
    assert "2 times as many cost 2 times" in step(found, "multiplied")["says"]
    found = read("superposition", fields={"rule": "relu", "b": "-8", "k": "-1"})
    assert "difference is −6,000" in step(found, "added")["says"]
    assert "difference is 6,000" in step(found, "multiplied")["says"]


@pytest.mark.parametrize(
    ("place", "apart", "together", "gap", "words"),
    [
        (0, ["84", "−42"], ["84", "−42"], ["0", "0"], "no difference: both layers are one"),
        (1, ["168", "−84"], ["168", "−84"], ["0", "0"], "Multiplying is linear too"),
        (2, ["90", "−42"], ["87", "−42"], ["−3", "0"], "It shifts, it does not bend"),
        (3, ["86", "−40"], ["84", "−42"], ["−2", "−2"], "u = [6, 8] and v = [8, 6]"),
        (4, ["4", "−2"], ["2", "−1"], ["−2", "1"], "the two layers stay two"),
        (5, ["1,776", "−876"], ["3,528", "−1,764"], ["1,752", "−888"], "No matrix can"),
    ],
)
def test_the_knob_breaks_what_it_says(place, apart, together, gap, words):
    shown = read("superposition", knob=place)["knob"]
    assert [column(shown["step"], i) for i in (3, 4, 5)] == [apart, together, gap]
    assert words in shown["step"]["says"]
    assert shown["is_broken"] == (place > 1)


def test_what_the_two_layers_give_before_they_are_added():
    shown = read("superposition", knob=4)["knob"]["step"]
    assert column(shown, 1) == ["1.0360", "−1.9640"] and column(shown, 2) == ["2.9640", "−0.0360"]
    shown = read("superposition", knob=0)["knob"]["step"]
    assert column(shown, 1) == ["38", "−22"] and column(shown, 2) == ["46", "−20"]


@pytest.mark.parametrize(
    ("typed", "state", "words"),
    [
        ("11200", "right", "11,200"),
        ("14,000", "mistake", "14,000 is f(6) + f(8)"),
        ("14,000", "mistake", "gives 11,200, a difference of −2,800"),
        ("9000", "wrong", "You said 9,000; it is 11,200."),
    ],
)
def test_a_guess_is_compared_and_its_mistake_named(typed, state, words):
    said = verdict("superposition", "guess", typed)
    assert said["state"] == state
    assert words in said["text"]


def test_a_taxi_and_the_ways_to_miscount_it():
    ask, other = (each["ask"] for each in read("superposition")["exercises"])
    assert "4,800 won to get in and 1,000 won" in ask and "so 3 km cost 7,800" in ask
    assert "What do 6 km cost" in ask
    right = verdict("superposition", "taxi", "10,800")
    assert right["state"] == "right" and "3,000 won more" in right["text"]
    said = {
        "15600": "doubled the fare",
        "6000": "left out the 4,800",
        "8800": "Twice 3 km is 6 km",
        "7800": "the fare for 3 km",
    }
    for typed, words in said.items():
        found = verdict("superposition", "taxi", typed)
        assert found["state"] == "mistake" and words in found["text"], typed
    assert "W₁ = [[2, 0], [0, 3]]" in other and "W₂ = [[1, 1], [0, 1]]" in other


def test_one_matrix_for_two_and_the_ways_to_miss_it():
    assert verdict("superposition", "one_layer", "2 3 0 3")["state"] == "right"
    said = {
        "2 2 0 3": "the other order",
        "2 0 0 3": "entry by entry",
        "3 1 0 4": "added the matrices",
        "2 0 3 3": "rows and columns are swapped",
    }
    for typed, words in said.items():
        found = verdict("superposition", "one_layer", typed)
        assert found["state"] == "mistake" and words in found["text"], typed
