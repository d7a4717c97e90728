"""The pictures of the guide, drawn anew from the model of `make demo`: python -m tests.browser.pictures."""

import io
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
HOME = ROOT / "docs/look"
RUN = ROOT / "runs/demo"
SIZE = {"width": 1280, "height": 820}
TEXT = "Return the name of the file, or None if there is none"
VIEWS = {
    "op": {"op": "blocks.1.attention.to_q", "row": 3, "col": 5},
    "attention": {"op": "blocks.1.attention.weights"},
    "path": {},
    "map": {},
    "training": {},
    "compare": {"other": '{"model":"0","checkpoint":100}'},
}
DARK = ("map",)
"""Views that are shown as they are by night."""


def main() -> None:
    """Serve the run, and photograph every view in both languages."""
    if not RUN.is_dir():
        sys.exit(f"{RUN} is not there: make demo")
    HOME.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "naepo", "look", str(RUN), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with sync_playwright() as engine:
            executable = shutil.which("chromium")
            browser = engine.chromium.launch(executable_path=executable, args=["--no-sandbox"])
            for language, end in (("en", ""), ("ko", ".ko")):
                for view, state in VIEWS.items():
                    said = {"view": view, "lang": language, "text": TEXT, "position": 8, **state}
                    picture = photograph(browser, f"{url}#{urlencode(said)}", view in DARK)
                    save(picture, HOME / f"{view}{end}.png")
        process.terminate()


def photograph(browser: Browser, url: str, is_dark: bool) -> bytes:
    """Open the page, wait until it rests, and give what is on the screen."""
    scheme = "dark" if is_dark else "light"
    page = browser.new_page(viewport=SIZE, color_scheme=scheme)
    page.goto(url)
    page.wait_for_selector("naepo-road[data-drawn]")
    page.wait_for_load_state("networkidle")
    page.wait_for_selector("[aria-busy=true]", state="detached")
    page.wait_for_timeout(1_000)
    picture = page.screenshot()
    page.close()
    return picture


def save(picture: bytes, path: Path) -> None:
    """Write a screenshot in 128 colours: a third of its size, and no difference to the eye."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(128).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size >> 10} kB")


if __name__ == "__main__":
    main()
