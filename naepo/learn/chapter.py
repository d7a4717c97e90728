"""What a chapter is: one question, numbers, a guess, steps, a knob, exercises, its code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from naepo.learn.blocks import Block
from naepo.learn.fields import Field, Given
from naepo.learn.questions import Question
from naepo.learn.words import Real


@dataclass(frozen=True, kw_only=True)
class Check:
    """An identity that must hold, shown with its error; the text `check_<key>` says it."""

    key: str
    error: Real
    bound: Real = 1e-9
    says: Mapping[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return abs(self.error) <= self.bound


@dataclass(frozen=True, kw_only=True)
class Step:
    """One idea on the way: its title and prose (texts `step_<key>`, `step_<key>_says`), formulas
    in the language of `formulas.py`, pictures, and checks.

    says: fills the placeholders of both texts.
    variant: takes the prose from `step_<key>_says_<variant>` instead.
    """

    key: str
    formulas: tuple[str, ...] = ()
    shows: tuple[Block, ...] = ()
    checks: tuple[Check, ...] = ()
    says: Mapping[str, Any] = field(default_factory=dict)
    variant: str = ""


@dataclass(frozen=True, kw_only=True)
class Knob:
    """One thing to turn until the idea breaks. Its name is the text `knob`, `knob_says` invites.

    values: the positions; what stands at each is said by `say`, or by the text `knob_is_<value>`.
    start: the position that breaks nothing.
    show: the step at a position. breaks: whether it is broken there.
    """

    values: tuple[Real | str, ...]
    start: int
    show: Callable[[Given, Any], Step]
    breaks: Callable[[Given, Any], bool]


@dataclass(frozen=True, kw_only=True)
class See:
    """The same operation in the reader's own model: an op by its kind, and by the end of its name
    where that is given (`to_q`). view: op, attention, path, map or training."""

    kind: str
    name: str = ""
    view: str = "op"


@dataclass(frozen=True)
class Place:
    """Where an idea lives in naepo's code: the line of `name` in `file` that holds `piece`."""

    file: str
    """Inside the package: "model/norms.py"."""
    name: str
    """Of the function or class, with its class: "RMSNorm.forward"."""
    piece: str


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Something measured here and now when it is asked for: it takes up to some seconds.

    Its texts: `try_<key>` names the button, the step's texts tell the outcome.
    """

    key: str
    run: Callable[[Given], Step]


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A chapter. Its texts: `title`, `question` (the one question), `field_<key>`, and those of its
    parts; in `texts/<key>.en.json` and `.ko.json`."""

    key: str
    number: int
    fields: tuple[Field, ...]
    guess: Question
    steps: Callable[[Given], tuple[Step, ...]]
    knob: Knob
    exercises: tuple[Question, Question]
    sees: tuple[See, ...]
    places: tuple[Place, ...]
    experiments: tuple[Experiment, ...] = ()
