"""Two ways to tell positions that need no weights: waves that are added, and turning.

Vaswani et al. 2017 (arXiv:1706.03762), section 3.5; Su et al. 2021 (arXiv:2104.09864), equation 34,
with pairs half a head apart, as in our transformer.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from naepo.concepts.given import Numbers

THETA = 10_000.0


def angles(n: int, n_pairs: int, theta: float = THETA) -> Float[ndarray, "n n_pairs"]:
    """Give the angle (radians) of each position in each pair: position · theta^(−pair / n_pairs).

    >>> angles(3, 2).tolist()
    [[0.0, 0.0], [1.0, 0.01], [2.0, 0.02]]
    """
    return np.outer(np.arange(n), theta ** (-np.arange(n_pairs) / n_pairs))


def sinusoids(n: int, width: int) -> Float[ndarray, "n width"]:
    """Give the waves that are added to the embedding: sine and cosine of each angle, side by side.

    >>> sinusoids(2, 4).round(4).tolist()
    [[0.0, 1.0, 0.0, 1.0], [0.8415, 0.5403, 0.01, 1.0]]
    """
    turned = angles(n, width // 2)
    return np.stack([np.sin(turned), np.cos(turned)], axis=-1).reshape(n, width)


def turn(x: Numbers, position: int) -> Float[ndarray, " width"]:
    """Turn each pair (x[i], x[i + width/2]) by the angle of its position.

    >>> turn([1, 0], 1).round(4).tolist()
    [0.5403, 0.8415]
    """
    x = np.asarray(x, dtype=float)
    half = len(x) // 2
    by = angles(position + 1, half)[position]
    first, second = x[:half], x[half:]
    rest = (first * np.cos(by) - second * np.sin(by), second * np.cos(by) + first * np.sin(by))
    return np.concatenate(rest)
