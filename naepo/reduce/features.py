"""Feature maps: rows written with more numbers, so that a straight line there is a curve here.

A kernel gives the product of two mapped rows without mapping them, and that is the whole trick:

    polynomial   (x · y + c)^degree  =  polynomial(x) · polynomial(y), exactly
    rbf          exp(-gamma |x - y|²)  ≈  fourier(x) · fourier(y), the more numbers the nearer
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb, factorial
from typing import Any

import numpy as np
from jaxtyping import Float

from naepo.config import UserError
from naepo.reduce.rows import Array, to_rows

MOST_FEATURES = 1 << 20
"""Numbers of a mapped row that are still made."""


def polynomial(rows: Any, degree: int = 2, c: float = 1.0) -> Float[Array, "n features"]:
    """Give all products of at most `degree` entries of each row, weighted so that a plain product
    of two mapped rows is `polynomial_kernel` of the rows.

    Shawe-Taylor and Cristianini 2004, "Kernel Methods for Pattern Analysis", section 9.1.

    >>> polynomial([[2.0]], degree=2).round(3).tolist()
    [[1.0, 2.828, 4.0]]

    Raises: UserError for a degree below 1, c below 0, or more products than anyone can hold.
    """
    table = to_rows(rows).astype(np.float64)
    if degree < 1 or c < 0:
        raise UserError(f"degree must be at least 1 and c at least 0, got {degree} and {c}")
    width = table.shape[1]
    n_features = comb(width + degree, degree)
    if n_features > MOST_FEATURES:
        raise UserError(
            f"degree {degree} of {width} numbers is {n_features:,} products of each row",
            hint="use the kernel, which needs none of them",
        )
    columns = []
    for size in range(degree + 1):
        for chosen in combinations_with_replacement(range(width), size):
            times = [chosen.count(column) for column in set(chosen)]
            ways = factorial(degree) / (
                factorial(degree - size) * np.prod([factorial(t) for t in times])
            )
            product = np.prod(table[:, list(chosen)], axis=1) if size else np.ones(len(table))
            columns.append(np.sqrt(ways * c ** (degree - size)) * product)
    return np.stack(columns, axis=1)


def polynomial_kernel(
    rows: Any, others: Any, degree: int = 2, c: float = 1.0
) -> Float[Array, "n m"]:
    """Give (x · y + c)^degree of each pair of rows."""
    ours, theirs = to_rows(rows).astype(np.float64), to_rows(others).astype(np.float64)
    return (ours @ theirs.T + c) ** degree


def rbf_kernel(rows: Any, others: Any, gamma: float = 1.0) -> Float[Array, "n m"]:
    """Give exp(-gamma |x - y|²) of each pair of rows."""
    ours, theirs = to_rows(rows).astype(np.float64), to_rows(others).astype(np.float64)
    squares = np.square(ours[:, None] - theirs[None]).sum(axis=-1)
    return np.exp(-gamma * squares)


@dataclass(frozen=True, eq=False)
class RandomFourier:
    """Random waves whose products come near the rbf kernel (Rahimi and Recht 2007, NIPS).

    fourier(x) = √(2 / features) cos(x W + b),   W normal with variance 2 gamma, b uniform
    """

    waves: Float[Array, "width features"]
    shifts: Float[Array, " features"]

    @classmethod
    def draw(
        cls, width: int, n_features: int = 1_000, *, gamma: float = 1.0, seed: int = 0
    ) -> "RandomFourier":
        """Draw the waves. Raises: UserError for no features, or a gamma that is not above 0."""
        if n_features < 1 or width < 1 or not gamma > 0:
            raise UserError(
                f"features and width must be at least 1 and gamma above 0, got {n_features}, "
                f"{width} and {gamma}"
            )
        generator = np.random.default_rng(seed)
        waves = generator.normal(0, np.sqrt(2 * gamma), (width, n_features))
        return cls(waves, generator.uniform(0, 2 * np.pi, n_features))

    def transform(self, rows: Any) -> Float[Array, "n features"]:
        """Map rows. Raises: UserError for rows of another width."""
        table = to_rows(rows).astype(np.float64)
        if table.shape[1] != len(self.waves):
            raise UserError(f"drawn for rows of {len(self.waves)} numbers, got {table.shape[1]}")
        return np.sqrt(2 / len(self.shifts)) * np.cos(table @ self.waves + self.shifts)
