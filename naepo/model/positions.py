"""Positions: how the network is told that one id came before another.

Attention alone sees a bag of vectors. A learned table or fixed sinusoids are added to the
embedding; rotary positions turn queries and keys instead, so that a dot product knows distance.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn


class Rotation(NamedTuple):
    """How far each position turns a head: cosines, and sines with a minus in the first half."""

    cos: Float[Tensor, "time d_head"]
    sin: Float[Tensor, "time d_head"]


def rotate(
    x: Float[Tensor, "batch heads time d_head"], rotation: Rotation
) -> Float[Tensor, "batch heads time d_head"]:
    """Turn every pair (x1, x2) = (x[i], x[i + d_head/2]) by its position's angle a:

        (x1, x2) -> (x1 cos a - x2 sin a, x2 cos a + x1 sin a)

    Su et al. 2021 (arXiv:2104.09864), equation 34. Departs from it in that pairs are half a head
    apart (the layout of GPT-NeoX, Llama and Qwen), not neighbours: swapping them is one roll.
    Computed in the type of the angles (fp32 or wider), given in the type of x.
    """
    swapped = x.roll(x.shape[-1] // 2, dims=-1)
    return torch.addcmul(x * rotation.cos, swapped, rotation.sin).to(x.dtype)


def angles(n_positions: int, n_pairs: int, theta: float) -> Float[Tensor, "position pair"]:
    """Give the angle (radians, float64) of every position in every pair of components:

        angle[p, i] = p · theta^(-i / n_pairs)

    Vaswani et al. 2017 (arXiv:1706.03762), section 3.5, with theta = 10,000.
    """
    position = torch.arange(n_positions, dtype=torch.float64)
    frequency = theta ** -(torch.arange(n_pairs, dtype=torch.float64) / n_pairs)
    return torch.outer(position, frequency)


def rotary_table(n_positions: int, d_head: int, theta: float) -> Float[Tensor, "2 position d_head"]:
    """Give the cosines and the signed sines of `rotate` (float64), for both halves of a head."""
    a = angles(n_positions, d_head // 2, theta)
    cos, sin = a.cos(), a.sin()
    return torch.stack((torch.cat((cos, cos), -1), torch.cat((-sin, sin), -1)))


def sinusoidal_table(n_positions: int, d_model: int) -> Float[Tensor, "position d_model"]:
    """Give the fixed waves P (float64):

        P[p, 2i] = sin(angle[p, i])        P[p, 2i + 1] = cos(angle[p, i])

    Vaswani et al. 2017 (arXiv:1706.03762), section 3.5.
    """
    a = angles(n_positions, d_model // 2, theta=10_000.0)
    return rearrange([a.sin(), a.cos()], "wave position pair -> position (pair wave)")


class _FixedTable(nn.Module):
    """A table that is computed, not learned: never saved, and never narrower than fp32.

    It follows the model to another device. It does not follow it to bfloat16, where the angle of
    position 1,000 would be wrong by whole radians: it is computed again instead.
    """

    table: Tensor

    def __init__(self, compute: Callable[[], Tensor], shape: tuple[int, ...]) -> None:
        super().__init__()
        self.compute = compute
        wanted = torch.promote_types(torch.get_default_dtype(), torch.float32)
        # where a model is only planned, arithmetic would load a compiler, for a second
        is_planned = torch.get_default_device().type == "meta"
        table = torch.empty(shape) if is_planned else compute()
        self.register_buffer("table", table.to(wanted), persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> nn.Module:
        super()._apply(fn, recurse)
        wanted = torch.promote_types(self.table.dtype, torch.float32)
        self.table = self.compute().to(self.table.device, wanted)
        return self


class Rotary(_FixedTable):
    """Tells positions by turning queries and keys; it has no weights."""

    def __init__(self, context_length: int, d_head: int, theta: float) -> None:
        shape = (2, context_length, d_head)
        super().__init__(partial(rotary_table, context_length, d_head, theta), shape)

    def forward(self, start: int, time: int) -> Rotation:
        """Give the rotation of the positions start, ..., start + time - 1."""
        cos, sin = self.table[:, start : start + time]
        return Rotation(cos, sin)


class SinusoidalPositions(_FixedTable):
    """Tells positions by adding fixed waves of many lengths to the embedding; it has no weights.

    When the embedding is also the output projection its rows are short, and the waves would drown
    it: it is then multiplied by √d_model, as in Vaswani et al. 2017, section 3.4.
    """

    def __init__(self, context_length: int, d_model: int, is_tied: bool) -> None:
        super().__init__(
            partial(sinusoidal_table, context_length, d_model), (context_length, d_model)
        )
        self.scale = d_model**0.5 if is_tied else 1.0

    def forward(
        self, x: Float[Tensor, "batch time d_model"], start: int
    ) -> Float[Tensor, "batch time d_model"]:
        """Tell each vector its position: start, start + 1, ..."""
        waves = self.table[start : start + x.shape[1]]
        return (self.scale * x + waves).to(x.dtype)


class LearnedPositions(nn.Module):
    """Tells positions by adding a learned vector for each one to the embedding.

    Gehring et al. 2017 (arXiv:1705.03122), section 3.1; as in GPT-2.
    """

    def __init__(self, context_length: int, d_model: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(context_length, d_model))

    def forward(
        self, x: Float[Tensor, "batch time d_model"], start: int
    ) -> Float[Tensor, "batch time d_model"]:
        """Tell each vector its position: start, start + 1, ..."""
        return x + self.weight[start : start + x.shape[1]]
