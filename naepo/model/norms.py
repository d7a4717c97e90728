"""Normalisation: bring every position's vector to a common size before a part reads it."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn, ones, zeros

from naepo.model.settings import PartSettings


class RMSNorm(nn.Module):
    """Divide a vector by its root mean square, then scale each component by a learned gain:

        y = x / sqrt(mean(x²) + eps) · weight

    Zhang and Sennrich 2019 (arXiv:1910.07467), equation 4.
    """

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(ones(width))

    def forward(self, x: Float[Tensor, "... width"]) -> Float[Tensor, "... width"]:
        # the gain follows x's type: under autocast x may be narrower than the weights
        return F.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), self.eps)


class LayerNorm(nn.Module):
    """Subtract the mean, divide by the standard deviation, then scale and (with a bias) shift:

        y = (x - mean(x)) / sqrt(variance(x) + eps) · weight + bias

    Ba et al. 2016 (arXiv:1607.06450), section 3.
    """

    def __init__(self, width: int, eps: float, has_bias: bool) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(ones(width))
        self.bias = nn.Parameter(zeros(width)) if has_bias else None

    def forward(self, x: Float[Tensor, "... width"]) -> Float[Tensor, "... width"]:
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return F.layer_norm(x, self.weight.shape, self.weight.to(x.dtype), bias, self.eps)


def make_norm(parts: PartSettings, width: int) -> RMSNorm | LayerNorm:
    """Make the normalisation that the settings ask for."""
    if parts.norm == "rms":
        return RMSNorm(width, parts.norm_eps)
    return LayerNorm(width, parts.norm_eps, parts.has_bias)
