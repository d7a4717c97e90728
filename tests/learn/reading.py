"""A chapter as a reader has it before them: for golden values."""

from collections.abc import Iterator
from typing import Any

from naepo.learn import Request, sheet


def read(chapter: str, *, language: str = "en", **request: Any) -> dict[str, Any]:
    """Open a chapter with all its steps; `fields`, `knob`, `answers`, `guess` as a reader gave."""
    shown = {"is_shown": True} | request
    return sheet(Request(chapter=chapter, language=language, **shown))  # pyright: ignore[reportArgumentType]


def step(found: dict[str, Any], key: str) -> dict[str, Any]:
    """Give one step of a chapter, by its key."""
    return next(each for each in found["steps"] if each["key"] == key)


def rows(shown: dict[str, Any], index: int = 0) -> list[list[str]]:
    """Give the table of a step's picture, as it is printed."""
    table = shown["shows"][index]["table"]
    return [[said if isinstance(said, str) else said[0] for said in row] for row in table["rows"]]


def column(shown: dict[str, Any], place: int, index: int = 0) -> list[str]:
    """Give one column of that table, as it is printed."""
    return [row[place] for row in rows(shown, index)]


def verdict(chapter: str, key: str, typed: str, language: str = "en", **request: Any) -> Any:
    """Give what is said to an answer: its state, and the words. key: guess, or of an exercise."""
    if key == "guess":
        return read(chapter, language=language, guess=typed, **request)["guess"]["verdict"]
    found = read(chapter, language=language, answers={key: typed}, **request)
    return next(each["verdict"] for each in found["exercises"] if each["key"] == key)


def texts(part: Any) -> Iterator[str]:
    """Give every text of a sheet."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for each in part.values():
            yield from texts(each)
    elif isinstance(part, list):
        for each in part:
            yield from texts(each)
