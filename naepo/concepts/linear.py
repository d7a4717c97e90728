"""A linear map of the plane, entry by entry: y = A x, areas, and one map after another."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from naepo.concepts.given import Numbers, Rows

SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
"""The corners of the square of side 1, as one walks round it."""
NAMED: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "stretch": ((2.0, 0.0), (0.0, 3.0)),
    "rotate": ((0.0, -1.0), (1.0, 0.0)),
    "mirror": ((-1.0, 0.0), (0.0, 1.0)),
    "shear": ((1.0, 1.0), (0.0, 1.0)),
    "project": ((1.0, 0.0), (0.0, 0.0)),
}
"""Maps that have a name: a stretch, a quarter turn, a mirror, a shear, and a projection."""


@dataclass(frozen=True, eq=False)
class Applied:
    """Every product on the way to y = A x."""

    matrix: Float[ndarray, "out into"]
    x: Float[ndarray, " into"]
    products: Float[ndarray, "out into"]
    """a_ij · x_j; a row of it adds up to y_i."""
    y: Float[ndarray, " out"]


def apply(matrix: Rows, x: Numbers) -> Applied:
    """Apply a matrix to a vector: y_i = ∑_j a_ij x_j.

    >>> apply([[1, 2], [3, 4]], [5, 6]).y.tolist()
    [17.0, 39.0]
    """
    a, x = np.array(matrix, dtype=float), np.asarray(x, dtype=float)
    products = a * x
    return Applied(a, x, products, products.sum(axis=1))


@dataclass(frozen=True, eq=False)
class Area:
    """What a 2 × 2 matrix does to the square of side 1, and so to every area."""

    corners: Float[ndarray, "4 2"]
    """Where the corners of the square go."""
    down: float
    """a₁₁ · a₂₂"""
    up: float
    """a₁₂ · a₂₁"""
    determinant: float
    """down − up: the area, negative where the map turns the square over."""
    walked: float
    """The same area from the corners alone, by walking round them (the shoelace formula)."""


def area(matrix: Rows) -> Area:
    """Measure how a 2 × 2 matrix scales areas.

    >>> area([[2, 0], [0, 3]]).determinant, area([[1, 2], [2, 4]]).determinant
    (6.0, 0.0)
    """
    a = np.array(matrix, dtype=float)
    corners = np.array(SQUARE) @ a.T
    (x, y), (next_x, next_y) = corners.T, np.roll(corners, -1, axis=0).T
    down, up = float(a[0, 0] * a[1, 1]), float(a[0, 1] * a[1, 0])
    walked = float((x * next_y - y * next_x).sum() / 2)
    return Area(corners, down, up, down - up, walked)


@dataclass(frozen=True, eq=False)
class Composed:
    """First one map, then another: one matrix does both."""

    product: Float[ndarray, "out into"]
    """second @ first."""
    other_order: Float[ndarray, "out into"]
    """first @ second."""
    step_by_step: Float[ndarray, " out"]
    """second @ (first @ x)."""
    at_once: Float[ndarray, " out"]
    """product @ x."""


def compose(second: Rows, first: Rows, x: Numbers) -> Composed:
    """Apply `first` to x and `second` to what comes out; and both as their matrix product.

    >>> found = compose([[2, 0], [0, 1]], [[0, -1], [1, 0]], [1, 0])
    >>> found.at_once.tolist(), (found.other_order @ [1, 0]).tolist()
    ([0.0, 1.0], [0.0, 2.0])
    """
    a, b = np.array(second, dtype=float), np.array(first, dtype=float)
    product = a @ b
    step_by_step = apply(a, apply(b, x).y).y
    return Composed(product, b @ a, step_by_step, apply(product, x).y)
