"""The pictures of the guides, drawn anew from the model of `make demo`: make pictures.

That of music comes from `runs/bach`, and that of a sibling from `runs/rnn`, where there is one.
"""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM
from tests.browser.visit import Visit, origin_of, watch

ROOT = Path(__file__).parents[2]
HOME, HOME_OF_SIBLINGS = ROOT / "docs/look", ROOT / "docs/siblings"
RUN, MUSIC, SIBLING = ROOT / "runs/demo", ROOT / "runs/bach", ROOT / "runs/rnn"
SIZE: Any = {"width": 1280, "height": 820}
TEXT = "Return the name of the file, or None if there is none"
VIEWS: dict[str, dict[str, Any]] = {
    "op": {"op": "blocks.1.attention.to_q", "row": 8, "col": 5},
    "attention": {"op": "blocks.1.attention.weights"},
    "path": {},
    "map": {},
    "training": {},
    "compare": {"other": {"model": "0", "checkpoint": 100}},
}
OF_MUSIC: dict[str, dict[str, Any]] = {"music": {"view": "attention", "position": 70}}
OF_A_SIBLING: dict[str, dict[str, Any]] = {
    "rnn": {"view": "op", "op": "blocks.1.mixer.cell", "text": TEXT, "position": 8}
}
SEEN = {"op": "#stage .equation", "music": "naepo-roll", "rnn": "#stage .equation"}
"""What is brought into sight, where it is not at the top."""
DARK = ("map",)
"""Views that are shown as they are by night."""


def main() -> None:
    """Serve the runs, and photograph every view in both languages."""
    if not RUN.is_dir():
        sys.exit(f"{RUN} is not there: make demo")
    draw(RUN, {view: {"text": TEXT, "position": 8, **state} for view, state in VIEWS.items()}, HOME)
    if MUSIC.is_dir():
        draw(MUSIC, OF_MUSIC, HOME)
    if SIBLING.is_dir():
        draw(SIBLING, OF_A_SIBLING, HOME_OF_SIBLINGS)


def draw(run: Path, views: dict[str, dict[str, Any]], home: Path) -> None:
    """Serve one run, and photograph these views of it; the page suggests a prompt without one."""
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "naepo", "look", str(run.relative_to(ROOT)), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with sync_playwright() as engine:
            browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            for language, end in (("en", ""), ("ko", ".ko")):
                for view, state in views.items():
                    said = {"view": view, "lang": language, **state}
                    save(photograph(browser, url, view, said), home / f"{view}{end}.png")
        process.terminate()


def photograph(browser: Browser, url: str, view: str, state: dict[str, Any]) -> bytes:
    """Open the page, wait until it rests, and give what is on the screen."""
    scheme = "dark" if view in DARK else "light"
    visit = Visit(browser.new_page(viewport=SIZE, color_scheme=scheme), url, origin_of(url))
    watch(visit)
    visit.go(**state)
    for part in visit.find(SEEN.get(view, "#nothing")).all():
        part.evaluate("e => e.scrollIntoView({block: 'center'})")
    visit.page.wait_for_timeout(1_500)  # names on the map are laid out when the hand rests
    picture = visit.page.screenshot()
    visit.page.close()
    if visit.errors or visit.foreign:
        sys.exit("\n".join(visit.errors + visit.foreign))
    return picture


def save(picture: bytes, path: Path) -> None:
    """Write a screenshot in 128 colours: a third of its size, and no difference to the eye."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(128).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size >> 10} kB")


if __name__ == "__main__":
    main()
