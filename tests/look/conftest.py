"""Small models of every shape, with weights that leave nothing at zero."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from naepo.model import ModelSettings, PartSettings, Transformer, build

QWEN3 = ModelSettings(
    vocab_size=60,
    context_length=16,
    d_model=16,
    n_layers=2,
    n_heads=4,
    n_kv_heads=2,
    d_head=8,
    d_ff=24,
)
GPT2 = {
    "norm": "layer",
    "position": "learned",
    "mlp": "gelu",
    "has_qk_norm": False,
    "has_bias": True,
}
SHAPES = {
    "qwen3": QWEN3,
    "llama": replace(QWEN3, parts=PartSettings(has_qk_norm=False, tie_weights=True)),
    "gpt2": replace(QWEN3, n_kv_heads=4, d_head=4, parts=PartSettings(**GPT2, tie_weights=True)),
    "sinusoidal, tied, relu2": replace(
        QWEN3, parts=PartSettings(position="sinusoidal", mlp="relu2", tie_weights=True)
    ),
    "window of 3": replace(QWEN3, parts=PartSettings(window=3)),
    "prior": replace(QWEN3, parts=PartSettings(prior_order=2)),
}


@pytest.fixture
def make_model() -> Callable[..., Transformer]:
    """Build a model by the name of its shape, with other parts where they are named."""

    def make(shape: str, **parts) -> Transformer:
        settings = SHAPES[shape]
        model = build(replace(settings, parts=replace(settings.parts, **parts)), seed=1).eval()
        draw = torch.Generator().manual_seed(2)
        for weight in model.parameters():
            weight.data = weight + 0.3 * torch.randn(weight.shape, generator=draw)
        if model.prior is not None:
            model.prior.count(torch.randint(60, (400,), generator=draw).numpy(), folds=1)
        return model

    return make


@pytest.fixture(params=SHAPES)
def any_model(request, make_model) -> Transformer:
    """One model after another, of every shape."""
    return make_model(request.param)
