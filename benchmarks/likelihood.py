"""What both likelihood figures of music share: readings of pieces in all keys, training, scoring.

A *task* says how a piece becomes ids, and what of a loss counts. Training draws a transposition for
each piece and epoch. The checkpoint is the one that is best on validation pieces. Pieces are scored
in overlapping windows, each id with at least half a context before it; *mixed* means that the
probability of each id is the mean of those that the model gives it in several keys. That is one
model still: every term is normalised over the same ids.
"""

import argparse
import hashlib
import json
import math
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.record import spread
from naepo.model import ModelSettings, PartSettings, Transformer, build
from naepo.train.batches import Windows
from naepo.train.settings import OptimizerSettings, ScheduleSettings, TrainSettings
from naepo.train.trainer import Trainer

Ids = NDArray[np.int64]
STREAM_OF_KEYS = 1_000_003
"""Keeps the draws of keys apart from those of windows."""
TAIL = 100
"""Training losses of so many last steps are averaged for the log."""

NOT_SETTINGS = ("seed", "seeds", "processes", "cache", "again", "try_out")
"""Flags that do not change the result of a seed."""


class Task(Protocol):
    """A way to write pieces as ids."""

    @property
    def vocab_size(self) -> int:
        """How many ids there are."""
        ...

    def ids(self, piece: NDArray, semitones: int) -> Ids | None:
        """Give a piece, moved, with the id of a beginning in front; None where it has no room."""
        ...

    def forbidden(self, ids: Ids) -> NDArray[np.bool_] | None:
        """Give for each id what cannot follow it, shape (n, vocab); None forbids nothing."""
        ...

    def counts(self, piece: NDArray) -> tuple[int, int]:
        """Give how many ids at the beginning are not scored, and by how much the sum is divided."""
        ...


@dataclass(frozen=True)
class Score:
    """The nats of each piece, and what each is divided by."""

    nats: Sequence[float]
    units: Sequence[int]

    @property
    def pooled(self) -> float:
        """Nats per unit over all pieces together."""
        return sum(self.nats) / sum(self.units)

    def figures(self) -> dict[str, float]:
        """Give the pooled figure, and the mean of the pieces' own with its standard error."""
        own = [nats / n for nats, n in zip(self.nats, self.units, strict=True)]
        return {
            "pooled": self.pooled,
            "per_piece": float(np.mean(own)),
            "per_piece_standard_error": float(np.std(own, ddof=1) / math.sqrt(len(own))),
        }

    def of(self, numbers: Sequence[int]) -> "Score":
        """Give the score of some of the pieces."""
        return Score([self.nats[n] for n in numbers], [self.units[n] for n in numbers])


def score(
    model: Transformer, task: Task, pieces: Sequence[NDArray], shifts: Sequence[int] = (0,)
) -> Score:
    """Score pieces, mixed over the shifts that they have room for."""
    model.eval()
    nats, units = [], []
    for piece in pieces:
        each = []
        for shift in shifts:
            ids = task.ids(piece, shift)
            if ids is not None:
                each.append(_log_probs(model, ids, task.forbidden(ids)))
        skipped, n_units = task.counts(piece)
        mixed = torch.logsumexp(torch.stack(each), 0) - math.log(len(each))
        nats.append(float(-mixed[skipped:].sum()))
        units.append(n_units)
    model.train()
    return Score(nats, units)


@torch.inference_mode()
def _log_probs(model: Transformer, ids: Ids, forbidden: NDArray[np.bool_] | None) -> Tensor:
    """Give ln p of every id but the first, shape (n - 1,), float64."""
    length = model.settings.context_length
    stride = length // 2
    found = torch.empty(len(ids) - 1, dtype=torch.float64)
    done, begin = 0, 0
    while done < len(ids) - 1:
        window = torch.from_numpy(ids[begin : begin + length + 1])
        logits = model(window[None, :-1])[0].double()
        if forbidden is not None:
            mask = torch.from_numpy(forbidden[begin : begin + len(logits)])
            logits = logits.masked_fill(mask, -math.inf)
        known = logits.log_softmax(-1).gather(1, window[1:, None])[:, 0]
        found[done : begin + len(known)] = known[done - begin :]
        done, begin = begin + len(known), begin + stride
    return found


class Reading:
    """The training pieces as one stream of ids for each epoch, in a new order and in new keys."""

    def __init__(self, task: Task, pieces: Sequence[NDArray], seed: int, widest: int) -> None:
        self.variants = [
            [ids for n in range(-widest, widest + 1) if (ids := task.ids(piece, n)) is not None]
            for piece in pieces
        ]
        plain = [task.ids(piece, 0) for piece in pieces]
        self.plain = np.concatenate([ids for ids in plain if ids is not None])
        self.seed = seed

    def __call__(self, epoch: int) -> Ids:
        draw = np.random.Generator(np.random.Philox(key=[self.seed, STREAM_OF_KEYS + epoch]))
        order = draw.permutation(len(self.variants))
        return np.concatenate(
            [self.variants[n][draw.integers(len(self.variants[n]))] for n in order]
        )


