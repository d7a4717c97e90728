"""Letters as ids, as one-hot rows, and as rows of a table: encoding, then embedding."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from naepo.concepts.given import Numbers, Real, Rows

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def letter_ids(text: str) -> list[int]:
    """Give the place of each letter in the alphabet, from 0; what is none of A … Z is left out.

    >>> letter_ids("CAB"), letter_ids("z!")
    ([2, 0, 1], [25])
    """
    return [ALPHABET.index(letter) for letter in text.upper() if letter in ALPHABET]


def letters(ids: list[int]) -> str:
    """Give the letters at these places: nothing was lost on the way.

    >>> letters([2, 0, 1])
    'CAB'
    """
    return "".join(ALPHABET[each] for each in ids)


def one_hot(ids: list[int], size: int = len(ALPHABET)) -> Float[ndarray, "time size"]:
    """Give a row an id: 1 in its own column, else 0. An id outside has no column: all 0.

    >>> one_hot([2, 0], 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return (np.arange(size)[None] == np.asarray(ids, dtype=int)[:, None]).astype(float)


@dataclass(frozen=True, eq=False)
class LookedUp:
    """The same rows in both ways."""

    one_hot: Float[ndarray, "time size"]
    product: Float[ndarray, "time d_model"]
    """one_hot @ table: a sum over all rows, all but one of them times 0."""
    rows: Float[ndarray, "time d_model"]
    """table[ids]: nothing is computed."""


def look_up(ids: list[int], table: Rows) -> LookedUp:
    """Multiply by a table, and read its rows.

    >>> found = look_up([2, 0], [[1, 2], [3, 4], [5, 6]])
    >>> found.product.tolist() == found.rows.tolist() == [[5, 6], [1, 2]]
    True
    """
    table = np.asarray(table, dtype=float)
    hot = one_hot(ids, len(table))
    return LookedUp(hot, hot @ table, table[np.asarray(ids, dtype=int)])


def distances(rows: Rows, place: int) -> Float[ndarray, " n"]:
    """Give how far each row lies from one of them. Rows of a one-hot encoding: √2, each.

    >>> distances([[1, 0, 0], [0, 1, 0], [0, 0, 1]], 0).round(4).tolist()
    [0.0, 1.4142, 1.4142]
    """
    rows = np.asarray(rows, dtype=float)
    return np.linalg.norm(rows - rows[place], axis=1)


@dataclass(frozen=True, eq=False)
class Trained:
    """One update of a table."""

    counts: Int[ndarray, " size"]
    """How often each id occurred."""
    gradient: Float[ndarray, "size d_model"]
    """one_hotᵀ @ arriving: what arrives at each position is added to the row of its id."""
    table: Float[ndarray, "size d_model"]
    """table − rate · gradient: rows of ids that did not occur are as before."""


def train_rows(ids: list[int], table: Rows, arriving: Numbers, rate: Real) -> Trained:
    """Move the rows that were read, when the same gradient arrives at every position.

    >>> train_rows([1, 1, 2], [[0, 0], [0, 0], [0, 0]], [1, -1], 0.5).table.tolist()
    [[0.0, 0.0], [-1.0, 1.0], [-0.5, 0.5]]
    """
    table = np.asarray(table, dtype=float)
    hot = one_hot(ids, len(table))
    gradient = hot.T @ np.broadcast_to(
        np.asarray(arriving, dtype=float), (len(ids), table.shape[1])
    )
    return Trained(hot.sum(axis=0).astype(int), gradient, table - rate * gradient)
