"""Muon moves every direction of a matrix alike; the state of all optimizers is plain tensors."""

import pytest
import torch

from naepo.model import ModelSettings, build
from naepo.train.optimizers import Optimizers, orthogonalise, split_parameters
from naepo.train.settings import OptimizerSettings

SETTINGS = ModelSettings(
    vocab_size=17, context_length=8, d_model=16, n_layers=2, n_heads=2, n_kv_heads=2, d_head=8,
    d_ff=32,
)  # fmt: skip


@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 48, 16), (2, 16, 40)])
def test_orthogonalising_brings_all_singular_values_near_one_and_keeps_the_vectors(shape):
    u, _, vh = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    spread = torch.linspace(1.0, 0.02, u.shape[-1])
    found = orthogonalise(u * spread @ vh, 5)
    assert found.shape == shape
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.6
    assert values.max() < 1.3
    torch.testing.assert_close(
        (u.mT @ found @ vh.mT).diagonal(dim1=1, dim2=2), values, atol=0.4, rtol=0
    )


def test_matrices_of_blocks_go_to_muon_and_everything_goes_somewhere():
    model = build(SETTINGS, seed=0)
    matrices, rest = split_parameters(model, "muon")
    assert all(name.startswith("blocks.") and p.ndim == 2 for name, p in matrices)
    assert {name for name, _ in matrices + rest} == dict(model.named_parameters()).keys()
    assert "embedding.weight" in dict(rest)
    assert split_parameters(model, "adamw")[0] == []


@pytest.mark.parametrize("kind", ["muon", "adamw"])
def test_a_few_updates_lower_the_loss(kind):
    model = build(SETTINGS, seed=0)
    optimizers = Optimizers(model, OptimizerSettings(kind=kind))
    ids = torch.arange(8)[None] % 5
    losses = []
    for _ in range(30):
        model.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(ids)[0, :-1], ids[0, 1:])
        loss.backward()
        losses.append(loss.item())
        optimizers.step(1.0)
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("kind", ["muon", "adamw"])
def test_state_taken_out_and_put_back_gives_the_same_next_update(kind):
    models = [build(SETTINGS, seed=0) for _ in range(2)]
    first, second = (Optimizers(m, OptimizerSettings(kind=kind)) for m in models)
    for _ in range(3):
        _set_gradients(models[0])
        first.step(1.0)
    models[1].load_state_dict(models[0].state_dict())
    second.load_tensors({name: tensor.clone() for name, tensor in first.tensors().items()})
    for model, optimizers in zip(models, (first, second), strict=True):
        _set_gradients(model)
        optimizers.step(0.5)
    for a, b in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.equal(a, b)


def _set_gradients(model):
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)
