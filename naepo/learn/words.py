"""Words and numbers as a chapter says them, in English and in Korean."""

import json
import math
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")
TEXTS = Path(__file__).parent / "texts"
MINUS = "−"


@dataclass(frozen=True)
class Word:
    """A text of the chapter by its key, with what its {placeholders} are filled with."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


def w(key: str, **values: Any) -> Word:
    """Name a text of the chapter: `w("mean")`, `w("row", i=2)`."""
    return Word(key, values)


Real = int | float
"""A number of a chapter; whole ones may be written whole."""
Label = str | Word
"""What stands beside a number: a sign that is the same in every language ("x₁"), or words."""


@cache
def texts(name: str, language: Language) -> dict[str, str]:
    """Read the texts of one chapter (or `common`) in one language."""
    return json.loads((TEXTS / f"{name}.{language}.json").read_text(encoding="utf-8"))


def say(x: Any) -> str:
    """Write a number as in a book: short ones as they are, four decimals below 10, else two.

    >>> [say(x) for x in (5.477226, 231.84046, 5625, -0.5, 1e-6, 1.29402, float("nan"))]
    ['5.4772', '231.84', '5,625', '−0.5', '1e−6', '1.2940', 'NaN']
    """
    if isinstance(x, str):
        return x
    if isinstance(x, bool | np.bool_):
        return str(bool(x)).lower()
    if isinstance(x, list | tuple | np.ndarray):
        return "[" + ", ".join(map(say, x)) + "]"
    return _number(float(x)).replace("-", MINUS)


def _number(x: float) -> str:
    if not math.isfinite(x):
        return "NaN" if math.isnan(x) else "∞" if x > 0 else "-∞"
    size = abs(x)
    if size == 0:
        return "0"
    if size >= 1e7 or size < 1e-3:
        mantissa, power = f"{x:.2e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
    for digits in range(4):
        scaled = size * 10**digits
        if abs(scaled - round(scaled)) < 1e-9 * max(1, scaled):
            return f"{x:,.{digits}f}"
    return f"{x:,.4f}" if size < 10 else f"{x:,.2f}"


def full(x: Real) -> str:
    """Write every digit of a number that tells it from its neighbours."""
    return repr(float(x)).replace("-", MINUS) if math.isfinite(x) else say(x)


class _Filler(string.Formatter):
    """Fills {name} and {name:.2f}; a number without a format is said as `say` says it."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if not format_spec:
            return say(value)
        return format(value, format_spec).replace("-", MINUS)


@dataclass
class Speaker:
    """Says the words of one chapter in one language, and remembers which were used."""

    chapter: str
    language: Language
    used: set[str] = field(default_factory=set)

    def say(self, label: Label, **more: Any) -> str:
        """Give a label's words, placeholders filled; the chapter's own come before the common ones.

        Raises: KeyError when there are no such words, or a placeholder has no value.
        """
        if isinstance(label, str):
            return label
        self.used.add(label.key)
        own, common = texts(self.chapter, self.language), texts("common", self.language)
        text = own[label.key] if label.key in own else common[label.key]
        values = {**label.values, **more}
        spoken = {k: self.say(v) if isinstance(v, Word) else v for k, v in values.items()}
        return after_particles(_Filler().vformat(text, (), spoken))

    def has(self, key: str) -> bool:
        """Whether there are words for a key."""
        return any(key in texts(name, self.language) for name in (self.chapter, "common"))


_PARTICLE = re.compile(r"(\S?)([]”’\"')}]*)\((을|은|이|과|으)\)(를|는|가|와|로)?")
_FINALS = {"0": 1, "1": 8, "3": 1, "6": 1, "7": 8, "8": 8}
"""How digits end when they are read in Korean: 영, 일, 삼, 육, 칠, 팔; 8 stands for ㄹ."""


def after_particles(text: str) -> str:
    """Choose the Korean particle that the word before it asks for: 5(을)를, 값(은)는, 3(으)로.

    >>> after_particles("2(을)를 [3](으)로, 8(으)로, 값(이)가, “나는”(은)는")
    '2를 [3]으로, 8로, 값이, “나는”은'
    """

    return _PARTICLE.sub(_chosen, text)


def _chosen(found: re.Match[str]) -> str:
    before, closing, with_final, without = found[1], found[2], found[3], found[4] or ""
    code = ord(before or " ") - 0xAC00
    final = code % 28 if 0 <= code < 11172 else _FINALS.get(before, 0)
    if with_final == "으":
        particle = "으로" if final not in (0, 8) else "로"
    else:
        particle = with_final if final else without
    return before + closing + particle
