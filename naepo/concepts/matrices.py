"""Where the matrices are: layers, scores and shares, an update, a recurrence, a convolution."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from naepo.concepts.given import Numbers, Rows


@dataclass(frozen=True, eq=False)
class Layer:
    """A linear layer as torch keeps it: y = x Wᵀ + b, with W of shape [out, in]."""

    x: Float[ndarray, "time d_in"]
    weight: Float[ndarray, "d_out d_in"]
    turned: Float[ndarray, "d_in d_out"]
    """Wᵀ."""
    y: Float[ndarray, "time d_out"]


def layer(x: Rows, weight: Rows, bias: Numbers | int = 0) -> Layer:
    """Apply a linear layer to rows: row o of the weight holds what output o reads.

    >>> layer([[1, 2]], [[2, 0], [1, 3]]).y.tolist()
    [[2.0, 7.0]]
    """
    x, weight = np.asarray(x, dtype=float), np.asarray(weight, dtype=float)
    return Layer(x, weight, weight.T, x @ weight.T + np.asarray(bias, dtype=float))


@dataclass(frozen=True, eq=False)
class Shares:
    """Every number on the way through softmax."""

    scores: Float[ndarray, " n"]
    largest: float
    shifted: Float[ndarray, " n"]
    """scores − largest: changes no share, and e^x cannot overflow."""
    exponentials: Float[ndarray, " n"]
    total: float
    shares: Float[ndarray, " n"]
    """Positive, together 1."""


def softmax(scores: Numbers) -> Shares:
    """Make scores into shares that add up to 1: e^s / Σ e^s.

    >>> softmax([0, 0]).shares.tolist(), softmax([1000, 0]).shares.tolist()
    ([0.5, 0.5], [1.0, 0.0])
    """
    scores = np.asarray(scores, dtype=float)
    largest = float(scores.max())
    exponentials = np.exp(scores - largest)
    total = float(exponentials.sum())
    return Shares(scores, largest, scores - largest, exponentials, total, exponentials / total)


@dataclass(frozen=True, eq=False)
class Update:
    """One update of a weight matrix."""

    gradient: Float[ndarray, "d_out d_in"]
    """∂L/∂W = (∂L/∂y)ᵀ x: for one row x, the outer product of both."""
    step: Float[ndarray, "d_out d_in"]
    """η ∂L/∂W."""
    after: Float[ndarray, "d_out d_in"]
    """W − η ∂L/∂W."""


def update(weight: Rows, x: Rows, arriving: Rows, rate: float) -> Update:
    """Move a weight against its gradient, which is a matrix of its own shape.

    arriving: ∂L/∂y, a row for each row of x.

    >>> update([[2, 0], [1, 3]], [[1, 2]], [[1, -1]], 0.1).gradient.tolist()
    [[1.0, 2.0], [-1.0, -2.0]]
    """
    weight = np.asarray(weight, dtype=float)
    gradient = np.asarray(arriving, dtype=float).T @ np.asarray(x, dtype=float)
    return Update(gradient, rate * gradient, weight - rate * gradient)


@dataclass(frozen=True, eq=False)
class Recurrence:
    """One step of a recurrent network, h' = tanh(W_x x + W_h h), as one product."""

    joined: Float[ndarray, "d_hidden d_both"]
    """[W_x W_h], side by side."""
    stacked: Float[ndarray, " d_both"]
    """x over h."""
    sums: Float[ndarray, " d_hidden"]
    h: Float[ndarray, " d_hidden"]


def recurrent_step(from_input: Rows, from_state: Rows, x: Numbers, h: Numbers) -> Recurrence:
    """Make the next state of what comes in and of the state before (Elman 1990).

    >>> recurrent_step([[1, 2]], [[3]], [1, 0], [0]).sums.tolist()
    [1.0]
    """
    joined = np.hstack([np.asarray(from_input, dtype=float), np.asarray(from_state, dtype=float)])
    stacked = np.concatenate([np.asarray(x, dtype=float), np.asarray(h, dtype=float)])
    sums = joined @ stacked
    return Recurrence(joined, stacked, sums, np.tanh(sums))


@dataclass(frozen=True, eq=False)
class Convolution:
    """A kernel that slides along a signal, as one product."""

    signal: Float[ndarray, " n"]
    kernel: Float[ndarray, " k"]
    matrix: Float[ndarray, "places n"]
    """The kernel in each row, one place further right than in the row above; zeros elsewhere."""
    y: Float[ndarray, " places"]


def convolution(signal: Numbers, kernel: Numbers) -> Convolution:
    """Slide a kernel along a signal, only where it fits, without turning it round, as torch does.

    >>> found = convolution([1, 2, 3], [1, -1])
    >>> found.matrix.tolist(), found.y.tolist()
    ([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]], [-1.0, -1.0])
    """
    signal, kernel = np.asarray(signal, dtype=float), np.asarray(kernel, dtype=float)
    places = len(signal) - len(kernel) + 1
    matrix = np.zeros((places, len(signal)))
    for place in range(places):
        matrix[place, place : place + len(kernel)] = kernel
    return Convolution(signal, kernel, matrix, matrix @ signal)
