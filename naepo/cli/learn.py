"""`naepo learn`: the chapters, in a browser on this machine; they need no model."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse
from naepo.config import UserError, did_you_mean

if TYPE_CHECKING:
    from naepo.serve.library import Library

RUNS = Path("runs")
MOST = 4
"""Of the runs that are found by themselves, the newest are taken."""


@dataclass(frozen=True, kw_only=True)
class Learn(Arguments):
    """Open the chapters: numbers that can be changed, a guess, every step, and your own model.

    They are answered on 127.0.0.1 alone. A link that a teacher has sent opens what they saw.
    """

    chapter: Positional[str] = ""
    """A chapter by its name or number, or a link to one; left out: the first."""
    run: tuple[Path, ...] = ()
    """Models in which the same operations can be seen. Default: what lies in runs/."""
    port: int = 0
    """Where it listens. 0 takes a free port."""
    browser: bool = True
    """Open the page in the browser."""
    device: str | None = None
    """cpu, cuda, mps. Default: the fastest there is."""


def main(arguments: list[str]) -> int:
    """Parse, serve until Ctrl-C."""
    asked = parse(Learn, "learn", arguments)
    from naepo.serve.paths import check_paths
    from naepo.serve.run import serve

    state = fragment(asked.chapter)
    if asked.run:
        check_paths(asked.run)
    runs = asked.run or found_runs(RUNS)
    serve(
        (lambda: _open(asked, runs)) if runs else None,
        port=asked.port,
        opens_browser=asked.browser,
        page="learn.html",
        fragment=state,
    )
    return 0


def fragment(said: str) -> str:
    """Turn a chapter's name, its number, or a link into the state behind "#".

    Raises: UserError when there is no such chapter.
    """
    if "#" in said or "=" in said:
        return said.rpartition("#")[2]
    from naepo.learn import NAMES, load

    by_number = {str(load(name).number): name for name in NAMES}
    name = by_number.get(said, said)
    if said and name not in NAMES:
        hint = did_you_mean(said, NAMES)
        raise UserError(f"no chapter is called `{said}`", hint=hint)
    return f"chapter={name}" if name else ""


def found_runs(home: Path) -> tuple[Path, ...]:
    """Give the newest runs under a folder, the newest first."""
    if not home.is_dir():
        return ()
    runs = [path.parent for path in home.glob("*/checkpoints") if any(path.iterdir())]
    return tuple(sorted(runs, key=lambda run: run.stat().st_mtime, reverse=True)[:MOST])


def _open(asked: Learn, runs: tuple[Path, ...]) -> "Library":
    """Load torch, and open every model."""
    from naepo.serve.library import Library
    from naepo.train.machine import choose_device

    library = Library(
        runs,
        device=choose_device(asked.device),
        tell=lambda line: print(line, file=sys.stderr),
    )
    library.open_all()
    return library
