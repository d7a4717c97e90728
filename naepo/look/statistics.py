"""What a tensor is like, in few numbers: statistics, a histogram, and pictures smaller than it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from naepo.look.rows import row
from naepo.look.trace import Trace

BINS = 64
OUTLIER = 6.0
"""Standard deviations from the mean beyond which a number counts as an outlier."""
CELLS_AT_ONCE = 2**22
"""Numbers that are counted together: copies of more than that are never made."""


@dataclass(frozen=True)
class Statistics:
    """Over the finite numbers of a tensor; NaN where there are none. std is of the population."""

    norm: float
    """√ of the sum of squares."""
    min: float
    max: float
    mean: float
    std: float
    nan: int
    """How many are not a number."""
    inf: int
    """How many are +∞ or −∞."""


@dataclass(frozen=True)
class Histogram:
    """How many numbers fall between one edge and the next (the last bin holds its upper edge)."""

    edges: list[float]
    counts: list[int]
    n: int
    """How many numbers there are in all: the counts, the outliers, NaN and ±∞."""
    nan: int
    inf: int
    outliers: int
    """How many finite ones are more than 6 standard deviations from the mean."""
    mean: float
    std: float
    min: float
    max: float


@torch.inference_mode()
def statistics(values: Float[Tensor, "..."]) -> Statistics:
    """Give the statistics of a tensor, over its finite numbers."""
    return _measured(_array(values).reshape(-1))


@torch.inference_mode()
def all_statistics(trace: Trace) -> dict[str, Statistics]:
    """Give the statistics of every op of a trace, in its order; equal tensors are read once."""
    known: dict[int, Statistics] = {}
    found = {}
    for op in trace.ops:
        values = trace[op.name]
        if op.is_derived:  # it lives only here: another may get its address
            found[op.name] = statistics(values)
            continue
        if id(values) not in known:
            known[id(values)] = statistics(values)
        found[op.name] = known[id(values)]
    return found


@torch.inference_mode()
def histogram(values: Float[Tensor, "..."], bins: int = BINS) -> Histogram:
    """Count the numbers of a tensor in equal bins; NaN, ±∞ and outliers are counted apart.

    The bins reach from the lowest to the highest number within 6 standard deviations of the mean.
    """
    flat = _array(values).reshape(-1)
    whole = _measured(flat)
    limits = _limits(whole)
    counts, edges = np.zeros(bins, dtype=np.int64), np.linspace(*limits, bins + 1)
    for part in _parts(flat):
        counts += np.histogram(part.astype(np.float64), bins, limits)[0]
    return Histogram(
        edges=edges.tolist(),
        counts=counts.tolist(),
        n=flat.size,
        nan=whole.nan,
        inf=whole.inf,
        outliers=flat.size - whole.nan - whole.inf - int(counts.sum()),
        mean=whole.mean,
        std=whole.std,
        min=whole.min,
        max=whole.max,
    )


@torch.inference_mode()
def pooled(
    matrix: Float[Tensor, "rows cols"], rows: int, cols: int
) -> Float[Tensor, "few_rows few_cols"]:
    """Make a matrix smaller: at most rows × cols bins, each the number that is farthest from 0.

    The sign stays. Every number is in exactly one bin; a bin with a NaN is NaN. Of a number and
    its negative, the positive one is taken.
    """
    values = _array(matrix)
    edges = _starts(len(values), rows)
    ends = [*edges[1:], len(values)]
    high = np.stack([values[a:b].max(0) for a, b in zip(edges, ends, strict=True)])
    low = np.stack([values[a:b].min(0) for a, b in zip(edges, ends, strict=True)])
    return torch.from_numpy(_pool(high, low, cols))


@torch.inference_mode()
def strips(trace: Trace, position: int, width: int = 64) -> Float[Tensor, "n_ops width"]:
    """Give what every op gave at one position, each pooled to at most `width` numbers.

    In the order of the ops; NaN on the right where an op has fewer. Heads lie side by side; of
    scores and weights it is the mean over the heads, one number for each position looked at.

    Raises: UserError for a position that does not exist.
    """
    found = np.full((len(trace.ops), width), np.nan, dtype=np.float32)
    for n, op in enumerate(trace.ops):
        values = _array(row(trace, op.name, position))
        if values.ndim == 2:
            values = values.mean(0) if op.axes[-1] == "seen" else values.reshape(-1)
        strip = values if values.size <= width else _pool(values, values, width)
        found[n, : len(strip)] = strip
    return torch.from_numpy(found)


def _array(values: Float[Tensor, "..."]) -> NDArray[Any]:
    """Give a tensor to numpy, which is the faster of the two for small ones: its numbers are not
    copied, unless numpy has no such type or they are on another device."""
    values = values.detach().cpu()
    return (values if values.dtype in (torch.float32, torch.float64) else values.float()).numpy()


def _measured(flat: NDArray[Any]) -> Statistics:
    if not flat.size:
        return Statistics(0.0, math.nan, math.nan, math.nan, math.nan, 0, 0)
    low, high = float(flat.min()), float(flat.max())
    if math.isfinite(low) and math.isfinite(high):  # a NaN would come through as both
        return _measured_finite(flat, low, high)
    nan = int(np.isnan(flat).sum())
    finite = flat[np.isfinite(flat)]
    return replace(_measured(finite), nan=nan, inf=flat.size - finite.size - nan)


def _measured_finite(flat: NDArray[Any], low: float, high: float) -> Statistics:
    with np.errstate(over="ignore", invalid="ignore"):
        mean, squares = _moments(flat, flat.dtype)
        if not math.isfinite(squares):  # beyond the type of the tensor
            mean, squares = _moments(flat, np.dtype(np.float64))
    norm = math.sqrt(squares + flat.size * mean * mean)
    return Statistics(norm, low, high, mean, math.sqrt(squares / flat.size), 0, 0)


def _moments(flat: NDArray[Any], dtype: np.dtype[Any]) -> tuple[float, float]:
    """Give the mean, and the sum of the squares of what differs from it."""
    mean = float(flat.mean(dtype=dtype))
    squares = 0.0
    for part in _parts(flat):
        rest = np.subtract(part, mean, dtype=dtype)
        squares += float(np.dot(rest, rest))
    return mean, squares


def _parts(flat: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Cut what is long: copies of more than that are never made."""
    for start in range(0, flat.size, CELLS_AT_ONCE):
        yield flat[start : start + CELLS_AT_ONCE]


