"""Links, languages, light, narrow screens: the same page in every dress."""

import json
import re
from pathlib import Path

import pytest

from naepo import look
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser
VIEWS = ("op", "attention", "path", "map", "training", "compare")
WORDS = Path(look.__file__).parent / "page/i18n"
TEXT = "나는 어제 학교에 갔다"
NARROW = {"width": 400, "height": 800}
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


def words_of(language: str) -> dict[str, str]:
    return {
        f"{file.name.split('.')[0]}.{key}": text
        for file in sorted(WORDS.glob(f"*.{language}.json"))
        for key, text in json.loads(file.read_text("utf-8")).items()
    }


def other_of(view: str) -> dict[str, object]:
    """Give a second model where two are looked at."""
    return {"other": {"model": "0", "checkpoint": 100}} if view == "compare" else {}


def texts(page: Visit) -> list[str]:
    """Give every text that stands on the page, with titles and names for screen readers."""
    return page.page.evaluate(
        """() => {
            const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            const found = [];
            while (walk.nextNode()) {
                const holder = walk.currentNode.parentElement;
                if (!holder.closest("noscript, script, style, code, .glyph, .token, textarea"))
                    found.push(walk.currentNode.data.trim());
            }
            for (const e of document.querySelectorAll("[title], [aria-label], [placeholder]"))
                for (const name of ["title", "aria-label", "placeholder"])
                    if (e.hasAttribute(name)) found.push(e.getAttribute(name));
            return found.filter(Boolean);
        }"""
    )


def behind(page: Visit) -> list[float]:
    """Give red, green and blue of what the page stands on."""
    colour = page.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return [float(part) for part in re.findall(r"[\d.]+", colour)[:3]]


READ_OFTEN = {"op", "attention", "path"}


@pytest.mark.parametrize(
    "view",
    [v if v in READ_OFTEN else pytest.param(v, marks=pytest.mark.slow) for v in VIEWS],
)
def test_a_view_is_readable_in_both_languages_by_day_and_by_night(visit, view):
    page: Visit = visit(text=TEXT, view=view, **other_of(view))
    for language, scheme in (("en", "light"), ("ko", "dark")):
        if language == "ko":
            page.find("#language").click()
            page.find("#theme").click()
        page.unfold()
        check_words(page, language)
        assert (sum(behind(page)) > 380) == (scheme == "light")
        faint = page.page.evaluate(CONTRAST)
        assert not faint, "\n".join(faint[:20])
    assert page.page.evaluate("document.documentElement.lang") == "ko"


def check_words(page: Visit, language: str) -> None:
    """Nothing is said in the other language, and nothing is a bare key or a slip of the code."""
    own, foreign = words_of(language), words_of("ko" if language == "en" else "en")
    strangers = {
        words
        for words in foreign.values()
        if words not in own.values()
        and re.search(r"[a-z]{3}|[가-힣]", words)
        and "{" not in words
        and " " in words
    }
    found = texts(page)
    assert len(found) > 30
    left = sorted(strangers & set(found))
    assert not left
    rooms = "|".join({key.split(".")[0] for key in own})
    assert not [text for text in found if re.fullmatch(rf"({rooms})\.[a-z_0-9A-Z]+", text)]
    assert not [text for text in found if re.search(r"\bundefined\b|\[object |\{\w+\}", text)]


def test_the_language_and_the_theme_change_in_place_and_stay_in_the_link(visit):
    page: Visit = visit(text=TEXT, view="attention", position=2)
    day = behind(page)
    page.find("#language").click()
    page.find("#theme").click()
    page.settle()
    state = page.state()
    assert (state["lang"], state["theme"], state["position"]) == ("ko", "dark", 2)
    assert behind(page) != day


@pytest.mark.parametrize("language", ["en", "ko"])
def test_at_400_pixels_nothing_is_wider_than_the_screen(visit, language):
    page: Visit = visit(text=TEXT, viewport=NARROW, language=language, **other_of("compare"))
    for view in VIEWS:
        page.select(view=view)
        check_width(page, view)


def check_width(page: Visit, view: str) -> None:
    wide = page.page.evaluate(
        """() => {
            scrollTo(1000, 0);
            if (scrollX === 0 && document.documentElement.scrollWidth <= innerWidth) return [];
            return [...document.querySelectorAll("body *")]
                .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
                .map(e => `${e.tagName}.${e.className} ${e.getBoundingClientRect().right}`);
        }"""
    )
    assert not wide, "\n".join([view, *wide[:20]])


LINKS = [
    {
        "view": "path",
        "position": 2,
        "id": 97,
        "temperature": 0.5,
        "topK": 7,
        "changes": [{"op": "blocks.0.attention.mixed", "head": 1, "factor": 0}],
    },
]
MORE_LINKS = [
    {"view": "op", "op": "blocks.1.mlp.up", "position": 3, "row": 3, "col": 5},
    {"view": "attention", "op": "blocks.2.attention.weights", "head": 3, "position": 4},
    {"view": "training", "checkpoint": 200},
    {"view": "compare", "other": {"model": "0", "checkpoint": 0}, "op": "blocks.0.mlp.down"},
    {"view": "map", "map": {"method": "pca", "seed": 3, "colour": "script", "query": "는"}},
]


@pytest.mark.slow
@pytest.mark.parametrize("state", MORE_LINKS, ids=lambda state: state["view"])
def test_a_link_of_any_view_brings_back_what_was_seen(visit, state):
    test_a_link_brings_back_what_was_seen(visit, state)


@pytest.mark.parametrize("state", LINKS, ids=lambda state: state["view"])
def test_a_link_brings_back_what_was_seen(visit, state):
    first: Visit = visit(text=TEXT, **state)
    said = first.state()
    for key, value in state.items():
        assert said[key] == value or (key == "map" and value.items() <= said[key].items())
    again: Visit = visit(text="가")
    again.page.goto("about:blank")
    again.page.goto(first.page.url)
    again.settle()
    assert again.state() == said

    def shown(page: Visit) -> list[str]:
        return [text for text in texts(page) if "ms" not in text]

    assert shown(again) == shown(first)


def test_a_link_that_is_followed_on_the_page_itself_is_followed(visit):
    page: Visit = visit(text=TEXT, view="attention", position=1)
    page.page.evaluate("location.hash = '#view=path&position=3&text=고양이는 잔다'")
    page.settle()
    assert page.state()["view"] == "path"
    assert page.find("naepo-path-view").count() == 1
    assert "".join(page.find("naepo-tokens .glyph").all_text_contents()) == "고양이는␣잔다"
