"""Whether a function is linear: f(a + b) = f(a) + f(b) and f(k a) = k f(a), with what is missing.

And what follows from it: two linear layers are one, unless something between them is not linear.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from naepo.concepts.given import Numbers, Real, Rows

Function = Callable[[Float[ndarray, "..."]], Float[ndarray, "..."]]
"""Takes and gives as many numbers, each by itself."""

DELIVERY = 3000
"""Of one order, however small."""
MANY, LESS = 10, 0.8
"""From this many on, all of them are cheaper: by this factor."""


def proportional(x: Float[ndarray, "..."], price: Real) -> Float[ndarray, "..."]:
    """Give price · x."""
    return price * x


def with_fee(x: Float[ndarray, "..."], price: Real) -> Float[ndarray, "..."]:
    """Give price · x + delivery: a straight line that misses the origin."""
    return price * x + DELIVERY


def with_jump(x: Float[ndarray, "..."], price: Real) -> Float[ndarray, "..."]:
    """Give price · x, or 0.8 · price · x from ten on: twelve may cost less than nine do twice.

    >>> with_jump(np.array([9.0, 10.0, 12.0]), 1000).tolist()
    [9000.0, 8000.0, 9600.0]
    """
    return np.where(x < MANY, price, LESS * price) * x


def squared(x: Float[ndarray, "..."], price: Real) -> Float[ndarray, "..."]:
    """Give price · x²."""
    return price * x**2


def kept(x: Float[ndarray, "..."], price: Real) -> Float[ndarray, "..."]:
    """Give price · max(x, 0): ReLU."""
    return price * np.maximum(x, 0)


RULES: dict[str, Callable[..., Float[ndarray, "..."]]] = {
    "jump": with_jump,
    "proportional": proportional,
    "fee": with_fee,
    "square": squared,
    "relu": kept,
}


@dataclass(frozen=True)
class Superposition:
    """Both halves of the test at one place."""

    at_a: float
    at_b: float
    at_sum: float
    """f(a + b)."""
    sum_of: float
    """f(a) + f(b)."""
    gap: float
    """f(a + b) − (f(a) + f(b)): 0 for a linear function, whatever a and b."""
    at_multiple: float
    """f(k a)."""
    multiple_of: float
    """k f(a)."""
    multiple_gap: float
    at_zero: float
    """f(0): 0 for a linear function."""


def superposition(f: Function, a: Real, b: Real, k: Real) -> Superposition:
    """Try a function at a, b and k.

    >>> found = superposition(lambda x: with_jump(x, 1000), 6, 8, 2)
    >>> found.at_sum, found.sum_of, found.gap
    (11200.0, 14000.0, -2800.0)
    """
    a, b, k = float(a), float(b), float(k)
    places = np.array([a, b, a + b, k * a, 0.0])
    at_a, at_b, at_sum, at_multiple, at_zero = (float(y) for y in f(places))
    return Superposition(
        at_a=at_a,
        at_b=at_b,
        at_sum=at_sum,
        sum_of=at_a + at_b,
        gap=at_sum - (at_a + at_b),
        at_multiple=at_multiple,
        multiple_of=k * at_a,
        multiple_gap=at_multiple - k * at_a,
        at_zero=at_zero,
    )


def gaps(f: Function, places: Numbers) -> Float[ndarray, "n n"]:
    """Give f(a + b) − f(a) − f(b) for every a (rows) and b (columns) of some places.

    >>> gaps(lambda x: x**2, [0, 1, 3]).tolist()  # 2 a b
    [[0.0, 0.0, 0.0], [0.0, 2.0, 6.0], [0.0, 6.0, 18.0]]
    """
    a = np.asarray(places, dtype=float)
    return f(a[:, None] + a[None]) - f(a)[:, None] - f(a)[None]


@dataclass(frozen=True, eq=False)
class TwoLayers:
    """Two matrices, one after the other, with something between; and the one in their place."""

    hidden: Float[ndarray, " d_hidden"]
    """first · x."""
    bent: Float[ndarray, " d_hidden"]
    """What stands between, of each component of hidden."""
    y: Float[ndarray, " d_out"]
    """second · bent."""
    product: Float[ndarray, "d_out d_in"]
    """second · first."""
    direct: Float[ndarray, " d_out"]
    """product · x: the same as y, if nothing stands between."""
    gap: Float[ndarray, " d_out"]
    """y − direct."""


def two_layers(first: Rows, second: Rows, x: Numbers, between: Function | None = None) -> TwoLayers:
    """Send a vector through two layers without biases; between: None for nothing.

    >>> found = two_layers([[1, -1], [2, 1]], [[1, 2], [1, -1]], [6, 8])
    >>> found.y.tolist(), found.product.tolist(), found.direct.tolist()
    ([38.0, -22.0], [[5.0, 1.0], [-1.0, -2.0]], [38.0, -22.0])
    >>> positive = lambda h: np.maximum(h, 0)
    >>> two_layers([[1, -1], [2, 1]], [[1, 2], [1, -1]], [6, 8], positive).y.tolist()
    [40.0, -20.0]
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    hidden = first @ np.asarray(x, dtype=float)
    bent = hidden if between is None else between(hidden)
    y, product = second @ bent, second @ first
    direct = product @ np.asarray(x, dtype=float)
    return TwoLayers(hidden, bent, y, product, direct, y - direct)
