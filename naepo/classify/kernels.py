"""Kernel machines: a score for a text from how much it is like the training texts that matter.

    score(x) = Σ coefficient[i] · k(support[i], x) + b          up to `LIMIT` rows: exactly (SVC)
    score(x) = W · φ(x) + b,   φ(x) · φ(y) ≈ k(x, y)            beyond: Nystroem's feature map

k is never asked for the space it is a dot product in: that is the kernel trick (Boser, Guyon and
Vapnik 1992). One machine a class, against all others. Scores become probabilities by a curve that
is fitted to rows that the machine did not see (Platt 1999). Importing this imports scikit-learn.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from naepo.classify.linear import Linear, softmax
from naepo.config import UserError, did_you_mean

Array = np.ndarray
Rows = Float[Array, "n width"]
Others = Float[Array, "m width"]
Kernel = Callable[[Rows, Others], Float[Array, "n m"]]
"""Gives k(x, y) for each row x of the first and each row y of the second."""

LIMIT = 10_000
"""Rows up to which every pair is compared; an SVC's time grows with their square or worse."""
LANDMARKS = 1_000
"""Rows that all others are compared with, beyond it."""
FOLDS = 5
BLOCK = 2_048


def rbf(gamma: float) -> Kernel:
    """Give k(x, y) = exp(−gamma |x − y|²)."""

    def kernel(x: Rows, y: Others) -> Float[Array, "n m"]:
        squares = np.square(x).sum(1)[:, None] + np.square(y).sum(1)[None] - 2 * x @ y.T
        return np.exp(-gamma * np.maximum(squares, 0))

    return kernel


def polynomial(gamma: float, degree: int) -> Kernel:
    """Give k(x, y) = (gamma x · y + 1)^degree."""
    return lambda x, y: (gamma * (x @ y.T) + 1) ** degree


KERNELS = ("rbf", "polynomial")


