"""`naepo look`: see a model from inside, in a browser on this machine."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse

if TYPE_CHECKING:
    from naepo.serve.library import Library


@dataclass(frozen=True, kw_only=True)
class Look(Arguments):
    """Open the page on which every number of a model can be seen, and touched.

    It answers on 127.0.0.1 alone, to whoever has the address that is printed.
    """

    runs: Positional[tuple[Path, ...]]
    """Folders of runs, checkpoints or Hugging Face models; several can be compared."""
    port: int = 0
    """Where it listens. 0 takes a free port."""
    browser: bool = True
    """Open the page in the browser."""
    checkpoint: str = "best"
    """What is shown first: best, last, or a step."""
    device: str | None = None
    """cpu, cuda, mps. Default: the fastest there is."""
    notebook: bool = False
    """Serve a notebook on this machine: it may show the page in a frame, no browser is opened, and
    the end of standard input ends it."""


def main(arguments: list[str]) -> int:
    """Parse, open, serve until Ctrl-C."""
    asked = parse(Look, "look", arguments)
    from naepo.serve.paths import check_paths
    from naepo.serve.run import serve

    check_paths(asked.runs)
    serve(
        lambda: _open(asked),
        port=asked.port,
        opens_browser=asked.browser and not asked.notebook,
        in_notebook=asked.notebook,
    )
    return 0


def _open(asked: Look) -> "Library":
    """Load torch, and open the first checkpoint of every model."""
    from naepo.serve.library import Library
    from naepo.train.machine import choose_device

    library = Library(
        asked.runs,
        which=asked.checkpoint,
        device=choose_device(asked.device),
        tell=lambda line: print(line, file=sys.stderr),
    )
    library.open_all()
    return library
