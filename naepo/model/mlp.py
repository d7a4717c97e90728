"""The feed-forward: what each position does with what it knows, alone."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from naepo.model.settings import ModelSettings


class SwiGLU(nn.Module):
    """Widen twice, let one half gate the other, and narrow again:

        y = down(silu(gate(x)) · up(x))        silu(z) = z / (1 + e^-z)

    Shazeer 2020 (arXiv:2002.05202), equation 6.
    """

    def __init__(self, d_model: int, d_ff: int, has_bias: bool = False) -> None:
        super().__init__()
        self.gate = nn.Linear(d_model, d_ff, bias=has_bias)
        self.up = nn.Linear(d_model, d_ff, bias=has_bias)
        self.down = nn.Linear(d_ff, d_model, bias=has_bias)

    def forward(
        self, x: Float[Tensor, "batch time d_model"]
    ) -> Float[Tensor, "batch time d_model"]:
        return self.down(F.silu(self.gate(x)) * self.up(x))


class GELU(nn.Module):
    """Widen, bend with the Gaussian's distribution function, and narrow again:

        y = down(gelu(up(x)))        gelu(z) = z/2 · (1 + tanh(√(2/π) (z + 0.044715 z³)))

    Hendrycks and Gimpel 2016 (arXiv:1606.08415), section 2: the tanh form, as in GPT-2.
    """

    def __init__(self, d_model: int, d_ff: int, has_bias: bool = False) -> None:
        super().__init__()
        self.up = nn.Linear(d_model, d_ff, bias=has_bias)
        self.down = nn.Linear(d_ff, d_model, bias=has_bias)

    def forward(
        self, x: Float[Tensor, "batch time d_model"]
    ) -> Float[Tensor, "batch time d_model"]:
        return self.down(F.gelu(self.up(x), approximate="tanh"))


class ReLU2(nn.Module):
    """Widen, keep the square of what is positive, and narrow again:

        y = down(max(up(x), 0)²)

    So et al. 2021 (arXiv:2109.08668).
    """

    def __init__(self, d_model: int, d_ff: int, has_bias: bool = False) -> None:
        super().__init__()
        self.up = nn.Linear(d_model, d_ff, bias=has_bias)
        self.down = nn.Linear(d_ff, d_model, bias=has_bias)

    def forward(
        self, x: Float[Tensor, "batch time d_model"]
    ) -> Float[Tensor, "batch time d_model"]:
        return self.down(F.relu(self.up(x)).square())


MLP = SwiGLU | GELU | ReLU2


def make_mlp(settings: ModelSettings) -> MLP:
    """Make the feed-forward that the settings ask for."""
    kinds = {"swiglu": SwiGLU, "gelu": GELU, "relu2": ReLU2}
    return kinds[settings.parts.mlp](settings.d_model, settings.d_ff, settings.parts.has_bias)
