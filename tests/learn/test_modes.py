"""Chapter 9, as it is printed: two switches, dropout on paper, and what autograd keeps."""

import pytest
import torch

from naepo.learn import Request, experiment
from naepo.learn.chapters.modes import REFUSED
from tests.learn.reading import column, read, rows, verdict


def test_dropout_step_by_step():
    train, again, mean, back, *_ = read("modes")["steps"]
    assert train["formulas"] == ['frac{"1"}{1 − "0.2"} = "1.25"']
    assert column(train, 1) == ["4", "−2", "6", "2"]
    assert column(train, 2) == ["kept", "kept", "dropped", "kept"]
    assert column(train, 3) == ["5", "−2.5", "0", "2.5"]
    assert "probability 0.2; what is kept is multiplied by 1.25" in train["says"]
    assert "Dropped this time: 1. The sum was 10 and is now 5." in train["says"]
    assert rows(again)[0] == ["run 1", "5", "−2.5", "0", "2.5"]
    assert rows(again)[3] == ["eval()", "4", "−2", "6", "2"]
    assert column(again, 1, 1) == ["5", "15", "7.5", "10"]
    assert "the sums are [5, 15, 7.5]" in again["says"] and "[4, −2, 6, 2]" in again["says"]
    assert column(mean, 2) == column(mean, 1) == ["4", "−2", "6", "2"]
    assert column(mean, 3) == ["3.2", "−1.6", "4.8", "1.6"]
    assert "all 16 masks" in mean["says"] and "division by 0.8" in mean["says"]
    assert mean["checks"][0]["holds"]
    assert column(back, 3) == ["1.25", "1.25", "0", "1.25"]


def test_what_is_kept_and_where_the_switches_stand():
    kept, switches, refused = read("modes")["steps"][4:]
    assert [row[3:] for row in rows(kept)] == [
        ["786,432", "3"],
        ["3,145,728", "12"],
        ["3,145,728", "12"],
        ["3,145,728", "12"],
        ["10,223,616", "39"],
    ]
    assert "1,024 tokens" in kept["says"]
    assert "39 MiB with dropout, 15 MiB without, and for 12 blocks 468 MiB" in kept["says"]
    assert [row[:3] for row in rows(switches)] == [
        ["train()", "yes", "yes"],
        ["train() + inference_mode()", "yes", "no"],
        ["eval()", "no", "yes"],
        ["eval() + inference_mode()", "no", "no"],
    ]
    assert refused["shows"][0]["text"] == REFUSED


def test_torch_refuses_in_the_words_that_are_shown():
    weight = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        made = torch.ones(2)
    with pytest.raises(RuntimeError) as raised:
        torch.mul(weight, made)
    assert f"RuntimeError: {raised.value}" == REFUSED
    with torch.no_grad():
        free = torch.ones(2)
    torch.mul(weight, free).sum().backward()


def test_the_switches_of_torch_are_two():
    layer = torch.nn.Sequential(torch.nn.Linear(50, 50), torch.nn.Dropout(0.5))
    x = torch.randn(50)
    with torch.inference_mode():
        assert not torch.equal(layer(x), layer(x))
    layer.eval()
    assert torch.equal(layer(x), layer(x)) and layer(x).requires_grad


@pytest.mark.parametrize(
    ("place", "is_broken", "words"),
    [
        (0, False, "the sums are [10, 10, 10]. Kept for a gradient, with 1,024 tokens"),
        (1, False, "But 180 MiB are kept"),
        (2, True, "the sums are [5, 15, 7.5]: dropout is on"),
        (3, True, "and 468 MiB kept for nothing"),
    ],
)
def test_only_one_mode_is_for_writing(place, is_broken, words):
    knob = read("modes", knob=place)["knob"]
    assert knob["is_broken"] == is_broken and words in knob["step"]["says"]
    assert "12 feed-forwards" in knob["step"]["says"]


def test_without_dropout_no_mode_breaks_the_answer():
    assert not read("modes", knob=3, fields={"p": "0"})["knob"]["is_broken"]


def test_what_is_kept_is_enlarged_and_the_guess_says_how():
    assert "Yes: 5. What is kept is divided by 0.8" in verdict("modes", "guess", "5")["text"]
    said = {
        "4": "not left as it is",
        "3.2": "larger, not smaller",
        "20": "by p",
        "0": "It was kept",
    }
    for typed, words in said.items():
        found = verdict("modes", "guess", typed)
        assert found["state"] == "mistake" and words in found["text"]


def test_forgetting_eval_is_no_error_and_that_is_the_trouble():
    assert verdict("modes", "forgotten", "drops")["state"] == "right"
    said = {"all_off": "two switches for one", "error": "says nothing", "learns": "`backward()`"}
    for typed, words in said.items():
        found = verdict("modes", "forgotten", typed)
        assert found["state"] == "mistake" and words in found["text"]


def test_dropout_on_paper_and_the_ways_to_miss_it():
    right = verdict("modes", "on_paper", "4, 0, 12")
    assert right["state"] == "right" and "divided by 0.75" in right["text"]
    said = {
        "3 0 9": "did not enlarge",
        "2.25 0 6.75": "multiplied by 0.75",
        "12 0 36": "share 1 − p = 0.75",
        "3 6 9": "after `eval()`",
        "4 8 12": "enlarged all three",
    }
    for typed, words in said.items():
        found = verdict("modes", "on_paper", typed)
        assert found["state"] == "mistake" and words in found["text"]


def test_the_cost_of_each_mode_is_measured():
    told = experiment(Request(chapter="modes", language="en"), "costs")
    train, evaluating, no_grad, inference, mistaken = rows(told)
    assert float(train[2]) > float(evaluating[2]) > 0
    assert no_grad[2] == inference[2] == mistaken[2] == "0"
    assert [row[3] for row in rows(told)] == ["no", "yes", "yes", "yes", "no"]
    assert [row[4] for row in rows(told)] == ["yes", "yes", "no", "no", "no"]
    assert experiment(Request(chapter="modes", language="ko"), "costs")["says"]
