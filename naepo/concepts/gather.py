"""gather: take numbers from a tensor at places that another tensor names; and what it is used for.

The rules are torch's: with dim=1, out[i, j] = source[i, index[i, j]]; with dim=0,
out[i, j] = source[index[i, j], j]. No negative place, no place beyond the end.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from naepo.concepts.given import Numbers, Rows

NOT_A_TENSOR = "TypeError: gather(): argument 'input' (position 1) must be Tensor, not list"
"""What torch says of a list of strings."""
OUTSIDE = "RuntimeError: index {index} is out of bounds for dimension {dim} with size {size}"
"""What torch says of a place that is not there."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """What was taken, and from where."""

    values: Float[ndarray, "..."]
    rows: Int[ndarray, "..."]
    """Row in the source of each value."""
    cols: Int[ndarray, "..."]
    """Column in the source of each value."""


def outside(index: Numbers, size: int, dim: int = 0) -> str | None:
    """Give torch's error for the first place that is not there; None where all are.

    >>> outside([2, 4], 4)
    'RuntimeError: index 4 is out of bounds for dimension 0 with size 4'
    """
    for place in np.asarray(index, dtype=int).ravel():
        if not 0 <= place < size:
            return OUTSIDE.format(index=place, dim=dim, size=size)
    return None


def gather(source: Rows, index: Rows, dim: int) -> Gathered:
    """Take from a matrix along one dimension; the result has the shape of the index.

    >>> gather([[1, 2, 3], [4, 5, 6]], [[2], [0]], dim=1).values.tolist()
    [[3.0], [4.0]]
    >>> gather([[1, 2, 3], [4, 5, 6]], [[1, 0]], dim=0).values.tolist()
    [[4.0, 2.0]]
    """
    source = np.asarray(source, dtype=float)
    index = np.asarray(index, dtype=int)
    own_rows, own_cols = np.meshgrid(*map(np.arange, index.shape), indexing="ij")
    rows, cols = (index, own_cols) if dim == 0 else (own_rows, index)
    return Gathered(source[rows, cols], rows, cols)


@dataclass(frozen=True, eq=False)
class TargetLoss:
    """The loss of next-token prediction, with the target's log-probability picked by gather."""

    logits: Float[ndarray, "time vocab"]
    log_probabilities: Float[ndarray, "time vocab"]
    picked: Float[ndarray, " time"]
    """The target's, at each position."""
    loss: float
    """−mean(picked), in nats."""


def target_loss(logits: Rows, targets: Numbers) -> TargetLoss:
    """Score each target under the softmax of its row of logits.

    >>> round(target_loss([[0, 0]], [1]).loss, 4)
    0.6931
    """
    logits = np.asarray(logits, dtype=float)
    highest = logits.max(axis=1, keepdims=True)
    log_sum = highest + np.log(np.exp(logits - highest).sum(axis=1, keepdims=True))
    log_probabilities = logits - log_sum
    index = np.asarray(targets, dtype=int)[:, None]
    picked = gather(log_probabilities, index, dim=1).values[:, 0]
    return TargetLoss(logits, log_probabilities, picked, float(-picked.mean()))


@dataclass(frozen=True, eq=False)
class TopP:
    """Nucleus sampling, from the logits to one id (Holtzman et al. 2020, arXiv:1904.09751)."""

    probabilities: Float[ndarray, " vocab"]
    order: Int[ndarray, " vocab"]
    """Ids, the likeliest first: where each sorted place came from."""
    sorted: Float[ndarray, " vocab"]
    before: Float[ndarray, " vocab"]
    """What the likelier ones add up to; a place is kept while it is below top-p."""
    n_kept: int
    place: int
    """The drawn place in the sorted row."""
    id: int
    """order[place]: the drawn id in the vocabulary."""


def top_p(logits: Numbers, share: float, place: int) -> TopP:
    """Sort, keep the likeliest until `share` is reached, take the kept one at `place`.

    >>> found = top_p([0, 3, 1], share=0.9, place=1)
    >>> found.order.tolist(), found.n_kept, found.id
    ([1, 2, 0], 2, 2)
    """
    logits = np.asarray(logits, dtype=float)
    weights = np.exp(logits - logits.max())
    probabilities = weights / weights.sum()
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    before = np.cumsum(ranked) - ranked
    n_kept = int((before < share).sum())
    place = min(place, n_kept - 1)
    return TopP(probabilities, order, ranked, before, n_kept, place, int(order[place]))
