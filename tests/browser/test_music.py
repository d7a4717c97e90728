"""Music on the page: notes that are the encoder's, arcs that are the weights, sound, a score."""

import re
import time
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest

from naepo.encode.music.encoder import MusicEncoder, Sounding
from tests.browser.visit import SECONDS, Visit

pytestmark = pytest.mark.browser
TEXT = (
    "C5 G4 E4 C3 C5~ G4~ E4~ C3~ ' D5 A4 F4 D3 D5~ G4 F4~ E3 ' "
    "E5 G4 G4 C3 E5~ G4~ G4~ C3~ ' D5 G4 B3 G3 D5~ F4 B3~ G3~ |\n"
    "D5 E4 C4 A2 . E4~ C4~ A2 ' B4"
)
"""A bar and a beat: repeated notes and held ones, a rest, a tie over a beat."""
HEAD, AT = "blocks.1.attention.weights", 30
PHONE = {"width": 400, "height": 850}


@pytest.fixture
def heard(server) -> list[Sounding | None]:
    truth = server.models["music"]
    encoder = truth.checkpoint.encoder
    assert isinstance(encoder, MusicEncoder)
    return encoder.soundings(truth.ids(TEXT))


def open_music(visit: Any, **state: Any) -> Visit:
    """Open the attention over the roll."""
    return visit("music", **{"text": TEXT, "view": "attention", "op": HEAD, "position": AT} | state)


def notes_on(page: Visit) -> list[dict[str, Any]]:
    """Read the notes of the roll: what they say of themselves, their positions, their place."""
    return page.find("naepo-roll .note").evaluate_all(
        """all => all.map((note) => ({
            ...note.dataset,
            at: [...note.querySelectorAll("[data-position]")].map((e) => +e.dataset.position),
            box: ["x", "y", "width"].map((n) => +note.querySelector(".whole").getAttribute(n)),
        }))"""
    )


def weights_on(page: Visit, selector: str) -> dict[int, float]:
    """Read the weight that each cell or arc says it has, by position."""
    said = page.find(f"naepo-roll {selector}").evaluate_all(
        "all => all.map((e) => [e.dataset.position, e.querySelector('title').textContent])"
    )
    return {int(at): float(text.split(": ")[-1].replace("−", "-")) for at, text in said}


def test_the_notes_of_the_roll_are_those_of_the_encoder(visit, heard):
    shown = notes_on(open_music(visit))
    told = [
        (Fraction(n["onset"]), Fraction(n["duration"]), int(n["pitch"]), int(n["voice"]))
        for n in shown
    ]
    true = {(s.onset, s.duration, s.pitch, s.part) for s in heard if s}
    assert Counter(told) == Counter(true)
    for note, key in zip(shown, told, strict=True):
        ids = [
            at
            for at, s in enumerate(heard)
            if s and (s.onset, s.pitch, s.part) == key[::2] + key[3:]
        ]
        assert note["at"] == ids
    quarter = shown[0]["box"][2] / float(shown[0]["duration"])
    for note in shown:  # where they lie says the same
        assert note["box"][0] - shown[0]["box"][0] == pytest.approx(quarter * float(note["onset"]))
        assert note["box"][2] == pytest.approx(quarter * float(note["duration"]))
        semitones = int(shown[0]["pitch"]) - int(note["pitch"])
        assert note["box"][1] - shown[0]["box"][1] == pytest.approx(9 * semitones)


def test_arcs_and_shades_are_the_attention_weights(visit, server, heard):
    page = open_music(visit, head=1)
    true = server.models["music"].trace(TEXT)[HEAD][1, AT]
    for selector in (".arc", "rect[data-position]"):
        shown = weights_on(page, selector)
        for at, weight in shown.items():
            assert weight == pytest.approx(float(true[at]) if at <= AT else 0.0, abs=1e-6)
    drawn = set(weights_on(page, ".arc"))
    heavy = {at for at, s in enumerate(heard) if s and at <= AT and true[at] >= 0.002}
    assert drawn == heavy and len(drawn) > 3
    on_notes = sum(float(true[at]) for at, s in enumerate(heard[: AT + 1]) if s)
    words = page.find("naepo-roll .readout").inner_text()
    assert float(re.findall(r"[\d.]+", words)[0]) == pytest.approx(100 * on_notes, abs=0.051)


def test_a_click_on_a_note_chooses_its_id_and_enter_does_too(visit):
    page = open_music(visit)
    page.find('naepo-roll rect[data-position="13"]').click()
    page.settle()
    assert page.state()["position"] == 13
    assert page.find("naepo-roll rect.own").get_attribute("data-position") == "13"
    page.find("naepo-roll .note").first.focus()
    page.press("Enter")
    assert page.state()["position"] == 0


def test_a_text_says_nothing_to_a_model_of_music_nor_a_piece_to_one_of_text(visit, server):
    korean, music = server.models["korean"].key, server.models["music"].key
    page = visit("korean", text="나는 학교", view="attention", position=2)
    page.select(model=music)  # a refusal would be an error on the console, which no test lets pass
    assert page.state()["text"] is page.state()["position"] is None
    assert page.find("naepo-roll .note").count() > 3
    page.select(model=korean)
    assert page.state()["text"] is None
    assert page.find("naepo-tokens .token").count() > 3
    page.select(text="나는")
    page.select(model=server.models["gpt2"].key)
    assert page.state()["text"] == "나는"


