"""Chapter 11, as it is printed: two products, memory, shapes, and the matrices of networks."""

import pytest
import torch

from naepo.learn import Request, experiment
from naepo.learn.chapters.arrays import REFUSED
from tests.learn.reading import read, rows, step, verdict


def test_two_products_of_two_matrices():
    found = step(read("arrays"), "products")
    assert found["formulas"] == [
        '(A * B)_11 = "1" · "2" = "2"',
        '(A "@" B)_11 = "1" · "2" + "2" · "1" = "4"',
    ]
    assert "the first row is [2, 0]" in found["says"] and "first row is [4, 6]" in found["says"]
    assert "B @ A begins with [2, 4]" in found["says"]
    assert rows(found)[-2:] == [["0", "2", "0"], ["1", "3", "12"]]
    assert rows(found, 1)[-2:] == [["0", "4", "6"], ["1", "10", "12"]]


def test_memory_shapes_and_layer():
    memory, shapes, layer = (step(read("arrays"), k) for k in ("memory", "shapes", "layer"))
    assert rows(memory) == [
        ["A", "(2, 2)", "(2, 1)", "[1, 2, 3, 4]"],
        ["Aᵀ", "(2, 2)", "(1, 2)", "[1, 2, 3, 4]"],
    ]
    assert "at place 2, and holds 3" in memory["says"]
    assert rows(shapes)[-2:] == [["0", "3", "2"], ["1", "5", "4"]]
    assert rows(shapes, 1)[-2:] == [["0", "3", "4"], ["1", "4", "5"]]
    assert [row[2] for row in rows(shapes, 2)] == [
        "(2, 2)",
        "(2, 2)",
        "(4, 3)",
        "(5, 3, 4)",
        "refused",
    ]
    assert "the row [2, 0]" in shapes["says"] and "the column [2, 1]" in shapes["says"]
    assert layer["formulas"][1] == 'y_12 = "1" · "1" + "2" · "3" = "7"'
    assert rows(layer)[-2:] == [["t₁", "2", "7"], ["t₂", "6", "15"]]
    assert "becomes [2, 7]. With x W it would be [4, 6]" in layer["says"]


def test_scores_become_shares():
    found = step(read("arrays"), "scores")
    assert rows(found)[-1] == ["0", "2", "3"]
    assert rows(found, 1) == [
        ["0", "1", "2.7183", "0.1376"],
        ["1", "1.5", "4.4817", "0.2269"],
        ["2", "2.5", "12.18", "0.6168"],
        ["3", "−1", "0.3679", "0.0186"],
    ]
    assert rows(found, 3) == [["A", "−0.5", "0.2689"], ["B", "0.5", "0.7311"]]
    assert "id 2 gets 0.6168. In GPT-2 this array has 50,257 places" in found["says"]


def test_where_the_matrices_are_and_one_update():
    found = step(read("arrays"), "where")
    sizes = {name: (shape, count) for name, _, shape, count in rows(found)}
    assert sizes["embedding"] == ("(50257, 768)", "38,597,376")
    assert sizes["to_q"] == sizes["to_k"] == sizes["to_v"] == ("(768, 768)", "589,824")
    assert sizes["up"] == ("(3072, 768)", "2,359,296")
    assert sizes["down"] == ("(768, 3072)", "2,359,296")
    assert rows(found, 1)[-2:] == [["0", "1", "2"], ["1", "5", "6"]]
    assert rows(found, 2)[-2:] == [["0", "1.9", "−0.2"], ["1", "0.5", "2.4"]]
    assert "gradient is [1, 2], and of the new W [1.9, −0.2]" in found["says"]


def test_other_networks_and_heads():
    others, heads = (step(read("arrays"), key) for key in ("others", "heads"))
    assert "sums [1.5, 0.1] become the new state [0.9051, 0.0997]" in others["says"]
    assert [row[1] for row in rows(others)[-2:]] == ["1.5", "0.1"]
    assert rows(others, 1)[1] == ["0", "−1", "1", "0", "0"]
    assert [row[1] for row in rows(others, 1)[-3:]] == ["1", "1", "1"]
    assert "The result, [1, 1, 1]" in others["says"]
    assert rows(heads, 1) == [
        ["x", "(2, 4)", "(4, 1)"],
        ["t (h d) → h t d", "(2, 2, 2)", "(2, 4, 1)"],
    ]
    assert rows(heads, 2)[-2:] == [["t₁", "3.5355", "7.7782"], ["t₂", "7.7782", "17.68"]]
    assert rows(heads, 3)[-2:] == [["t₁", "2.8284", "1.4142"], ["t₂", "1.4142", "7.0711"]]
    assert "[3.5355, 7.7782]" in heads["says"] and "[2.8284, 1.4142]" in heads["says"]


@pytest.mark.parametrize(
    ("place", "is_broken", "words"),
    [
        (0, False, "4 errors in the shape (4,), and the mean of their squares is 2.5"),
        (1, False, "4 errors in the shape (1, 4), and the mean of their squares is 2.5"),
        (2, True, "16 errors in the shape (4, 4). No error is raised, the loss is 3.5 instead"),
        (3, True, "(4,) and (2,) cannot be laid over each other"),
    ],
)
def test_the_shape_of_the_prediction(place, is_broken, words):
    knob = read("arrays", knob=place)["knob"]
    assert knob["is_broken"] == is_broken and words in knob["step"]["says"]


def test_torch_refuses_in_the_words_that_are_shown():
    with pytest.raises(RuntimeError) as raised:
        torch.sub(torch.zeros(4), torch.zeros(2))
    assert f"RuntimeError: {raised.value}" == REFUSED
    assert read("arrays", knob=3)["knob"]["step"]["shows"][0]["text"] == REFUSED


def test_a_guess_that_takes_the_other_product_is_told_so():
    assert verdict("arrays", "guess", "4, 6")["state"] == "right"
    said = {"2, 0": "is A * B", "2 4": "first row of B @ A", "2 7": "is A @ Bᵀ"}
    for typed, words in said.items():
        found = verdict("arrays", "guess", typed)
        assert found["state"] == "mistake" and words in found["text"]


def test_a_place_in_memory_by_hand():
    right = verdict("arrays", "entry", "14")
    assert right["state"] == "right" and "strides are [12, 4, 1]" in right["text"]
    said = {"13": "Fortran", "15": "counted from one", "10": "its own axis", "3": "You added"}
    for typed, words in said.items():
        found = verdict("arrays", "entry", typed)
        assert found["state"] == "mistake" and words in found["text"]


def test_the_shape_of_a_layers_weight_is_torchs():
    assert tuple(torch.nn.Linear(3, 2).weight.shape) == (2, 3)
    right = verdict("arrays", "weight", "out_in")
    assert right["state"] == "right" and "(2, 3), and y = x Wᵀ + b" in right["text"]
    assert "GPT-2's own files" in verdict("arrays", "weight", "in_out")["text"]
    assert "three become two" in verdict("arrays", "weight", "square")["text"]


def test_both_products_are_timed_here_and_now():
    for language in ("en", "ko"):
        told = experiment(Request(chapter="arrays", language=language), "speeds")
        assert len(rows(told)) == 4 and all(float(row[1][:4]) > 0 for row in rows(told))
