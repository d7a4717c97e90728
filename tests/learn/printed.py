"""All that a chapter prints, as text: `python -m tests.learn.printed rms` writes it anew.

Read what has changed before you keep it: these files are what a reader is told.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from naepo.learn import NAMES, load
from naepo.learn.fields import read_all
from tests.learn.reading import read, verdict

HOME = Path(__file__).with_name("printed")


def printed(name: str) -> str:
    """Give everything that a chapter says in English as it opens: steps, knob, answers."""
    return "\n".join([*_steps(name), *_knob(name), *_answers(name), ""])


def _steps(name: str) -> Iterator[str]:
    for step in read(name)["steps"]:
        yield from _step(step)


def _knob(name: str) -> Iterator[str]:
    for place in range(len(load(name).knob.values)):
        knob = read(name, knob=place)["knob"]
        state = "breaks" if knob["is_broken"] else "holds"
        yield f"== {knob['name']}: {knob['values'][place]} ({state})"
        yield from _step(knob["step"])


def _answers(name: str) -> Iterator[str]:
    one, given = load(name), read_all(load(name).fields, {})[0]
    for question in (one.guess, *one.exercises):
        asked = question.asks(given)
        yield f"== {question.key}"
        found = read(name)
        told = [found["guess"], *found["exercises"]]
        yield next(each["ask"] for each in told if each["key"] == question.key)
        for answer in (asked.answer, *asked.mistakes.values()):
            parts = answer if isinstance(answer, tuple) else (answer,)
            typed = ", ".join(x if isinstance(x, str) else f"{x:.10g}" for x in parts)
            said = verdict(name, question.key, typed)
            yield f"  {typed} -> {said['state']}: {said['text']}"


def _step(step: dict[str, Any]) -> Iterator[str]:
    yield f"-- {step['title']}"
    yield step["says"]
    for formula in step["formulas"]:
        yield f"  {formula}"
    for shown in step["shows"]:
        yield f"  [{shown['kind']}] {shown['caption']}".rstrip()
        table = shown["table"]
        for row in [table["head"], *table["rows"]]:
            cells = [cell if isinstance(cell, str) else cell[0] for cell in row]
            yield ("    " + " | ".join(cells)).rstrip()
        if shown["kind"] == "code":
            yield from (f"    {line}" for line in shown["text"].splitlines())
    for check in step["checks"]:
        yield f"  {check['text']}: {'holds' if check['holds'] else 'fails'}"


def main(names: list[str]) -> None:
    """Write what these chapters print, or all of them."""
    HOME.mkdir(exist_ok=True)
    for name in names or NAMES:
        (HOME / f"{name}.txt").write_text(printed(name), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
