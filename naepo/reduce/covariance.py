"""How columns vary together, and a guess that holds with few rows too."""

import numpy as np
from jaxtyping import Float

from naepo.reduce.rows import Array


def covariance(rows: Float[Array, "n width"]) -> Float[Array, "width width"]:
    """Give the mean of (x − mean)(x − mean)ᵀ over all rows."""
    centred = rows - rows.mean(axis=0)
    return centred.T @ centred / len(rows)


def shrunk(
    rows: Float[Array, "n width"], share: int | float | None = None
) -> tuple[Float[Array, "width width"], int | float]:
    """Give (1 − share) · covariance + share · (its mean variance) · identity, and the share.

    share: None takes the one that comes nearest to the true covariance, whatever the rows are drawn
    from: Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional covariance
    matrices", lemma 3.2 to 3.4.
    """
    found = covariance(rows)
    if share is None:
        share = _best_share(rows, found)
    mean_variance = float(np.trace(found)) / len(found)
    return (1 - share) * found + share * mean_variance * np.eye(len(found)), share


def _best_share(rows: Float[Array, "n width"], found: Float[Array, "width width"]) -> float:
    n, width = rows.shape
    squares = np.square(rows - rows.mean(axis=0))
    distance = float(np.square(found).sum()) / width - (float(np.trace(found)) / width) ** 2
    if distance <= 0:  # round already, or nothing varies
        return 0.0
    error = float((squares.T @ squares).sum() / n - np.square(found).sum()) / (n * width)
    return float(np.clip(error / distance, 0.0, 1.0))
