"""A trace is the model's own run, seen whole, and the model does not notice it."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from naepo.config import UserError
from naepo.look import Change, layout, trace
from naepo.look.layout import n_bytes

IDS = [3, 1, 4, 1, 5, 9, 2, 6]


def test_logits_are_those_of_the_fast_path(any_model):
    with torch.no_grad():
        fast = any_model(torch.tensor([IDS]))[0]
    assert_close(trace(any_model, IDS)["logits"], fast, atol=1e-5, rtol=1e-5)


def test_hidden_states_are_those_of_the_model(any_model):
    with torch.no_grad():
        states = any_model.hidden(torch.tensor([IDS]))
    found = trace(any_model, IDS)
    names = [name for name in found if name == "residual" or name.endswith("residual_2")]
    assert len(names) == len(states)
    for name, state in zip(names, states, strict=True):
        assert_close(found[name], state[0], atol=1e-5, rtol=1e-5)


def test_every_op_has_the_shape_that_the_layout_says(any_model):
    found = trace(any_model, IDS)
    assert [op.name for op in layout(any_model.settings)] == list(found)
    for op in found.ops:
        assert found.shape(op.name) == tuple(found[op.name].shape)
        assert tuple(found[op.name].shape) == op.shape(len(IDS)), op.name


def test_every_op_names_existing_modules_weights_inputs_and_code(any_model):
    weights = dict(any_model.named_parameters())
    modules = dict(any_model.named_modules())
    seen: set[str] = set()
    for op in layout(any_model.settings):
        assert op.module in modules, op
        assert set(op.weights) <= set(weights), op
        assert set(op.inputs) <= seen, op
        assert op.code.text and op.code.line > 1, op
        seen.add(op.name)


def test_the_code_of_an_op_is_the_line_of_the_file(any_model):
    from pathlib import Path

    import naepo

    root = Path(naepo.__file__).parents[1]
    for op in layout(any_model.settings):
        lines = (root / op.code.file).read_text(encoding="utf-8").splitlines()
        assert lines[op.code.line - 1].strip() == op.code.text, op.name


def test_the_model_is_left_as_it_was(any_model):
    before = {name: weight.clone() for name, weight in any_model.state_dict().items()}
    any_model.train()
    trace(any_model, IDS, [Change(op="blocks.0.residual_1", factor=3.0)])
    assert any_model.training
    assert all(not module._forward_hooks for module in any_model.modules())
    assert all(not module._forward_pre_hooks for module in any_model.modules())
    for name, weight in any_model.state_dict().items():
        assert torch.equal(weight, before[name]), name


def test_dropout_is_off(make_model):
    model = make_model("qwen3", dropout=0.5, attention_dropout=0.5).train()
    assert torch.equal(trace(model, IDS)["logits"], trace(model, IDS)["logits"])


def test_softmax_rows_sum_to_one_and_hidden_cells_are_exactly_zero(any_model):
    found = trace(any_model, IDS)
    for name in found:
        if name.endswith(".weights"):
            assert_close(found[name].sum(-1), torch.ones(found[name].shape[:-1]))
            assert (found[name][:, ~found.seen] == 0).all()
            assert found[name.replace("weights", "masked")][:, ~found.seen].eq(-torch.inf).all()


def test_the_memory_of_a_trace_is_known_beforehand(any_model):
    found = trace(any_model, IDS)
    expected = n_bytes(any_model.settings, len(IDS))
    assert 0.75 * expected < found.n_bytes <= expected


@pytest.mark.parametrize(
    ("ids", "words"),
    [([], "1 to 16 ids, got 0"), ([0] * 17, "got 17"), ([0, 60], "got 60"), ([-1], "got -1")],
)
def test_a_prompt_that_the_model_cannot_read_is_refused(make_model, ids, words):
    with pytest.raises(UserError, match=words):
        trace(make_model("qwen3"), ids)


def test_an_unknown_op_is_an_error_with_the_nearest_name(make_model):
    found = trace(make_model("qwen3"), IDS)
    with pytest.raises(UserError, match=r"blocks\.0\.attention\.scores"):
        found["blocks.0.attention.score"]


def test_a_double_precision_model_is_traced_in_double_precision(make_model):
    model = make_model("llama").double()
    with torch.no_grad():
        fast = model(torch.tensor([IDS]))[0]
    assert_close(trace(model, IDS)["logits"], fast, atol=1e-12, rtol=1e-10)


def test_ids_may_come_in_any_form(make_model):
    model = make_model("qwen3")
    plain = trace(model, IDS)["logits"]
    for ids in (tuple(IDS), torch.tensor(IDS), np.array(IDS)):
        assert torch.equal(trace(model, ids)["logits"], plain)