def _limits(whole: Statistics) -> tuple[float, float]:
    """Give the lowest and the highest number that a histogram shows."""
    if math.isnan(whole.min):
        return 0.0, 1.0
    low = max(whole.min, whole.mean - OUTLIER * whole.std)
    high = min(whole.max, whole.mean + OUTLIER * whole.std)
    largest = max(abs(low), abs(high))
    if high - low > 1e-9 * largest:
        return low, high
    around = 1e-6 * largest or 0.5  # all (but) equal: a bin must have a width
    return low - around, high + around


def _starts(n: int, bins: int) -> NDArray[np.int64]:
    """Give where each bin begins when n numbers are shared out to at most so many bins.

    >>> _starts(10, 4).tolist(), _starts(2, 4).tolist()
    ([0, 2, 5, 7], [0, 1])
    """
    bins = min(n, bins)
    return np.arange(bins, dtype=np.int64) * n // bins


def _pool(high: NDArray[Any], low: NDArray[Any], bins: int) -> NDArray[Any]:
    """Pool the last axis of the highest and the lowest numbers to what is farthest from 0."""
    starts = _starts(high.shape[-1], bins)
    highest = np.maximum.reduceat(high, starts, axis=-1)
    lowest = np.minimum.reduceat(low, starts, axis=-1)
    return np.where(highest >= -lowest, highest, lowest)