def cursor(page: Visit) -> float | None:
    """Say where the music is, in pixels of the roll; None while it is silent."""
    line = page.find("naepo-roll .cursor")
    if line.get_attribute("visibility") == "hidden":
        return None
    return float(line.get_attribute("x1") or 0)


def wait_for(page: Visit, script: str) -> None:
    """Ask until it is so; the page's policy lets nothing ask for us from within."""
    end = time.monotonic() + SECONDS
    while not page.page.evaluate(script):
        assert time.monotonic() < end, f"never came true: {script}"
        page.page.wait_for_timeout(20)


def test_playing_moves_the_cursor_and_a_key_ends_it(visit):
    page = open_music(visit, position=3)
    assert cursor(page) is None
    page.find("#play").click()
    line = "+document.querySelector('naepo-roll .cursor').getAttribute('x1')"
    wait_for(page, f"{line} > 0")
    first = cursor(page)
    assert first is not None and page.find("naepo-roll .sounding").count() == 4
    wait_for(page, f"{line} > {first}")
    assert (cursor(page) or 0) > first
    page.page.keyboard.press("p")
    page.settle()
    assert cursor(page) is None and page.find("naepo-roll .sounding").count() == 0
    assert page.find("#play").inner_text() == "play"


def test_music_ends_by_itself_and_when_its_view_is_left(visit):
    page = open_music(visit, position=37)
    playing = "document.querySelector('naepo-player').player.isPlaying"
    page.page.keyboard.press("p")
    assert page.page.evaluate(playing)
    wait_for(page, f"!({playing})")  # a beat is left from there
    page.select(position=0)
    page.page.keyboard.press("p")
    player = page.page.evaluate_handle("document.querySelector('naepo-player').player")
    assert player.evaluate("each => each.isPlaying")
    page.select(view="path")
    assert not player.evaluate("each => each.isPlaying")


def test_a_voice_comes_to_the_front(visit):
    page = open_music(visit)
    page.find("#voice").select_option("1")
    page.settle()
    assert page.state()["voice"] == 1
    front = {note["voice"] for note in notes_on(page)} - {"1"}
    chosen = page.find("naepo-roll .note.chosen").evaluate_all(
        "all => all.map(e => e.dataset.voice)"
    )
    behind = page.find("naepo-roll .note.behind").evaluate_all(
        "all => all.map(e => e.dataset.voice)"
    )
    assert set(chosen) == {"1"} and set(behind) == front


def test_the_score_shows_every_note(visit, heard):
    page = open_music(visit)
    picture = page.find("#stage img.score")
    assert picture.evaluate("each => each.naturalWidth") > 100
    run = page.run(model="3", checkpoint=0, text=TEXT)["run"]
    pages = page.table("/look/score", run=run)["pages"]
    heads = sum(len(re.findall(r'class="note\b', each)) for each in pages)
    notes = {(s.onset, s.pitch, s.part) for s in heard if s}
    assert len(notes) <= heads <= len(notes) + 4  # a note over a bar line is tied
    assert not any("<script" in each or "http" in _outside(each) for each in pages)


def _outside(svg: str) -> str:
    """Take the names of SVG's own spaces away."""
    return re.sub(r"http://www\.w3\.org/(2000/svg|1999/xlink)", "", svg)


def test_the_map_tells_pitches(visit):
    page = visit("music", text=TEXT, view="map", map={"colour": "pitch"})
    assert page.find(".map-controls select").input_value() == "pitch"


def test_the_next_id_is_written_as_a_word_and_taken_back(visit, server):
    page = open_music(visit, position=None)
    words = TEXT.split()
    page.press("n")
    shown = page.find("#prompt").input_value().split()
    assert shown[: len(words)] == words and len(shown) == len(words) + 1
    assert shown[-1] in server.models["music"].checkpoint.encoder.words
    page.press("b")
    assert page.find("#prompt").input_value().split() == words
    assert page.find("naepo-tokens .glyph").first.inner_text() == "C5"
    assert page.find("naepo-syllables").is_hidden()


def test_a_word_that_is_none_is_answered_with_its_place(visit):
    page = open_music(visit)
    page.expected.append("/look/run")
    page.find("#prompt").fill("C5 G4 X:9")
    page.settle()
    assert "'X:9', met at line 1, column 7" in page.find("#stage .trouble").first.inner_text()
    page.find("#prompt").fill("C5 G4")
    page.settle()
    assert page.find("naepo-tokens .token").count() == 2 and len(notes_on(page)) == 2


def test_without_a_word_said_there_is_music(visit):
    assert len(notes_on(open_music(visit, text=None, position=None))) >= 4


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_languages_and_a_phone_show_all_of_it(visit, language, scheme):
    page = open_music(visit, language=language, scheme=scheme, viewport=PHONE)
    words = page.find("naepo-player").inner_text()
    assert ("재생" if language == "ko" else "play") in words and "music." not in words
    assert page.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.find("naepo-roll .note").first.is_visible()
    assert page.find("#stage img.score").is_visible()
