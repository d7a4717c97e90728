"""A linear op is its input times its weights, cell by cell."""

import pytest
import torch
from torch.testing import assert_close

from naepo.config import UserError
from naepo.look import Change, trace
from naepo.look import linear as look_linear
from naepo.look.linear import addends, opened

IDS = [3, 1, 4, 1, 5, 9, 2, 6]


def linear_ops(found):
    return [op.name for op in found.ops if op.kind == "linear"]


def test_every_linear_op_is_recomputed_from_what_it_read(any_model):
    found = trace(any_model, IDS)
    for name in linear_ops(found):
        parts = opened(found, name)
        assert parts.error < 1e-5, name
        y = parts.x @ parts.weight.T + (0 if parts.bias is None else parts.bias)
        assert_close(y, found[name])


def test_the_addends_of_a_cell_sum_to_it(any_model):
    found = trace(any_model, IDS)
    for name in linear_ops(found):
        for row, col in ((0, 0), (7, found[name].shape[1] - 1)):
            parts = addends(found, name, row, col)
            assert parts.cell == float(found[name][row, col])
            assert parts.error < 1e-5, name
            assert_close(parts.products, parts.x.double() * parts.weight.double())


def test_a_large_output_projection_is_recomputed_in_parts(make_model, monkeypatch):
    monkeypatch.setattr(look_linear, "ROWS_AT_ONCE", 7)
    model = make_model("gpt2")
    found = trace(model, IDS)
    assert 0 < opened(found, "output").error < 1e-5
    found.kept["output"] = found["output"].clone()
    found.kept["output"][2, 59] += 0.5
    assert opened(found, "output").error == pytest.approx(0.5, abs=1e-4)


def test_biases_are_there_where_the_model_has_them(make_model):
    with_bias, without = trace(make_model("gpt2"), IDS), trace(make_model("qwen3"), IDS)
    name = "blocks.0.attention.to_out"
    bias = opened(with_bias, name).bias
    assert bias is not None
    assert addends(with_bias, name, 2, 3).bias == float(bias[3])
    assert opened(without, name).bias is None
    assert addends(without, name, 2, 3).bias == 0.0


def test_a_change_of_the_op_itself_is_told(make_model):
    model, name = make_model("qwen3"), "blocks.0.mlp.up"
    found = trace(model, IDS, [Change(op=name, position=2, factor=3.0)])
    assert opened(found, name).is_changed
    assert addends(found, name, 2, 0).is_changed
    assert not opened(found, "blocks.0.mlp.down").is_changed
    assert opened(found, "blocks.0.mlp.down").error < 1e-5


def test_gradients_are_not_asked_for(make_model):
    parts = opened(trace(make_model("gpt2"), IDS), "output")
    assert not torch.stack([parts.x[0, 0], parts.weight[0, 0], parts.y[0, 0]]).requires_grad


@pytest.mark.parametrize(
    ("name", "row", "col", "words"),
    [
        ("norm", 0, 0, "no linear transformation, it is of kind norm"),
        ("blocks.0.mlp.upp", 0, 0, r"did you mean `blocks\.0\.mlp\.up`"),
        ("output", 8, 0, "rows are 0 to 7, columns 0 to 59"),
        ("output", 0, -1, r"no cell \(0, -1\)"),
    ],
)
def test_a_cell_that_does_not_exist_is_refused(make_model, name, row, col, words):
    with pytest.raises(UserError, match=words):
        addends(trace(make_model("qwen3"), IDS), name, row, col)