class KernelClassifier(ClassifierMixin, BaseEstimator):
    """A kernel machine with probabilities, after scikit-learn's contract.

    kernel: rbf, polynomial, or a function of two tables of rows.  gamma: None takes
    1 / (columns · their variance).  c: the larger, the less is forgiven.  limit: see `LIMIT`.

    After `fit`: `points_` are the rows that all are compared with, `turn_` the map behind the
    comparison (None for an SVC), `coefficients_`, `intercepts_` and `curves_` a column a class,
    and `reason_` says in a sentence which way was taken. They are plain arrays.
    """

    n_features_in_: int

    def __init__(
        self,
        kernel: Any = "rbf",
        *,
        gamma: Any = None,
        degree: Any = 3,
        c: Any = 1.0,
        limit: Any = LIMIT,
        landmarks: Any = LANDMARKS,
        seed: Any = 0,
    ) -> None:
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.c = c
        self.limit = limit
        self.landmarks = landmarks
        self.seed = seed

    def fit(self, X: Any, y: Any) -> "KernelClassifier":
        """Learn from rows and the class of each.

        Raises: UserError for no such kernel; ValueError as scikit-learn's own for rows that are no
        finite numbers, or one class only.
        """
        if not callable(self.kernel) and self.kernel not in KERNELS:
            raise UserError(
                f"no kernel is called {self.kernel!r}", hint=did_you_mean(str(self.kernel), KERNELS)
            )
        checked: Any = validate_data(self, X, y, dtype=np.float64)
        rows, targets = checked
        check_classification_targets(targets)
        self.classes_, labels = np.unique(targets, return_inverse=True)
        if len(self.classes_) < 2:
            raise UserError("a classifier tells classes apart, and there is one class only")
        variance = float(rows.var())
        self.gamma_ = self.gamma or 1.0 / (rows.shape[1] * (variance or 1.0))
        if len(rows) <= self.limit:
            self._fit_exactly(rows, labels)
        else:
            self._fit_by_landmarks(rows, labels)
        return self

    def decision_function(self, X: Any) -> Float[Array, "n ..."]:
        """Give the log-odds of each class; of two classes those of the second."""
        odds = self._log_odds(X)
        return odds[:, 1] if odds.shape[1] == 2 else odds

    def predict_proba(self, X: Any) -> Float[Array, "n classes"]:
        """Give the probability of each class."""
        odds = self._log_odds(X)
        if self.turn_ is not None:
            return softmax(odds)
        each = 1 / (1 + np.exp(np.clip(-odds, -500, 500)))
        if each.shape[1] == 2:  # one machine, read from both sides
            each[:, 0] = 1 - each[:, 1]
            return each
        sums = each.sum(axis=1, keepdims=True)
        return np.where(sums > 0, each / np.where(sums > 0, sums, 1), 1 / each.shape[1])

    def predict(self, X: Any) -> Array:
        """Give the likeliest class."""
        places = self.predict_proba(X).argmax(axis=1)
        return self.classes_[places]

    def _log_odds(self, X: Any) -> Float[Array, "n classes"]:
        """Give the scores, of an SVC each through its curve."""
        scores = self.scores(X)
        if self.turn_ is not None:
            return scores
        slope, offset = self.curves_
        return -(slope * scores + offset)

    def scores(self, X: Any) -> Float[Array, "n classes"]:
        """Give the score of each class, before it becomes a probability."""
        check_is_fitted(self)
        rows: Any = validate_data(self, X, reset=False, dtype=np.float64)
        blocks = [self._features(rows[i : i + BLOCK]) for i in range(0, len(rows), BLOCK)]
        return np.concatenate([block @ self.coefficients_ for block in blocks]) + self.intercepts_

    def _features(self, rows: Rows) -> Float[Array, "n m"]:
        compared = self._kernel()(rows, self.points_)
        return compared if self.turn_ is None else compared @ self.turn_

    def _kernel(self) -> Kernel:
        kernel: Any = self.kernel
        if not isinstance(kernel, str):
            return kernel
        if kernel == "rbf":
            return rbf(self.gamma_)
        return polynomial(self.gamma_, self.degree)

    def _own(self) -> dict[str, Any]:
        """Give the options with which scikit-learn's SVC has the same kernel."""
        if callable(self.kernel):
            return {"C": self.c, "kernel": self.kernel}
        if self.kernel == "rbf":
            return {"C": self.c, "kernel": "rbf", "gamma": self.gamma_}
        shape = {"gamma": self.gamma_, "degree": self.degree, "coef0": 1.0}
        return {"C": self.c, "kernel": "poly", **shape}

    def _fit_exactly(self, rows: Rows, labels: Array) -> None:
        """Fit one SVC a class; of two classes one is enough."""
        n_classes = len(self.classes_)
        coefficients = np.zeros((len(rows), n_classes))
        intercepts = np.zeros(n_classes)
        curves = np.zeros((2, n_classes))
        for number in range(1 if n_classes == 2 else 0, n_classes):
            machine, curves[:, number] = _against_others(
                rows, labels == number, self._own(), self.seed
            )
            coefficients[machine.support_, number] = machine.dual_coef_[0]
            intercepts[number] = machine.intercept_[0]
        if n_classes == 2:
            coefficients[:, 0], intercepts[0] = -coefficients[:, 1], -intercepts[1]
        is_support = coefficients.any(axis=1)
        self.points_ = rows[is_support]
        self.coefficients_, self.intercepts_ = coefficients[is_support], intercepts
        self.curves_, self.turn_ = curves, None
        self.reason_ = (
            f"SVC: {len(rows):,} rows are few enough to compare all pairs (up to {self.limit:,}); "
            f"{int(is_support.sum()):,} of them are support vectors"
        )

    def _fit_by_landmarks(self, rows: Rows, labels: Array) -> None:
        """Fit a linear map to Nystroem's features (Williams and Seeger 2001)."""
        draw = np.random.default_rng(self.seed)
        n = min(self.landmarks, len(rows))
        self.points_ = rows[np.sort(draw.choice(len(rows), n, replace=False))]
        among = np.asarray(self._kernel()(self.points_, self.points_))
        values, turn = np.linalg.eigh((among + among.T) / 2)
        is_kept = values > 1e-10 * max(float(values[-1]), 1e-300)
        self.turn_ = turn[:, is_kept] / np.sqrt(values[is_kept])
        features = np.concatenate(
            [self._features(rows[i : i + BLOCK]) for i in range(0, len(rows), BLOCK)]
        )
        found = Linear.fit(features, labels, len(self.classes_), self.c)
        self.coefficients_, self.intercepts_ = found.weights, found.bias
        self.curves_ = np.zeros((2, len(self.classes_)))
        self.reason_ = (
            f"Nystroem: {len(rows):,} rows are more than {self.limit:,}, and comparing all pairs "
            f"would take hours; each is compared with {n:,} of them instead"
        )


def _against_others(
    rows: Rows, is_it: Array, options: dict[str, Any], seed: int
) -> tuple[Any, tuple[float, float]]:
    """Fit one class against all others, and the curve from its scores to probabilities."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import StratifiedKFold
    from sklearn.svm import SVC

    fewest = int(min(is_it.sum(), (~is_it).sum()))
    if fewest < 2:
        machine = SVC(**options).fit(rows, is_it)
        return machine, (-1.0, 0.0)  # nothing to hold out: the score is taken as log-odds
    folds = StratifiedKFold(min(FOLDS, fewest), shuffle=True, random_state=seed)
    one_machine: Any = False  # the stubs of 1.9 say str, its pages False
    held = CalibratedClassifierCV(
        SVC(**options), method="sigmoid", cv=folds, ensemble=one_machine
    ).fit(rows, is_it)
    inner: Any = next(iter(held.calibrated_classifiers_))
    curve = inner.calibrators[0]
    return inner.estimator, (float(curve.a_), float(curve.b_))
