"""Normalisers: numbers of any size brought to a common one. Each is fitted once and kept.

    MinMax       y = (x − least) / (most − least), laid over low to high      each column
    Standard     y = (x − mean) / deviation                                   each column
    L2           y = x / |x|                                                  each row
    RMS          y = x / √(mean x² + eps) · gain                              each row
    Whitening    y = (x − mean) · turn: no two columns vary together          all columns at once

`fit(rows)` gives one, `transform` and `inverse` use it. What never varied keeps its scale: there is
nothing to divide by. Columns may have gaps (NaN), which are left out of what is fitted and stay;
rows that are compared as wholes may not. Numbers are summed in float64 and given as they came.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from naepo.config import UserError
from naepo.reduce.covariance import covariance, shrunk
from naepo.reduce.rows import LIMIT, Array, Rows, to_float

Number = int | float

NOTHING = 1e-12
"""A direction with less than this share of the variance of the widest is rounding."""


@runtime_checkable
class Normaliser(Protocol):
    """What all of them can do."""

    @classmethod
    def fit(cls, rows: Any) -> "Normaliser":
        """Learn from rows. Raises: UserError for no table, infinity, or NaN where it may not be."""
        ...

    def transform(self, rows: Any) -> Rows:
        """Bring rows to the common size. Raises: UserError, also for rows of another width."""
        ...

    def inverse(self, rows: Any) -> Rows:
        """Undo it. Raises: UserError where what was divided by is not known any more."""
        ...


@dataclass(frozen=True, eq=False)
class MinMax:
    """Lay each column over the range from `low` to `high`; a constant one becomes `low`.

    A column without any number counts as constant. Other rows may fall outside the range.
    """

    least: Float[Array, " width"]
    most: Float[Array, " width"]
    low: Number = 0.0
    high: Number = 1.0

    @classmethod
    def fit(cls, rows: Any, *, low: Number = 0.0, high: Number = 1.0) -> "MinMax":
        """Find the least and the most of each column."""
        if not low < high:
            raise UserError(f"low must be below high, got {low} and {high}")
        table = _table(rows, may_have_gaps=True).astype(np.float64)
        is_gap = np.isnan(table)
        least = np.where(is_gap, np.inf, table).min(axis=0)
        most = np.where(is_gap, -np.inf, table).max(axis=0)
        is_known = least <= most
        return cls(np.where(is_known, least, 0.0), np.where(is_known, most, 0.0), low, high)

    def transform(self, rows: Any) -> Rows:
        """Give (x − least) / (most − least), laid over low to high."""
        table = _table(rows, len(self.least), may_have_gaps=True)
        share = (table - self.least) / self._range
        return (share * (self.high - self.low) + self.low).astype(table.dtype)

    def inverse(self, rows: Any) -> Rows:
        """Give the numbers that lie at these places of the range."""
        table = _table(rows, len(self.least), may_have_gaps=True)
        share = (table - self.low) / (self.high - self.low)
        return (share * self._range + self.least).astype(table.dtype)

    @property
    def _range(self) -> Float[Array, " width"]:
        return np.where(self.most > self.least, self.most - self.least, 1.0)


@dataclass(frozen=True, eq=False)
class Standard:
    """Give each column mean 0 and standard deviation 1 (over n); a constant one becomes 0."""

    mean: Float[Array, " width"]
    deviation: Float[Array, " width"]

    @classmethod
    def fit(cls, rows: Any) -> "Standard":
        """Find the mean and the deviation of each column."""
        table = _table(rows, may_have_gaps=True).astype(np.float64)
        is_number = ~np.isnan(table)
        n = np.maximum(1, is_number.sum(axis=0))
        mean = np.where(is_number, table, 0.0).sum(axis=0) / n
        centred = np.where(is_number, table - mean, 0.0)
        # The mean of equal numbers may be another one in the last digit: what is left of them is
        # no variation.
        least = np.where(is_number, table, np.inf).min(axis=0)
        most = np.where(is_number, table, -np.inf).max(axis=0)
        is_constant = least >= most
        mean = np.where(is_constant & np.isfinite(least), least, mean)
        deviation = np.sqrt(np.square(centred).sum(axis=0) / n)
        return cls(mean, np.where(is_constant | (deviation == 0), 1.0, deviation))

    def transform(self, rows: Any) -> Rows:
        """Give (x − mean) / deviation."""
        table = _table(rows, len(self.mean), may_have_gaps=True)
        return ((table - self.mean) / self.deviation).astype(table.dtype)

    def inverse(self, rows: Any) -> Rows:
        """Give x · deviation + mean."""
        table = _table(rows, len(self.mean), may_have_gaps=True)
        return (table * self.deviation + self.mean).astype(table.dtype)


@dataclass(frozen=True, eq=False)
class L2:
    """Give each row length 1, so that a product of two rows is their cosine; zeros stay zeros."""

    width: int
    lost: ClassVar[str] = "length"

    @classmethod
    def fit(cls, rows: Any) -> "L2":
        """Nothing is learnt but the width."""
        return cls(_table(rows).shape[1])

    def transform(self, rows: Any) -> Rows:
        """Give x / |x|."""
        table = _table(rows, self.width)
        length = np.linalg.norm(table.astype(np.float64), axis=1, keepdims=True)
        return (table / np.where(length > 0, length, 1.0)).astype(table.dtype)

    def inverse(self, rows: Any) -> Rows:
        """Raise UserError: the lengths are gone."""
        raise _gone(self.lost)


@dataclass(frozen=True, eq=False)
class RMS:
    """Divide each row by its root mean square: the norm of our transformer, outside of it.

    Zhang and Sennrich 2019 (arXiv:1910.07467), equation 4.  gain: one for each column.
    """

    gain: Float[Array, " width"]
    eps: Number = 1e-6
    lost: ClassVar[str] = "root mean square"

    @classmethod
    def fit(cls, rows: Any, *, eps: Number = 1e-6) -> "RMS":
        """Nothing is learnt but the width; every gain is 1."""
        if not eps >= 0:
            raise UserError(f"eps must be at least 0, got {eps}")
        return cls(np.ones(_table(rows).shape[1]), eps)

    def transform(self, rows: Any) -> Rows:
        """Give x / √(mean x² + eps) · gain."""
        table = _table(rows, len(self.gain))
        squares = np.square(table, dtype=np.float64).mean(axis=1, keepdims=True) + self.eps
        size = np.sqrt(np.where(squares > 0, squares, 1.0))
        return (table / size * self.gain).astype(table.dtype)

    def inverse(self, rows: Any) -> Rows:
        """Raise UserError: the sizes are gone."""
        raise _gone(self.lost)


@dataclass(frozen=True, eq=False)
class Whitening:
    """Turn and stretch the rows so that no two directions vary together, and all about alike.

        y = (x − mean) · U / √λ        with the covariance  Σ = U λ Uᵀ, widest direction first

    Su et al. 2021 (arXiv:2103.15316), section 3: the closed form that makes a cosine of hidden
    states mean something. Departs from it in that the covariance is first drawn towards a round one
    of the same size, as far as Ledoit and Wolf 2004 find best (equation 14), since few rows make
    narrow directions look narrower than they are: after that wide directions vary by more than 1
    and narrow ones by less, and `shrinkage=0` makes all of them vary by 1. A direction in which
    nothing varied keeps its scale; but where there are not more rows than columns, so that some
    cannot vary, it takes that of the round covariance. Cut to `n_components`, `inverse` gives the
    nearest rows that it can.
    """

    mean: Float[Array, " width"]
    axes: Float[Array, "components width"]
    scales: Float[Array, " components"]
    """What each axis is divided by: the deviation along it."""
    shrinkage: Number
    """How far the covariance was drawn towards the round one, 0 to 1."""

    @classmethod
    def fit(
        cls, rows: Any, *, n_components: int | None = None, shrinkage: Number | None = None
    ) -> "Whitening":
        """Find the axes and the deviations along them.

        n_components: how many of the widest directions are kept; None for all.
        shrinkage: 0 takes the covariance as it is; None finds how far to go.
        """
        table = _table(rows).astype(np.float64)
        width = table.shape[1]
        wanted = width if n_components is None else n_components
        if not 1 <= wanted <= width:
            raise UserError(f"n_components must be from 1 to {width}, got {n_components}")
        if shrinkage is not None and not 0 <= shrinkage <= 1:
            raise UserError(f"shrinkage must be from 0 to 1, got {shrinkage}")
        _, share = shrunk(table, shrinkage)
        variances, turn = np.linalg.eigh(covariance(table))
        drawn = (1 - share) * variances + share * variances.mean()
        mean = table.mean(axis=0)
        # the mean of n equal numbers is off by its rounding, which is no variance either
        rounding = np.finfo(np.float64).eps * np.abs(mean).max() * len(table)
        least = max(NOTHING * float(variances[-1]), width * rounding**2)
        # rows too few to vary everywhere: how they might, only the round covariance knows
        asked = drawn if len(table) <= width else variances
        scales = np.sqrt(np.where(asked <= least, 1.0, drawn))
        axes = _signed(turn.T[::-1][:wanted])  # the widest first
        return cls(mean, axes, scales[::-1][:wanted], share)

    def transform(self, rows: Any) -> Float[Array, "n components"]:
        """Give (x − mean) along each axis, in deviations."""
        table = _table(rows, len(self.mean))
        return ((table - self.mean) @ self.axes.T / self.scales).astype(table.dtype)

    def inverse(self, rows: Any) -> Rows:
        """Give the rows that lie at these places."""
        table = _table(rows, len(self.scales))
        return ((table * self.scales) @ self.axes + self.mean).astype(table.dtype)


NORMALISERS: dict[str, type[MinMax | Standard | L2 | RMS | Whitening]] = {
    "minmax": MinMax,
    "standard": Standard,
    "l2": L2,
    "rms": RMS,
    "whitening": Whitening,
}
"""All of them, by name."""


def _table(values: Any, width: int | None = None, *, may_have_gaps: bool = False) -> Rows:
    """Give values as rows of float32 or float64, checked."""
    rows = to_float(values)
    if rows.ndim != 2 or not rows.size:
        raise UserError(f"expected a table with rows and columns, got shape {rows.shape}")
    if width is not None and rows.shape[1] != width:
        raise UserError(f"fitted to rows of {width} numbers, got rows of {rows.shape[1]}")
    is_bad = np.isinf(rows) if may_have_gaps else ~np.isfinite(rows)
    if is_bad.any():
        what = "infinity" if may_have_gaps else "NaN or infinity"
        bad = is_bad.any(axis=1)
        raise UserError(f"{int(bad.sum()):,} rows hold {what}, first row {int(bad.argmax())}")
    largest = float(np.nanmax(np.abs(rows), initial=0.0))
    if largest > LIMIT:
        raise UserError(f"numbers up to {largest:.1e} are too large, at most {LIMIT:.0e}")
    return rows


def _signed(axes: Float[Array, "few width"]) -> Float[Array, "few width"]:
    """Turn each axis so that its largest entry is positive: else the sign would be an accident."""
    largest = np.abs(axes).argmax(axis=1)
    return axes * np.where(axes[np.arange(len(axes)), largest] < 0, -1.0, 1.0)[:, None]


def _gone(what: str) -> UserError:
    return UserError(
        f"this cannot be undone: each row was divided by its {what}, which is not kept",
        hint="keep the rows, or normalise columns (minmax, standard) or all at once (whitening)",
    )
