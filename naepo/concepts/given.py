"""What the numbers of a chapter may come as: written by hand, or from an array."""

from collections.abc import Sequence

from jaxtyping import Shaped
from numpy import ndarray

Numbers = Sequence[int | float] | Shaped[ndarray, "..."]
"""Several numbers in a row."""
Rows = Sequence[Numbers] | Shaped[ndarray, "..."]
"""Rows of as many numbers each: a matrix."""
Real = int | float
"""One number."""
