"""A run in its folder: from the plan to the last checkpoint, and on from any interruption."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from naepo import checkpoint
from naepo.encode import Corpus, Encoder
from naepo.model import Network
from naepo.train.evaluation import Evaluation, evaluate
from naepo.train.floors import Floors
from naepo.train.machine import describe_machine, peak_memory_bytes
from naepo.train.metrics import MetricsLog, read_metrics
from naepo.train.progress import Progress
from naepo.train.report import write_report
from naepo.train.signals import StopRequest
from naepo.train.trainer import Step, Trainer, fit

Sample = Callable[[Network, Encoder], str]

ROWS_OF_STEPS = 2_000
"""About how many steps of a run are written to metrics.jsonl."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `why`: "done", "stopped" by a signal, or "early": nothing better came."""

    why: str
    step: int
    evaluation: Evaluation | None
    verdict: str
    exit_code: int
    unit: str = "character"
    """What the loss is counted by."""


@dataclass
class Looks:
    """What the looks at the validation split have shown so far."""

    best: float = float("inf")
    best_step: int = 0
    without_gain: int = 0

    def add(self, nats_per_token: float, step: int) -> bool:
        """Note one look; say whether it is the best so far."""
        is_best = nats_per_token < self.best
        if is_best:
            self.best, self.best_step, self.without_gain = nats_per_token, step, 0
        else:
            self.without_gain += 1
        return is_best


