"""Activations and their slopes: what a gradient is multiplied by on its way back through one."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from naepo.concepts.given import Real


@dataclass(frozen=True)
class Activated:
    """The value of an activation at a place, and its slope."""

    value: float
    slope: float


def sigmoid(x: Real) -> Activated:
    """Give 1 / (1 + e^−x): its slope is at most 1/4.

    >>> sigmoid(0)
    Activated(value=0.5, slope=0.25)
    """
    value = 0.5 * (1 + math.tanh(x / 2))
    return Activated(value, value * (1 - value))


def tanh(x: Real) -> Activated:
    """Give tanh x: its slope is at most 1, at 0."""
    value = math.tanh(x)
    return Activated(value, 1 - value**2)


def relu(x: Real) -> Activated:
    """Give max(x, 0): its slope is 0 or 1; at 0 itself it is said to be 0."""
    return Activated(max(float(x), 0.0), float(x > 0))


def silu(x: Real) -> Activated:
    """Give x / (1 + e^−x). Elfwing et al. 2018 (arXiv:1702.03118)."""
    gate = sigmoid(x)
    return Activated(x * gate.value, gate.value + x * gate.slope)


def gelu(x: Real) -> Activated:
    """Give x · Φ(x), Φ the distribution function of the normal.

    Hendrycks and Gimpel 2016 (arXiv:1606.08415), section 2.
    """
    share = 0.5 * (1 + math.erf(x / math.sqrt(2)))
    density = math.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return Activated(x * share, share + x * density)


ACTIVATIONS: dict[str, Callable[[Real], Activated]] = {
    "sigmoid": sigmoid,
    "tanh": tanh,
    "ReLU": relu,
    "GELU": gelu,
    "SiLU": silu,
}
