"""A chapter as the page draws it: every text said, every number written, in one language."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from naepo.config import UserError, did_you_mean
from naepo.learn.chapter import Check, Knob, Step
from naepo.learn.chapters import NAMES, load
from naepo.learn.fields import Given, read_all
from naepo.learn.places import find
from naepo.learn.questions import Asked, Question, judge
from naepo.learn.words import LANGUAGES, Language, Real, Speaker, Word, say


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a person has typed so far.

    fields: texts of the fields by key; what is left out has its default.
    guess: None while nothing is guessed. is_shown: "show me" was pressed instead.
    knob: its position; None is where it starts. answers: to the exercises, by their keys.
    """

    chapter: str
    language: Language = "en"
    fields: Mapping[str, str] = field(default_factory=dict)
    guess: str | None = None
    is_shown: bool = False
    knob: int | None = None
    answers: Mapping[str, str] = field(default_factory=dict)


def read_request(asked: Mapping[str, Any]) -> Request:
    """Read a request that came as JSON.

    Raises: UserError when it holds anything but a request, or its language is not spoken here.
    """
    known = {each.name: each for each in dataclasses.fields(Request)}
    for name, value in asked.items():
        if name not in known:
            raise UserError(f"a request has no `{name}`", hint=did_you_mean(name, known))
        if not _KINDS[name](value):
            raise UserError(f"`{name}` cannot be read: got {value!r}")
    if "chapter" not in asked:
        raise UserError("the request names no chapter")
    return Request(**asked)


def language(name: str) -> Language:
    """Give the language of this name. Raises: UserError when it is not spoken here."""
    for each in LANGUAGES:
        if each == name:
            return each
    raise UserError(f"language must be en or ko, got {name}")


def _are_texts(value: Any) -> bool:
    is_table = isinstance(value, dict)
    return is_table and all(isinstance(part, str) for part in value.values())


_KINDS: dict[str, Callable[[Any], bool]] = {
    "chapter": lambda value: isinstance(value, str),
    "language": lambda value: value in LANGUAGES,
    "fields": _are_texts,
    "guess": lambda value: value is None or isinstance(value, str),
    "is_shown": lambda value: isinstance(value, bool),
    "knob": lambda value: value is None or type(value) is int,
    "answers": _are_texts,
}


def contents(language: Language) -> list[dict[str, Any]]:
    """List the chapters: key, number, title, question, and the ops that they speak of."""
    found = []
    for name in NAMES:
        one, speaker = load(name), Speaker(name, language)
        told = {key: speaker.say(Word(key)) for key in ("title", "question")}
        sees = [asdict(see) for see in one.sees]
        found.append({"key": name, "number": one.number, **told, "sees": sees})
    return found


def sheet(request: Request, speaker: Speaker | None = None) -> dict[str, Any]:
    """Give all that is seen of a chapter now. The steps are left out until there is a guess.

    Raises: UserError when there is no such chapter.
    """
    one = load(request.chapter)
    speaker = speaker or Speaker(one.key, request.language)
    given, said, wrong = read_all(one.fields, request.fields)
    guess = _question(one.guess, given, request.guess, speaker)
    is_open = request.is_shown or (guess["verdict"] or {"state": "refused"})["state"] != "refused"
    steps = [_step(step, speaker) for step in one.steps(given)] if is_open else None
    answers = request.answers
    return {
        "key": one.key,
        "number": one.number,
        "title": speaker.say(Word("title")),
        "question": speaker.say(Word("question")),
        "fields": [_field(each, said[each.key], wrong, speaker) for each in one.fields],
        "guess": guess,
        "steps": steps,
        "knob": _knob(one.knob, given, request.knob, speaker) if is_open else None,
        "exercises": [_question(e, given, answers.get(e.key), speaker) for e in one.exercises],
        "experiments": [
            {"key": each.key, "name": speaker.say(Word(f"try_{each.key}"))}
            for each in one.experiments
        ],
        "sees": [asdict(see) for see in one.sees],
        "places": [asdict(find(place)) for place in one.places],
    }


def experiment(request: Request, key: str, speaker: Speaker | None = None) -> dict[str, Any]:
    """Measure something here and now, with the numbers of the moment; give the step that tells it.

    Raises: UserError when there is no such chapter or experiment.
    """
    one = load(request.chapter)
    known = {each.key: each for each in one.experiments}
    if key not in known:
        raise UserError(f"{one.key} has no experiment `{key}`", hint=did_you_mean(key, known))
    given, _, _ = read_all(one.fields, request.fields)
    return _step(known[key].run(given), speaker or Speaker(one.key, request.language))


def _field(field: Any, said: str, wrong: Mapping[str, Word], speaker: Speaker) -> dict[str, Any]:
    told = field.describe(said)
    told["name"] = speaker.say(Word(f"field_{field.key}"))
    told["wrong"] = speaker.say(wrong[field.key]) if field.key in wrong else None
    told["options"] = [[key, speaker.say(name)] for key, name in told.get("options", [])]
    return told


def _question(
    question: Question, given: Given, typed: str | None, speaker: Speaker
) -> dict[str, Any]:
    asked = question.asks(given)
    key = question.key
    verdict = None
    if typed is not None and typed.strip():
        found = judge(key, asked, typed)
        verdict = {"state": found.state, "text": speaker.say(found.word)}
    return {
        "key": key,
        "ask": speaker.say(Word(key, asked.says)),
        "many": _count(asked),
        "options": [[o, speaker.say(Word(f"{key}_is_{o}", asked.says))] for o in asked.options],
        "verdict": verdict,
    }


def _count(asked: Asked) -> int:
    return len(asked.answer) if isinstance(asked.answer, tuple) else 1


def _step(step: Step, speaker: Speaker) -> dict[str, Any]:
    prose = f"step_{step.key}_says" + (f"_{step.variant}" if step.variant else "")
    return {
        "key": step.key,
        "title": speaker.say(Word(f"step_{step.key}", step.says)),
        "says": speaker.say(Word(prose, step.says)),
        "formulas": list(step.formulas),
        "shows": [block.sent(speaker) for block in step.shows],
        "checks": [_check(check, speaker) for check in step.checks],
    }


def _check(check: Check, speaker: Speaker) -> dict[str, Any]:
    text = speaker.say(Word(f"check_{check.key}", check.says))
    told = {"holds": check.holds, "error": say(check.error), "bound": say(check.bound)}
    return {"key": check.key, "text": text} | told


def _knob(knob: Knob, given: Given, at: int | None, speaker: Speaker) -> dict[str, Any]:
    place = knob.start if at is None else max(0, min(at, len(knob.values) - 1))
    value = knob.values[place]
    return {
        "name": speaker.say(Word("knob")),
        "says": speaker.say(Word("knob_says")),
        "at": place,
        "values": [_position(each, speaker) for each in knob.values],
        "step": _step(knob.show(given, value), speaker),
        "is_broken": bool(knob.breaks(given, value)),
    }


def _position(value: Real | str, speaker: Speaker) -> str:
    if isinstance(value, str):
        return speaker.say(Word(f"knob_is_{value}"))
    return say(value)
