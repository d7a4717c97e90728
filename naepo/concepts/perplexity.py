"""Perplexity: how many neighbours a point of t-SNE has, said as one number.

van der Maaten and Hinton 2008 (JMLR 9), section 2: p_j ∝ exp(−distance_j² / 2σ²), and σ is chosen
for each point so that 2^entropy(p) is the perplexity.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from naepo.concepts.given import Numbers, Real

HALVINGS = 60


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """How a point shares its attention among the others."""

    sigma: float
    shares: Float[ndarray, " n"]
    """They add up to 1."""
    entropy: float
    """In bits."""
    perplexity: float
    """2^entropy: the number of equally near points that would be as undecided."""


def at_width(distances: Numbers, sigma: Real) -> Neighbourhood:
    """Give the shares for a width.

    >>> round(at_width([1, 1, 1, 1], 0.5).perplexity, 9)
    4.0
    """
    squared = np.asarray(distances, dtype=float) ** 2
    weights = np.exp(-(squared - squared.min()) / (2 * sigma**2))
    shares = weights / weights.sum()
    known = shares[shares > 0]
    entropy = -float((known * np.log2(known)).sum())
    return Neighbourhood(float(sigma), shares, entropy, 2**entropy)


def neighbourhood(distances: Numbers, perplexity: Real) -> Neighbourhood:
    """Find the width that gives a perplexity, by halving (it grows with the width).

    perplexity: above 1 and below the number of distances.

    >>> round(neighbourhood([1, 2, 3, 4], 2).perplexity, 6)
    2.0
    """
    low, high = 1e-3, 1e3 * float(np.max(distances))
    for _ in range(HALVINGS):
        middle = (low * high) ** 0.5
        if at_width(distances, middle).perplexity < perplexity:
            low = middle
        else:
            high = middle
    return at_width(distances, (low * high) ** 0.5)
