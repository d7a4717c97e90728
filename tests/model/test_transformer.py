"""The transformer as a whole: its public names, its number types, its copies."""

import copy
import pickle
from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from naepo.model import ModelSettings, PartSettings, Transformer, build

SETTINGS = ModelSettings(
    vocab_size=11,
    context_length=16,
    d_model=16,
    n_layers=2,
    n_heads=4,
    n_kv_heads=2,
    d_head=8,
    d_ff=24,
)
IDS = torch.arange(10)[None] % 11


def loud(settings: ModelSettings) -> Transformer:
    model = build(settings).eval()
    generator = torch.Generator().manual_seed(0)
    for weight in model.parameters():
        weight.data = 0.3 * torch.randn(weight.shape, generator=generator)
    return model


BLOCK = {
    "norm_1",
    "attention",
    "attention.to_q",
    "attention.to_k",
    "attention.to_v",
    "attention.q_norm",
    "attention.k_norm",
    "attention.to_out",
    "norm_2",
    "mlp",
    "mlp.gate",
    "mlp.up",
    "mlp.down",
}


def test_module_paths_are_the_public_ones():
    paths = {path for path, _ in build(SETTINGS).named_modules() if path}
    blocks = {f"blocks.{i}.{name}" for i in range(2) for name in BLOCK}
    top = {"embedding", "rotary", "blocks", "blocks.0", "blocks.1", "norm", "output"}
    assert paths == top | blocks


@pytest.mark.parametrize("position", ["learned", "sinusoidal"])
def test_added_positions_are_a_module_of_their_own(position):
    model = build(replace(SETTINGS, parts=PartSettings(position=position)))
    paths = {path for path, _ in model.named_modules()}
    assert "position" in paths and "rotary" not in paths
    assert ("position.weight" in model.state_dict()) == (position == "learned")


def test_every_linear_map_is_one_module():
    linears = [m for m in build(SETTINGS).modules() if isinstance(m, torch.nn.Linear)]
    assert len(linears) == 2 * 7 + 1


def test_a_tied_output_is_the_embedding_itself():
    model = build(replace(SETTINGS, parts=PartSettings(tie_weights=True)))
    assert model.output.weight is model.embedding.weight
    assert "output.weight" not in dict(model.named_parameters())
    assert copy.deepcopy(model).output.weight is not model.embedding.weight
    moved = copy.deepcopy(model).double()
    assert moved.output.weight is moved.embedding.weight


@pytest.mark.parametrize("position", ["rotary", "learned", "sinusoidal"])
@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64])
def test_a_model_runs_in_any_number_type(position, kind):
    model = loud(replace(SETTINGS, parts=PartSettings(position=position)))
    expected = model(IDS).detach()
    logits = copy.deepcopy(model).to(kind)(IDS)
    assert logits.dtype == kind
    noise = 1e-5 if kind == torch.float64 else 0.05 * float(expected.abs().max())
    assert_close(logits.float(), expected, rtol=0, atol=noise)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float64])
def test_a_model_can_be_built_in_another_default_type(kind):
    torch.set_default_dtype(kind)
    try:
        model = build(SETTINGS)
        assert model(IDS).dtype == kind
        assert model.rotary.table.dtype == torch.promote_types(kind, torch.float32)
    finally:
        torch.set_default_dtype(torch.float32)


def share_of_zeros(x: torch.Tensor) -> float:
    return float((x == 0).float().mean())


def test_dropout_falls_on_the_embedding_and_on_what_each_branch_adds():
    model = loud(replace(SETTINGS, n_layers=1, parts=PartSettings(dropout=0.4))).train()
    torch.manual_seed(0)
    ids = IDS.expand(64, -1)
    x, both = model.hidden(ids)
    assert share_of_zeros(x) == pytest.approx(0.4, abs=0.03)
    assert share_of_zeros(both - x) == pytest.approx(0.4**2, abs=0.03)
    model.blocks[0].mlp.down.weight.data.zero_()
    x, attended = model.hidden(ids)
    assert share_of_zeros(attended - x) == pytest.approx(0.4, abs=0.03)


def test_training_under_autocast_gives_full_gradients():
    model = loud(SETTINGS)
    with torch.autocast("cpu", torch.bfloat16):
        loss = model(IDS).float().logsumexp(-1).sum()
    loss.backward()
    assert all(
        p.grad.dtype == torch.float32 and p.grad.isfinite().all() for p in model.parameters()
    )


def test_copies_say_the_same():
    model = loud(SETTINGS)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(twin(IDS), model(IDS))


def test_ids_may_be_of_any_whole_number_type():
    model = loud(SETTINGS)
    assert torch.equal(model(IDS.int()), model(IDS))


def test_a_state_read_under_inference_mode_goes_on_there():
    model = loud(SETTINGS)
    with torch.inference_mode():
        _, state = model.step(IDS[:, :4], model.start())
        logits, _ = model.step(IDS[:, 4:], state)
    assert_close(logits.clone(), model(IDS)[:, 4:].detach(), rtol=1e-5, atol=1e-5)


def test_a_hook_on_any_module_is_heard_in_both_ways_of_reading():
    model, heard = loud(SETTINGS), []
    names = [name for name, m in model.named_modules() if name and name != "blocks"]
    for name in names:
        model.get_submodule(name).register_forward_hook(lambda *_, name=name: heard.append(name))
    model(IDS)
    assert set(heard) == set(names)
    heard.clear()
    model.step(IDS, model.start())
    assert set(heard) == set(names)
