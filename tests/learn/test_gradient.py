"""Chapter 8, as it is printed: a line through apples, its gradient, and how the steps end."""

import re

import pytest

from naepo.learn import Request, experiment
from tests.learn.reading import column, read, rows, step, verdict


def test_four_apples_step_by_step():
    found = read("gradient")
    errors, slope, partial, one, many, units = found["steps"]
    assert errors["formulas"] == ['L = frac{"121" + "225" + "81" + "169"}{"4"} = "149"']
    assert rows(errors)[0] == ["1", "200", "11", "0", "−11", "121"]
    assert column(errors, 4) == ["−11", "−15", "−9", "−13"]
    assert column(errors, 5) == ["121", "225", "81", "169"]
    assert column(errors, 0, 1) == ["150", "200", "250", "300"]
    assert "the loss is 149" in errors["says"]
    assert column(slope, 0) == ["0.1", "0.01", "0.001", "1e−4"]
    assert column(slope, 1) == ["−27.5", "−51.125", "−5.5962", "−0.5645"]
    assert column(slope, 2) == ["−275", "−5,112.5", "−5,596.25", "−5,644.625"]
    assert "nearer the answer comes to one number, −5,650" in slope["says"]
    assert column(partial, 3) == ["−4,400", "−9,000", "−2,700", "−6,500", "−5,650"]
    assert column(partial, 4) == ["−22", "−30", "−18", "−26", "−24"]
    assert '"−5,650"' in partial["formulas"][0] and '"−24"' in partial["formulas"][0]
    assert partial["checks"][0]["holds"]
    assert one["formulas"] == [
        'w ← "0" − "1e−5" · {("−5,650")} = "0.0565"',
        'b ← "0" − "1e−5" · {("−24")} = "2.4e−4"',
    ]
    assert rows(one) == [["before", "0", "0", "149"], ["after", "0.0565", "2.4e−4", "1.3588"]]
    assert "from 149 to 1.3588" in one["says"]
    assert many["formulas"] == ['η < frac{2}{"107,501.88"} = "1.86e−5"']
    assert "w = 0.0526, b = 4.29e−4, and the loss is 0.5231" in many["says"]
    assert "924,532 times" in many["says"] and "beyond 1.86e−5" in many["says"]
    assert column(many, 1)[:4] == ["149", "1.3588", "0.5279", "0.5232"]
    assert rows(units) == [
        ["raw grams", "1.86e−5", "924,532.4", "9.3e−6", "0.0035"],
        ["normalised", "1", "1", "0.5", "0"],
    ]
    assert "[−0.4472, 1.3416, −1.3416, 0.4472]" in units["says"]
    assert "0.35% of the way to go after 60" in units["says"] and "η = 0.5" in units["says"]
    assert column(units, 2, 1)[:2] == ["149", "1e−6"]


def test_the_curve_and_the_line_that_touches_it_meet_at_w():
    slope = step(read("gradient"), "slope")
    middle = next(row for row in rows(slope, 1) if row[0] == "0")
    assert middle == ["0", "149", "149"]


@pytest.mark.parametrize(
    ("rate", "ends", "words"),
    [
        ("0.00001", "it crawls", "it crawls"),
        ("0.00002", "it diverges", "beyond the limit, 1.86e−5"),
    ],
)
def test_what_is_guessed_depends_on_the_step(rate, ends, words):
    fields = {"rate": rate}
    right = {"it crawls": "crawls", "it diverges": "diverges"}[ends]
    assert f"Yes: {ends}" in verdict("gradient", "guess", right, fields=fields)["text"]
    wrong = verdict("gradient", "guess", "converges", fields=fields)
    assert wrong["state"] == "wrong" and f"But {ends}" in wrong["text"]
    assert words in step(read("gradient", fields=fields), "many")["says"]


def test_a_step_too_large_lands_higher():
    one = step(read("gradient", fields={"rate": "0.00002"}), "one")
    assert "from 149 to 196.90" in one["says"] and "other side" in one["says"]


def test_a_good_start_and_small_numbers_converge():
    fields = {"x": "-1,1,-2,2", "rate": "0.2"}
    many = step(read("gradient", fields=fields), "many")
    assert "it converges" in many["says"]


@pytest.mark.parametrize(
    ("place", "is_broken", "raw", "normalised"),
    [
        (0, False, "crawls", "crawls"),
        (1, False, "crawls", "crawls"),
        (3, True, "diverges", "crawls"),
        (6, True, "diverges", "converges"),
        (8, True, "diverges", "diverges"),
    ],
)
def test_no_step_suits_both_and_each_breaks_at_its_own(place, is_broken, raw, normalised):
    knob = read("gradient", knob=place)["knob"]
    assert knob["is_broken"] == is_broken
    assert f"Raw grams: it {raw}. Normalised: it {normalised}." in knob["step"]["says"]


def test_where_the_knob_leads():
    shown = read("gradient", knob=3)["knob"]["step"]
    assert rows(shown, 1)[0] == ["raw grams", "−230.81", "−0.9658", "2.86e9", "1.92e7"]
    assert rows(shown, 1)[1] == ["normalised", "0.0054", "0.0288", "148.29", "0.9952"]
    assert column(shown, 1)[:3] == ["149", "196.90", "260.24"]


def test_one_step_by_hand_and_the_ways_to_miss_it():
    right = verdict("gradient", "by_hand", "1.8, 0.4")
    assert right["state"] == "right"
    assert "errors are [−2, −2], the gradient is [−8, −4]" in right["text"]
    assert "from 4 to 0.64" in right["text"]
    said = {
        "0.2, -0.4": "You added the gradient",
        "1.4, 0.2": "left out the 2",
        "2.6, 0.8": "divide by 2",
        "9, 4": "Multiply it by η = 0.1",
        "-8, -4": "That is the gradient, [−8, −4]",
    }
    for typed, words in said.items():
        found = verdict("gradient", "by_hand", typed)
        assert found["state"] == "mistake" and words in found["text"]


def test_the_largest_step_of_a_parabola():
    right = verdict("gradient", "bound", "1/3")
    assert right["state"] == "right" and "(1 − 6 η) w, and at 0.3333" in right["text"]
    assert "Half of it, 0.1667" in right["text"]
    for typed, words in {"1/6": "single step", "2/3": "is 6 w", "6": "the curvature"}.items():
        found = verdict("gradient", "bound", typed)
        assert found["state"] == "mistake" and words in found["text"]


def test_apples_that_weigh_the_same_have_no_condition():
    units = step(read("gradient", fields={"x": "200,200,200,200"}), "units")
    assert rows(units)[0][2] == "∞"


@pytest.mark.slow
def test_a_transformer_crawls_converges_and_diverges_too():
    for language in ("en", "ko"):
        told = experiment(Request(chapter="gradient", language=language), "rates")
        slow, fair, fast = (row for row in told["shows"][1]["table"]["rows"])
        # thrown up, then beyond all numbers or to where no slope is left: by the processor
        (peak,) = re.findall(r"rises to (\d+)|(\d+)까지", told["says"])
        assert float("".join(peak)) > 100 * float(fast[1][0])
        assert fast[2] == "NaN" or float(fast[2][0]) > float(slow[2][0])
        assert float(fair[2][0]) < float(slow[2][0])
