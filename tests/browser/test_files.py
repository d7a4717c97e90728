"""What can be read off the page's files: nothing invented, nothing from outside, two languages."""

import json
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from naepo.serve.static import PAGES

PAGE, MUSIC, CHAPTERS = PAGES
MOST_BYTES = {PAGE: 400_000, MUSIC: 20_000, CHAPTERS: 80_000}
MOST_BYTES_OF_A_VISIT = 400_000
FILES = [path for room in MOST_BYTES for path in room.rglob("*") if path.is_file()]
SCRIPTS = sorted(path for path in FILES if path.suffix == ".js")
ROOMS = sorted(
    path.name.removesuffix(".en.json")
    for room in MOST_BYTES
    for path in room.glob("i18n/*.en.json")
)
MOST_LINES = 400
NAMESPACES = ("http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML")
FORBIDDEN = {
    "numbers that no model gave": r"\bMath\.random\b",
    "text that becomes HTML": r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|srcdoc|DOMParser)\b",
    "a document written into": r"\bdocument\.write",
    "text that becomes a program": r"\beval\(|\bnew Function\b|set(?:Timeout|Interval)\(\s*[\"'`]",
    "a handler as text": r"setAttribute\(\s*[\"'`]on",
}


def relative(path: Path) -> str:
    room = next(room for room in MOST_BYTES if path.is_relative_to(room))
    return path.relative_to(room).as_posix()


def lies_at(name: str) -> Path | None:
    """Give the file that the server sends under this name: all rooms lie over each other."""
    found = [room / name for room in MOST_BYTES if (room / name).is_file()]
    assert len(found) < 2, f"{name} is there twice"
    return found[0] if found else None


def read(name: str) -> str:
    path = lies_at(name)
    assert path is not None, f"there is no {name}"
    return path.read_text(encoding="utf-8")


def words_of(room: str, language: str) -> dict[str, str]:
    name = f"i18n/{room}.{language}.json"
    words = json.loads((lies_at(name) or PAGE / name).read_text(encoding="utf-8"))
    return {f"{room}.{key}": text for key, text in words.items()}


def needed_by(*names: str) -> set[str]:
    """Give the modules that are fetched along with some, themselves included."""
    needed, left = set(), list(names)
    while left:
        name = left.pop()
        needed.add(name)
        for target in re.findall(r"(?:from|import)\s*\"(\.[^\"]+)\"", read(name)):
            found = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            left += [] if found in needed else [found]
    return needed


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_script_of_the_page_holds(what):
    found = [
        f"{relative(path)}:{number}: {line.strip()}"
        for path in SCRIPTS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(FORBIDDEN[what], line)
    ]
    assert SCRIPTS and not found, "\n".join(found)


def test_no_file_of_the_page_names_an_address_outside():
    found = []
    for path in FILES:
        if path.suffix in (".js", ".css", ".html", ".json", ".svg"):
            text = path.read_text(encoding="utf-8")
            for namespace in NAMESPACES:
                text = text.replace(namespace, "")
            outside = re.findall(r"(?:\w+:)?//[\w-]+\.[\w.-]+|@import|[\"'`]//\w", text)
            found += [f"{relative(path)}: {address}" for address in outside]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("room", MOST_BYTES, ids=("page", "music", "chapters"))
def test_the_whole_page_is_smaller_than_its_bound(room):
    """All of it, in both languages."""
    sizes = [path.stat().st_size for path in FILES if path.is_relative_to(room)]
    assert 0 < sum(sizes) < MOST_BYTES[room]


def test_what_is_only_of_music_is_fetched_with_music_alone():
    assert {relative(path) for path in SCRIPTS if path.is_relative_to(MUSIC)} == (
        needed_by("music/view.js") - needed_by("app.js")
    )


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("index", ["index.html", "learn.html"])
def test_what_one_visit_can_fetch_is_smaller_than_the_bound(index, language):
    """Every module, also those of music, the styles, and the words of one language."""
    scripts = ("app.js", "music/view.js") if index == "index.html" else ("learn.js",)
    names = needed_by(*scripts) | {index, "music.css"}
    names |= set(re.findall(r'"stylesheet" href="([^"]+)"', read(index)))
    names |= {f"i18n/{room}.{language}.json" for room in ROOMS}
    sizes = [len(read(name).encode()) for name in names]
    assert 0 < sum(sizes) < MOST_BYTES_OF_A_VISIT


def test_no_script_of_the_page_is_longer_than_400_lines():
    long = {relative(path): path.read_text(encoding="utf-8").count("\n") for path in SCRIPTS}
    assert not {name: lines for name, lines in long.items() if lines > MOST_LINES}


def test_every_import_of_a_script_leads_to_a_file_of_the_page():
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        for target in re.findall(r"(?:from|import)\s*\(?\s*\"([^\"]+)\"", text):
            assert target.startswith("."), f"{relative(path)} imports {target}"
            name = posixpath.normpath(posixpath.join(posixpath.dirname(relative(path)), target))
            assert lies_at(name), f"{relative(path)} imports {target}"


@pytest.mark.parametrize("index", ["index.html", "learn.html"])
def test_the_index_holds_no_script_and_no_style_of_its_own(index):
    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = dict(attrs)
            assert tag != "style", "a style in the index"
            assert tag != "script" or given.get("src"), "a script in the index"
            bad = [name for name in given if name == "style" or name.startswith("on")]
            assert not bad, f"<{tag}> has {bad}"

    Reader().feed(read(index))


@pytest.mark.parametrize("room", ROOMS)
def test_both_languages_say_the_same_things(room):
    english, korean = words_of(room, "en"), words_of(room, "ko")
    assert sorted(english) == sorted(korean)
    for key, words in english.items():
        assert words.strip() and korean[key].strip(), f"{key} is empty"
        assert set(re.findall(r"\{\w+\}", words)) == set(re.findall(r"\{\w+\}", korean[key])), key


def test_every_room_has_both_languages():
    found = [path for room in MOST_BYTES for path in room.glob("i18n/*.ko.json")]
    assert ROOMS and set(ROOMS) == {path.name.removesuffix(".ko.json") for path in found}


def test_korean_is_korean():
    """A value without Hangul is a sign or a name, not an English sentence that was left."""
    left = [
        f"{key}: {words}"
        for room in ROOMS
        for key, words in words_of(room, "ko").items()
        if not re.search("[가-힣]", words) and re.search(r"\b[a-z]{3,} [a-z]{2,}", words)
    ]
    assert not left, "\n".join(left)


def test_every_key_that_a_script_names_is_there():
    known = {key for room in ROOMS for key in words_of(room, "en")}
    missing = [
        f"{relative(path)}: {key}"
        for path in SCRIPTS
        for key in re.findall(r"\bt\(\s*\"([^\"]+)\"\s*[,)]", path.read_text(encoding="utf-8"))
        if key not in known
    ]
    assert not missing, "\n".join(missing)


def test_every_module_of_the_chapters_is_fetched_at_once():
    """A browser that finds imports one after another waits for each level of them."""
    listed = set(re.findall(r'modulepreload" href="([^"]+)"', read("learn.html")))
    assert listed == needed_by("learn.js") - {"learn.js"}


def test_the_chapters_load_the_words_of_every_room_that_their_modules_speak_of():
    spoken = {
        room
        for name in needed_by("learn.js")
        for room in re.findall(r"\bt\([^)]*?[\"`]([a-z]+)\.", read(name))
        if room in ROOMS
    }
    loaded = re.search(r"const ROOMS = \[([^\]]+)\]", read("learn.js"))
    assert loaded and spoken <= set(re.findall(r"\w+", loaded[1]))
