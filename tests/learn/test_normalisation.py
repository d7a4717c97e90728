"""Chapter 6, as it is printed: every value against arithmetic by hand."""

import pytest

from tests.learn.reading import column, read, rows, step, verdict

PEOPLE = ["10,000", "350,000", "500,000", "640,000", "1,000,000"]
SHARES = ["0", "0.3434", "0.4949", "0.6364", "1"]
SCORES = ["−1.5019", "−0.4598", "0", "0.4291", "1.5326"]


def test_five_cities_step_by_step():
    reach, laid, twice, spread, scored, figures, which = read("normalisation")["steps"]
    assert reach["formulas"] == ['"1,000,000" − "10,000" = "990,000"']
    assert rows(reach) == [list(pair) for pair in zip("ABCDE", PEOPLE, strict=True)]
    assert "minimum is 10,000, the maximum 1,000,000" in reach["says"]
    assert laid["formulas"] == [
        '"B": ~ frac{"350,000" − "10,000"}{"1,000,000" − "10,000"} = '
        'frac{"340,000"}{"990,000"} = "0.3434"'
    ]
    assert column(laid, 2) == ["0", "340,000", "490,000", "630,000", "990,000"]
    assert column(laid, 3) == SHARES
    assert "shorter by 990,000. City B lies at 0.3434" in laid["says"]
    assert column(twice, 1) == ["1", "35", "50", "64", "100"]
    assert column(twice, 2) == ["1e−6", "3.5e−5", "5e−5", "6.4e−5", "1e−4"]
    assert column(twice, 3) == ["0.001", "0.035", "0.05", "0.064", "0.1"]
    assert column(twice, 4) == SHARES
    assert "gets 1e−6 to 1e−4, not 0 to 1" in twice["says"] and "1,000 times" in twice["says"]
    assert spread["formulas"] == [
        'μ = "500,000"',
        'σ = sqrt{frac{"5.32e11"}{"5"}} = "326,251"',
    ]
    assert column(spread, 2) == ["−490,000", "−150,000", "0", "140,000", "500,000"]
    assert column(spread, 3) == ["2.4e11", "2.25e10", "0", "1.96e10", "2.5e11"]
    assert "mean (μ) is 500,000" in spread["says"] and "over all 5" in spread["says"]
    assert "(σ), 326,251 people" in spread["says"] and "364,760" in spread["says"]
    assert scored["formulas"] == ['"A": ~ frac{"10,000" − "500,000"}{"326,251"} = "−1.5019"']
    assert column(scored, 2) == column(scored, 1, 1) == SCORES
    assert "city A has −1.5019, the last city 1.5326" in scored["says"]
    assert figures["formulas"] == ['"A": ~ frac{"10,000" − "500,000"}{"100,000"} = "−4.9"']
    assert column(figures, 2) == ["−4.9", "−1.5", "0", "1.4", "5"]
    assert "With 500,000 and 100,000" in figures["says"]
    assert "990,000 with a deviation of 100,000 needs 50 cities" in figures["says"]
    assert [row[0][:7] for row in rows(which)] == ["have a ", "spread ", "have a ", "are the"]


def test_a_wide_deviation_can_be_that_of_the_cities():
    figures = step(read("normalisation", fields={"deviation": "330000"}), "figures")
    assert "needs 5 cities at least, so these 5 could be enough" in figures["says"]


def test_equal_cities_are_told_not_hidden():
    found = read("normalisation", fields={"x": "5,5,5"})
    assert column(step(found, "min_max"), 3) == ["NaN"] * 3
    assert column(step(found, "standardised"), 2) == ["NaN"] * 3
    assert "NaN" in step(found, "min_max")["says"] and "NaN" in step(found, "standardised")["says"]


