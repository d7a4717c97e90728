"""What every chapter must keep: the pattern, both languages, no number that was typed in prose."""

import json
import re
from functools import cache
from typing import Any

import pytest

from naepo.learn import NAMES, Request, load, sheet
from naepo.learn.fields import read_all
from naepo.learn.places import find
from naepo.learn.questions import Asked, equal, judge
from naepo.learn.rendering import _knob
from naepo.learn.words import LANGUAGES, Speaker, texts
from naepo.look.layout import layout
from naepo.model import ModelSettings
from naepo.model.settings import PartSettings

NUMBER = re.compile(r"(?<![\w{])\d[\d.,]*\d(?![\w}])")
FORMATS = {"16", "32", "64", "10"}
"""Widths of floating-point formats, and the base of powers: names, not results."""
RESERVED = {"chapter", "guess", "shown", "step", "knob", "lang", "theme", "back"}
SHAPES = (
    PartSettings(),
    PartSettings(norm="layer", position="learned", mlp="gelu", has_bias=True, has_qk_norm=False),
)

each_chapter = pytest.mark.parametrize("name", NAMES)


def given_of(name: str, **typed: str) -> Any:
    return read_all(load(name).fields, typed)[0]


def questions(name: str) -> list[tuple[str, Asked]]:
    one, given = load(name), given_of(name)
    return [(each.key, each.asks(given)) for each in (one.guess, *one.exercises)]


def typed(answer: Any) -> str:
    if isinstance(answer, tuple):
        return ", ".join(map(str, answer))
    return str(answer)


@cache
def everything(name: str, language: str) -> tuple[list[Any], set[str]]:
    """Open a chapter in every way: each position of the knob, each answer that has a name, and
    one that has none. Give all that is said, and the keys of the texts that say it."""
    one, given, speaker = load(name), given_of(name), Speaker(name, language)
    found: list[Any] = [sheet(Request(chapter=name, language=language, is_shown=True), speaker)]
    found += [_knob(one.knob, given, place, speaker) for place in range(len(one.knob.values))]
    for key, asked in questions(name):
        answers = [*map(typed, (asked.answer, *asked.mistakes.values())), *asked.options]
        if not asked.options:
            count = len(asked.answer) if isinstance(asked.answer, tuple) else 1
            answers.append(", ".join(["-98765.4"] * count))
        found += [speaker.say(judge(key, asked, answer).word) for answer in answers]
    speaker.used |= {f"try_{each.key}" for each in one.experiments}
    return found, speaker.used


@each_chapter
def test_a_chapter_keeps_the_pattern(name):
    one = load(name)
    assert one.key == name
    assert 3 <= sum(field.n_numbers for field in one.fields) <= 8
    assert len(one.exercises) == 2 and all(q.asks(given_of(name)).mistakes for q in one.exercises)
    assert one.guess.key == "guess"
    assert one.sees and one.places
    keys = [field.key for field in one.fields]
    assert len(set(keys)) == len(keys) and not set(keys) & RESERVED


@each_chapter
def test_the_steps_are_hidden_until_there_is_a_guess(name):
    closed = sheet(Request(chapter=name))
    assert closed["steps"] is None and closed["knob"] is None
    assert closed["guess"]["verdict"] is None
    answer = typed(load(name).guess.asks(given_of(name)).answer)
    assert sheet(Request(chapter=name, guess=answer))["steps"]
    assert sheet(Request(chapter=name, is_shown=True))["steps"]


@each_chapter
def test_the_knob_breaks_something_but_not_where_it_starts(name):
    knob, given = load(name).knob, given_of(name)
    assert not knob.breaks(given, knob.values[knob.start])
    assert any(knob.breaks(given, value) for value in knob.values)


@each_chapter
def test_every_check_of_a_chapter_holds_as_it_opens(name):
    found = sheet(Request(chapter=name, is_shown=True))
    fails = [c for step in found["steps"] for c in step["checks"] if not c["holds"]]
    assert not fails


