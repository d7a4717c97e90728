"""Slopes and steps: a line through points, the gradient of its loss, and the way down.

L(w, b) = mean((w x + b − y)²). Cauchy 1847; the limit of the step: Nesterov 2004, section 1.2.3,
for a quadratic loss.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from naepo.concepts.given import Numbers

ARRIVED = 1e-3
"""Share of the way to the lowest loss that may be left when we say that a descent has arrived."""
LOST = 1e12
"""Times the first loss: beyond that nobody follows a descent any further."""

Verdict = Literal["diverges", "crawls", "converges"]


@dataclass(frozen=True, eq=False)
class Regression:
    """Every number on the way to the gradient of the loss of a line."""

    x: Float[ndarray, " n"]
    y: Float[ndarray, " n"]
    w: float
    b: float
    predicted: Float[ndarray, " n"]
    """w x + b."""
    errors: Float[ndarray, " n"]
    """predicted − y."""
    squares: Float[ndarray, " n"]
    loss: float
    """Mean of the squares."""
    pulls_w: Float[ndarray, " n"]
    """2 · error · x: what each point says about w."""
    pulls_b: Float[ndarray, " n"]
    """2 · error: what each point says about b."""
    slope_w: float
    """∂L/∂w, the mean of what they say."""
    slope_b: float
    """∂L/∂b."""


def regression(x: Numbers, y: Numbers, w: int | float, b: int | float) -> Regression:
    """Measure how wrong a line is, and which way w and b should go.

    >>> found = regression([1, 3], [3, 5], w=1, b=0)
    >>> found.errors.tolist(), found.loss, found.slope_w, found.slope_b
    ([-2.0, -2.0], 4.0, -8.0, -4.0)
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    predicted = w * x + b
    errors = predicted - y
    pulls_w, pulls_b = 2 * errors * x, 2 * errors
    return Regression(
        x=x,
        y=y,
        w=float(w),
        b=float(b),
        predicted=predicted,
        errors=errors,
        squares=errors**2,
        loss=float((errors**2).mean()),
        pulls_w=pulls_w,
        pulls_b=pulls_b,
        slope_w=float(pulls_w.mean()),
        slope_b=float(pulls_b.mean()),
    )


@dataclass(frozen=True)
class Secant:
    """A slope between two points: (f(x + h) − f(x)) / h."""

    h: float
    rise: float
    slope: float


def secants(
    f: Callable[[float], float], x: float, widths: Sequence[int | float]
) -> tuple[Secant, ...]:
    """Give the slopes of f from x to x + h, for each h: as h shrinks, they become the derivative.

    >>> [round(each.slope, 4) for each in secants(lambda x: x * x, 3.0, (1, 0.1, 0.001))]
    [7.0, 6.1, 6.001]
    """
    here = f(x)
    rises = [(float(h), float(f(x + h) - here)) for h in widths]
    return tuple(Secant(h, rise, rise / h) for h, rise in rises)


@dataclass(frozen=True, eq=False)
class Descent:
    """The way down: where each step led, and how it ended."""

    rate: float
    w: Float[ndarray, " places"]
    b: Float[ndarray, " places"]
    losses: Float[ndarray, " places"]
    """The loss at each place; it ends early where the descent is lost."""
    lowest: float
    """The loss of the best line there is."""
    left: float
    """(last loss − lowest) / (first loss − lowest): 0 when it has arrived, above 1 when worse."""

    @property
    def verdict(self) -> Verdict:
        """Say how it went, as far as it was followed."""
        if not self.left <= 1:
            return "diverges"
        return "converges" if self.left <= ARRIVED else "crawls"


def descend(
    x: Numbers,
    y: Numbers,
    rate: int | float,
    n_steps: int,
    *,
    w: int | float = 0.0,
    b: int | float = 0.0,
) -> Descent:
    """Step against the gradient, again and again: w ← w − η ∂L/∂w, b ← b − η ∂L/∂b.

    >>> down = descend([-1, 1], [1, 3], rate=0.5, n_steps=1)
    >>> float(down.w[-1]), float(down.b[-1]), float(down.losses[-1]), down.verdict
    (1.0, 2.0, 0.0, 'converges')
    """
    here = regression(x, y, w, b)
    first, places = here.loss, [(w, b, here.loss)]
    lowest = best_line(x, y).loss
    for _ in range(n_steps):
        w, b = w - rate * here.slope_w, b - rate * here.slope_b
        here = regression(x, y, w, b)
        places.append((w, b, here.loss))
        if not here.loss <= LOST * max(first, 1.0):
            break
    found = np.array(places)
    above, rest = first - lowest, here.loss - lowest
    nothing = 1e-12 * max(first, 1.0)
    left = rest / above if above > nothing and not rest <= nothing * 1e-6 else 0.0
    return Descent(float(rate), found[:, 0], found[:, 1], found[:, 2], lowest, left)


def best_line(x: Numbers, y: Numbers) -> Regression:
    """Give the line with the lowest loss: w is the covariance over the variance.

    >>> best = best_line([200, 300, 150, 250], [11, 15, 9, 13])
    >>> round(best.w, 9), round(best.b, 9), abs(round(best.loss, 9))
    (0.04, 3.0, 0.0)
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    apart = x - x.mean()
    variance = float((apart**2).mean())
    w = float((apart * (y - y.mean())).mean() / variance) if variance else 0.0
    return regression(x, y, w, float(y.mean()) - w * float(x.mean()))


@dataclass(frozen=True, eq=False)
class Curvature:
    """How the slopes themselves change: the same everywhere, as the loss is a square."""

    matrix: Float[ndarray, "2 2"]
    """Second derivatives by (w, b): 2 [[mean x², mean x], [mean x, 1]]."""
    steepest: float
    flattest: float
    """Its eigenvalues."""
    limit: float
    """2 / steepest: at a larger step the descent diverges."""
    condition: float
    """steepest / flattest: how much longer the flattest way takes than the steepest."""


def curvature(x: Numbers) -> Curvature:
    """Measure how much the slopes change, along the steepest and the flattest way.

    >>> found = curvature([-1, 1])
    >>> found.matrix.tolist(), found.limit, found.condition
    ([[2.0, 0.0], [0.0, 2.0]], 1.0, 1.0)
    """
    x = np.asarray(x, dtype=float)
    mean = float(x.mean())
    matrix = 2 * np.array([[float((x**2).mean()), mean], [mean, 1.0]])
    steepest = float(np.linalg.eigvalsh(matrix)[1])
    flattest = float(np.linalg.det(matrix)) / steepest  # of the two, the smaller one loses digits
    condition = steepest / flattest if flattest > 0 else float("inf")
    return Curvature(matrix, steepest, flattest, 2 / steepest, condition)
