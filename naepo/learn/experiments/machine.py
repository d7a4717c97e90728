"""A support vector machine on noisy rings, with three kernels: trained here and now."""

from typing import Any

import numpy as np

from naepo.concepts.maps import ring
from naepo.config import UserError
from naepo.learn.blocks import Dot, Matrix, Plane, Table
from naepo.learn.chapter import Step
from naepo.learn.fields import Given
from naepo.learn.words import w

N, NOISE, PENALTY, REACH, CELLS = 20, 0.25, 10.0, 3.0, 21
MANY, GOOD = 0.8, 0.9
LOW, HIGH = 0.01, 20.0
"""Values of γ at which the machine is too stiff, and too free."""
INSTALL = 'pip install "naepo[embed]"'


def points(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give two noisy rings, and their classes (1 inside, 0 outside)."""
    clean = np.vstack([ring(1, N), ring(2, N)])
    drawn = clean + np.random.default_rng(seed).normal(0, NOISE, clean.shape)
    return drawn, np.repeat([1, 0], N)


def machine(given: Given) -> Step:
    """Train one machine a kernel; draw the scores of the last one over the plane.

    Raises: UserError when scikit-learn is not installed.
    """
    rows, classes = points(int(given.seed))
    kinds: dict[str, dict[str, Any]] = {
        "linear": {"kernel": "linear"},
        "square": {"kernel": "poly", "degree": 2, "gamma": 1.0, "coef0": 0.0},
        "rbf": {"kernel": "rbf", "gamma": given.gamma},
    }
    fitted = {name: _fitted(options, rows, classes) for name, options in kinds.items()}
    shown = [
        [w(f"kernel_{name}"), float(found.score(rows, classes)), int(found.n_support_.sum())]
        for name, found in fitted.items()
    ]
    chosen = fitted["rbf"]
    support = set(map(int, chosen.support_))
    dots = [Dot(x, y, 1 - int(c)) for (x, y), c in zip(rows, classes, strict=True)]
    rings = [Dot(rows[i, 0], rows[i, 1], 2) for i in sorted(support)]
    return Step(
        key="machine",
        shows=(
            Table(head=(w("kernel"), w("right_share"), w("support")), rows=shown),
            Plane(dots=[*dots, *rings], reach=REACH, caption=w("points_of_machine")),
            _scores(chosen),
        ),
        says={
            "n": len(rows),
            "gamma": given.gamma,
            "right": float(chosen.score(rows, classes)),
            "support": len(support),
            "low": LOW,
            "high": HIGH,
        },
        variant=_kind(len(support) / len(rows), float(chosen.score(rows, classes))),
    )


def _kind(supporting: float, right: float) -> str:
    if supporting <= MANY:
        return ""
    return "tight" if right > GOOD else "stiff"


def _fitted(options: dict[str, Any], rows: np.ndarray, classes: np.ndarray) -> Any:
    try:
        from sklearn.svm import SVC
    except ImportError as error:
        raise UserError("this needs scikit-learn, which is not installed", hint=INSTALL) from error
    return SVC(C=PENALTY, **options).fit(rows, classes)


def _scores(found: Any) -> Matrix:
    places = np.linspace(-REACH, REACH, CELLS)
    x, y = np.meshgrid(places, places[::-1])
    scores = found.decision_function(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    names = [f"{place:.1f}".replace("-", "−") for place in places]
    return Matrix(values=scores, rows=names[::-1], cols=names, caption=w("scores_of_machine"))
