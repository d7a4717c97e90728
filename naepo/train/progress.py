"""The live view of a run, on stderr: a bar where there is a terminal, plain lines where not.

In: what the loop measures. Out: something for a person to see; data goes to stdout, never here.
"""

import contextlib
import io
import os
import sys
import time
from dataclasses import dataclass, replace
from types import TracebackType
from typing import IO, TextIO, cast

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from naepo.train.readable import Real, amount, clock, number, visible

LINES_PER_RUN = 10
"""Without a terminal, about this many lines tell how far a run is."""
SECONDS_BETWEEN_LINES = 30.0
"""The same, while nobody has said how long the run is."""
SECONDS_OF_A_PHASE = 5.0
"""Work before the first step is told of at its start, and then at most this often."""
SECONDS_BETWEEN_LOOKS = 0.2
"""A bar is drawn again at most this often."""

Stream = TextIO | io.TextIOBase


@dataclass
class _State:
    """What is shown. share: how much is done, 0 to 1, or None when nobody knows."""

    what: str = ""
    share: float | None = None
    loss: str = ""
    looked: str = ""
    pace: str = ""
    left: str = ""


class Progress:
    """Shows how far a run is: `with Progress() as progress: ...`.

    stream: where it is shown; none is stderr. A stream that breaks (a closed pipe) is let go of:
    the run goes on unseen.
    """

    def __init__(self, stream: Stream | None = None) -> None:
        self._view = _view(stream or sys.stderr)
        self._state = _State()
        self._n_steps: int | None = None
        self._step = 0
        self._verdict = ""

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._view.close(self._state)

    def plan(self, n_steps: int) -> None:
        """Say how many steps the run will take, so that the bar knows its length."""
        self._n_steps = n_steps

    def phase(self, what: str, done: Real, size: Real | None = 1) -> None:
        """Show work before the first step (reading, encoding): `done` of `size`, in any unit."""
        share = min(1.0, done / size) if size else None
        self._show(_State(visible(what), share), force=share == 1)

    def update(
        self, step: int, loss: float, tokens_per_second: Real, seconds_left: Real | None
    ) -> None:
        """Show one step: its training loss in nats per token, the pace, and the time left."""
        self._step = step
        state = _State(
            what=self._at(),
            share=step / self._n_steps if self._n_steps else None,
            loss=f"loss {number(loss)}",
            looked=self._state.looked,
            pace=f"{amount(tokens_per_second)} tokens/s",
            left="" if seconds_left is None else f"{clock(seconds_left)} left",
        )
        self._show(state, force=step == self._n_steps)

    def validation(
        self,
        step: int,
        nats: float,
        bits: float,
        verdict: str = "",
        *,
        bits_are: str = "bits per byte",
    ) -> None:
        """Show one look at the whole validation split: nats per character or event, and bits.

        verdict: how it stands to the floors.
        """
        self._step = step
        said = f"{number(bits)} {bits_are}"
        says = verdict.partition(":")[0]
        has_turned, self._verdict = says != self._verdict, says
        if self._view.tells_each_look or has_turned:
            remark = visible(verdict) or f"{number(nats)} nats"
            self._view.line(f"{self._at()}: validation {said}; {remark}")
        short = said.replace(" per ", "/")
        self._show(replace(self._state, looked=f"validation {number(nats)}, {short}"), force=True)

    def sample(self, text: str) -> None:
        """Show what the model writes now, above the bar; its control characters become signs."""
        indented = "\n".join(f"  {line}" for line in visible(text).split("\n"))
        self._view.line(f"{self._at()} writes:\n{indented}")

    def say(self, text: str) -> None:
        """Show a remark above the bar."""
        self._view.line(visible(text))

    def _at(self) -> str:
        return f"step {self._step:,}" + (f" of {self._n_steps:,}" if self._n_steps else "")

    def _show(self, state: _State, force: bool) -> None:
        self._state = state
        self._view.draw(state, force)


class _Lines:
    """Plain lines for a log file: the start, about every tenth of a phase, and each validation."""

    tells_each_look = True

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._what = ""
        self._tenth = -1
        self._told_at = 0.0

    def line(self, text: str) -> None:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        with contextlib.suppress(OSError, ValueError):  # a closed pipe: go on unseen
            self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
            self._stream.flush()

    def draw(self, state: _State, force: bool) -> None:
        if not self._is_due(state):
            return
        self._told_at = time.monotonic()
        figures = ", ".join(filter(None, (state.loss, state.pace, state.left)))
        share = "" if state.share is None else f"{state.share:.0%}"
        self.line(f"{state.what}: {figures or share}".removesuffix(": "))

    def _is_due(self, state: _State) -> bool:
        what = "step" if state.loss else state.what
        is_new, self._what = what != self._what, what
        silence = time.monotonic() - self._told_at
        if state.share is None:
            return is_new or silence > SECONDS_BETWEEN_LINES
        tenth = int(state.share * LINES_PER_RUN + 1e-9)
        is_further, self._tenth = tenth > self._tenth, tenth
        return is_new or (is_further and (bool(state.loss) or silence > SECONDS_OF_A_PHASE))

    def close(self, state: _State) -> None:
        pass


class _QuietConsole(Console):
    """A console that goes silent, and not the run with it, when its stream is closed."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


class _Bar:
    """One bar with its figures under it, drawn again in place."""

    tells_each_look = False

    def __init__(self, stream: Stream) -> None:
        self._console = _QuietConsole(
            file=cast(IO[str], stream), force_terminal=True, highlight=False
        )
        self._live: Live | None = None
        self._drawn_at = 0.0

    def line(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._console.print(Text(text), soft_wrap=True)

    def draw(self, state: _State, force: bool) -> None:
        if not force and time.monotonic() - self._drawn_at < SECONDS_BETWEEN_LOOKS:
            return
        self._drawn_at = time.monotonic()
        with contextlib.suppress(OSError, ValueError):
            if self._live is None:
                self._live = Live(console=self._console, auto_refresh=False, redirect_stdout=False)
                self._live.start()
            self._live.update(_picture(state), refresh=True)

    def close(self, state: _State) -> None:
        if self._live is None:
            return
        with contextlib.suppress(OSError, ValueError):
            self._live.update(_picture(state))
            self._live.stop()


def _view(stream: Stream) -> "_Bar | _Lines":
    is_terminal = stream.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
    return _Bar(stream) if is_terminal else _Lines(stream)


def _picture(state: _State) -> RenderableType:
    share = "" if state.share is None else f"{state.share:4.0%}"
    bar = ProgressBar(total=None if state.share is None else 1.0, completed=state.share or 0.0)
    row = Table.grid(padding=(0, 1), expand=True)
    row.add_column(no_wrap=True)
    row.add_column(ratio=1)
    row.add_column(no_wrap=True)
    row.add_row(Text(state.what), bar, Text(f"{share}  {state.left}".strip()))
    figures = [figure for figure in (state.loss, state.looked, state.pace) if figure]
    return Group(row, Text("   ".join(figures))) if figures else row
