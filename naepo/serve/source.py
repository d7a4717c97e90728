"""One model that was named on the command line, and the checkpoints it has."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, get_args

from torch import Tensor

from naepo import checkpoint
from naepo.checkpoint.run import Tell, best, home_of, saved, say_nothing, step_of
from naepo.config import UserError, did_you_mean, read_toml
from naepo.encode.normal_form import NormalForm
from naepo.model import Network
from naepo.serve.refusals import NotFound


@dataclass(frozen=True, eq=False)
class Opened:
    """One checkpoint, open, and the source it belongs to."""

    source: "Source"
    checkpoint: checkpoint.Checkpoint

    @property
    def model(self) -> Network:
        return self.checkpoint.model

    @property
    def step(self) -> int:
        return self.checkpoint.step

    @property
    def form(self) -> NormalForm:
        """Give the Unicode normal form of the text it was trained on."""
        named = self.checkpoint.settings.get("data", {}).get("normalize")
        return named if named in get_args(NormalForm) else "NFC"

    @property
    def n_bytes(self) -> int:
        return sum(weight.nbytes for weight in self.model.parameters())

    def parameter(self, name: str) -> Tensor:
        """Give one parameter; a tied one has both its names.

        Raises: NotFound when none is called so, with the nearest name.
        """
        known = dict(self.model.named_parameters(remove_duplicate=False))
        if name not in known:
            raise NotFound(f"no parameter is called {name}", hint=did_you_mean(name, known))
        return known[name].detach()


@dataclass(eq=False)
class Source:
    """A run's folder, one checkpoint, or a Hugging Face folder. Opening is left to the library."""

    key: str
    path: Path
    which: str = "best"
    """The checkpoint that is shown first: best, last, or a step."""
    first: int | None = None
    """Its step, once it was opened."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What does not change from one checkpoint to the next, once it is known."""
    facts_of_text: dict[str, Any] = field(default_factory=dict)
    """What its ids are, and how often each stood in the text it was trained on."""
    vocabulary: bytes | None = None
    """Every id in words, as the page is told it, once it was asked for."""
    telling: Lock = field(default_factory=Lock, repr=False)
    _metrics: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def is_run(self) -> bool:
        """Say whether it has checkpoints, or is one itself."""
        return home_of(self.path).is_dir()

    @property
    def run(self) -> Path:
        """Give the folder of the run, also when one checkpoint of it was named."""
        is_inside = not self.is_run and self.path.parent.name == "checkpoints"
        return self.path.parent.parent if is_inside else self.path

    @property
    def folder(self) -> Path:
        """Give one folder that holds a model."""
        return saved(self.path)[0] if self.is_run and saved(self.path) else self.path

    @property
    def kind(self) -> str:
        """Give naepo for a model of ours, else the family that config.json names."""
        if (self.folder / "naepo.toml").is_file():
            return "naepo"
        return str(json.loads((self.folder / "config.json").read_bytes()).get("model_type"))

    def load(self, step: int | None, tell: Tell = say_nothing) -> checkpoint.Checkpoint:
        """Open the checkpoint of a step; None is the one that is shown first.

        Raises: UserError when there is no such checkpoint, or it cannot be opened.
        """
        if step is None:
            found = checkpoint.load(self.path, which=self.which, on_broken=tell)
            self.first = found.step
            return found
        if self.is_run:
            return checkpoint.load(self.path, which=step)
        if step != self.first:
            raise UserError(
                f"{self.path} is one checkpoint, of step {self.first}; got {step}",
                hint="name the run's folder to see all its checkpoints",
            )
        return checkpoint.load(self.path)

    def checkpoints(self) -> list[dict[str, Any]]:
        """List the checkpoints that there are now, oldest first, with what each one measured."""
        if not self.is_run:
            return [{"step": self.first or 0, "metrics": self._metrics_of(self.path)} | _BEST]
        marked, found = best(self.path), {}
        for folder in reversed(saved(self.path)):  # of a step saved twice, the later one stays
            found[step_of(folder)] = folder
        return [
            {"step": step, "metrics": self._metrics_of(folder), "is_best": folder == marked}
            for step, folder in sorted(found.items())
        ]

    def _metrics_of(self, folder: Path) -> dict[str, Any]:
        if folder.name not in self._metrics:
            try:
                stamp = read_toml(folder / "naepo.toml").get("checkpoint", {})
            except UserError:  # a folder that is not ours, or is just being pruned
                return {}
            self._metrics[folder.name] = stamp.get("metrics", {})
        return self._metrics[folder.name]


_BEST = {"is_best": True}
