"""The one dial: minutes (or steps, or tokens) decide the sizes, the rates and the number of steps.

Everything is decided once, with its reason, and written down; from then on a run is a fixed number
of steps that its folder can repeat.
"""

import math
import time
from dataclasses import dataclass
from typing import Any

import torch

from naepo.config import Table, UserError, from_table, merge
from naepo.encode import BPEEncoder, Corpus
from naepo.model import LanguageModelSettings
from naepo.model.kinds import read_settings
from naepo.train.family import Family
from naepo.train.machine import matrix_speed
from naepo.train.pace import Pace, measure_pace
from naepo.train.precision import has_fast_bf16
from naepo.train.regime import FEW_READINGS, against_memory, batches_of, tokens_per_step
from naepo.train.settings import TrainSettings
from naepo.train.sizes import FAMILIES, choose_sizes, family_of

DEFAULT_SECONDS = 600.0
"""The time that sizes are chosen for when the budget is steps or tokens."""
SAFETY = 0.97
"""Share of the measured pace that a plan counts on; machines slow down."""
CLOSING_SECONDS = 1.0
"""Kept for the last checkpoint and the report."""
SAVE_SECONDS = 120.0
"""The longest time between two checkpoints, as planned."""
EPOCHS_BEFORE_PATIENCE = 3.0
"""Runs that read the text more often than this stop early when nothing better comes."""
LOOKS = 8
"""How often the validation split is scored in a run, beside one early look."""
LOOKS_SHARE = 0.08
"""The most of the time that may go into these looks."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a person is ready to spend: exactly one of the three."""

    minutes: float | None = None
    steps: int | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("minutes", "steps", "tokens") if getattr(self, name) is not None]
        if len(given) != 1:
            raise UserError(
                f"say exactly one of --minutes, --steps and --tokens, got {len(given)}",
                hint="--minutes 10",
            )
        if not getattr(self, given[0]) > 0:
            raise UserError(
                f"--{given[0]} must be above 0, got {getattr(self, given[0])}", hint="--minutes 10"
            )

    def __str__(self) -> str:
        if self.minutes is not None:
            return f"{self.minutes:g} minutes"
        return f"{self.steps:,} steps" if self.steps is not None else f"{self.tokens:,} tokens"


@dataclass(frozen=True)
class Plan:
    """A run, decided: the model, how it is trained, and why."""

    model: LanguageModelSettings
    train: TrainSettings
    reasons: tuple[str, ...]


def make_plan(
    budget: Budget,
    corpus: Corpus,
    wishes: Table,
    *,
    device: torch.device,
    deadline: float | None,
) -> Plan:
    """Decide a whole run from a budget, a corpus, this machine's speed, and what was asked for.

    wishes: the tables `model` and `train` of recipe and flags; what they say is never changed.
    deadline: when the run must be over, on `time.perf_counter`'s clock; None without --minutes.

    Raises: UserError when a wish breaks a rule, or the corpus is shorter than one context.
    """
    asked_model, asked_train = dict(wishes.get("model") or {}), dict(wishes.get("train") or {})
    precision = asked_train.get("precision") or ("bf16" if has_fast_bf16(device) else "fp32")
    seconds = DEFAULT_SECONDS if deadline is None else max(1.0, deadline - time.perf_counter())
    family = family_of(asked_model)
    compute, reason = _compute(budget, device, precision, seconds, family)
    sizes = choose_sizes(compute, corpus, asked_model)
    n_read = _times_read(budget, compute, sizes, corpus, family)
    has_prior = sizes.get("parts", {}).get("prior_order") is not None
    has_merges = isinstance(corpus.encoder, BPEEncoder) and not has_prior
    care = against_memory(n_read, has_merges, is_music=corpus.encoder.unit == "event")
    if n_read >= FEW_READINGS:
        care["model"] = merge(care["model"], {"parts": family.repeated})
    model = read_settings(merge(care["model"], sizes), "the plan")
    rows = asked_train.get("batch_size") or (family.rows and family.rows(model))
    batches = {"precision": precision, **batches_of(model, device, seconds, rows)}
    regime = merge(merge(merge(batches, family.train), care["train"]), asked_train)
    draft = from_table(TrainSettings, {**regime, "steps": 1}, "the plan", "train")
    if has_prior and draft.merge_dropout:
        raise UserError(
            "an n-gram prior counts the text as it is cut: it does not go with merge_dropout",
            hint="--train.merge-dropout 0",
        )
    pace = measure_pace(model, draft, corpus, device, deadline)
    n_looks = _n_looks(pace, deadline)
    steps = asked_train.get("steps") or _steps(budget, model, draft, pace, n_looks, deadline)
    rhythm = merge(_rhythm(steps, n_looks, pace, model, draft, corpus), asked_train)
    train = from_table(TrainSettings, {**regime, **rhythm, "steps": steps}, "the plan", "train")
    return Plan(model, train, (reason, *_reasons(model, train, corpus, pace)))


