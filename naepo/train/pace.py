"""How long a step and a look take here, measured on the very model that will be trained."""

import time
from dataclasses import dataclass

import torch

from naepo.encode import Corpus
from naepo.model import LanguageModelSettings, build
from naepo.train.evaluation import total_nats
from naepo.train.machine import synchronise
from naepo.train.reading import windows_of
from naepo.train.settings import TrainSettings
from naepo.train.trainer import Trainer

WARM_STEPS = 3
LONGEST_SECONDS = 4.0
SHARE_OF_BUDGET = 0.006
SCORED = 4_096
"""Ids of the validation split that a look is timed on."""


@dataclass(frozen=True)
class Pace:
    """Seconds for one update, and for one look at the whole validation split."""

    step_seconds: float
    look_seconds: float


def measure_pace(
    model: LanguageModelSettings,
    train: TrainSettings,
    corpus: Corpus,
    device: torch.device,
    deadline: float | None,
) -> Pace:
    """Train a throw-away copy for a moment and give the median step, and the time of a look."""
    windows = windows_of(corpus, model.context_length, train)
    trainer = Trainer(build(model, seed=train.seed).to(device), windows, train)
    left = 60.0 if deadline is None else deadline - time.perf_counter()
    seconds = min(LONGEST_SECONDS, max(0.3, SHARE_OF_BUDGET * left))
    for _ in range(WARM_STEPS):
        trainer.step()
    synchronise(device)
    times: list[float] = []
    began = time.perf_counter()
    while not times or time.perf_counter() - began < seconds:
        once = time.perf_counter()
        trainer.step()
        synchronise(device)
        times.append(time.perf_counter() - once)
    return Pace(sorted(times)[len(times) // 2], _look_seconds(trainer, corpus))


def _look_seconds(trainer: Trainer, corpus: Corpus) -> float:
    """The best of a few looks at the beginning of the split, for as many as it has."""
    ids = corpus.validation.ids[:SCORED]
    times: list[float] = []
    for _ in range(3):
        once = time.perf_counter()
        total_nats(trainer.model, ids, precision=trainer.settings.precision)
        synchronise(trainer.device)
        times.append(time.perf_counter() - once)
    return min(times) * len(corpus.validation.ids) / max(1, len(ids))
