"""Guesses and exercises: a question, its answer, and the mistakes that have a name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from naepo.learn.fields import Given, Refused, number
from naepo.learn.words import Real, Word, say, w

Answer = Real | tuple[Real, ...] | str
"""A number, several in a row, or the key of an option."""
RIGHT = 0.005
"""Share of the answer's size that an answer may be off: it was rounded."""
CLOSE = 0.1


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked with the numbers of the moment.

    answer: what is right.
    mistakes: answers that tell which mistake was made; the text `<question>_<name>` names it.
    options: for a choice, keys of what can be chosen; the text of each is `<question>_is_<option>`.
    says: fills the placeholders of the question's texts.
    is_exact: whether a rounded answer is wrong (ids, counts).
    """

    answer: Answer
    mistakes: Mapping[str, Answer] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    says: Mapping[str, Any] = field(default_factory=dict)
    is_exact: bool = False


@dataclass(frozen=True)
class Question:
    """A question of a chapter. Its texts: `<key>` asks, `<key>_right` is said to the right answer,
    `<key>_hint` to one that is no known mistake."""

    key: str
    asks: Callable[[Given], Asked]


@dataclass(frozen=True)
class Verdict:
    """What is said to an answer."""

    state: Literal["right", "close", "mistake", "wrong", "refused"]
    word: Word


def judge(key: str, asked: Asked, typed: str) -> Verdict:
    """Say to an answer whether it is right, and if not, which mistake it shows."""
    try:
        said = read(asked, typed)
    except Refused as refused:
        return Verdict("refused", refused.word)
    told = {**asked.says, "answer": _shown(key, asked, asked.answer)}
    told["said"] = _shown(key, asked, said)
    found = _nearest(asked, said)
    if found == "":
        return Verdict("right", Word(f"{key}_right", told))
    if found is not None:
        return Verdict("mistake", Word(f"{key}_{found}", told))
    is_close = not isinstance(said, str) and equal(said, asked.answer, asked.is_exact, CLOSE)
    return Verdict("close" if is_close else "wrong", Word(f"{key}_hint", told))


def _nearest(asked: Asked, said: Answer) -> str | None:
    """Give "" for the right answer, the name of a mistake, or None: 47.17 and 47.23 are told apart,
    though either could be the other one rounded."""
    known = {"": asked.answer, **asked.mistakes}
    near = [name for name, value in known.items() if equal(said, value, asked.is_exact)]
    return min(near, key=lambda name: _distance(said, known[name]), default=None)


def _distance(said: Answer, value: Answer) -> float:
    if isinstance(said, str) or isinstance(value, str):
        return 0.0
    return float(np.abs(np.atleast_1d(said) - np.atleast_1d(value)).max())


def read(asked: Asked, typed: str) -> Answer:
    """Read an answer of the kind that the question wants. Raises: Refused."""
    if isinstance(asked.answer, str):
        if asked.options and typed not in asked.options:
            raise Refused(w("refused_choice"))
        return typed.strip()
    if isinstance(asked.answer, tuple):
        plain = typed.strip().strip("[]()")
        parts = [part for part in plain.replace(";", " ").replace(",", " ").split() if part]
        if len(parts) != len(asked.answer):
            raise Refused(w("refused_many", n=len(asked.answer), found=len(parts)))
        return tuple(map(number, parts))
    return number(typed)


def equal(said: Answer, answer: Answer, is_exact: bool = False, share: Real = RIGHT) -> bool:
    """Whether an answer is this one, rounded by a person."""
    if isinstance(said, str) or isinstance(answer, str):
        return said == answer
    given, wanted = np.atleast_1d(said).astype(float), np.atleast_1d(answer).astype(float)
    size = float(np.abs(wanted).max()) or 1.0
    bound = 1e-9 if is_exact else share * size
    return given.shape == wanted.shape and bool(np.abs(given - wanted).max() <= bound)


def _shown(key: str, asked: Asked, answer: Answer) -> Any:
    """Give an answer as it is said: an option by its words, numbers as numbers."""
    if asked.options:
        return Word(f"{key}_is_{answer}", asked.says)
    return answer if isinstance(answer, str) else say(answer)
