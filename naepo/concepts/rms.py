"""Root mean square, RMSNorm and LayerNorm of one vector, and what the gradient becomes in RMSNorm.

Zhang and Sennrich 2019 (arXiv:1910.07467), equation 4; Ba et al. 2016 (arXiv:1607.06450).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from naepo.concepts.given import Numbers
from naepo.concepts.spread import Spread, spread


@dataclass(frozen=True, eq=False)
class RMSNormed:
    """Every number on the way through RMSNorm: y = x / √(mean(x²) + eps) · gain."""

    x: Float[ndarray, " width"]
    squares: Float[ndarray, " width"]
    sum_of_squares: float
    mean_square: float
    rms: float
    """√mean_square, without eps."""
    eps: float
    divisor: float
    """√(mean_square + eps)."""
    normalised: Float[ndarray, " width"]
    """x / divisor: its own RMS is 1, but for eps. NaN where all x and eps are 0."""
    gain: Float[ndarray, " width"]
    """Learned, one a component; 1 at the start."""
    y: Float[ndarray, " width"]


def rms_norm(x: Numbers, *, eps: float = 0.0, gain: Numbers | int | float = 1.0) -> RMSNormed:
    """Divide a vector by its root mean square. Nothing is subtracted.

    >>> found = rms_norm([2, 4, 6, 8])
    >>> found.mean_square, round(found.rms, 4), found.normalised.round(4).tolist()
    (30.0, 5.4772, [0.3651, 0.7303, 1.0954, 1.4606])
    """
    x = np.asarray(x, dtype=float)
    gain = np.broadcast_to(np.asarray(gain, dtype=float), x.shape)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        squares = x**2
        mean_square = float(squares.mean())
        divisor = float(np.sqrt(mean_square + eps))
        normalised = x / divisor
    return RMSNormed(
        x=x,
        squares=squares,
        sum_of_squares=float(squares.sum()),
        mean_square=mean_square,
        rms=float(np.sqrt(mean_square)),
        eps=eps,
        divisor=divisor,
        normalised=normalised,
        gain=gain,
        y=normalised * gain,
    )


@dataclass(frozen=True, eq=False)
class LayerNormed:
    """Every number on the way through LayerNorm: y = (x − mean) / √(variance + eps)."""

    spread: Spread
    eps: float
    divisor: float
    y: Float[ndarray, " width"]


def layer_norm(x: Numbers, *, eps: float = 0.0) -> LayerNormed:
    """Subtract the mean, divide by the population's deviation: the comparison, without its gain.

    >>> layer_norm([3, 4]).y.tolist()
    [-1.0, 1.0]
    """
    found = spread(x)
    divisor = float(np.sqrt(found.variance + eps))
    with np.errstate(invalid="ignore", divide="ignore"):
        y = found.deviations / divisor
    return LayerNormed(found, eps, divisor, y)


@dataclass(frozen=True, eq=False)
class RMSGradient:
    """What the gradient that arrives behind RMSNorm is before it: arriving · gain, made shorter by
    the divisor, less its share along x."""

    arriving: Float[ndarray, " width"]
    """∂L/∂y."""
    scaled: Float[ndarray, " width"]
    """gain · ∂L/∂y."""
    share: float
    """mean(normalised · scaled): how much of it only asks x to be longer."""
    along: Float[ndarray, " width"]
    """normalised · share: what is taken away."""
    leaving: Float[ndarray, " width"]
    """∂L/∂x = (scaled − along) / divisor."""
    dot: float
    """x · ∂L/∂x: 0 without eps, as making x longer changes nothing."""


def rms_gradient(found: RMSNormed, arriving: Numbers) -> RMSGradient:
    """Send a gradient back through RMSNorm, in three steps.

    >>> back = rms_gradient(rms_norm([3, 4]), [1, 0])
    >>> back.leaving.round(4).tolist(), abs(round(back.dot, 9))
    ([0.181, -0.1358], 0.0)
    """
    arriving = np.asarray(arriving, dtype=float)
    scaled = arriving * found.gain
    with np.errstate(invalid="ignore", divide="ignore"):
        share = float((found.normalised * scaled).mean())
        along = found.normalised * share
        leaving = (scaled - along) / found.divisor
    return RMSGradient(arriving, scaled, share, along, leaving, float(found.x @ leaving))


def rms_norm_in_half(x: Numbers, *, eps: float = 0.0) -> Float[ndarray, " width"]:
    """Divide by the RMS as a machine with 16-bit floats would, every step of it rounded.

    Squares beyond 65,504 are infinite there, and x / ∞ is 0: 300² is too much.

    >>> rms_norm_in_half([300, 400]).tolist(), rms_norm_in_half([3, 4]).round(3).tolist()
    ([0.0, 0.0], [0.849, 1.132])
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore", under="ignore"):
        small = np.asarray(x, dtype=np.float16)
        mean_square = (small * small).mean(dtype=np.float16)
        return (small / np.sqrt(mean_square + np.float16(eps))).astype(float)
