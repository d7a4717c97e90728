"""Principal components: the plane through the rows along which they vary most.

Pearson 1901; Hotelling 1933. Up to `EXACT` rows or columns it is exact, by the eigenvectors of the
covariance, which costs one pass over the rows however many there are. Beyond, it is the randomised
subspace iteration of Halko, Martinsson and Tropp 2011 (arXiv:0909.4061), algorithm 4.4.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from naepo.config import UserError
from naepo.reduce.rows import Array, Rows, to_rows

EXACT = 2_048
"""The smaller side of a table up to which all eigenvectors are computed."""
BLOCK = 4_096
"""Rows that are multiplied at once."""
EXTRA = 10
"""Directions that the randomised way follows beside those wanted."""
ITERATIONS = 7
"""Of the randomised way."""
NOTHING = 1e-12
"""A component with less than this share of the variance of the first is rounding, and left zero."""


@dataclass(frozen=True, eq=False)
class PCA:
    """A plane, fitted once: `PCA.fit(rows)`, then `transform` for these rows or any others.

    axes: unit vectors, most variance first, signed so that the largest entry is positive; zero
    where the rows do not vary in so many directions.
    variances: along each axis, as n − 1 counts it.  total: of all directions together.
    """

    mean: Float[Array, " width"]
    axes: Float[Array, "components width"]
    variances: Float[Array, " components"]
    total: float

    @classmethod
    def fit(cls, rows: Any, n_components: int = 2, seed: int = 0) -> "PCA":
        """Find the components of a table of rows.

        seed: only used where both sides are above `EXACT`.

        Raises: UserError for no table, NaN or infinity.
        """
        table = to_rows(rows)
        mean = table.mean(axis=0, dtype=np.float64)
        total = sum(
            float(np.square(block, dtype=np.float64).sum()) for block in _blocks(table, mean)
        )
        if min(table.shape) <= EXACT:
            axes = _exact(table, mean, n_components)
        else:
            axes = _randomised(table, mean, n_components, seed)
        degrees = max(1, len(table) - 1)
        variances = _along(table, mean, axes) / degrees
        order = np.argsort(-variances, kind="stable")
        axes, variances = axes[order], variances[order]
        is_nothing = variances <= NOTHING * variances.max(initial=0.0)
        axes[is_nothing], variances[is_nothing] = 0.0, 0.0
        lacking = n_components - len(axes)  # a table narrower than the map
        return cls(
            mean=mean,
            axes=np.pad(_signed(axes), ((0, lacking), (0, 0))),
            variances=np.pad(variances, (0, lacking)),
            total=total / degrees,
        )

    @property
    def shares(self) -> Float[Array, " components"]:
        """The share of all variance that lies along each axis, 0 to 1."""
        return self.variances / self.total if self.total else np.zeros_like(self.variances)

    def transform(self, rows: Any) -> Float[Array, "n components"]:
        """Give where rows fall on the plane, in the units of the rows.

        Raises: UserError when they have another width than those fitted.
        """
        table = to_rows(rows)
        if table.shape[1] != len(self.mean):
            raise UserError(
                f"the plane was fitted to rows of {len(self.mean)} numbers, got {table.shape[1]}"
            )
        axes = self.axes.T.astype(table.dtype)
        return np.concatenate([block @ axes for block in _blocks(table, self.mean)])

    def inverse(self, points: Float[Array, "n components"]) -> Rows:
        """Give the points of the full space that lie on the plane at these places."""
        return points @ self.axes + self.mean


def _blocks(table: Rows, mean: Float[Array, " width"]) -> Iterator[Rows]:
    """Go through the rows in blocks, their mean taken off."""
    around = mean.astype(table.dtype)
    for start in range(0, len(table), BLOCK):
        yield table[start : start + BLOCK] - around


def _along(
    table: Rows, mean: Float[Array, " width"], axes: Float[Array, "components width"]
) -> Float[Array, " components"]:
    """Give Σ (row · axis)² over all rows."""
    turned = axes.T.astype(table.dtype)
    squares = [
        np.square(block @ turned, dtype=np.float64).sum(axis=0) for block in _blocks(table, mean)
    ]
    return np.sum(squares, axis=0)


def _exact(table: Rows, mean: Float[Array, " width"], wanted: int) -> Float[Array, "few width"]:
    """Give eigenvectors of XᵀX, or those of X Xᵀ carried over by X where there are fewer rows."""
    if table.shape[1] <= len(table):
        gram = np.zeros((table.shape[1],) * 2)
        for block in _blocks(table, mean):
            gram += block.T @ block
        return np.linalg.eigh(gram)[1].T[::-1][:wanted].copy()
    centred = table.astype(np.float64) - mean
    sides = np.linalg.eigh(centred @ centred.T)[1].T[::-1][:wanted]
    return _unit(sides @ centred)


def _randomised(
    table: Rows, mean: Float[Array, " width"], wanted: int, seed: int
) -> Float[Array, "few width"]:
    draw = np.random.default_rng(seed)
    basis = draw.standard_normal((table.shape[1], wanted + EXTRA))
    for _ in range(ITERATIONS):
        basis = np.linalg.qr(_twice(table, mean, basis))[0]
    small = basis.T @ _twice(table, mean, basis)
    turn = np.linalg.eigh((small + small.T) / 2)[1][:, ::-1][:, :wanted]
    return _unit((basis @ turn).T)


def _twice(
    table: Rows, mean: Float[Array, " width"], basis: Float[Array, "width few"]
) -> Float[Array, "width few"]:
    """Give XᵀX · basis."""
    found = np.zeros(basis.shape)
    narrow = basis.astype(table.dtype)
    for block in _blocks(table, mean):
        found += block.T @ (block @ narrow)
    return found


def _unit(axes: Float[Array, "few width"]) -> Float[Array, "few width"]:
    length = np.linalg.norm(axes, axis=1, keepdims=True)
    return np.divide(axes, length, out=np.zeros_like(axes), where=length > 0)


def _signed(axes: Float[Array, "few width"]) -> Float[Array, "few width"]:
    """Turn each axis so that its largest entry is positive: else the sign would be an accident."""
    largest = np.abs(axes).argmax(axis=1)
    signs = np.sign(axes[np.arange(len(axes)), largest])
    return axes * np.where(signs == 0, 1.0, signs)[:, None]
