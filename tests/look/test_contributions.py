"""The addends of a logit add up to it, and a head's part is what the head did."""

import pytest
import torch
from torch.testing import assert_close

from naepo.config import UserError
from naepo.look import Change, trace
from naepo.look.contributions import (
    ablate_heads,
    ablate_heads_from,
    contributions,
    without_heads,
)

IDS = [3, 1, 4, 1, 5, 9, 2, 6]


def values(found, position, id):
    return {part.name: part.value for part in contributions(found, position, id).parts}


def test_the_parts_of_a_logit_sum_to_it(any_model):
    found = trace(any_model, IDS)
    for position, id in ((0, 0), (7, 59), (3, 17)):
        parts = contributions(found, position, id)
        assert parts.logit == float(found["logits"][position, id])
        assert parts.error < 1e-4


def test_the_parts_are_named_after_what_the_model_has(make_model):
    qwen3 = list(values(trace(make_model("qwen3"), IDS), 2, 3))
    heads = [f"blocks.0.attention.head.{head}" for head in range(4)]
    assert qwen3[:6] == ["embedding", *heads, "blocks.0.mlp"]
    assert len(qwen3) == 1 + 2 * 5
    gpt2 = list(values(trace(make_model("gpt2"), IDS), 2, 3))
    assert gpt2[:2] == ["embedding", "position"]
    assert "blocks.1.attention.bias" in gpt2
    assert gpt2[-1] == "norm.bias"
    assert list(values(trace(make_model("prior"), IDS), 2, 3))[-1] == "prior"
    assert "position" in values(trace(make_model("sinusoidal, tied, relu2"), IDS), 2, 3)


def test_a_part_is_the_logit_that_it_adds_with_the_norm_held(make_model):
    """The scale of the norm is the run's: a stream that grows by a head, read with it, agrees."""
    model, position, id = make_model("qwen3"), 6, 23
    found = trace(model, IDS)
    last = found["blocks.1.residual_2"][position].double()
    scale = (last.square().mean() + model.norm.eps).rsqrt()
    reader = scale * (model.norm.weight * model.output.weight[id]).detach().double()
    head = found["blocks.0.attention.mixed"][1, position].double()
    added = model.blocks[0].attention.to_out.weight.detach()[:, 8:16].double() @ head
    parts = values(found, position, id)
    assert parts["blocks.0.attention.head.1"] == pytest.approx(float(added @ reader), rel=1e-6)
    mlp = found["blocks.1.mlp.down"][position].double()
    assert parts["blocks.1.mlp"] == pytest.approx(float(mlp @ reader), rel=1e-6)


def test_a_constant_added_to_the_stream_is_nothing_to_a_layer_norm(make_model):
    model = make_model("gpt2")
    before = values(trace(model, IDS), 4, 7)
    model.blocks[0].attention.to_out.bias.data += 100.0
    after = values(trace(model, IDS), 4, 7)
    name = "blocks.0.attention.bias"
    shifted = trace(model, IDS)["blocks.0.attention.to_out"][4].mean()
    assert shifted > 50
    assert abs(after[name] - before[name]) < 5  # the scale differs a little, nothing else


@pytest.mark.parametrize(
    "change",
    [
        Change(op="embedding", position=2),
        Change(op="residual", factor=2.0),
        Change(op="blocks.0.attention.mixed", head=2),
        Change(op="blocks.0.attention.weights", head=1, factor=3.0),
        Change(op="blocks.1.attention.to_out", factor=-1.0),
        Change(op="blocks.0.residual_1", unit=3, factor=9.0),
        Change(op="blocks.1.mlp.activation", unit=5),
        Change(op="blocks.1.mlp.down"),
        Change(op="blocks.1.residual_2", position=7, factor=0.25),
        Change(op="norm", factor=0.5),
        Change(op="output", unit=11, factor=2.0),
        Change(op="prior"),
        Change(op="logits", unit=11, factor=0.0),
    ],
    ids=lambda change: change.op,
)
def test_with_a_change_the_parts_still_sum_to_the_logit(make_model, change):
    found = trace(make_model("prior"), IDS, [change])
    assert contributions(found, 7, 11).error < 1e-4


def test_what_a_change_added_to_the_stream_is_a_part_of_its_own(make_model):
    model = make_model("gpt2")
    names = values(trace(model, IDS, [Change(op="blocks.0.residual_1", factor=2.0)]), 7, 3)
    assert "change:blocks.0.residual_1" in names
    assert not any(name.startswith("change") for name in values(trace(model, IDS), 7, 3))


def test_a_head_that_is_off_has_no_part(make_model):
    found = trace(make_model("llama"), IDS, [Change(op="blocks.1.attention.mixed", head=3)])
    assert values(found, 5, 2)["blocks.1.attention.head.3"] == 0.0


def one_by_one(model, ids, position, id, changes):
    base = trace(model, ids, changes)["logits"][position, id]
    settings = model.settings
    return torch.tensor(
        [
            [
                float(trace(model, ids, [*changes, off])["logits"][position, id] - base)
                for off in (
                    Change(op=f"blocks.{i}.attention.mixed", head=head)
                    for head in range(settings.n_heads)
                )
            ]
            for i in range(settings.n_layers)
        ]
    )


@pytest.mark.parametrize("position", [0, 5, 7])
def test_each_head_off_alone_is_a_run_of_its_own(any_model, position):
    found = ablate_heads(any_model, IDS, position, 9)
    assert found.shape == (2, 4)
    assert_close(found, one_by_one(any_model, IDS, position, 9, []), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        Change(op="blocks.0.attention.mixed", head=1),
        Change(op="blocks.0.attention.to_out", factor=2.0),
        Change(op="blocks.1.attention.q", head=0, factor=-1.0),
        Change(op="blocks.1.residual_2", unit=4, factor=3.0),
        Change(op="logits", factor=0.5),
    ],
    ids=lambda change: change.op,
)
def test_heads_are_switched_off_after_the_changes_that_are_there(make_model, change):
    model = make_model("prior")
    found = ablate_heads(model, IDS, 6, 9, [change])
    assert_close(found, one_by_one(model, IDS, 6, 9, [change]), atol=1e-4, rtol=1e-4)


def test_one_pass_without_each_head_answers_for_every_position(any_model):
    base = trace(any_model, IDS)
    without = without_heads(base)
    assert without.shape == (2, 4, len(IDS), any_model.settings.d_model)
    for position in range(len(IDS)):
        found = ablate_heads_from(base, without, position, 9)
        assert_close(found, ablate_heads(any_model, IDS, position, 9), atol=1e-4, rtol=1e-4)


def test_switching_heads_off_leaves_the_model_as_it_was(make_model):
    model = make_model("qwen3", dropout=0.5, attention_dropout=0.5).train()
    assert torch.equal(ablate_heads(model, IDS, 7, 1), ablate_heads(model, IDS, 7, 1))
    assert model.training


@pytest.mark.parametrize(
    ("position", "id", "words"),
    [(8, 0, "positions 0 to 7"), (0, 60, "ids 0 to 59"), (0, -1, "no id -1")],
)
def test_a_logit_that_does_not_exist_is_refused(make_model, position, id, words):
    model = make_model("qwen3")
    with pytest.raises(UserError, match=words):
        contributions(trace(model, IDS), position, id)
    with pytest.raises(UserError, match=words):
        ablate_heads(model, IDS, position, id)
