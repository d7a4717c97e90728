"""Min-max normalisation, standardisation, and their robust sister: a column of numbers.

The mistake that min-max is often taken for, dividing by the least and then by the most, is here as
well, so that it can be looked at.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from naepo.concepts.given import Numbers, Real


@dataclass(frozen=True, eq=False)
class MinMaxed:
    """Every number on the way to y = (x − least) / (most − least)."""

    x: Float[ndarray, " n"]
    least: float
    most: float
    range: float
    """most − least."""
    above: Float[ndarray, " n"]
    """x − least: how far each lies above the least."""
    y: Float[ndarray, " n"]
    """0 for the least, 1 for the most. NaN where all x are equal."""


def min_max(x: Numbers, *, least: Real | None = None, most: Real | None = None) -> MinMaxed:
    """Lay numbers over the range from 0 to 1; least and most are their own unless given.

    >>> min_max([10_000, 505_000, 1_000_000]).y.tolist()
    [0.0, 0.5, 1.0]
    >>> min_max([1_990_000], least=10_000, most=1_000_000).y.tolist()
    [2.0]
    """
    x = np.asarray(x, dtype=float)
    least = float(x.min() if least is None else least)
    most = float(x.max() if most is None else most)
    above = x - least
    with np.errstate(invalid="ignore", divide="ignore"):
        y = above / (most - least)
    return MinMaxed(x, least, most, most - least, above, y)


@dataclass(frozen=True, eq=False)
class Twice:
    """What comes of dividing by the least and then by the most: not min-max."""

    over_least: Float[ndarray, " n"]
    y: Float[ndarray, " n"]
    """x / (least · most): between 1 / most and 1 / least, and it has the unit 1 / x."""


def divided_twice(x: Numbers) -> Twice:
    """Make the common mistake.

    >>> divided_twice([2, 4]).y.tolist()
    [0.25, 0.5]
    """
    x = np.asarray(x, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        over_least = x / x.min()
        return Twice(over_least, over_least / x.max())


def standard_score(x: Numbers, mean: Real, deviation: Real) -> Float[ndarray, " n"]:
    """Give (x − mean) / deviation with figures that were found before, on other numbers.

    >>> standard_score([350_000, 600_000], mean=500_000, deviation=100_000).tolist()
    [-1.5, 1.0]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return (np.asarray(x, dtype=float) - mean) / np.float64(deviation)


@dataclass(frozen=True, eq=False)
class Robust:
    """Every number on the way to y = (x − median) / (upper − lower quartile)."""

    median: float
    lower: float
    """A quarter of the numbers lie at or below it."""
    upper: float
    between: float
    """upper − lower: the width of the middle half."""
    y: Float[ndarray, " n"]
    """NaN or infinite where the middle half has no width."""


def robust(x: Numbers) -> Robust:
    """Standardise by middle values, which one outlier does not move.

    Quartiles between two numbers are interpolated (Hyndman and Fan 1996, type 7).

    >>> robust([1, 2, 3, 4, 5]).y.tolist(), robust([1, 2, 3, 4, 500]).y[:4].tolist()
    ([-1.0, -0.5, 0.0, 0.5, 1.0], [-1.0, -0.5, 0.0, 0.5])
    """
    x = np.asarray(x, dtype=float)
    lower, median, upper = (float(each) for each in np.quantile(x, (0.25, 0.5, 0.75)))
    with np.errstate(invalid="ignore", divide="ignore"):
        y = (x - median) / (upper - lower)
    return Robust(median, lower, upper, upper - lower, y)


def fewest(range: Real, deviation: Real) -> int:
    """Give the least count of numbers that can have this range and this deviation (population).

    The two outermost alone add at least range² / 2 to the squared deviations, and the mean of the
    squares is deviation²: n ≥ range² / (2 · deviation²).

    >>> fewest(990_000, 100_000), fewest(2, 1)
    (50, 2)
    """
    return max(2, math.ceil(range**2 / (2 * deviation**2) - 1e-9))
