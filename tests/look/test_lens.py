"""The lens after the last layer is what the model says; before, what it would have said."""

import math

import pytest
import torch
from torch.testing import assert_close

from naepo.config import UserError
from naepo.look import Change, trace
from naepo.look.lens import answers, layers, lens, rank, stream_norms

IDS = [3, 1, 4, 1, 5, 9, 2, 6]


def test_the_last_layer_is_the_models_own_distribution(any_model):
    found = trace(any_model, IDS)
    for position in (0, 7):
        last = lens(found, position, top=60)[-1]
        p = found["probabilities"][position]
        assert last.op == "blocks.1.residual_2"
        for each in last.top:
            assert each.probability == pytest.approx(float(p[each.id]), abs=1e-5)
            assert each.logit == pytest.approx(float(found["logits"][position, each.id]), abs=1e-4)
        assert [each.id for each in last.top] == p.argsort(descending=True).tolist()
        assert last.entropy == pytest.approx(float(-(p * p.log()).sum()), abs=1e-4)


def test_every_layer_is_the_model_with_the_later_blocks_left_out(any_model):
    found = trace(any_model, IDS)
    nothing = ("attention.to_out", "mlp.down")
    for n, name in enumerate(layers(found)):
        off = [Change(op=f"blocks.{i}.{op}") for i in range(n, 2) for op in nothing]
        without = trace(any_model, IDS, off)
        assert_close(answers(found, found[name][3:4], [3])[0], without["logits"][3])


def test_probabilities_of_a_layer_sum_to_one(make_model):
    for layer in lens(trace(make_model("gpt2"), IDS), 3, top=1000):
        assert sum(each.probability for each in layer.top) == pytest.approx(1.0)
        assert 0 <= layer.entropy <= math.log(60)


@pytest.mark.parametrize(
    "change",
    [
        Change(op="norm", factor=0.5),
        Change(op="output", position=5, unit=7, factor=3.0),
        Change(op="logits", unit=2, factor=-1.0),
        Change(op="prior", factor=0.0),
        Change(op="norm", position=5, unit=3),
    ],
)
def test_changes_at_the_end_of_the_model_act_in_the_lens(make_model, change):
    model = make_model("prior")
    found = trace(model, IDS, [change])
    for position in (4, 5):
        state = found["blocks.1.residual_2"][position][None]
        assert_close(answers(found, state, [position])[0], found["logits"][position])


def test_a_patch_at_the_end_acts_in_the_lens(make_model):
    model = make_model("llama")
    other = trace(model, IDS[:3])
    found = trace(model, IDS, [Change(op="norm", position=5, patch=other, patch_position=1)])
    state = found["blocks.1.residual_2"][5][None]
    assert_close(answers(found, state, [5])[0], found["logits"][5])
    assert_close(found["logits"][5], other["logits"][1])


def test_a_chosen_id_is_followed_through_the_layers(make_model):
    found = trace(make_model("qwen3"), IDS)
    for layer in lens(found, 7, top=60, id=11):
        assert layer.chosen is not None
        assert layer.rank is not None
        assert layer.top[layer.rank - 1] == layer.chosen


def test_of_equal_logits_the_lower_id_comes_first():
    logits = torch.tensor([1.0, 3.0, 1.0, 3.0, 0.0])
    assert [rank(logits, id) for id in range(5)] == [3, 1, 4, 2, 5]


def test_the_stream_has_a_length_at_every_step(any_model):
    found = trace(any_model, IDS)
    names, lengths = stream_norms(found)
    assert names[:2] == ["residual", "blocks.0.residual_1"]
    assert lengths.shape == (5, 8)
    assert_close(lengths[-1, 2], found[names[-1]][2].square().sum().sqrt())


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"position": 8}, "positions 0 to 7"),
        ({"position": -1}, "no position -1"),
        ({"position": 0, "id": 60}, "ids 0 to 59"),
        ({"position": 0, "top": 0}, "at least 1"),
    ],
)
def test_what_does_not_exist_is_refused(make_model, asked, words):
    with pytest.raises(UserError, match=words):
        lens(trace(make_model("qwen3"), IDS), **asked)
