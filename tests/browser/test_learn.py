"""The chapters as a reader has them: typed, guessed, shown, broken, exercised, and to the model
and back; by keyboard, in both languages."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from naepo.learn import NAMES, Request, load, sheet
from naepo.learn.fields import read_all
from tests.browser.conftest import Server
from tests.browser.visit import Visit, watch

pytestmark = pytest.mark.browser
PHONE = {"width": 400, "height": 800}
SECOND = 1.0
"""Longest time that a chapter may take to open, on a machine that has nothing else to do; on a
crowded one each waits for its turn."""
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
_WIDE = "document.documentElement.scrollWidth"


class Reader(Visit):
    """A visit to the chapters."""

    def open(self, chapter: str, **state: Any) -> None:
        said = "&".join(f"{key}={value}" for key, value in state.items())
        base = self.url.replace("/?token", "/learn.html?token")
        self.page.set_default_timeout(15_000)
        self.page.goto(f"{base}#chapter={chapter}&{said}")
        self.find(f".entry[data-chapter={chapter}][aria-current]").wait_for(state="attached")
        self.settle()

    def keys(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.keys("Enter")


@pytest.fixture
def reader(browser: Browser, server: Server) -> Iterator[Callable[..., Reader]]:
    """Give `reader("ko", PHONE, "dark")`: a page that may speak to nobody else and must not err."""
    readers: list[Reader] = []

    def make(language: str = "en", viewport: Any = None, scheme: Any = "light") -> Reader:
        context = browser.new_context(
            viewport=viewport or {"width": 1280, "height": 900},
            color_scheme=scheme,
            locale={"en": "en-GB", "ko": "ko-KR"}[language],
            reduced_motion="reduce",
        )
        made = Reader(context.new_page(), server.url, server.origin)
        readers.append(made)
        watch(made)
        return made

    yield make
    for made in readers:
        made.page.context.close()
    troubles = [trouble for made in readers for trouble in made.foreign + made.errors]
    assert not troubles, "\n".join(troubles)


def asked(chapter: str, place: int = 0) -> Any:
    """Give the guess (0) or an exercise (1, 2) of a chapter as it opens."""
    one = load(chapter)
    return (one.guess, *one.exercises)[place].asks(read_all(one.fields, {})[0])


def answer(page: Reader, field: str, value: Any) -> None:
    """Answer by keyboard alone, the field having the focus."""
    if page.find(f"select{field}").count():
        page.find(field).select_option(value)
        return
    parts = value if isinstance(value, tuple) else (value,)
    page.type(", ".join(part if isinstance(part, str) else repr(float(part)) for part in parts))


QUICK = [("en", ("rms",)), ("ko", ("gpt",))]
REST = [(language, [n for n in NAMES if n not in names]) for language, names in QUICK]


@pytest.mark.parametrize(("language", "names"), QUICK, ids=("en", "ko"))
def test_a_chapter_is_read_by_keyboard(reader, language, names):
    page: Reader = reader(language)
    for name in names:
        page.open(name)
        read_by_keyboard(page, name, language)
    assert page.page.evaluate("document.documentElement.lang") == language


@pytest.mark.slow
@pytest.mark.parametrize(("language", "names"), REST, ids=("en", "ko"))
def test_every_other_chapter_is_read_by_keyboard_too(reader, language, names):
    test_a_chapter_is_read_by_keyboard(reader, language, names)


def read_by_keyboard(page: Reader, name: str, language: str) -> None:
    """Guess, see every step, break it, make a mistake and mend it."""
    seen = sheet(Request(chapter=name, language=language, is_shown=True))
    assert page.find("#chapter h1").inner_text() == seen["title"]
    assert page.find(".steps-list > .step").count() == 0 and page.find("#next").is_hidden()
    page.keys("g")
    answer(page, "#guess", asked(name).answer)
    page.find(".guessing .verdict.right").wait_for()
    page.keys("Escape", *["n"] * (len(seen["steps"]) - 1))
    page.find(f".steps-list > .step:nth-child({len(seen['steps'])})").wait_for()
    titles = page.find(".steps-list > .step > h3").all_inner_texts()
    assert titles == [step["title"] for step in seen["steps"]]
    says = page.find(".steps-list > .step > .says").all_inner_texts()
    assert says == [step["says"].replace("`", "") for step in seen["steps"]]
    check_pictures(page, seen)
    break_it(page, name)
    exercise(page, name)


def test_the_keys_lead_from_chapter_to_chapter(reader):
    page: Reader = reader()
    page.open(NAMES[0])
    for key, name in (("]", NAMES[1]), ("]", NAMES[2]), ("[", NAMES[1])):
        page.keys(key)
        page.find(f".entry[data-chapter={name}][aria-current]").wait_for()
    page.page.go_back()
    page.find(f".entry[data-chapter={NAMES[2]}][aria-current]").wait_for()
    page.keys("?")
    assert page.find("dialog.keys kbd").count() == 7
    page.keys("Escape", "s")
    page.find(".steps-list > .step").wait_for()


def check_pictures(page: Reader, seen: dict[str, Any]) -> None:
    """Every picture has its numbers in a real table, and what is drawn is drawn."""
    page.unfold("#chapter")
    shown = [block for step in seen["steps"] for block in step["shows"]]
    figures = page.find(".steps-list figure")
    assert figures.count() == len(shown)
    cells = figures.evaluate_all(
        "all => all.map(f => [...f.querySelectorAll('tbody tr')].filter(r => "
        "r.closest('naepo-matrix') === null).map(r => [...r.children].map(c => c.textContent)))"
    )
    for block, rows in zip(shown, cells, strict=True):
        expected = [[c if isinstance(c, str) else c[0] for c in r] for r in block["table"]["rows"]]
        assert rows == expected, block["kind"]
    assert page.find(".steps-list .check.fails").count() == 0


def break_it(page: Reader, name: str) -> None:
    """Turn the knob by arrow keys to the first position at which it breaks, and back."""
    knob, given = load(name).knob, read_all(load(name).fields, {})[0]
    broken = [knob.breaks(given, value) for value in knob.values].index(True)
    page.find(".knob-state.whole").wait_for()
    key = "ArrowRight" if broken > knob.start else "ArrowLeft"
    page.keys("k", *[key] * abs(broken - knob.start))
    page.find(".knob-state.broken").wait_for()
    page.keys("Escape")


def exercise(page: Reader, name: str) -> None:
    """Make the first named mistake of each exercise, then answer it."""
    for place in (1, 2):
        question, field = asked(name, place), f"#exercise-{place}"
        mistake = next(iter(question.mistakes.values()))
        for value, state in ((mistake, "mistake"), (question.answer, "right")):
            page.find(field).focus()
            if not question.options:
                page.keys("Control+a")
            answer(page, field, value)
            page.find(f".exercise:has({field}) .verdict.{state}").wait_for()


def test_a_number_that_is_changed_changes_all_that_follows_and_the_address(reader):
    page: Reader = reader()
    page.open("rms", shown=1, step=9)
    page.find("[data-field=x] input").first.focus()
    page.keys("ArrowUp")
    page.settle()
    assert page.find("[data-step=square] .says").inner_text().endswith("make 125.")
    assert "x=3,4,6,8" in page.page.url
    page.find("[data-field=x] .quiet").last.click()
    page.settle()
    assert "x=3,4,6,8,1" in page.page.url and page.find("[data-field=x] input").count() == 5
    page.find("[data-field=x] input").first.fill("5000")
    page.settle()
    assert "between" in page.find("[data-field=x] .trouble").inner_text()
    page.find(".fields > .quiet").click()
    page.settle()
    assert "x=" not in page.page.url


def test_a_tip_is_dragged_and_moved_with_the_arrow_keys(reader):
    page: Reader = reader()
    page.open("linear", shown=1, step=9)
    hand = page.find("[data-step=square] [data-moves='A.0']")
    hand.focus()
    page.keys("ArrowRight")
    page.settle()
    assert "A=2.5,0;0,3" in page.page.url
    assert "7.5 m²" in page.find("[data-step=area] .says").inner_text()
    assert page.page.evaluate("document.activeElement.dataset.moves") == "A.0"
    hand.scroll_into_view_if_needed()
    box = hand.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x - 60, y - 60, steps=4)
    page.page.mouse.up()
    page.settle()
    assert "A=2.5,0;0,3" not in page.page.url


@pytest.mark.parametrize("language", ["ko", pytest.param("en", marks=pytest.mark.slow)])
def test_from_a_chapter_to_the_same_op_in_the_model_and_back(reader, language):
    page: Reader = reader(language)
    page.open("rms")
    link = page.find("a.see").first
    link.wait_for()
    link.focus()
    page.page.keyboard.press("Enter")
    page.find(".op-head").wait_for()
    assert page.find(".op-head h2").inner_text() == "blocks.0.norm_1"
    back = page.find(".op-head .chapter-link", has_text="RMSNorm")
    back.wait_for()
    back.focus()
    page.page.keyboard.press("Enter")
    page.find("#chapter h1").wait_for()
    assert page.find(".entry[aria-current]").get_attribute("data-chapter") == "rms"
    assert page.page.evaluate("document.documentElement.lang") == language
    page.settle()
    assert "blocks.0.norm_1" in page.find("a.back").inner_text()
    page.find("a.back").click()
    page.find(".op-head h2").wait_for()
    assert page.find(".op-head h2").inner_text() == "blocks.0.norm_1"


def test_what_a_teacher_sends_is_what_a_student_sees(reader):
    first: Reader = reader()
    first.open("rms", x="3,4", guess=3.5, step=4, knob=0, **{"answer.handout": 47.23})
    seen = first.find("#chapter").inner_text()
    assert "47.23 is what the handout says" in seen and "NaN" in seen
    again: Reader = reader()
    again.page.goto(first.page.url.replace("/learn.html", "/learn.html"))
    again.page.goto("about:blank")
    again.page.goto(f"{again.url.replace('/?', '/learn.html?')}#{first.page.url.split('#')[1]}")
    again.find(".entry[aria-current]").wait_for(state="attached")
    again.settle()
    assert again.find("#chapter").inner_text() == seen


@pytest.mark.slow
@pytest.mark.parametrize(("language", "scheme"), [("en", "dark"), ("ko", "light")])
def test_on_a_phone_nothing_is_wider_than_the_screen_and_all_can_be_read(reader, language, scheme):
    page: Reader = reader(language, PHONE, scheme)
    for name in NAMES:
        page.open(name, shown=1, step=20)
        assert page.page.evaluate(_WIDE) <= PHONE["width"], name
        faint = page.page.evaluate(CONTRAST)
        assert not faint, "\n".join([name, *faint[:10]])


@pytest.mark.slow
def test_a_chapter_opens_within_a_second(reader):
    page: Reader = reader()
    page.open(NAMES[-1], shown=1)
    times = []
    for name in (*NAMES[:3], NAMES[-1]):
        page.page.goto("about:blank")
        began = time.perf_counter()
        page.page.goto(f"{page.url.replace('/?', '/learn.html?')}#chapter={name}&shown=1")
        page.find(".step h3").first.wait_for()
        times.append(time.perf_counter() - began)
    crowd = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert min(times) < SECOND * crowd, json.dumps([crowd, *times])
