"""How far a map can be trusted: what it keeps of the neighbourhoods of the full space.

Trustworthiness (Venna and Kaski 2001, ICANN, "Neighborhood preservation in nonlinear projection
methods"): 1 when whoever is near on the map is near in the full space; about 0.5 by chance.
Overlap: the share of the k nearest in the full space that are among the k nearest on the map.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from naepo.config import UserError
from naepo.reduce.neighbours import CELLS, nearest, squared_distances
from naepo.reduce.rows import Array, Rows, to_rows

EXACT = 4_000
"""Rows up to which every row is measured."""
SAMPLE = 1_000
"""Rows that are measured of a larger table; each against all."""


@dataclass(frozen=True)
class Quality:
    """Two figures between 0 and 1; None where there are too few rows to speak of neighbours."""

    trustworthiness: float | None
    overlap: float | None
    n_neighbours: int
    """So many nearest were looked at."""
    n_measured: int
    """Of so many rows; of a large table a sample is drawn."""
    n: int
    """Rows that there are."""

    @property
    def note(self) -> str | None:
        """Say what a person should know of these figures, if anything."""
        if not self.n_neighbours:
            return "too few rows to speak of neighbours"
        if self.n_measured < self.n:
            return f"measured on {self.n_measured:,} of {self.n:,} rows, drawn from the seed"
        return None


def measure(
    rows: Any, points: Any, *, n_neighbours: int = 10, seed: int = 0, sample: int = SAMPLE
) -> Quality:
    """Measure a map of rows: exactly up to `EXACT` rows, beyond on a sample drawn from `seed`.

    n_neighbours: fewer are used where it is not below half the number of rows.

    Raises: UserError when rows and points are not equally many, or hold NaN or infinity.
    """
    table, points = to_rows(rows), to_rows(points)
    n = len(table)
    if n != len(points):
        raise UserError(f"{n} rows, but {len(points)} points on the map")
    k = min(n_neighbours, (n - 1) // 2)
    if k < 1:
        return Quality(None, None, 0, 0, n)
    of = np.arange(n)
    if n > EXACT:
        of = np.sort(np.random.default_rng(seed).choice(n, min(sample, n), replace=False))
    near, shown = nearest(table, k, of=of).indices, nearest(points, k, of=of).indices
    kept = (near[:, :, None] == shown[:, None, :]).any(axis=-1)
    ranks = _ranks(table - table.mean(axis=0), of, near, shown)
    worst = k * (2 * n - 3 * k - 1) / 2  # Σ of rank − k when the map shows the farthest
    lies = np.maximum(ranks - k, 0).sum(axis=1)
    return Quality(float(1 - lies.mean() / worst), float(kept.mean()), k, len(of), n)


def _ranks(
    table: Rows, of: Int[Array, " asked"], near: Int[Array, "asked k"], shown: Int[Array, "asked k"]
) -> Float[Array, "asked k"]:
    """Give the place in the full space, 1 the nearest, of each point that is near on the map."""
    lengths = np.square(table).sum(axis=1)
    step = max(1, CELLS // len(table))
    ranks = []
    for i in range(0, len(of), step):
        squares = squared_distances(table, of[i : i + step], lengths)
        squares[np.arange(len(squares)), of[i : i + step]] = np.inf
        limits = np.take_along_axis(squares, shown[i : i + step], axis=1)
        ranks.append([(squares < limit[:, None]).sum(axis=1) + 1 for limit in limits.T])
    found = np.concatenate([np.transpose(block) for block in ranks]).astype(np.float64)
    # Those that are among the nearest are no lie, whatever rounding says of equals.
    found[(shown[:, :, None] == near[:, None, :]).any(axis=-1)] = 1.0
    return found
