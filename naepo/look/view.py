"""The page in a notebook: `naepo.look.view(model, "text")` in Jupyter, VS Code or marimo.

The page is the one that `naepo look` serves. It runs in a process of its own, on this machine
alone, and ends with the notebook's.
"""

import html
import subprocess
import sys
import tempfile
import threading
import weakref
from collections import deque
from io import TextIOWrapper
from pathlib import Path
from urllib.parse import urlencode

from naepo import checkpoint
from naepo.config import UserError
from naepo.encode import Encoder
from naepo.model import Network

VIEWS = ("op", "attention", "path", "map", "training", "compare")


Kept = tempfile.TemporaryDirectory[str] | None
"""Where a model in memory was written for its page; it goes when the page ends."""


class View:
    """A running page; a notebook shows it in place. `close()` ends it, and so does forgetting it.

    url: opens in any browser on this machine; it holds the key to the page.
    """

    def __init__(self, process: subprocess.Popen[str], url: str, height: int, kept: Kept) -> None:
        self.url = url
        self.height = height
        self.close = weakref.finalize(self, _end, process, kept)

    def _repr_html_(self) -> str:
        """Give an inline frame of the page."""
        source = html.escape(self.url, quote=True)
        return (
            f'<iframe src="{source}" title="naepo" width="100%" height="{self.height}" '
            'style="border:0" allow="clipboard-write"></iframe>'
        )

    def __repr__(self) -> str:
        return f"View({self.url!r})"


def view(
    model: Network | checkpoint.Checkpoint | Path | str,
    text: str = "",
    *,
    encoder: Encoder | None = None,
    show: str = "attention",
    height: int = 720,
) -> View:
    """Open the page on a model, with this text as its prompt.

    model: a run, a checkpoint, a Hugging Face folder (by path), an opened checkpoint, or a model in
    memory; that one needs its `encoder`, and is shown as it is now: train it on and call again.
    show: what is seen first: op, attention, path, map, training or compare.
    height: of the frame, in pixels.

    Raises: UserError when there is no such model, it has no encoder, or the page does not start.
    """
    if show not in VIEWS:
        raise UserError(f"no view is called {show}", hint="one of: " + ", ".join(VIEWS))
    folder, kept = _folder_of(model, encoder)
    process, address = _start(folder, kept)
    return View(process, f"{address}#{urlencode({'text': text, 'view': show})}", height, kept)


def _folder_of(
    model: Network | checkpoint.Checkpoint | Path | str, encoder: Encoder | None
) -> tuple[Path, Kept]:
    """Give a folder that holds the model, and what is to go when it is not needed any more."""
    if isinstance(model, str | Path):
        return Path(model), None
    if isinstance(model, checkpoint.Checkpoint):
        return model.folder, None
    if encoder is None:
        raise UserError(
            "a model in memory reads ids, not text: its encoder is missing",
            hint="naepo.look.view(model, text, encoder=...)",
        )
    kept = tempfile.TemporaryDirectory(prefix="naepo-look-")
    folder = checkpoint.save(
        Path(kept.name), 0, model=model, encoder=encoder, settings={}, metrics={}, state=None
    )
    return folder, kept


def _start(folder: Path, kept: Kept) -> tuple[subprocess.Popen[str], str]:
    """Start the page in a process of its own; give it and the address that it says."""
    command = [sys.executable, "-m", "naepo", "look", str(folder), "--notebook"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stderr is not None
    address = process.stdout.readline().strip()
    if not address:
        with process.stderr:
            said = process.stderr.read().strip()
        _end(process, kept)
        raise UserError(f"the page did not start: {said.removeprefix('error: ')}")
    threading.Thread(target=_forget, args=(process.stderr,), daemon=True).start()
    return process, address


def _forget(lines: TextIOWrapper) -> None:
    """Read what the page says on, so that it never waits for a reader."""
    with lines:
        deque(lines, maxlen=0)


def _end(process: subprocess.Popen[str], kept: Kept) -> None:
    """End the page: it stops by itself when nobody holds its standard input."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    process.terminate()
    process.wait()
    if kept is not None:
        kept.cleanup()
