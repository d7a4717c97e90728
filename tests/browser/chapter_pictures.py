"""The picture of the guide to the chapters, drawn anew: make pictures. It needs no model."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM
from tests.browser.pictures import save
from tests.browser.visit import Visit, origin_of, watch

HOME = Path(__file__).parents[2] / "docs/learn"
SIZE: Any = {"width": 1280, "height": 900}
STATE = "chapter=linear&A=2,0.5;0.5,1.5&x=1,0.5&guess=3&step=6"
SEEN = "[data-step=square] svg"


def main() -> None:
    """Serve the chapters, and photograph one in both languages."""
    HOME.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "naepo", "learn", "--no-browser"]
    with (
        tempfile.TemporaryDirectory() as desk,  # where there is no run
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=desk) as process,
        sync_playwright() as engine,
    ):
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for language, end in (("en", ""), ("ko", ".ko")):
            save(photograph(browser, url, language), HOME / f"linear{end}.png")
        browser.close()
        process.terminate()


def photograph(browser: Browser, url: str, language: str) -> bytes:
    """Open the chapter, wait until it rests, and give what is on the screen."""
    visit = Visit(browser.new_page(viewport=SIZE), url, origin_of(url))
    watch(visit)
    visit.page.goto(f"{url.split('#')[0]}#{STATE}&lang={language}")
    visit.find(SEEN).wait_for()
    visit.find(SEEN).evaluate("e => e.scrollIntoView({block: 'center'})")
    visit.settle()
    picture = visit.page.screenshot()
    visit.page.close()
    if visit.errors or visit.foreign:
        sys.exit("\n".join(visit.errors + visit.foreign))
    return picture


if __name__ == "__main__":
    main()
