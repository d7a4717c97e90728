"""The nearest rows of each row, exactly: every distance is computed, block by block.

Candidates come from one matrix product, |a − b|² = |a|² + |b|² − 2 a·b, which loses digits where
rows are close; so a few more than wanted are taken, and measured again by subtraction.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from naepo.config import UserError
from naepo.reduce.rows import Array, Rows, to_rows

Metric = Literal["euclidean", "cosine"]

CELLS = 1 << 24
"""Distances held at once: 64 MB in float32."""
MEASURED = 1 << 18
"""Numbers that are measured again at once: what a processor's own memory holds."""
MORE = 8
"""Candidates beyond those wanted."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """For each row asked about: its nearest other rows, nearest first, of equals the first row.

    distances: euclidean, or 1 − cosine (0 to 2).
    """

    indices: Int[Array, "asked k"]
    distances: Float[Array, "asked k"]


def nearest(
    rows: Any,
    k: int,
    *,
    of: Int[Array, " asked"] | None = None,
    metric: Metric = "euclidean",
) -> Neighbours:
    """Find the k nearest others of each row; a row is never its own neighbour.

    of: indices of the rows that are asked about; None for all.
    A row of zeros has no direction: its cosine counts as 1 with another such row, else as 0.

    Raises: UserError when there are not so many others, or for NaN or infinity.
    """
    table = to_rows(rows)
    if not 1 <= k < len(table):
        raise UserError(f"{len(table)} rows have 1 to {len(table) - 1} neighbours each, got {k}")
    table = directions(table) if metric == "cosine" else table - table.mean(axis=0)
    asked = np.arange(len(table)) if of is None else np.asarray(of)
    lengths = np.square(table).sum(axis=1)
    step = max(1, CELLS // len(table))
    found = [_block(table, lengths, asked[i : i + step], k) for i in range(0, len(asked), step)]
    indices, squares = (np.concatenate(part) for part in zip(*found, strict=True))
    # Of unit vectors, |a − b|² / 2 = 1 − cosine.
    distances = squares / 2 if metric == "cosine" else np.sqrt(squares)
    return Neighbours(indices, distances)


def directions(rows: Rows) -> Float[Array, "n wide"]:
    """Give the rows with length 1; those of zeros share a direction that no other row has."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    if length.all():
        return rows / length
    turned = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return np.hstack([turned, (length == 0).astype(rows.dtype)])


def squared_distances(
    rows: Rows, of: Int[Array, " asked"], lengths: Float[Array, " n"]
) -> Float[Array, "asked n"]:
    """Give |a − b|² from the rows asked about to all rows, to the digits of one matrix product."""
    import torch

    some, all_rows = torch.from_numpy(rows[of]), torch.from_numpy(np.ascontiguousarray(rows))
    both = torch.from_numpy(lengths[of][:, None] + lengths[None])
    return torch.addmm(both, some, all_rows.T, alpha=-2).numpy()


def _block(
    table: Rows, lengths: Float[Array, " n"], of: Int[Array, " asked"], k: int
) -> tuple[Int[Array, "asked k"], Float[Array, "asked k"]]:
    import torch

    squares = squared_distances(table, of, lengths)
    squares[np.arange(len(of)), of] = np.inf
    n_taken = min(k + MORE, len(table) - 1)
    taken = torch.topk(torch.from_numpy(squares), n_taken, largest=False, sorted=False)[1].numpy()
    taken.sort(axis=1)  # so that of equals the first row comes first
    exact = _measured(table, of, taken)
    order = np.argsort(exact, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(taken, order, 1), np.take_along_axis(exact, order, 1)


def _measured(
    table: Rows, of: Int[Array, " asked"], taken: Int[Array, "asked some"]
) -> Float[Array, "asked some"]:
    """Give |a − b|² to each candidate, by subtraction."""
    import torch

    every = torch.from_numpy(table)
    step = max(1, MEASURED // (taken.shape[1] * table.shape[1]))
    squares = []
    for i in range(0, len(of), step):
        gaps = every[taken[i : i + step]] - every[of[i : i + step], None]
        squares.append(gaps.square_().sum(dim=-1))
    return torch.cat(squares).double().numpy()
