"""Dropout that holds still: one mask for all positions of a sequence, or for a whole matrix.

Noise that changed from id to id would drown what a recurrent state carries (Gal and Ghahramani
2016, arXiv:1512.05287). A mask keeps what is left at its expected size: 0 or 1 / (1 − rate).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Generator, Tensor


def mask(
    *size: int, rate: float, like: Float[Tensor, "..."], generator: Generator | None
) -> Float[Tensor, "..."]:
    """Draw a mask of 0 and 1 / (1 − rate).

    generator: None draws from torch's global state.
    """
    drawn = torch.empty(size, dtype=like.dtype, device=like.device)
    return drawn.bernoulli_(1 - rate, generator=generator).div_(1 - rate)


def locked(
    x: Float[Tensor, "batch time width"], rate: float, generator: Generator | None
) -> Float[Tensor, "batch time width"]:
    """Zero the same components at every position of a sequence."""
    if not rate:
        return x
    return x * mask(len(x), 1, x.shape[2], rate=rate, like=x, generator=generator)


def dropped_weight(
    weight: Float[Tensor, "d_out d_in"], rate: float, generator: Generator | None
) -> Float[Tensor, "d_out d_in"]:
    """Zero single weights of a matrix, the same ones at every step of a sequence (DropConnect,
    Wan et al. 2013), so that the fused LSTM can still be used."""
    if not rate:
        return weight
    return weight * mask(*weight.shape, rate=rate, like=weight, generator=generator)


def embedded(
    ids: Int[Tensor, "batch time"],
    table: Float[Tensor, "vocab d_model"],
    rate: float,
    generator: Generator | None,
) -> Float[Tensor, "batch time d_model"]:
    """Look ids up in a table some of whose rows are zeroed: these ids are not seen now."""
    x = F.embedding(ids, table)
    if not rate:
        return x
    rows = mask(len(table), 1, rate=rate, like=table, generator=generator)
    return x * F.embedding(ids, rows)
