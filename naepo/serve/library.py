"""The models that are looked at: opened when asked for, run one at a time, kept within bounds."""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from threading import Lock, RLock
from typing import Any

import torch
from torch import Tensor

from naepo.checkpoint.run import Tell, say_nothing
from naepo.config import did_you_mean
from naepo.look import Change, Trace, trace
from naepo.serve.kept import Kept
from naepo.serve.prompts import Prompt
from naepo.serve.refusals import Gone, NotFound
from naepo.serve.source import Opened, Source

MODEL_BYTES = 1_200_000_000
"""Of opened checkpoints: two of 124M parameters, or all of a small run."""
TRACE_BYTES = 600_000_000
"""Of runs; one of 124M parameters over 256 ids takes about 250 MB."""


@dataclass(frozen=True, eq=False)
class Run:
    """One prompt through one checkpoint, with every number kept."""

    id: str
    opened: Opened
    prompt: Prompt
    trace: Trace
    seconds: float
    answers: dict[str, Any] = field(default_factory=dict)
    """Tables that were asked for once, by name."""
    states: dict[str, Tensor] = field(default_factory=dict)
    """What was computed from it once and serves the next question; small."""


class Library:
    """The models by key ("0", "1", ... as they were named), their checkpoints and their runs.

    One lock is round the models: whoever opens or runs one holds it. What was run is never changed
    again, so that reading it needs none. What runs a model many times, for seconds, waits its turn
    at `overviews` instead, and lets the next prompt pass.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        which: str = "best",
        device: torch.device | str = "cpu",
        tell: Tell = say_nothing,
        model_bytes: int = MODEL_BYTES,
        trace_bytes: int = TRACE_BYTES,
    ) -> None:
        self.sources = {str(n): Source(str(n), path, which) for n, path in enumerate(paths)}
        self.device = torch.device(device)
        self.lock = RLock()
        self.overviews = Lock()
        self.tell = tell
        self._opened: Kept[Opened] = Kept(model_bytes)
        self._runs: Kept[Run] = Kept(trace_bytes)

    def source(self, key: str) -> Source:
        """Give a model by its key.

        Raises: NotFound when there is none.
        """
        if key not in self.sources:
            raise NotFound(f"no model has the key {key}", hint=did_you_mean(key, self.sources))
        return self.sources[key]

    def open_all(self) -> None:
        """Open the first checkpoint of every model, so that what cannot be opened is told at once.

        Raises: UserError when one cannot be opened.
        """
        for key in self.sources:
            for note in self.opened(key).checkpoint.notes:
                self.tell(note)

    def opened(self, key: str, step: int | None = None) -> Opened:
        """Give a checkpoint of a model, opened now if it is not yet; None is the one shown first.

        Raises: UserError when there is no such model or checkpoint, or it cannot be opened.
        """
        source = self.source(key)
        with self.lock:
            step = source.first if step is None else step
            known = self._opened.get(f"{key}/{step}")
            if known is not None:
                return known
            loaded = source.load(step, self.tell)
            loaded.model.to(self.device)
            opened = Opened(source, loaded)
            self._opened.put(f"{key}/{opened.step}", opened, opened.n_bytes)
            self._forget_runs_of_closed()
            return opened

    def run(self, opened: Opened, prompt: Prompt, changes: Sequence[Change] = ()) -> Run:
        """Run a prompt, or give the run that is kept; equal questions have equal ids.

        Raises: UserError for changes that the model cannot do.
        """
        id = _hash(opened, prompt, changes)
        with self.lock:
            known = self._runs.get(id)
            if known is not None:
                return known
            began = time.perf_counter()
            found = trace(opened.model, prompt.ids, changes)
            run = Run(id, opened, prompt, found, time.perf_counter() - began)
            self._runs.put(id, run, found.n_bytes)
            return run

    def kept(self, id: str) -> Run:
        """Give a run by its id.

        Raises: Gone when it is no longer kept.
        """
        run = self._runs.get(id)
        if run is None:
            raise Gone("this run is no longer kept", hint="post the prompt to /look/run again")
        return run

    def runs(self) -> list[Run]:
        """List the runs that are kept, the oldest first."""
        return self._runs.values()

    def _forget_runs_of_closed(self) -> None:
        """Let the runs go whose model went: they would keep it in memory."""
        still_open = set(map(id, self._opened.values()))
        self._runs.drop(lambda run: id(run.opened) not in still_open)


def _hash(opened: Opened, prompt: Prompt, changes: Sequence[Change]) -> str:
    """Give the same name to the same question: model, checkpoint, ids and changes."""
    folder = str(opened.checkpoint.folder.resolve())
    asked = [folder, opened.source.key, *astuple(prompt), list(map(_said, changes))]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:24]


def _said(change: Change) -> list[Any]:
    """Tell one change from another; what a patch holds is told by its bytes."""
    held = None
    if change.patch is not None:
        values = change.patch[change.op].to("cpu", torch.float64).contiguous()
        held = hashlib.sha256(values.numpy().tobytes()).hexdigest()
    place = [change.op, change.head, change.position, change.unit]
    return [*place, change.factor, held, change.patch_position]
