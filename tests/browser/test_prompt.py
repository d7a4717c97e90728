"""Typing, in Korean too, and going about with the keyboard alone."""

import re

import pytest
from playwright.sync_api import CDPSession

from tests.browser.visit import Visit

pytestmark = pytest.mark.browser
TEXT = "나는 어제 학교에 뷁 갔다"


def test_every_syllable_is_drawn_once_over_the_tokens_it_is_made_of(visit, server):
    page: Visit = visit(text=TEXT, view="attention")
    encoder = server.models["korean"].checkpoint.encoder
    ids = [int(id) for id in encoder.encode(TEXT)]
    glyphs = page.find("naepo-tokens .glyph").all_text_contents()
    assert "".join(glyphs) == TEXT.replace(" ", "␣")
    cells = page.find("naepo-tokens .token")
    assert cells.count() == len(ids)
    assert "\ufffd" not in page.page.inner_text("body")
    page.find("naepo-tokens .modes button").nth(2).click()
    page.settle()
    shown = [bytes.fromhex(text) for text in page.find("naepo-tokens .hex").all_text_contents()]
    assert shown == [encoder.content(id) for id in ids]
    assert b"".join(shown).decode() == TEXT
    groups = page.find("naepo-tokens .group").evaluate_all(
        "all => all.map(g => [g.querySelector('.glyph')?.textContent ?? '',"
        " [...g.querySelectorAll('.hex')].map(each => each.textContent).join(' ')])"
    )
    for glyph, digits in groups:
        assert glyph.replace("␣", " ").encode() == bytes.fromhex(digits)


def test_a_prompt_that_repeats_itself_shows_every_position(visit):
    page: Visit = visit(text="고양이 고양이 고양이", view="attention")
    cells = page.find("naepo-tokens .token")
    places = cells.evaluate_all("all => all.map(each => Number(each.dataset.position))")
    assert places == list(range(cells.count()))
    page.page.keyboard.press("ArrowLeft")
    page.settle()
    assert page.find("naepo-tokens [aria-selected=true]").count() == 1
    assert page.state()["position"] == cells.count() - 2


def composing(page: Visit) -> CDPSession:
    """Put the caret into an empty prompt, and speak to the browser as an input method does."""
    page.page.keyboard.press("/")
    page.page.keyboard.press("Control+a")
    page.page.keyboard.press("Delete")
    return page.page.context.new_cdp_session(page.page)


def compose(method: CDPSession, text: str) -> None:
    method.send(
        "Input.imeSetComposition",
        {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
    )


def test_korean_is_typed_as_an_input_method_types_it(visit):
    page: Visit = visit(text="가", view="attention")
    asked: list[str] = []
    page.page.on("request", lambda r: asked.append(r.post_data or "") if r.method == "POST" else 0)
    method = composing(page)
    page.settle()
    asked.clear()
    for step in ("ㅎ", "하", "한"):
        compose(method, step)
    method.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229},
    )
    page.settle()
    assert page.find("#prompt").input_value() == "한"
    assert not asked, "the model was run on half a syllable"
    method.send("Input.insertText", {"text": "한"})
    compose(method, "구")
    compose(method, "국")
    method.send("Input.insertText", {"text": "국"})
    page.settle()
    assert page.find("#prompt").input_value() == "한국"
    assert page.state()["text"] == "한국"
    assert "한국" in "".join(page.find("naepo-tokens .glyph").all_text_contents())
    page.press("Enter")  # begins no new line: the page has followed each key already
    assert page.find("#prompt").input_value() == "한국"


def test_every_key_typed_is_answered_without_losing_the_caret(visit):
    page: Visit = visit(text="고양이", view="attention")
    page.page.keyboard.press("/")
    page.page.keyboard.press("Home")
    page.page.keyboard.type("abc", delay=20)
    page.settle()
    assert page.find("#prompt").input_value() == "abc고양이"
    assert page.find("#prompt").evaluate("e => e.selectionStart") == 3
    assert "".join(page.find("naepo-tokens .glyph").all_text_contents()) == "abc고양이"


