"""One model in training: the step, and all the state that the next step depends on."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor, nn

from naepo.checkpoint import TrainingState
from naepo.config import UserError
from naepo.model import Network
from naepo.train.allocator import keep_freed_memory
from naepo.train.batches import Windows
from naepo.train.gradients import (
    Batch,
    ModuleGradients,
    choose_gradients,
    seed_of,
)
from naepo.train.optimizers import Optimizers
from naepo.train.schedule import rate
from naepo.train.settings import TrainSettings
from naepo.train.shards import Shards

PATIENCE_WITH_NAN = 20


class NotFiniteError(UserError):
    """The gradient was NaN or infinite many times in a row; the weights are still good ones."""


@dataclass(frozen=True)
class Step:
    """What one update did. `number` counts the updates made since the run began."""

    number: int
    loss: float
    rate: float
    grad_norm: float
    n_tokens: int
    seconds: float
    was_skipped: bool


class Trainer:
    """A model, its optimizers and its place in the data; `step` makes one update.

    All randomness is a function of (seed, number of the update), so only `number`, the weights and
    the optimizers' tensors must be kept to go on as if never stopped. A model with an n-gram prior
    counts the text anew.
    """

    def __init__(self, model: Network, windows: Windows, settings: TrainSettings) -> None:
        self.model = model
        self.windows = windows
        self.settings = settings
        self.number = 0
        self.phase_began = 0
        self.n_skipped = 0
        if model.prior is not None:
            model.prior.count(windows.ids)
        self.device = next(model.parameters()).device
        if self.device.type == "cpu":
            keep_freed_memory()
        self.shards = Shards(settings.shards if self.device.type == "cpu" else 1)
        self.gradients = choose_gradients(model, settings, self.shards)
        self.optimizers = Optimizers(
            model, settings.optimizer, precision=settings.precision, shards=self.shards
        )
        self._skipped_in_a_row = 0

    def step(self) -> Step:
        """Draw the next batches, and update the weights by their gradient if it is finite."""
        started = time.perf_counter()
        self.model.train()
        share = self._rate()
        with self.shards.alone():
            loss = self.gradients.fill(self._batches(), seed_of(self.settings.seed, self.number))
            grad_norm = self._clip()
            is_finite = bool(torch.isfinite(grad_norm))
            if is_finite:
                self.optimizers.step(share)
        self._count_skipped(is_finite)
        self.number += 1
        return Step(
            number=self.number,
            loss=loss,
            rate=share,
            grad_norm=float(grad_norm),
            n_tokens=self.tokens_per_step,
            seconds=time.perf_counter() - started,
            was_skipped=not is_finite,
        )

    @property
    def tokens_per_step(self) -> int:
        """How many tokens one update is made from."""
        return self.settings.batch_size * self.settings.accumulate * self.windows.context_length

    @property
    def path(self) -> str:
        """Which way gradients are computed, and why, in one line."""
        return self.gradients.path

    def use_forward(self, forward: Callable[..., Tensor]) -> None:
        """Run the training forward pass through `forward`, in the model's place, from now on."""
        self.gradients = ModuleGradients(
            self.model, forward, self.settings, "by the forward pass that was given"
        )

    def state(self) -> TrainingState:
        """Give all that `load_state` needs to go on bit for bit."""
        numbers: dict[str, Any] = {
            "number": self.number,
            "phase_began": self.phase_began,
            "n_skipped": self.n_skipped,
        }
        return TrainingState(tensors=self.optimizers.tensors(), numbers=numbers)

    def load_state(self, state: TrainingState) -> None:
        """Take the place of the trainer that gave this state; the weights come apart from it."""
        self.optimizers.load_tensors(dict(state.tensors))
        self.number = int(state.numbers["number"])
        self.phase_began = int(state.numbers["phase_began"])
        self.n_skipped = int(state.numbers["n_skipped"])

    def _batches(self) -> Iterator[Batch]:
        size, position = self.settings.batch_size, self.number * self.settings.accumulate
        for micro in range(self.settings.accumulate):
            first = (position + micro) * size
            yield Batch(*self.windows.at(first, size), self._folds(first, size))

    def _folds(self, position: int, batch_size: int) -> Int[Tensor, "batch time"] | None:
        prior = self.model.prior
        if prior is None:
            return None
        return self.windows.folds_at(position, batch_size, prior.counts.n_folds)

    def _rate(self) -> float:
        done, steps = self.number - self.phase_began, self.settings.steps - self.phase_began
        return rate(done, steps, self.settings.schedule)

    def _clip(self) -> Tensor:
        longest = self.settings.optimizer.clip
        bound = float("inf") if longest is None else longest
        return nn.utils.clip_grad_norm_(self.model.parameters(), bound, foreach=True)

    def _count_skipped(self, is_finite: bool) -> None:
        self._skipped_in_a_row = 0 if is_finite else self._skipped_in_a_row + 1
        self.n_skipped += not is_finite
        if self._skipped_in_a_row >= PATIENCE_WITH_NAN:
            raise NotFiniteError(
                f"the gradient was not finite {PATIENCE_WITH_NAN} times in a row, "
                f"up to step {self.number + 1}; nothing of it reached the weights",
                hint="train again with a lower --train.optimizer.lr, or --train.precision fp32",
            )


def fit(trainer: Trainer, on_step: Iterable[Callable[[Step], bool | None]]) -> None:
    """Make updates until the plan is done, or until one of `on_step` answers False."""
    listeners = list(on_step)
    while trainer.number < trainer.settings.steps:
        step = trainer.step()
        answers = [listener(step) for listener in listeners]
        if any(answer is False for answer in answers):
            return
