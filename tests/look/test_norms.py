"""A norm is what its formula says, at every place that has one."""

import pytest
import torch
from torch.testing import assert_close

from naepo.config import UserError
from naepo.look import Change, trace
from naepo.look.norms import last_norm, norms

IDS = [3, 1, 4, 1, 5, 9, 2, 6]


def test_every_norm_is_recomputed_from_its_numbers(any_model):
    found = trace(any_model, IDS)
    for op in found.ops:
        if op.kind not in ("norm", "head_norm"):
            continue
        opened = norms(found, op.name, 5)
        assert len(opened) == (1 if op.kind == "norm" else op.sizes[0])
        for each in opened:
            assert each.error < 1e-5, op.name
            assert each.rms**2 == pytest.approx(each.mean**2 + each.variance)
            divided_by = each.variance if each.kind == "layer" else each.rms**2
            assert each.scale == pytest.approx((divided_by + each.eps) ** -0.5)


def test_each_head_is_normalised_by_itself(make_model):
    found = trace(make_model("qwen3"), IDS)
    name = "blocks.1.attention.k_norm"
    before = found["blocks.1.attention.to_k"][3].unflatten(0, (2, 8)).double()
    for head, each in enumerate(norms(found, name, 3)):
        assert_close(each.before, before[head])
        assert each.rms == pytest.approx(float(before[head].square().mean().sqrt()))
        assert_close(each.after, found[name][head, 3].double())


def test_a_layer_norm_shifts_and_an_rms_norm_does_not(make_model):
    layer = last_norm(trace(make_model("gpt2"), IDS), 0)
    rms = last_norm(trace(make_model("llama"), IDS), 0)
    assert (layer.kind, rms.kind) == ("layer", "rms")
    assert layer.bias is not None
    assert rms.bias is None


@pytest.mark.parametrize("shape", ["gpt2", "qwen3"])
def test_with_its_scale_held_a_norm_is_linear(make_model, shape):
    norm = last_norm(trace(make_model(shape), IDS), 4)
    parts = torch.randn(5, 16, dtype=torch.float64)
    parts[-1] += norm.before - parts.sum(0)
    together = norm.through(parts).sum(0)
    assert_close(together if norm.bias is None else together + norm.bias, norm.normalised())


def test_a_changed_norm_shows_by_its_error(make_model):
    found = trace(make_model("qwen3"), IDS, [Change(op="norm", position=4, factor=2.0)])
    assert last_norm(found, 4).error > 0.1
    assert last_norm(found, 3).error < 1e-5


@pytest.mark.parametrize(
    ("name", "position", "words"),
    [
        ("blocks.0.mlp.up", 0, "no normalisation, it is of kind linear"),
        ("norm", 8, "positions 0 to 7"),
        ("norm_1", 0, "no op is called norm_1"),
    ],
)
def test_a_norm_that_does_not_exist_is_refused(make_model, name, position, words):
    with pytest.raises(UserError, match=words):
        norms(trace(make_model("qwen3"), IDS), name, position)