@pytest.mark.parametrize(
    ("place", "shares", "scores", "robust", "says"),
    [
        (0, ["NaN"] * 5, ["NaN"] * 5, ["NaN"] * 5, "0 ÷ 0"),
        (1, SHARES, SCORES, ["−1.6897", "−0.5172", "0", "0.4828", "1.7241"], "have 0.6364 of"),
        (2, ["0", "0.1709", "0.2462", "0.3166", "1"], None, None, "have 0.3166 of"),
        (3, ["0", "0.0681", "0.0982", "0.1263", "1"], None, None, "have 0.1263 of"),
        (4, ["0", "0.0340", "0.0490", "0.0631", "1"], None, None, "pressed into 0.0631 of"),
        (
            5,
            ["0", "0.0034", "0.0049", "0.0063", "1"],
            ["−0.5092", "−0.5006", "−0.4969", "−0.4933", "2.0000"],
            ["−1.6897", "−0.5172", "0", "0.4828", "343.10"],
            "still spreads them over 2.1724",
        ),
    ],
)
def test_the_knob_breaks_what_it_says(place, shares, scores, robust, says):
    shown = read("normalisation", knob=place)["knob"]
    assert column(shown["step"], 2) == column(shown["step"], 1, 1) == shares
    assert scores is None or column(shown["step"], 3) == scores
    assert robust is None or column(shown["step"], 4) == robust
    assert says in shown["step"]["says"]
    assert shown["is_broken"] == (place in (0, 4, 5))


def test_what_the_knob_does_to_the_cities():
    shown = read("normalisation", knob=5)["knob"]
    assert column(shown["step"], 1) == [*PEOPLE[:4], "1e8"]
    assert shown["values"] == ["all alike", "1", "2", "5", "10", "100"]
    assert shown["step"]["title"] == "The largest city times k: 100"


@pytest.mark.parametrize(
    ("typed", "state", "words"),
    [
        ("0.3434", "right", "0.3434"),
        ("0.343", "right", "0.3434"),
        ("0.000035", "mistake", "does not divide twice: it subtracts the minimum, 10,000"),
        ("35", "mistake", "35 is x divided by the minimum"),
        ("0.35", "mistake", "0.35 is x ÷ max"),
        ("-0.46", "mistake", "is the standardised value"),
        ("0.6", "wrong", "You said 0.6; it is 0.3434."),
    ],
)
def test_a_guess_is_compared_and_its_mistake_named(typed, state, words):
    said = verdict("normalisation", "guess", typed)
    assert said["state"] == state
    assert words in said["text"]


def test_what_is_asked():
    found = read("normalisation")
    assert "[10,000, 350,000, 500,000, 640,000, 1,000,000] people" in found["guess"]["ask"]
    assert "city B, with 350,000" in found["guess"]["ask"]
    ages, city = (each["ask"] for each in found["exercises"])
    assert "[20, 35, 60, 40] years" in ages
    assert "500,000 people on average, with a standard deviation of 100,000" in city
    assert "a city has 350,000" in city


def test_ages_and_the_six_wrong_ways():
    right = verdict("normalisation", "ages", "0, 0.375, 1, 0.5")
    assert right["state"] == "right" and "subtract 20, divide by 40" in right["text"]
    said = {
        "0.0167 0.0292 0.05 0.0333": "by the minimum and then by the maximum",
        "1 1.75 3 2": "divided by the minimum. The youngest",
        "0.3333 0.5833 1 0.6667": "Subtract 20 above and below",
        "0.5 0.875 1.5 1": "below, 40, is right. Above, the minimum is still",
        "0 0.25 0.6667 0.3333": "the range, 60 − 20, and not 60",
        "-1.3106 -0.2621 1.4853 0.0874": "You standardised",
    }
    for typed, words in said.items():
        found = verdict("normalisation", "ages", typed)
        assert found["state"] == "mistake" and words in found["text"], typed


def test_a_city_of_the_country_and_the_six_wrong_ways():
    right = verdict("normalisation", "city", "-1.5")
    assert right["state"] == "right" and "lies −1.5 deviations" in right["text"]
    said = {
        "1.5": "the sign is not",
        "3.5": "First 350,000 − 500,000 = −150,000",
        "-0.3": "divided by the mean",
        "-0.000015": "divided by the variance",
        "-150000": "−150,000 is the distance",
        "0.3434": "min-max value",
    }
    for typed, words in said.items():
        found = verdict("normalisation", "city", typed)
        assert found["state"] == "mistake" and words in found["text"], typed
