"""Chapter 7, as it is printed: every value against the arithmetic of the course, by hand."""

import pytest

from naepo.learn import Request, experiment
from tests.learn.reading import column, read, step, verdict

RMS = ["0.3651", "0.7303", "1.0954", "1.4606"]


def test_two_four_six_eight_step_by_step():
    found = read("rms")
    square, mean_square, root, divide, gain, others, gradient = found["steps"]
    assert square["formulas"] == ['"2"^2 + "4"^2 + "6"^2 + "8"^2 = "120"']
    assert column(square, 1) == ["2", "4", "6", "8"]
    assert column(square, 2) == ["4", "16", "36", "64"]
    assert "make 120" in square["says"]
    assert mean_square["formulas"] == ['frac{"120"}{"4"} = "30"']
    assert mean_square["says"] == "There are 4 numbers, so the mean square is 30."
    assert root["formulas"] == ['"RMS" = sqrt{"30"} = "5.4772"']
    assert column(root, 1) == ["2", "4", "6", "8", "5", "5.4772"]
    assert "RMS = 5.4772. The mean is 5." in root["says"]
    assert divide["formulas"] == [
        'frac{"2"}{"5.4772"} = "0.3651"',
        'frac{"4"}{"5.4772"} = "0.7303"',
        'frac{"6"}{"5.4772"} = "1.0954"',
        'frac{"8"}{"5.4772"} = "1.4606"',
    ]
    assert column(divide, 1) == RMS
    assert "the same 5.4772" in divide["says"] and f"[{', '.join(RMS)}]" in divide["says"]
    assert (column(gain, 1), column(gain, 2), column(gain, 3)) == (RMS, ["1"] * 4, RMS)
    assert column(others, 2) == RMS
    assert column(others, 3) == ["−1.3416", "−0.4472", "0.4472", "1.3416"]
    assert column(others, 4) == ["−1.1619", "−0.3873", "0.3873", "1.1619"]
    assert column(others, 5) == ["−1.3416", "−0.4472", "0.4472", "1.3416"]
    assert "(5)" in others["says"] and "2.2361" in others["says"] and "2.5820" in others["says"]
    assert column(gradient, 1) == column(gradient, 2) == ["1", "0", "0", "0"]
    assert column(gradient, 3) == ["0.0333", "0.0667", "0.1", "0.1333"]
    assert column(gradient, 4) == ["0.1765", "−0.0122", "−0.0183", "−0.0243"]
    assert "length 1 arrives, one of 0.1795 leaves" in gradient["says"]
    assert "(RMS 10.95)" in gradient["says"]


def test_a_gain_acts_on_its_own_component():
    found = read("rms", fields={"gain": "1,2,1,0"})
    assert column(step(found, "gain"), 3) == ["0.3651", "1.4606", "1.0954", "0"]


def test_a_vector_of_zeros_is_told_not_hidden():
    divide = step(read("rms", fields={"x": "0,0"}), "divide")
    assert column(divide, 1) == ["NaN", "NaN"]
    assert "0 ÷ 0" in divide["says"]


@pytest.mark.parametrize(
    ("place", "exact", "safe", "half"),
    [
        (0, "NaN", "0", "NaN"),
        (1, "0.3651", "0.0200", "∞"),
        (2, "0.3651", "0.3651", "0.3652"),
        (3, "0.3651", "0.3651", "0.3652"),
        (6, "0.3651", "0.3651", "0"),
    ],
)
def test_the_knob_breaks_what_it_says(place, exact, safe, half):
    shown = read("rms", knob=place)["knob"]
    assert [column(shown["step"], i)[0] for i in (2, 3, 4)] == [exact, safe, half]
    assert shown["is_broken"] == (place in (0, 1, 6))


def test_the_words_of_the_knob():
    large = read("rms", knob=6)["knob"]["step"]
    assert "the RMS 54,772.26" in large["says"] and "beyond 65,504" in large["says"]
    assert column(large, 1) == ["20,000", "40,000", "60,000", "80,000"]
    small = read("rms", knob=1)["knob"]["step"]
    assert "the RMS 5.48e−5" in small["says"] and "eps = 1e−6" in small["says"]
    assert column(small, 1) == ["2e−5", "4e−5", "6e−5", "8e−5"]


@pytest.mark.parametrize(
    ("typed", "state", "words"),
    [
        ("5.4772", "right", "5.4772"),
        ("5.48", "right", "5.4772"),
        ("5", "mistake", "5 is the mean."),
        ("2.236", "mistake", "2.236 is the standard deviation"),
        ("30", "mistake", "30 is the mean of the squares"),
        ("10.954", "mistake", "Divide the sum by 4"),
        ("7", "wrong", "You said 7; it is 5.4772."),
        ("five", "refused", "“five” is not a number"),
    ],
)
def test_a_guess_is_compared_and_its_mistake_named(typed, state, words):
    said = verdict("rms", "guess", typed)
    assert said["state"] == state
    assert words in said["text"]


def test_both_slips_of_the_handout_are_found():
    ask = next(e for e in read("rms")["exercises"] if e["key"] == "handout")["ask"]
    assert "[200, 300, 150, 250] g. Mean: 225 g" in ask
    assert "[625, 5,625, 2,025, 625]. Population deviation: 47.23 g" in ask
    right = verdict("rms", "handout", "55.90")
    assert right["state"] == "right"
    assert "55.90 g. The handout has 2,025 for 75², which is 5,625" in right["text"]
    assert "2,225, has the root 47.17, not 47.23" in right["text"]
    assert "what is 75²?" in verdict("rms", "handout", "47.23")["text"]
    assert "mended the root of 2,225" in verdict("rms", "handout", "47.17")["text"]
    assert "n − 1" in verdict("rms", "handout", "64.55")["text"]
    assert "231.84 is the RMS" in verdict("rms", "handout", "231.84")["text"]
    assert "3,125 is the variance" in verdict("rms", "handout", "3125")["text"]
    assert "[−25, 75, −75, 25]" in verdict("rms", "handout", "1")["text"]


def test_apples_through_rms_norm_and_the_four_wrong_ways():
    right = verdict("rms", "apples", "0.8627, 1.2940, 0.6470, 1.0783")
    assert right["state"] == "right" and "divided by 231.84" in right["text"]
    said = {
        "-0.4472 1.3416 -1.3416 0.4472": "population variance",
        "-0.3873 1.1619 -1.1619 0.3873": "sample variance",
        "0.8889, 1.3333, 0.6667, 1.1111": "divided by the mean",
        "0.4313 0.6470 0.3235 0.5392": "length of the vector",
        "0.2222 0.3333 0.1667 0.2778": "divided by the sum",
    }
    for typed, words in said.items():
        found = verdict("rms", "apples", typed)
        assert found["state"] == "mistake" and words in found["text"]
    assert "4 numbers; yours has 3" in verdict("rms", "apples", "1 2 3")["text"]


@pytest.mark.slow
def test_a_model_without_its_norms_is_pulled_about_more():
    for language in ("en", "ko"):
        told = experiment(Request(chapter="rms", language=language), "steady")
        assert told["shows"][0]["kind"] == "chart" and len(told["shows"][0]["series"]) == 2
