"""Formulas as text, in the small language that the page turns into MathML.

"_" and "^" take the next piece, {…} is one piece, "words" are words, ~ is a space, frac{a}{b},
sqrt{a}, rows{a&b;c&d}. These build the pieces that hold numbers.
"""

from collections.abc import Iterable
from typing import Any

from naepo.learn.words import say


def num(x: Any) -> str:
    """Write a number as one piece of a formula, a negative one in parentheses.

    >>> num(5625), num(-0.5)
    ('"5,625"', '{("−0.5")}')
    """
    text = plain(x)
    return f"{{({text})}}" if not isinstance(x, str) and float(x) < 0 else text


def plain(x: Any) -> str:
    """Write a number as one piece, without parentheses."""
    return f'"{say(x)}"'


def frac(above: str, below: str) -> str:
    """Write a fraction."""
    return f"frac{{{above}}}{{{below}}}"


def root(piece: str) -> str:
    """Write a square root."""
    return f"sqrt{{{piece}}}"


def total(pieces: Iterable[str], sign: str = "+") -> str:
    """Write pieces with a sign between."""
    return f" {sign} ".join(pieces)


def words(text: str) -> str:
    """Write words, upright."""
    return f'"{text}"'


def table(rows: Iterable[Iterable[Any]]) -> str:
    """Write a matrix of numbers or pieces in brackets."""
    pieces = [[x if isinstance(x, str) else plain(x) for x in row] for row in rows]
    cells = ";".join(map("&".join, pieces))
    return f"[ rows{{{cells}}} ]"


def column(values: Iterable[Any]) -> str:
    """Write a vector as a column."""
    return table([value] for value in values)
