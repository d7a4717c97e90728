"""The numbers of a chapter that can be changed: what each may be, and how it is read from a link.

A value is written in the address as a person would: `2,4,6,8`, `2,0;0,3`, `0.5`, a word.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from naepo.learn.words import Real, Word, w


class Refused(ValueError):
    """What was typed cannot be used; `word` says why."""

    def __init__(self, word: Word) -> None:
        super().__init__(word.key)
        self.word = word


class Given(SimpleNamespace):
    """The values of the fields, each under its key: `given.x` is a vector, `given.eps` a number."""

    def __getattr__(self, name: str) -> Any:  # for the type checker: fields are known when read
        raise AttributeError(name)


@dataclass(frozen=True, kw_only=True)
class Number:
    """One number, with a slider where it `slides`. Its name is the text `field_<key>`."""

    key: str
    default: Real
    low: Real
    high: Real
    step: Real = 0.1
    slides: bool = False

    def read(self, text: str) -> float:
        """Read it, within its range. Raises: Refused."""
        return number(text, self.low, self.high, self.step)

    def write(self, value: Real) -> str:
        return _short(value)

    def describe(self, text: str) -> dict[str, Any]:
        """Tell the page what to draw: the rows of inputs, as they were typed."""
        return _inputs(self, "number", [[text]]) | {"slides": self.slides}

    @property
    def n_numbers(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class Vector:
    """Some numbers in a row; `least` to `most` of them."""

    key: str
    default: tuple[Real, ...]
    low: Real = -1000
    high: Real = 1000
    step: Real = 1
    least: int = 2
    most: int = 8

    def read(self, text: str) -> np.ndarray:
        """Read all of them. Raises: Refused."""
        parts = _parts(text)
        if not self.least <= len(parts) <= self.most:
            counts = {"least": self.least, "most": self.most, "n": len(parts)}
            raise Refused(w("refused_count", **counts))
        return np.array([number(part, self.low, self.high, self.step) for part in parts])

    def write(self, value: tuple[Real, ...]) -> str:
        return ",".join(map(_short, value))

    def describe(self, text: str) -> dict[str, Any]:
        sizes = {"least": self.least, "most": self.most}
        return _inputs(self, "vector", [_parts(text)[: self.most]]) | sizes

    @property
    def n_numbers(self) -> int:
        return len(self.default)


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Rows and columns of numbers; their counts are fixed."""

    key: str
    default: tuple[tuple[Real, ...], ...]
    low: Real = -100
    high: Real = 100
    step: Real = 0.5

    def read(self, text: str) -> np.ndarray:
        """Read all of them. Raises: Refused."""
        rows = [_parts(row) for row in text.split(";")]
        sizes = [len(row) for row in rows]
        if sizes != [len(row) for row in self.default]:
            expected = {"rows": len(self.default), "cols": len(self.default[0])}
            raise Refused(w("refused_shape", **expected))
        return np.array([[number(x, self.low, self.high, self.step) for x in row] for row in rows])

    def write(self, value: tuple[tuple[Real, ...], ...]) -> str:
        return ";".join(",".join(map(_short, row)) for row in value)

    def describe(self, text: str) -> dict[str, Any]:
        return _inputs(self, "matrix", [_parts(row) for row in text.split(";")])

    @property
    def n_numbers(self) -> int:
        return sum(map(len, self.default))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of a few words; the text of each is `choice_<option>`."""

    key: str
    options: tuple[str, ...]

    @property
    def default(self) -> str:
        return self.options[0]

    def read(self, text: str) -> str:
        """Read it. Raises: Refused."""
        if text not in self.options:
            raise Refused(w("refused_choice"))
        return text

    def write(self, value: str) -> str:
        return value

    def describe(self, text: str) -> dict[str, Any]:
        options = [[option, w(f"choice_{option}")] for option in self.options]
        return {"key": self.key, "kind": "choice", "rows": [[text]], "options": options}

    @property
    def n_numbers(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class Text:
    """A few characters, or words with spaces between."""

    key: str
    default: str
    most: int = 40

    def read(self, text: str) -> str:
        """Read it. Raises: Refused."""
        if not 0 < len(text) <= self.most:
            raise Refused(w("refused_length", most=self.most))
        return text

    def write(self, value: str) -> str:
        return value

    def describe(self, text: str) -> dict[str, Any]:
        return {"key": self.key, "kind": "text", "rows": [[text]], "most": self.most}

    @property
    def n_numbers(self) -> int:
        return 1


Field = Number | Vector | Matrix | Choice | Text


def read_all(
    fields: tuple[Field, ...], typed: Mapping[str, str]
) -> tuple[Given, dict[str, str], dict[str, Word]]:
    """Read every field; give the values, the text of each, and what was wrong.

    A field that cannot be read keeps its default value, so that the chapter always has numbers.
    """
    values, said, wrong = {}, {}, {}
    for field in fields:
        own = field.write(field.default)  # pyright: ignore[reportArgumentType]
        said[field.key] = typed.get(field.key, own)
        try:
            values[field.key] = field.read(said[field.key])
        except Refused as refused:
            wrong[field.key] = refused.word
            values[field.key] = field.read(own)
    return Given(**values), said, wrong


def number(text: str, low: Real = -math.inf, high: Real = math.inf, step: Real = 0) -> float:
    """Read a number as people write it: −0.5, 5,625, 2/3, 1e-6; whole where the step is.

    >>> number("2/3"), number("−5,625")
    (0.6666666666666666, -5625.0)

    Raises: Refused when it is none, or out of range.
    """
    plain = text.strip().replace("−", "-").replace(",", "").replace(" ", "")
    above, _, below = plain.partition("/")
    try:
        value = float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        raise Refused(w("refused_number", typed=text.strip() or "…")) from None
    if not low <= value <= high or not math.isfinite(value):
        raise Refused(w("refused_range", low=low, high=high))
    return value


def _parts(text: str) -> list[str]:
    return [part for part in text.replace(" ", ",").split(",") if part]


def _short(value: Real) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _inputs(field: Number | Vector | Matrix, kind: str, rows: list[list[str]]) -> dict[str, Any]:
    limits = {"low": field.low, "high": field.high, "step": field.step}
    return {"key": field.key, "kind": kind, "rows": rows} | limits
