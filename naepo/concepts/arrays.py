"""Arrays: the two products, how numbers lie in memory, and how shapes are made to fit.

The rule of broadcasting is NumPy's (Harris et al. 2020, Nature 585, "Array programming with
NumPy"), and torch's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from jaxtyping import Float, Shaped
from numpy import ndarray

from naepo.concepts.given import Rows


@dataclass(frozen=True, eq=False)
class Products:
    """Both products of two matrices."""

    a: Float[ndarray, "rows inner"]
    b: Float[ndarray, "inner cols"]
    star: Float[ndarray, "rows inner"] | None
    """a * b: each number with the one in its own place. None where the shapes do not fit."""
    terms: Float[ndarray, "rows cols inner"]
    """a[i, k] · b[k, j]: what is added up for the entry (i, j) of a @ b."""
    at: Float[ndarray, "rows cols"]
    """a @ b: rows of a with columns of b."""


def products(a: Rows, b: Rows) -> Products:
    """Multiply two matrices entry by entry, and as matrices.

    >>> found = products([[1, 2], [3, 4]], [[2, 0], [1, 3]])
    >>> found.star.tolist(), found.at.tolist(), found.terms[0, 0].tolist()
    ([[2.0, 0.0], [3.0, 12.0]], [[4.0, 6.0], [10.0, 12.0]], [2.0, 2.0])
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    star = a * b if a.shape == b.shape else None
    terms = np.stack([np.outer(a[:, k], b[k]) for k in range(a.shape[1])], axis=-1)
    return Products(a, b, star, terms, terms.sum(axis=-1))


@dataclass(frozen=True, eq=False)
class Layout:
    """An array as it lies in memory: one long row of numbers, and how far apart neighbours are."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """Along each axis: so many numbers further is the next one."""
    memory: Shaped[ndarray, " size"]

    def place(self, index: Sequence[int]) -> int:
        """Give the place in memory of one entry: the sum of index · stride.

        >>> layout(np.arange(24).reshape(2, 3, 4)).place([1, 0, 2])
        14
        """
        return int(np.dot(index, self.strides))


def layout(array: Rows) -> Layout:
    """Tell how an array lies in memory; of a transposed one, without moving a number.

    >>> a = np.arange(6).reshape(2, 3)
    >>> layout(a).strides, layout(a.T).strides, layout(a.T).memory.tolist()
    ((3, 1), (1, 3), [0, 1, 2, 3, 4, 5])
    """
    array = np.asarray(array)
    strides = tuple(stride // array.itemsize for stride in array.strides)
    return Layout(tuple(array.shape), strides, array.ravel(order="K"))


@dataclass(frozen=True)
class Axis:
    """One axis of two arrays that are to be combined, counted from the right."""

    left: int | None
    """None where the array has no such axis; it counts as 1."""
    right: int | None
    size: int | None
    """Of the result; None where they do not fit."""


@dataclass(frozen=True)
class Broadcast:
    """What becomes of two shapes when arrays are added or multiplied entry by entry."""

    axes: tuple[Axis, ...]
    """The last axis first."""
    shape: tuple[int, ...] | None
    """Of the result; None where they do not fit: torch and NumPy refuse."""


def broadcast(left: Sequence[int], right: Sequence[int]) -> Broadcast:
    """Lay two shapes over each other from the right: sizes must be equal, or one of them 1.

    >>> broadcast((4, 1), (3,)).shape, broadcast((3,), (2,)).shape
    ((4, 3), None)
    """
    pairs = zip_longest(reversed(left), reversed(right))
    axes = tuple(Axis(a, b, _fitted(a, b)) for a, b in pairs)
    sizes = [axis.size for axis in reversed(axes) if axis.size is not None]
    return Broadcast(axes, tuple(sizes) if len(sizes) == len(axes) else None)


def _fitted(a: int | None, b: int | None) -> int | None:
    one, other = 1 if a is None else a, 1 if b is None else b
    if one == other or other == 1:
        return one
    return other if one == 1 else None


def split_heads(x: Rows, n_heads: int) -> Float[ndarray, "heads time d_head"]:
    """Cut each row into n_heads equal parts: (time, width) becomes (heads, time, width / heads).

    >>> split_heads([[1, 2, 3, 4], [5, 6, 7, 8]], 2).tolist()
    [[[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0], [7.0, 8.0]]]
    """
    x = np.asarray(x, dtype=float)
    time, width = x.shape
    return x.reshape(time, n_heads, width // n_heads).transpose(1, 0, 2)
