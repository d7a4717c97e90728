"""The feed-forward, against its formulas."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from naepo.model.mlp import make_mlp
from naepo.model.settings import ModelSettings, PartSettings

SETTINGS = ModelSettings(vocab_size=5, d_model=6, d_ff=10)


def gelu(z: torch.Tensor) -> torch.Tensor:
    return z / 2 * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (z + 0.044715 * z**3)))


@pytest.mark.parametrize("has_bias", [True, False])
def test_each_kind_is_its_formula(has_bias):
    formulas = {
        "swiglu": lambda m, x: m.gate(x) / (1 + torch.exp(-m.gate(x))) * m.up(x),
        "gelu": lambda m, x: gelu(m.up(x)),
        "relu2": lambda m, x: m.up(x).clamp(min=0) ** 2,
    }
    x = torch.randn(2, 3, 6, generator=torch.Generator().manual_seed(0))
    for kind, formula in formulas.items():
        mlp = make_mlp(replace(SETTINGS, parts=PartSettings(mlp=kind, has_bias=has_bias)))
        assert_close(mlp(x), mlp.down(formula(mlp, x)))
        assert all((linear.bias is not None) == has_bias for linear in mlp.children())


def test_the_parts_have_their_public_names():
    for kind, names in {
        "swiglu": ["gate", "up", "down"],
        "gelu": ["up", "down"],
        "relu2": ["up", "down"],
    }.items():
        mlp = make_mlp(replace(SETTINGS, parts=PartSettings(mlp=kind)))
        assert [name for name, _ in mlp.named_children()] == names
