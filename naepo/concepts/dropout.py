"""Dropout, drawn and averaged, and what autograd keeps of a pass that may be sent back.

Srivastava et al. 2014 (JMLR 15), in the form of today: what is kept is made larger in training, so
that nothing need be done when training is over.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from naepo.concepts.given import Numbers


@dataclass(frozen=True, eq=False)
class Dropped:
    """Every number on the way through dropout."""

    x: Float[ndarray, " n"]
    p: float
    """The probability that a number is dropped."""
    kept: Bool[ndarray, " n"]
    factor: float
    """1 / (1 − p)."""
    y: Float[ndarray, " n"]
    """x · kept / (1 − p)."""
    slopes: Float[ndarray, " n"]
    """∂y/∂x: the factor where it was kept, 0 where it was dropped."""


def dropout(x: Numbers, p: float, seed: int) -> Dropped:
    """Drop numbers by chance and enlarge the rest, as `torch.nn.Dropout` does in training.

    >>> found = dropout([4, -2, 6, 2], 0.5, seed=0)
    >>> found.kept.tolist(), found.y.tolist()
    ([True, False, False, False], [8.0, -0.0, 0.0, 0.0])
    """
    x = np.asarray(x, dtype=float)
    kept = np.random.default_rng(seed).random(len(x)) >= p
    factor = 1 / (1 - p)
    slopes = kept * factor
    return Dropped(x, p, kept, factor, x * slopes, slopes)


@dataclass(frozen=True, eq=False)
class Average:
    """The mean of what dropout gives, over all masks that there are, each by its probability."""

    n_masks: int
    enlarged: Float[ndarray, " n"]
    """With what is kept divided by 1 − p: x again."""
    plain: Float[ndarray, " n"]
    """Without: (1 − p) x, smaller than what the next layer sees when nothing is dropped."""


def average(x: Numbers, p: float) -> Average:
    """Add up every mask of kept and dropped numbers, not a sample of them.

    >>> found = average([4, -2], 0.25)
    >>> found.n_masks, found.enlarged.round(9).tolist(), found.plain.round(9).tolist()
    (4, [4.0, -2.0], [3.0, -1.5])
    """
    x = np.asarray(x, dtype=float)
    masks = np.array(list(product((0, 1), repeat=len(x))))
    chances = np.prod(np.where(masks == 1, 1 - p, p), axis=1)
    plain = chances @ (masks * x)
    return Average(len(masks), plain / (1 - p), plain)


@dataclass(frozen=True)
class Kept:
    """What one operation keeps until the gradient comes back."""

    operation: str
    what: str
    """The name of the tensor."""
    numbers: int
    mebibytes: float
    """As 32-bit floats."""


def kept_by_feed_forward(n_tokens: int, width: int, wide: int, *, drops: bool) -> tuple[Kept, ...]:
    """List what autograd keeps of y = dropout(relu(x W₁ᵀ)) W₂ᵀ, weights apart.

    drops: whether dropout is on; then its mask is kept, and its result beside its input. Off, the
    result of relu is both: what relu keeps, and what the second product keeps.

    >>> [each.numbers for each in kept_by_feed_forward(5, 4, 6, drops=True)]
    [20, 30, 30, 30]
    >>> sum(each.numbers for each in kept_by_feed_forward(5, 4, 6, drops=False))
    50
    """
    found = [("x W₁ᵀ", "x", n_tokens * width), ("relu", "a", n_tokens * wide)]
    if drops:
        found += [("dropout", "m", n_tokens * wide), ("d W₂ᵀ", "d", n_tokens * wide)]
    return tuple(Kept(op, what, count, 4 * count / 2**20) for op, what, count in found)
