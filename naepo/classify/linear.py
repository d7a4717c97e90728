"""A linear map to a score for each class, and the softmax of the scores: what a probe is.

    p(class | x) = softmax(x · W + b)         W, b: the least of Σ −ln p(label) + |W|² / 2C

Two classes are two columns too, so that all classes are read alike.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

Array = np.ndarray
Scores = Float[Array, "n classes"]
STEPS = 300
"""Updates of the solver, at most; the last ones change nothing that a person could see."""


@dataclass(frozen=True, eq=False)
class Linear:
    """The weights of each class for each feature, and what each class has without any."""

    weights: Float[Array, "width classes"]
    bias: Float[Array, " classes"]

    @classmethod
    def fit(
        cls, features: Any, labels: Int[Array, " n"], n_classes: int, c: int | float
    ) -> "Linear":
        """Fit to rows of features, dense or sparse; each class has at least one.

        c: the larger, the less the weights are held.
        """
        import warnings

        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        solver = LogisticRegression(C=c, max_iter=STEPS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            solver.fit(features, labels)
        weights, bias = np.asarray(solver.coef_).T, np.asarray(solver.intercept_)
        if n_classes == 2:
            weights, bias = np.hstack([-weights, weights]) / 2, np.array([-bias[0], bias[0]]) / 2
        return cls(np.ascontiguousarray(weights, dtype=np.float64), bias.astype(np.float64))

    def scores(self, features: Any) -> Scores:
        """Give a score for each class; only differences between them matter."""
        return np.asarray(features @ self.weights) + self.bias


def softmax(scores: Scores) -> Scores:
    """Turn scores into probabilities, which add up to 1.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    lifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return lifted / lifted.sum(axis=1, keepdims=True)
