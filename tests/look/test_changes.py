"""A change does what it says, where it says, and nothing else."""

import pytest
import torch

from naepo.config import UserError
from naepo.look import Change, trace

IDS = [3, 1, 4, 1, 5, 9, 2, 6]
OTHER = [2, 7, 1, 8, 2, 8, 1, 8]


def test_a_change_that_changes_nothing_leaves_the_logits_bit_equal(any_model):
    plain = trace(any_model, IDS)
    for name in plain.kept:
        for change in (Change(op=name, factor=1.0), Change(op=name, patch=plain)):
            assert torch.equal(trace(any_model, IDS, [change])["logits"], plain["logits"]), name


def test_switching_off_a_head_changes_that_head_alone(any_model):
    plain = trace(any_model, IDS)
    name = "blocks.1.attention.mixed"
    found = trace(any_model, IDS, [Change(op=name, head=1)])
    assert found[name][1].eq(0).all()
    others = [head for head in range(len(plain[name])) if head != 1]
    assert torch.equal(found[name][others], plain[name][others])
    for op in plain.ops[: [op.name for op in plain.ops].index(name)]:
        assert torch.equal(found[op.name], plain[op.name]), op.name
    assert not torch.equal(found["logits"], plain["logits"])


def test_a_change_at_a_position_leaves_the_positions_before_it_alone(any_model):
    plain = trace(any_model, IDS)
    found = trace(any_model, IDS, [Change(op="blocks.0.residual_2", position=5, factor=-2.0)])
    assert torch.equal(found["logits"][:5], plain["logits"][:5])
    assert not torch.equal(found["logits"][5], plain["logits"][5])


def test_a_neuron_is_scaled_at_every_position(make_model):
    model, name = make_model("gpt2"), "blocks.0.mlp.activation"
    plain, found = trace(model, IDS), trace(model, IDS, [Change(op=name, unit=3, factor=4.0)])
    assert torch.equal(found[name][:, 3], plain[name][:, 3] * 4)
    assert torch.equal(found[name][:, 4:], plain[name][:, 4:])


def test_patching_all_of_the_first_state_gives_the_other_prompt(any_model):
    other = trace(any_model, OTHER)
    found = trace(any_model, IDS, [Change(op="residual", patch=other)])
    assert torch.equal(found["output"], other["output"])


def test_a_position_can_be_taken_from_another_place(make_model):
    model = make_model("llama")
    other = trace(model, OTHER[:3])
    change = Change(op="blocks.0.residual_1", position=6, patch=other, patch_position=2)
    found = trace(model, IDS, [change])
    assert torch.equal(found[change.op][6], other[change.op][2])


def test_changes_act_in_the_order_given(make_model):
    model, op = make_model("qwen3"), "blocks.0.residual_1"
    other = trace(model, OTHER)
    scale, patch = Change(op=op, factor=2.0), Change(op=op, patch=other)
    patched_then_scaled = trace(model, IDS, [patch, scale])[op]
    assert torch.equal(patched_then_scaled, other[op] * 2)
    assert torch.equal(trace(model, IDS, [scale, patch])[op], other[op])


@pytest.mark.parametrize("factors", [(0.5,), (2.0, 4.0), (0.5, 0.25, 2.0)])
def test_factors_multiply(make_model, factors):
    model, op = make_model("qwen3"), "embedding"
    found = trace(model, IDS, [Change(op=op, factor=factor) for factor in factors])
    assert torch.equal(found[op], trace(model, IDS)[op] * torch.tensor(factors).prod())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"op": "blocks.0.attention.mixd"}, r"did you mean `blocks\.0\.attention\.mixed`"),
        ({"op": "blocks.0.attention.masked"}, r"change blocks\.0\.attention\.scores"),
        ({"op": "blocks.0.mlp.down", "head": 0}, "has no heads"),
        ({"op": "blocks.0.attention.mixed", "head": 4}, "no head 4, expected 0 to 3"),
        ({"op": "blocks.0.attention.k", "head": 2}, "no head 2, expected 0 to 1"),
        ({"op": "norm", "position": 8}, "no position 8, expected 0 to 7"),
        ({"op": "norm", "unit": -1}, "no unit -1"),
        ({"op": "norm", "factor": float("nan")}, "finite"),
        ({"op": "norm", "patch_position": 1}, "name `position`"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(make_model, change, words):
    with pytest.raises(UserError, match=words):
        trace(make_model("qwen3"), IDS, [Change(**change)])


def test_a_patch_of_another_length_needs_a_position(make_model):
    model = make_model("qwen3")
    other = trace(model, OTHER[:3])
    with pytest.raises(UserError, match="name one position"):
        trace(model, IDS, [Change(op="residual", patch=other)])
