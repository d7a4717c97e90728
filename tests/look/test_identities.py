"""The checks hold on every model, with changes too, and fail where a number is wrong."""

import pytest
import torch

from naepo.look import Change, trace
from naepo.look.identities import Check, checks

IDS = [3, 1, 4, 1, 5, 9, 2, 6]
NAMES = ["stream_sum", "lens_last", "softmax_rows", "masked_zero", "fast_path"]


def by_name(found) -> dict[str, Check]:
    return {check.name: check for check in checks(found)}


def test_every_identity_holds_on_every_model(any_model):
    found = checks(trace(any_model, IDS))
    assert [check.name for check in found] == NAMES
    assert all(check.holds for check in found), found
    assert all(check.op is None for check in found)
    assert by_name(trace(any_model, IDS))["masked_zero"].error == 0.0


def test_every_identity_holds_for_one_id_alone(any_model):
    assert all(check.holds for check in checks(trace(any_model, [5])))


def test_in_double_precision_they_hold_far_closer(any_model):
    found = by_name(trace(any_model.double(), IDS))
    assert all(check.holds for check in found.values()), found
    assert found["fast_path"].bound == 1e-10
    assert found["stream_sum"].bound < 1e-8


def test_in_brain_floats_they_hold_within_wider_bounds(make_model):
    found = checks(trace(make_model("llama").bfloat16(), IDS))
    assert all(check.holds for check in found), found


def test_the_bound_of_the_fast_path_is_half_a_thousandth(make_model):
    assert by_name(trace(make_model("gpt2"), IDS))["fast_path"].bound == 5e-4


@pytest.mark.parametrize("factor", [0.0, -2.0])
def test_with_any_change_they_hold_and_say_where_it_acts(any_model, factor):
    plain = trace(any_model, IDS)
    for name in plain.kept:
        found = by_name(trace(any_model, IDS, [Change(op=name, position=3, factor=factor)]))
        assert "fast_path" not in found
        assert all(check.holds for check in found.values()), (name, found)
        touched = {check.name for check in found.values() if check.op == name}
        if "residual" in name:
            assert touched == {"stream_sum"}
        elif name in ("norm", "output", "logits"):
            assert touched == {"lens_last"}
        elif name.endswith("weights"):
            assert touched == {"softmax_rows", "masked_zero"}
        else:
            assert not touched


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("blocks.0.mlp.down", {"stream_sum"}),
        ("embedding", {"stream_sum"}),
        ("blocks.1.residual_2", {"stream_sum", "lens_last"}),
        ("logits", {"lens_last", "fast_path"}),
        ("blocks.1.attention.weights", {"softmax_rows", "masked_zero"}),
    ],
)
def test_a_wrong_number_is_found(make_model, name, broken):
    found = trace(make_model("prior"), IDS)
    found.kept[name] = found[name].clone()
    found.kept[name][..., 0, -1] += 0.5  # in the weights: the first position sees the last
    found.kept[name][..., 7, -1] += 0.5
    assert {check.name for check in checks(found) if not check.holds} == broken


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_holds_nothing(make_model, value):
    found = trace(make_model("qwen3"), IDS)
    for name in ("blocks.1.residual_2", "logits", "blocks.0.attention.weights"):
        found.kept[name] = torch.full_like(found[name], value)
    assert not any(check.holds for check in checks(found))


def test_the_fast_path_can_be_spared(make_model):
    found = checks(trace(make_model("qwen3"), IDS), with_fast_path=False)
    assert [check.name for check in found] == NAMES[:-1]


def test_the_model_is_left_as_it_was(make_model):
    model = make_model("qwen3", dropout=0.5, attention_dropout=0.5).train()
    assert by_name(trace(model, IDS))["fast_path"].holds
    assert model.training
