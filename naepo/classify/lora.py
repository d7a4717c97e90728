"""Low-rank adapters: what is learned stands beside the weights, which stay as they were.

    y = x Wᵀ + (x · downᵀ) · upᵀ · scale          down: (rank, d_in), up: (d_out, rank)

Hu et al. 2021 (arXiv:2106.09685), section 4.1. `up` begins at zero, so that nothing changes at
first. One model can so carry many classifiers, each a small file.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from naepo.config import UserError
from naepo.model import Transformer

ADAPTED = ("to_q", "to_k", "to_v", "to_out", "gate", "up", "down")
"""The linear maps inside the blocks: all of them, as QLoRA found best (arXiv:2305.14314)."""
SCALE = 2.0


class LowRank(nn.Module):
    """A linear map that does not learn, and a narrow one beside it that does."""

    def __init__(self, base: nn.Linear, rank: int, generator: torch.Generator) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        d_out, d_in = base.weight.shape
        drawn = torch.randn((rank, d_in), generator=generator) * d_in**-0.5
        self.down = nn.Parameter(drawn.to(base.weight))
        self.up = nn.Parameter(base.weight.new_zeros(d_out, rank))

    def forward(self, x: Float[Tensor, "... d_in"]) -> Float[Tensor, "... d_out"]:
        beside = nn.functional.linear(nn.functional.linear(x, self.down), self.up)
        return self.base(x) + SCALE * beside


def adapt(model: Transformer, rank: int, seed: int = 0) -> Transformer:
    """Freeze a model in place and put adapters beside the linear maps of its blocks.

    Raises: UserError for a rank that is no number of directions of its width.
    """
    if not 1 <= rank <= model.settings.d_model:
        raise UserError(f"the rank must be from 1 to {model.settings.d_model}, got {rank}")
    model.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for part in list(model.blocks.modules()):
        for name in ADAPTED:
            base = part._modules.get(name)
            if isinstance(base, nn.Linear):
                setattr(part, name, LowRank(base, rank, generator))
    return model


def adapters(model: nn.Module) -> dict[str, Tensor]:
    """Give the weights of the adapters alone, by their paths."""
    found = {path: part for path, part in model.named_modules() if isinstance(part, LowRank)}
    return {
        f"{path}.{side}": getattr(part, side).detach()
        for path, part in found.items()
        for side in ("down", "up")
    }
