"""Points that no line separates, a map after which one does, and the kernel that saves the map.

Aizerman, Braverman and Rozonoer 1964; Boser, Guyon and Vapnik 1992; for exp as a kernel, Tsai et
al. 2019 (arXiv:1908.11775), section 3.1.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from naepo.concepts.given import Numbers, Real, Rows


def ring(radius: Real, n: int, centre: Real = 0) -> Float[ndarray, "n 2"]:
    """Give n points of a circle about (centre, 0), the first on its right.

    >>> ring(2, 4, centre=1).round(9).tolist()
    [[3.0, 0.0], [1.0, 2.0], [-1.0, 0.0], [1.0, -2.0]]
    """
    by = 2 * np.pi * np.arange(n) / n
    return np.stack([centre + radius * np.cos(by), radius * np.sin(by)], axis=1)


def squares(points: Rows) -> Float[ndarray, "n 3"]:
    """Give φ(x) = [x₁², √2 x₁x₂, x₂²] of each point.

    >>> squares([[1, 2]]).round(4).tolist()
    [[1.0, 2.8284, 4.0]]
    """
    first, second = np.asarray(points, dtype=float).T
    return np.stack([first**2, math.sqrt(2) * first * second, second**2], axis=1)


def squares_and_lines(points: Rows) -> Float[ndarray, "n 5"]:
    """Give φ of the kernel (x · z + 1)², without its constant: the squares, and √2 x beside them.

    >>> squares_and_lines([[1, 2]]).round(4).tolist()
    [[1.0, 2.8284, 4.0, 1.4142, 2.8284]]
    """
    return np.hstack([squares(points), math.sqrt(2) * np.asarray(points, dtype=float)])


@dataclass(frozen=True, eq=False)
class Trick:
    """One number on two ways."""

    product: float
    """x · z."""
    squared: float
    """(x · z)²: the kernel."""
    mapped_x: Float[ndarray, " 3"]
    mapped_z: Float[ndarray, " 3"]
    products: Float[ndarray, " 3"]
    mapped: float
    """φ(x) · φ(z): the same."""


def kernel_trick(x: Numbers, z: Numbers) -> Trick:
    """Square the product; and multiply the squares.

    >>> found = kernel_trick([1, 2], [3, 1])
    >>> found.squared, round(found.mapped, 9), found.products.round(9).tolist()
    (25.0, 25.0, [9.0, 12.0, 4.0])
    """
    x, z = np.asarray(x, dtype=float), np.asarray(z, dtype=float)
    product, (mapped_x, mapped_z) = float(x @ z), squares(np.stack([x, z]))
    products = mapped_x * mapped_z
    return Trick(product, product**2, mapped_x, mapped_z, products, float(products.sum()))


def n_features(width: int, degree: int) -> int:
    """Give how many numbers φ of the kernel (x · z)^degree has.

    >>> n_features(2, 2), n_features(1000, 2)
    (3, 500500)
    """
    return math.comb(width + degree - 1, degree)


@dataclass(frozen=True, eq=False)
class Exponential:
    """exp(q · k / √d) as a sum of polynomial kernels of every degree."""

    score: float
    """q · k / √d."""
    terms: Float[ndarray, " n"]
    """score^j / j!: a polynomial kernel of degree j."""
    sums: Float[ndarray, " n"]
    """Of the terms so far."""
    value: float
    """exp(score)."""


def exponential(q: Numbers, k: Numbers, n: int) -> Exponential:
    """Give the first n terms.

    >>> found = exponential([2, 0], [1, 0], 20)
    >>> found.terms[:2].round(4).tolist(), round(float(found.sums[-1]) - found.value, 9)
    ([1.0, 1.4142], 0.0)
    """
    q, k = np.asarray(q, dtype=float), np.asarray(k, dtype=float)
    score = float(q @ k) / math.sqrt(len(q))
    terms = np.array([score**j / math.factorial(j) for j in range(n)])
    return Exponential(score, terms, terms.cumsum(), math.exp(score))


@dataclass(frozen=True, eq=False)
class Separated:
    """What a search for a plane between two classes came to."""

    weights: Float[ndarray, " width"]
    bias: float
    updates: int
    wrong: Int[ndarray, " some"]
    """Points on the wrong side of the best plane that was met; none: the classes are separable."""


def separate(points: Rows, labels: Numbers, most: int = 200) -> Separated:
    """Look for w · x + b > 0 for labels of 1 and < 0 for −1, by the perceptron.

    Rosenblatt 1958, always on the point that is most wrong, in columns of mean 0 and deviation 1.
    If there is a plane, it is found (Novikoff 1962) unless `most` updates are too few.

    >>> points = [[0], [1], [2]]
    >>> len(separate(points, [-1, -1, 1]).wrong), len(separate(points, [1, -1, 1]).wrong)
    (0, 1)
    """
    rows, signs = np.asarray(points, dtype=float), np.asarray(labels, dtype=float)
    deviation = rows.std(axis=0)
    deviation[deviation < 1e-12] = 1.0
    scaled = np.column_stack([(rows - rows.mean(axis=0)) / deviation, np.ones(len(rows))])
    signed = scaled * signs[:, None]
    weights = best = np.zeros(signed.shape[1])
    fewest, updates = len(rows) + 1, -1
    while updates < most:
        updates += 1
        margins = signed @ weights
        n_wrong = int((margins <= 0).sum())
        if n_wrong < fewest:
            best, fewest = weights, n_wrong
        if not n_wrong:
            break
        weights = weights + signed[margins.argmin()]
    wrong = np.flatnonzero(signed @ best <= 0)
    own = best[:-1] / deviation
    return Separated(own, float(best[-1] - own @ rows.mean(axis=0)), updates, wrong)
