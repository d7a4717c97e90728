"""A real server over tiny models, and a real browser that may speak to nothing else."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jaxtyping import Float
from playwright.sync_api import Browser
from playwright.sync_api import sync_playwright as playwright
from torch import Tensor

from naepo import checkpoint
from naepo.look import Change, Trace, trace
from tests.browser import models
from tests.browser.visit import Visit, origin_of, watch

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
SMALL = {"width": 1280, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where there is none, and say how to get one."""
    without = pytest.mark.skip(reason="no chromium on this machine: make browser")
    for item in items:
        if item.get_closest_marker("browser") and CHROMIUM is None:
            item.add_marker(without)


@dataclass(frozen=True)
class Truth:
    """One model as Python knows it, to hold against what the page says."""

    folder: Path
    key: str
    checkpoint: checkpoint.Checkpoint

    def ids(self, text: str) -> list[int]:
        return [int(id) for id in self.checkpoint.encoder.encode(text)]

    def trace(self, text: str, *changes: Change) -> Trace:
        return trace(self.checkpoint.model, self.ids(text), changes)

    def weight(self, name: str) -> Float[Tensor, "..."]:
        return dict(self.checkpoint.model.named_parameters(remove_duplicate=False))[name].detach()


@dataclass
class Server:
    """The one server of a session: its address with the key, and the models behind it."""

    url: str
    models: dict[str, Truth]
    said: Path
    process: subprocess.Popen[str] = field(repr=False)

    @property
    def origin(self) -> str:
        return origin_of(self.url)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run `naepo look` on every model, on a free port."""
    home = tmp_path_factory.mktemp("look")
    folders = {
        "korean": models.make_run(home / "korean"),
        "gpt2": models.make_gpt2(home / "gpt2"),
        "hostile": models.make_hostile(home / "<img src=y onerror=alert(2)>"),
        "music": models.make_music(home / "music"),
        **{kind: models.make_sibling(home / kind, kind) for kind in models.SIBLINGS},
    }
    said = home / "said.txt"
    with said.open("w") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "naepo", "look", *map(str, folders.values()), "--no-browser"],
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": str(home / "cache")},
        )
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, f"naepo look did not start:\n{said.read_text()}"
        truths = {
            name: Truth(folder, str(key), checkpoint.load(folder))
            for key, (name, folder) in enumerate(folders.items())
        }
        yield Server(url, truths, said, process)
        process.terminate()
        process.wait(10)
        process.stdout.close()
    assert "naepo made a mistake" not in said.read_text() and "Traceback" not in said.read_text()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start chromium, once for all tests of a worker."""
    with playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Callable[..., Visit]]:
    """Give `visit(model="korean", text=..., view=..., ...)`: the page, drawn, in that state.

    A test fails that let the page ask anybody else, or that left an error on the console.
    """
    visits: list[Visit] = []

    def open_page(
        model: str = "korean",
        *,
        viewport: dict[str, int] | None = None,
        scheme: str = "light",
        language: str = "en",
        **state: Any,
    ) -> Visit:
        context = browser.new_context(
            viewport=viewport or SMALL,  # pyright: ignore[reportArgumentType]
            color_scheme=scheme,  # pyright: ignore[reportArgumentType]
            locale={"en": "en-GB", "ko": "ko-KR"}[language],
            reduced_motion="reduce",
            accept_downloads=True,
        )
        made = Visit(context.new_page(), server.url, server.origin)
        visits.append(made)
        watch(made)
        made.go(model=server.models[model].key, lang=language, **state)
        return made

    yield open_page
    for made in visits:
        made.page.context.close()
    troubles = [trouble for made in visits for trouble in made.foreign + made.errors]
    assert not troubles, "\n".join(troubles)