def train_one(
    task: Task,
    train: Sequence[NDArray],
    valid: Sequence[NDArray],
    asked: argparse.Namespace,
) -> tuple[Transformer, dict[str, Any]]:
    """Train one model, and give it as it was when it was best on the validation pieces."""
    reading = Reading(task, train, asked.seed, asked.widest)
    windows = Windows(reading.plain, asked.context, asked.seed, reading)
    model = build(model_settings(task, asked), seed=asked.seed)
    trainer = Trainer(model, windows, train_settings(asked))
    n_parameters = sum(p.numel() for p in model.parameters())
    print(f"{n_parameters:,} parameters, {task.vocab_size} ids, {trainer.path}", flush=True)
    best: tuple[float, int, dict[str, Tensor]] = (math.inf, 0, {})
    curve: list[list[float]] = []
    losses: list[float] = []
    cpu, began = time.process_time(), time.perf_counter()
    looking = 0.0
    while trainer.number < asked.steps:
        losses.append(trainer.step().loss)
        if trainer.number % asked.look_every and trainer.number != asked.steps:
            continue
        once = time.process_time()
        found = score(model, task, valid).pooled
        looking += time.process_time() - once
        curve.append([trainer.number, round(float(np.mean(losses[-TAIL:])), 4), round(found, 4)])
        print(*curve[-1], f"{time.perf_counter() - began:.0f} s", flush=True)
        if found < best[0]:
            weights = {name: value.clone() for name, value in model.state_dict().items()}
            best = (found, trainer.number, weights)
    model.load_state_dict(best[2])
    return model, {
        "seed": asked.seed,
        "parameters": n_parameters,
        "tokens": asked.steps * trainer.tokens_per_step,
        "best_step": best[1],
        "seconds": round(time.perf_counter() - began, 1),
        "core_seconds_of_training": round(time.process_time() - cpu - looking, 1),
        "curve_step_train_valid": curve,
    }


def model_settings(task: Task, asked: argparse.Namespace) -> ModelSettings:
    """Give the shape that the flags ask for."""
    return ModelSettings(
        vocab_size=task.vocab_size,
        context_length=asked.context,
        d_model=asked.width,
        n_layers=asked.layers,
        n_heads=asked.heads,
        n_kv_heads=asked.heads,
        d_head=asked.width // asked.heads,
        d_ff=round(asked.width * 8 / 3 / 32) * 32,
        parts=PartSettings(dropout=asked.dropout),
    )


def train_settings(asked: argparse.Namespace) -> TrainSettings:
    """Give the training that the flags ask for."""
    return TrainSettings(
        steps=asked.steps,
        batch_size=asked.batch,
        shards=asked.shards,
        seed=asked.seed,
        optimizer=OptimizerSettings(lr=asked.lr, lr_adam=asked.lr_adam, weight_decay=asked.decay),
        schedule=ScheduleSettings(warmup=0.02, decay=asked.fall, floor=0.02),
    )


def flags(**defaults: Any) -> argparse.ArgumentParser:
    """Give the flags of a likelihood figure, with its own defaults."""
    known: dict[str, Any] = {
        "seed": 0, "seeds": 3, "steps": 1000, "look_every": 200, "context": 256, "width": 128,
        "layers": 5, "heads": 4, "dropout": 0.1, "batch": 8, "shards": 2, "lr": 0.02,
        "lr_adam": 3e-3, "decay": 0.1, "fall": 0.7, "widest": 6, "mixed": 3,
        "processes": 1,
    }  # fmt: skip
    parser = argparse.ArgumentParser()
    for name, value in {**known, **defaults}.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    parser.add_argument("--cache", type=Path, default=home / "naepo-benchmarks" / "likelihood")
    parser.add_argument("--again", action="store_true", help="run seeds whose result is kept, too")
    parser.add_argument("--try-out", action="store_true", help="one seed, on valid alone")
    return parser


def over_seeds(
    asked: argparse.Namespace, one: Callable[[argparse.Namespace], Any], name: str
) -> list[Any]:
    """Give the result of each seed; those that are not kept yet are run, --processes side by side.

    A result is kept as soon as it is there, in --cache, under everything that decides it. So a
    figure can be made in pieces, and one that was cut off goes on with the next seed.
    """
    each = [
        argparse.Namespace(**{**vars(asked), "seed": asked.seed + n}) for n in range(asked.seeds)
    ]
    files = [_file_of(seed, name) for seed in each]
    missing = [
        (one, seed, file)
        for seed, file in zip(each, files, strict=True)
        if asked.again or not file.is_file()
    ]
    if asked.processes == 1:
        list(map(_run_and_keep, missing))
    else:
        with ProcessPoolExecutor(asked.processes, multiprocessing.get_context("spawn")) as pool:
            list(pool.map(_run_and_keep, missing))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def settings_of(asked: argparse.Namespace) -> dict[str, Any]:
    """Give what decides a result, without what only says which seeds, where and how fast."""
    return {key: value for key, value in vars(asked).items() if key not in NOT_SETTINGS}


def _file_of(asked: argparse.Namespace, name: str) -> Path:
    told = json.dumps(settings_of(asked), sort_keys=True)
    digest = hashlib.sha256(told.encode()).hexdigest()[:12]
    return asked.cache / f"{name}-{digest}-seed{asked.seed}.json"


def _run_and_keep(
    job: tuple[Callable[[argparse.Namespace], Any], argparse.Namespace, Path],
) -> None:
    one, asked, file = job
    found = one(asked)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".tmp")
    draft.write_text(json.dumps(found, default=float), encoding="utf-8")
    draft.replace(file)


def summary(runs: Sequence[dict[str, Any]], *keys: str) -> dict[str, Any]:
    """Give the spread over the seeds of each figure, by its path of keys joined with a dot."""
    found = {}
    for key in keys:
        values = []
        for run in runs:
            value: Any = run
            for name in key.split("."):
                value = value[name]
            values.append(float(value))
        found[key] = spread(values)
    return found