@each_chapter
def test_each_mistake_is_told_from_the_answer_and_from_every_other(name):
    for key, asked in questions(name):
        known = {"": asked.answer, **asked.mistakes}
        for mistake, value in known.items():
            word = judge(key, asked, typed(value)).word.key
            assert word == f"{key}_{mistake or 'right'}", (key, mistake, word)
        others = [v for m, v in known.items() if m]
        assert not any(equal(asked.answer, value, True) for value in others)


@each_chapter
def test_both_languages_say_the_same_things_and_nothing_that_is_not_said(name):
    english, korean = texts(name, "en"), texts(name, "ko")
    assert sorted(english) == sorted(korean)
    for language in LANGUAGES:
        _, used = everything(name, language)
        unused = set(texts(name, language)) - used
        later = OF_EXPERIMENTS.get(name, ()), r"step_\w+_says_", r"\w+_hint$"
        known = "|".join([*later[0], *later[1:]])
        assert not [key for key in unused if not re.match(known, key)], unused


OF_EXPERIMENTS = {
    "encoding": ("step_lookup_measured", "way", "microseconds"),
    "superposition": ("rule_",),
    "maps": (
        "step_(machine|tsne|umap)",
        "kernel",
        "(right_share|support|true_figure|on_map|map_of_seed|trust)$",
        "(points|scores)_of_machine",
        "(width|distance)_ratio",
    ),
    "rms": ("step_steady", "with_norm", "without_norm", "update", "gradient_norm"),
    "gradient": ("step_rates", "first_loss", "last_loss", "least_loss", "nats"),
    "arrays": ("step_speeds", "time_", "milliseconds", "operations", "giga"),
    "modes": (
        "step_costs",
        "way_",
        "milliseconds",
        "kept_mib",
        "same_twice",
        "can_learn",
        "yes",
        "no",
    ),
    "music": ("step_skip_gram",),
}
"""Beginnings of the texts that only an experiment says, or another choice: own tests read them."""


@pytest.mark.parametrize("language", LANGUAGES)
@each_chapter
def test_no_number_is_typed_in_prose(name, language):
    for key, text in texts(name, language).items():
        bare = re.sub(r"\{[^}]*\}", "", text)
        found = [number for number in NUMBER.findall(bare) if number not in FORMATS]
        assert not found, f"{key}: {found}"


@each_chapter
def test_the_placeholders_are_the_same_in_both_languages(name):
    english, korean = texts(name, "en"), texts(name, "ko")
    for key, text in english.items():
        holes = {re.sub(":.*", "", hole) for hole in re.findall(r"\{([^}]*)\}", text)}
        own = {re.sub(":.*", "", hole) for hole in re.findall(r"\{([^}]*)\}", korean[key])}
        assert own == holes, key


@each_chapter
def test_korean_is_korean(name):
    for key, text in texts(name, "ko").items():
        is_words = re.search(r"\b[a-z]{3,} [a-z]{2,}", re.sub(r"`[^`]*`", "", text))
        assert re.search("[가-힣]", text) or not is_words, f"{key}: {text}"


@each_chapter
def test_every_place_in_the_code_is_there(name):
    for place in load(name).places:
        line = find(place)
        assert place.piece in line.text and line.line > 0


@each_chapter
def test_what_a_chapter_speaks_of_is_in_every_model_or_in_some(name):
    ops = [op for parts in SHAPES for op in layout(ModelSettings(vocab_size=10, parts=parts))]
    for see in load(name).sees:
        found = [op for op in ops if op.kind == see.kind and f".{op.name}".endswith(see.name)]
        assert found, see


@each_chapter
def test_a_sheet_is_strict_json(name):
    for language in LANGUAGES:
        json.dumps(everything(name, language)[0], allow_nan=False)


@each_chapter
def test_a_field_that_cannot_be_read_says_so_and_keeps_the_rest(name):
    for field in load(name).fields:
        found = sheet(Request(chapter=name, fields={field.key: "?;?"}, is_shown=True))
        said = next(each for each in found["fields"] if each["key"] == field.key)
        assert said["wrong"] or field.read("?;?")
        assert found["steps"]
