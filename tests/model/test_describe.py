"""The description counts what is there: weights, operations, kept numbers."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from naepo.model import ModelSettings, PartSettings, build, describe
from naepo.model.describe import NOTES, render

QWEN3 = ModelSettings(
    vocab_size=31,
    context_length=24,
    d_model=16,
    n_layers=3,
    n_heads=4,
    n_kv_heads=2,
    d_head=8,
    d_ff=40,
)
GPT2 = PartSettings(
    norm="layer",
    position="learned",
    mlp="gelu",
    has_qk_norm=False,
    has_bias=True,
    tie_weights=True,
)
SHAPES = {
    "qwen3": QWEN3,
    "gpt2": replace(QWEN3, n_kv_heads=4, d_head=4, parts=GPT2),
    "tied": replace(QWEN3, parts=PartSettings(tie_weights=True)),
    "relu2, sinusoidal": replace(QWEN3, parts=PartSettings(mlp="relu2", position="sinusoidal")),
}
every_shape = pytest.mark.parametrize("name", SHAPES)


@every_shape
def test_parameters_are_those_of_the_model(name):
    settings = SHAPES[name]
    model = build(settings)
    description = describe(model)
    assert description.parameters == sum(p.numel() for p in model.parameters())
    for node in description.root.walk():
        module = model.get_submodule(node.path)
        weight = getattr(module, "weight", None)
        assert node.kind == type(module).__name__
        assert node.shape == (tuple(weight.shape) if weight is not None else ())
        if node.path != "output":
            assert node.parameters == sum(p.numel() for p in module.parameters())
    looked_up = 31 * 16 + (24 * 16 if settings.parts.position == "learned" else 0)
    assert description.embedding_parameters == looked_up


def test_a_tied_output_is_counted_once_and_said():
    output = describe(SHAPES["tied"]).root.parts[-1]
    assert (output.parameters, output.shape) == (0, (31, 16))
    assert "embedding" in output.note


@every_shape
def test_operations_are_those_that_torch_counts(name):
    settings = SHAPES[name]
    model, ids = build(settings), torch.zeros(2, settings.context_length, dtype=torch.long)
    n_ids = ids.numel()
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as forward:
        logits = model(ids)
    assert forward.get_total_flops() == n_ids * describe(settings).forward_flops
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as backward:
        logits.sum().backward()
    both = forward.get_total_flops() + backward.get_total_flops()
    assert both == n_ids * describe(settings).training_flops


def test_training_operations_are_the_published_formula():
    n_matmul = sum(
        m.weight.numel() for m in build(QWEN3).modules() if isinstance(m, torch.nn.Linear)
    )
    assert describe(QWEN3).training_flops == 6 * n_matmul + 12 * 3 * 4 * 8 * 24


def test_a_window_saves_operations():
    full, windowed = (
        describe(replace(QWEN3, parts=PartSettings(window=window))) for window in (None, 6)
    )
    assert full.forward_flops - windowed.forward_flops == 3 * 4 * 4 * 8 * (24 - 6)


@every_shape
def test_kept_numbers_are_those_that_autograd_keeps(name):
    settings = SHAPES[name]
    model, batch = build(settings), 8
    ids = torch.zeros(batch, settings.context_length, dtype=torch.long)
    model_memory = {p.untyped_storage().data_ptr() for p in [*model.parameters(), *model.buffers()]}
    kept = {}

    def keep(x: torch.Tensor) -> torch.Tensor:
        storage = x.untyped_storage()
        if x.is_floating_point() and storage.data_ptr() not in model_memory:
            kept[storage.data_ptr()] = storage.nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        logits = model(ids)
        loss = F.cross_entropy(logits.flatten(0, 1), ids.flatten())
    said = describe(settings).memory(batch).activations
    assert sum(kept.values()) == pytest.approx(said, rel=0.1)
    assert math.isfinite(float(loss.detach()))


def test_memory_counts_every_number_once():
    memory = describe(QWEN3).memory(batch_size=3)
    n = describe(QWEN3).parameters
    assert (memory.weights, memory.gradients, memory.optimizer) == (4 * n, 4 * n, 8 * n)
    assert memory.activations == 3 * describe(QWEN3).memory(batch_size=1).activations
    assert memory.total == 16 * n + memory.activations
    assert memory.cache_per_token == 4 * 2 * 3 * 2 * 8


def test_the_cache_of_a_token_is_what_a_state_grows_by():
    model = build(replace(QWEN3, context_length=64))
    _, state = model.step(torch.zeros(1, 64, dtype=torch.long), model.start())
    assert state.n_bytes() == 64 * describe(model).memory().cache_per_token


def test_a_model_beyond_memory_is_described_without_building_it():
    huge = replace(QWEN3, vocab_size=100_000, d_model=16_384, n_layers=100, d_ff=50_000)
    assert describe(huge).parameters > 2e11


@every_shape
def test_every_module_has_a_word_about_it(name):
    for node in describe(SHAPES[name]).root.walk():
        assert node.note or node.path.split(".")[-1].isdigit(), node.path
    assert all(NOTES.values())


def test_the_drawing_has_every_module_once_and_the_totals():
    text = render(describe(QWEN3), batch_size=3)
    for name in ("embedding", "rotary", "to_q", "to_k", "to_v", "to_out", "gate", "up", "down"):
        assert text.count(f"─ {name} ") == 1, name
    assert "1 to 2" in text and "each the same as 0" in text
    assert f"parameters    {describe(QWEN3).parameters:,}" in text
    assert "3 × 24 ids" in text
    assert all(len(line) < 140 for line in text.splitlines())


def test_two_blocks_and_one_block_are_drawn_rightly():
    assert "each the same as 0" not in render(describe(replace(QWEN3, n_layers=1)))
    assert "└─ 1 " in render(describe(replace(QWEN3, n_layers=2)))
