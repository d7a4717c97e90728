"""How far numbers lie apart: mean, deviations, variance, standard deviation; and standardising."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from naepo.concepts.given import Numbers


@dataclass(frozen=True, eq=False)
class Spread:
    """Every number on the way to a standard deviation."""

    x: Float[ndarray, " n"]
    mean: float
    deviations: Float[ndarray, " n"]
    """x − mean; they add up to 0."""
    squares: Float[ndarray, " n"]
    """Of the deviations."""
    sum_of_squares: float
    divisor: int
    """n for a population, n − 1 for a sample."""
    variance: float
    deviation: float
    """√variance: in the unit of x."""
    standardised: Float[ndarray, " n"]
    """(x − mean) / deviation: mean 0, deviation 1. NaN where all x are equal."""


def spread(x: Numbers, *, is_sample: bool = False) -> Spread:
    """Measure the spread of numbers, as a population (divided by n) or as a sample (by n − 1).

    >>> apples = spread([200, 300, 150, 250])
    >>> apples.mean, apples.squares.tolist(), round(apples.deviation, 2)
    (225.0, [625.0, 5625.0, 5625.0, 625.0], 55.9)
    >>> spread([2, 4, 6, 8], is_sample=True).standardised.round(4).tolist()
    [-1.1619, -0.3873, 0.3873, 1.1619]
    """
    x = np.asarray(x, dtype=float)
    mean = float(x.mean())
    deviations = x - mean
    squares = deviations**2
    divisor = len(x) - 1 if is_sample else len(x)
    variance = float(squares.sum() / divisor) if divisor else float("nan")
    deviation = float(np.sqrt(variance))
    with np.errstate(invalid="ignore", divide="ignore"):
        standardised = deviations / deviation
    return Spread(
        x=x,
        mean=mean,
        deviations=deviations,
        squares=squares,
        sum_of_squares=float(squares.sum()),
        divisor=divisor,
        variance=variance,
        deviation=deviation,
        standardised=standardised,
    )