def _compute(
    budget: Budget, device: torch.device, precision: str, seconds: float, family: Family
) -> tuple[float, str]:
    """How many operations the sizes are chosen for, and the sentence that says so."""
    speed = matrix_speed(device, precision)
    compute = speed * family.efficiency * seconds
    is_timed = budget.minutes is not None
    said = f"{budget} leave {seconds:.0f} s" if is_timed else "sized as for 10 minutes"
    return compute, (
        f"{said} at {speed / 1e9:.0f} GFLOP/s of {precision} matrix products: "
        f"about {compute:.1e} operations of training"
    )


def _times_read(
    budget: Budget, compute: float, sizes: dict[str, Any], corpus: Corpus, family: Family
) -> float:
    """About how often the run will read its text."""
    width, vocab_size = sizes["d_model"], sizes["vocab_size"]
    weights = family.weights * width**2 * sizes["n_layers"] + width * vocab_size
    tokens = budget.tokens or compute / (6 * weights)
    if budget.steps is not None:
        tokens = budget.steps * tokens_per_step(width)
    return tokens / max(1, len(corpus.train.ids))


def _n_looks(pace: Pace, deadline: float | None) -> int:
    """How often to score the validation split: LOOKS times, or as often as their share allows."""
    if deadline is None:
        return LOOKS
    seconds = LOOKS_SHARE * (deadline - time.perf_counter())
    return int(min(LOOKS, max(1, seconds / max(pace.look_seconds, 1e-6))))


def _steps(
    budget: Budget,
    model: LanguageModelSettings,
    draft: TrainSettings,
    pace: Pace,
    n_looks: int,
    deadline: float | None,
) -> int:
    if budget.steps is not None:
        return budget.steps
    if budget.tokens is not None:
        each = draft.batch_size * draft.accumulate * model.context_length
        return max(1, math.ceil(budget.tokens / each))
    assert deadline is not None
    seconds = deadline - time.perf_counter() - CLOSING_SECONDS - (n_looks + 1) * pace.look_seconds
    return max(1, int(seconds * SAFETY / pace.step_seconds))


def _rhythm(
    steps: int,
    n_looks: int,
    pace: Pace,
    model: LanguageModelSettings,
    draft: TrainSettings,
    corpus: Corpus,
) -> dict[str, Any]:
    """How often to look, save and write a sample; early stopping where text is read many times."""
    evaluate_every = max(1, steps // n_looks)
    tokens = steps * draft.batch_size * draft.accumulate * model.context_length
    epochs = tokens / max(1, len(corpus.train.ids))
    rhythm: dict[str, Any] = {
        "evaluate_every": evaluate_every,
        "save_every": max(1, min(evaluate_every, int(SAVE_SECONDS / pace.step_seconds))),
        "sample_every": 2 * evaluate_every,
    }
    if epochs > EPOCHS_BEFORE_PATIENCE:
        rhythm["patience"] = 3
    return rhythm


def _reasons(
    model: LanguageModelSettings, train: TrainSettings, corpus: Corpus, pace: Pace
) -> tuple[str, ...]:
    each = train.batch_size * train.accumulate * model.context_length
    epochs = train.steps * each / max(1, len(corpus.train.ids))
    return (
        f"{FAMILIES[model.kind].words(model)}, {model.vocab_size:,} ids",
        f"{train.steps:,} steps of {each:,} tokens, {pace.step_seconds * 1e3:.0f} ms each "
        f"as measured: the text is read {epochs:.1f} times",
        f"{train.optimizer.kind}, peak rate {train.optimizer.lr:g}, falling over the last "
        f"{train.schedule.decay:.0%} of the steps; dropout {model.parts.dropout:g}, "
        f"of merges {train.merge_dropout:g}"
        + (f"; each piece moved by up to {train.transpose} semitones" if train.transpose else ""),
    )