@dataclass
class Run:
    """All that a run holds while it goes on."""

    folder: Path
    settings: dict[str, Any]
    corpus: Corpus
    trainer: Trainer
    floors: Floors
    log: MetricsLog
    progress: Progress
    sample: Sample
    started: float
    """When the command began, on `time.perf_counter`'s clock."""
    looks: Looks = field(default_factory=Looks)
    last_look: Evaluation | None = None
    _began: float = field(default_factory=time.perf_counter)
    _began_at: int = 0
    _seconds_before: float = 0.0
    _saved_at: int = -1

    def go(self) -> Outcome:
        """Train, look, sample and save until the plan is done, a signal comes, or gains end."""
        self.progress.plan(self.trainer.settings.steps)
        with StopRequest() as stop, self.log:
            self._stop = stop
            if self.trainer.settings.keep_every and self.trainer.number == 0:
                self._save()  # what training is seen to move away from
            fit(self.trainer, [self._record, self._attend])
            why = "stopped" if stop.signal else "done" if self._is_done() else "early"
            self._save()
        self.write_report()
        return Outcome(
            why=why,
            step=self.trainer.number,
            evaluation=self.last_look,
            verdict=self._verdict(),
            exit_code=stop.exit_code,
            unit=self.corpus.encoder.unit,
        )

    def restore(self, folder: Path, *, began_at: int | None = None) -> None:
        """Go back to where a checkpoint was written; its weights are loaded by the caller.

        began_at: the step at which a new schedule begins, when the plan was made longer.
        """
        state = checkpoint.load_state(folder)
        self.trainer.load_state(state)
        if began_at is not None:
            self.trainer.phase_began = began_at
        self.looks = Looks(**state.numbers["looks"])
        if began_at is not None:
            self.looks.without_gain = 0
        self._saved_at = self.trainer.number
        self.log.cut_after(self.trainer.number)
        rows = [row for row in read_metrics(self.folder / "metrics.jsonl") if row["kind"] == "step"]
        self._seconds_before = max((row["seconds"] for row in rows), default=0.0)
        self._began_at = self.trainer.number

    def write_report(self) -> Path:
        """Write report.html from what has been logged."""
        return write_report(
            self.folder,
            settings=self.settings,
            plan_reasons=list(self.settings.get("plan", {}).get("reasons", [])),
            floors=self.floors,
            machine={
                **describe_machine(self.trainer.device),
                "peak_memory_mib": peak_memory_bytes(self.trainer.device) >> 20,
            },
            metrics=read_metrics(self.folder / "metrics.jsonl"),
        )

    def _verdict(self) -> str:
        if self.last_look is None:
            return ""
        return self.floors.verdict(self.last_look.nats_per_character)

    def _is_done(self) -> bool:
        return self.trainer.number >= self.trainer.settings.steps

    def _record(self, step: Step) -> None:
        steps = self.trainer.settings.steps
        self.progress.update(
            step.number, step.loss, step.n_tokens / step.seconds, self._seconds_left(step.number)
        )
        if step.number % max(1, steps // ROWS_OF_STEPS) == 0 or step.was_skipped:
            self.log.step(
                step=step.number,
                loss=step.loss,
                lr=step.rate * self.trainer.settings.optimizer.lr,
                grad_norm=step.grad_norm,
                tokens=step.number * step.n_tokens,
                seconds=self._seconds,
                tokens_per_second=step.n_tokens / step.seconds,
                since_command=self._since_command,
            )
        if step.was_skipped:
            self.log.note(f"step {step.number}: the gradient was not finite; the step was left out")

    @property
    def _seconds(self) -> float:
        """How long this run has trained, all its sittings together."""
        return self._seconds_before + time.perf_counter() - self._began

    @property
    def _since_command(self) -> float:
        return time.perf_counter() - self.started

    def _seconds_left(self, number: int) -> float:
        """At the pace of this sitting so far, looks and saves included."""
        pace = (time.perf_counter() - self._began) / max(1, number - self._began_at)
        return pace * (self.trainer.settings.steps - number)

    def _attend(self, step: Step) -> bool:
        """Do what is due after this step; say whether the run goes on."""
        settings = self.trainer.settings
        is_last = step.number == settings.steps
        first_look = max(1, settings.evaluate_every // 2)
        if is_last or step.number == first_look or step.number % settings.evaluate_every == 0:
            self._look(step.number)
        elif step.number % settings.save_every == 0 or self._is_kept(step.number):
            self._save()
        if settings.sample_every and step.number % settings.sample_every == 0:
            self._write_sample(step.number)
        if settings.patience and self.looks.without_gain >= settings.patience:
            self.progress.say(
                f"nothing better in {settings.patience} looks: stopping at step {step.number}; "
                f"the best checkpoint is of step {self.looks.best_step}"
            )
            return False
        return self._stop.signal is None

    def _is_kept(self, number: int) -> bool:
        keep_every = self.trainer.settings.keep_every
        return keep_every is not None and number % keep_every == 0

    def _look(self, number: int) -> None:
        found = evaluate(
            self.trainer.model, self.corpus.validation, precision=self.trainer.settings.precision
        )
        self.last_look = found
        is_best = self.looks.add(found.nats_per_token, number)
        self.log.validation(
            step=number,
            since_start=self._seconds,
            since_command=self._since_command,
            **asdict(found),
        )
        self.progress.validation(
            number,
            found.nats_per_character,
            found.bits_per_byte,
            self._verdict(),
            bits_are=self.floors.bits,
        )
        folder = self._save()
        if is_best:
            checkpoint.mark_best(self.folder, folder)
        checkpoint.prune(self.folder, keep_every=self.trainer.settings.keep_every)

    def _write_sample(self, number: int) -> None:
        text = self.sample(self.trainer.model, self.corpus.encoder)
        self.log.sample(step=number, text=text)
        self.progress.sample(text)

    def _save(self) -> Path:
        number = self.trainer.number
        if self._saved_at == number:
            return checkpoint.folder_of(self.folder, number)
        state = self.trainer.state()
        folder = checkpoint.save(
            self.folder,
            number,
            model=self.trainer.model,
            encoder=self.corpus.encoder,
            settings=self.settings,
            metrics=asdict(self.last_look) if self.last_look else {},
            state=checkpoint.TrainingState(
                tensors=state.tensors, numbers={**state.numbers, "looks": asdict(self.looks)}
            ),
        )
        self._saved_at = number
        checkpoint.prune(self.folder, keep_every=self.trainer.settings.keep_every)
        return folder
