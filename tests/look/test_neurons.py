"""A neuron is strong by what it adds, and promotes the ids whose logits it raises."""

import pytest
import torch
from torch.testing import assert_close

from naepo.config import UserError
from naepo.look import Change, trace
from naepo.look.contributions import contributions
from naepo.look.neurons import promoted, strongest

IDS = [3, 1, 4, 1, 5, 9, 2, 6]


def test_neurons_come_in_the_order_of_what_they_add(any_model):
    found = trace(any_model, IDS)
    neurons = strongest(found, 1, 4, top=24)
    weight = any_model.blocks[1].mlp.down.weight.detach()
    activation = found["blocks.1.mlp.activation"][4]
    added = weight * activation
    sizes = torch.tensor([neuron.size for neuron in neurons])
    assert_close(sizes, added.norm(dim=0).sort(descending=True).values)
    assert sorted(neuron.unit for neuron in neurons) == list(range(24))
    for neuron in neurons:
        assert neuron.activation == float(activation[neuron.unit])
        assert neuron.size == pytest.approx(float(added[:, neuron.unit].norm()), 1e-5, 1e-12)
        assert neuron.up == float(found["blocks.1.mlp.up"][4, neuron.unit])
        assert (neuron.gate is None) == ("blocks.1.mlp.gate" not in found)


def test_what_the_neurons_add_to_a_logit_is_the_part_of_the_feed_forward(any_model):
    """Σ over all neurons, and the bias of `down`, is the contribution of the mlp."""
    found = trace(any_model, IDS)
    neurons = strongest(found, 0, 5, top=1000, n_ids=60)
    for id in (0, 31):
        total = sum(f.value for n in neurons for f in n.promotes if f.id == id)
        parts = {part.name: part.value for part in contributions(found, 5, id).parts}
        if any_model.settings.parts.has_bias:
            total += parts["blocks.0.mlp"] - mlp_without_bias(any_model, found, id)
        assert total == pytest.approx(parts["blocks.0.mlp"], abs=1e-4)


@torch.no_grad()
def mlp_without_bias(model, found, id):
    """The contribution of the feed-forward had `down` no bias, with the same scale."""
    last = found["blocks.1.residual_2"][5].double()
    scale = (last.var(correction=0) + model.norm.eps).rsqrt()
    added = (found["blocks.0.mlp.down"][5] - model.blocks[0].mlp.down.bias).double()
    reader = scale * model.norm.weight.double() * model.output.weight[id].double()
    return float(((added - added.mean()) * reader).sum())


def test_a_negative_activation_turns_what_a_neuron_promotes_round(make_model):
    model = make_model("qwen3")
    found = trace(model, IDS)
    for neuron in strongest(found, 1, 3, top=24):
        up, down = promoted(model, 1, neuron.unit)
        expected = up if neuron.activation > 0 else down
        assert [f.id for f in neuron.promotes] == [f.id for f in expected]


def test_switching_off_a_neuron_lowers_what_it_promotes_most(make_model):
    """In the last block the direct way is the only one; the scale of the norm hardly moves."""
    model = make_model("llama")
    found = trace(model, IDS)
    neuron = strongest(found, 1, 7, n_ids=60)[-1]
    off = trace(model, IDS, [Change(op="blocks.1.mlp.activation", unit=neuron.unit)])
    fell = (found["logits"] - off["logits"])[7]
    told = torch.zeros(60)
    for favour in neuron.promotes:
        told[favour.id] = favour.value
    assert torch.corrcoef(torch.stack([fell, told]))[0, 1] > 0.7


def test_ids_are_promoted_through_gain_and_output_projection(make_model):
    model = make_model("gpt2")
    column = model.blocks[0].mlp.down.weight.detach()[:, 7]
    read = (column - column.mean()) * model.norm.weight.detach()
    logits = read @ model.output.weight.detach().T
    best, worst = promoted(model, 0, 7, top=3)
    assert [f.id for f in best] == logits.argsort(descending=True)[:3].tolist()
    assert [f.id for f in worst] == logits.argsort()[:3].tolist()
    assert_close(torch.tensor([f.value for f in best]), logits.topk(3).values)


@pytest.mark.parametrize(
    ("block", "position", "top", "words"),
    [
        (2, 0, 1, "blocks 0 to 1"),
        (-1, 0, 1, "no block -1"),
        (0, 8, 1, "positions 0 to 7"),
        (0, 0, 0, "top must be at least 1"),
    ],
)
def test_neurons_that_do_not_exist_are_refused(make_model, block, position, top, words):
    with pytest.raises(UserError, match=words):
        strongest(trace(make_model("qwen3"), IDS), block, position, top=top)


def test_a_neuron_that_does_not_exist_is_refused(make_model):
    with pytest.raises(UserError, match="no neuron 24: block 0 has 0 to 23"):
        promoted(make_model("qwen3"), 0, 24)