def test_an_empty_prompt_and_a_long_one_are_answered(visit, server):
    page: Visit = visit(text="", view="attention")
    assert page.find("naepo-tokens .token").count() == 1
    page.find("#prompt").fill("고양이는 12월에 잔다! " * 40)
    page.settle()
    length = server.models["korean"].checkpoint.model.settings.context_length
    assert page.find("naepo-tokens .token").count() == length
    assert str(length) in page.find("#top").inner_text()


def test_the_keys_move_position_layer_and_head(visit):
    page: Visit = visit(text=TEXT, view="attention", op="blocks.0.attention.weights")
    last = page.find("naepo-tokens .token").count() - 1
    page.press("ArrowLeft", "ArrowLeft")
    assert page.state()["position"] == last - 2
    page.press("ArrowRight")
    assert page.state()["position"] == last - 1
    page.press("]")
    assert page.state()["op"] == "blocks.1.attention.weights"
    page.press("[")
    assert page.state()["op"] == "blocks.0.attention.weights"
    page.press("2")
    assert page.state()["head"] == 2
    page.press("9")  # there is no such head
    assert page.state()["head"] == 2
    page.press("ArrowDown")
    assert page.state()["op"] == "blocks.0.attention.mixed"
    page.press("?")
    assert page.find("dialog[open]").is_visible()
    page.press("Escape")
    assert page.find("dialog[open]").count() == 0
    page.press("/")
    assert page.find("#prompt:focus").count() == 1
    page.press("ArrowLeft")  # moves the caret, and nothing else
    assert page.state()["position"] == last - 1
    page.press("Escape")
    assert page.find("#prompt:focus").count() == 0


def test_the_tab_key_reaches_everything_once_and_focus_is_seen(visit):
    page: Visit = visit(text="고양이", view="op", op="blocks.0.attention.to_q")
    seen: list[str] = []
    for _ in range(400):
        page.page.keyboard.press("Tab")
        name, width = page.page.evaluate(
            """() => {
                const e = document.activeElement;
                const all = [...document.querySelectorAll("*")];
                const style = getComputedStyle(e);
                const ring = style.outlineStyle !== "none" ? parseFloat(style.outlineWidth) : 0;
                return [e === document.body ? "" : `${e.tagName} ${e.id} ${all.indexOf(e)}`,
                    ring || (style.boxShadow !== "none" ? 1 : 0)];
            }"""
        )
        if not name or name in seen:
            break
        assert width, f"nobody sees that {name} has the focus"
        seen.append(name)
    tags = {name.split()[0] for name in seen}
    assert {"TEXTAREA", "BUTTON", "INPUT", "SELECT"} <= tags
    unreached = page.find(
        "#stage button:visible, #top button:visible, #top select:visible, #answer input:visible"
    ).evaluate_all(
        """(all) => {
            const every = [...document.querySelectorAll("*")];
            return all.filter(e => !e.disabled && e.tabIndex >= 0)
                .map(e => `${e.tagName} ${e.id} ${every.indexOf(e)}`);
        }"""
    )
    assert set(unreached) <= set(seen)


def test_arrows_inside_a_matrix_read_its_cells_and_leave_the_position(visit, server):
    text = "고양이는 잔다"
    page: Visit = visit(text=text, view="op", op="blocks.0.attention.to_q", position=2)
    matrix = page.find("#stage naepo-matrix .matrix-scroll").last
    matrix.focus()
    page.press("ArrowRight", "ArrowRight", "ArrowDown")
    words = page.find("#stage naepo-matrix:has(.matrix-scroll:focus) .matrix-readout").inner_text()
    row, col = map(int, re.findall(r"\[(\d+), (\d+)\]", words)[0])
    value = float(re.findall(r"= (\S+)", words)[0].replace("−", "-"))
    expected = server.models["korean"].trace(text)["blocks.0.attention.to_q"][row, col]
    assert value == pytest.approx(float(expected), rel=1e-5)
    assert page.state()["position"] == 2
