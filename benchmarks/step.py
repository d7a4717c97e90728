"""How fast one training step is: fused in shards, through the modules, and the modules in fp32.

python -m benchmarks.step
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does; before torch

import statistics
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from benchmarks.record import write
from naepo.model import ModelSettings, build
from naepo.train.batches import Windows
from naepo.train.machine import matrix_speed
from naepo.train.settings import TrainSettings
from naepo.train.trainer import Trainer

SHAPES = [(128, 128), (192, 128), (256, 128), (128, 256), (192, 256), (256, 256)]
"""(d_model, context_length), each with 4 layers, 1,024 ids and 2,048 tokens a step."""
VOCAB, TOKENS, SHARDS, ROUNDS, STEPS_A_ROUND = 1024, 2048, 2, 12, 2


def main() -> None:
    """Time every shape in all three ways, and write results/step.json."""
    ceiling = max(matrix_speed(torch.device("cpu"), "bf16", seconds=2.0) for _ in range(3))
    write(
        "step",
        "milliseconds of one training step, interleaved, and its share of bare matrix products",
        {
            "shards": SHARDS,
            "ceiling_gflops": ceiling / 1e9,
            "shapes": [measure(*shape, ceiling) for shape in SHAPES],
        },
    )


def measure(d_model: int, context_length: int, ceiling: float) -> dict[str, Any]:
    """Time the three ways in turns, so that a noisy neighbour disturbs all alike."""
    model = ModelSettings(
        vocab_size=VOCAB, context_length=context_length, d_model=d_model, n_layers=4,
        n_heads=d_model // 64, n_kv_heads=d_model // 64, d_head=64,
        d_ff=round(d_model * 8 / 3 / 32) * 32,
    )  # fmt: skip
    train = TrainSettings(steps=10_000, batch_size=TOKENS // context_length, precision="bf16")
    trainers = {
        "fused": _trainer(model, replace(train, shards=SHARDS)),
        "modules": _trainer(model, train),
        "modules_fp32": _trainer(model, replace(train, precision="fp32")),
    }
    for name in ("modules", "modules_fp32"):
        trainers[name].use_forward(trainers[name].model)
    seconds: dict[str, list[float]] = {name: [] for name in trainers}
    for number in range(ROUNDS + 1):
        for name, trainer in trainers.items():
            found = [trainer.step().seconds for _ in range(STEPS_A_ROUND)]
            seconds[name] += found if number else []  # the first round warms up
    work = _operations(model)
    return {
        "d_model": d_model,
        "context_length": context_length,
        "ways": {
            name: _figures(times, work, ceiling, trainers[name].path)
            for name, times in seconds.items()
        },
    }


def _trainer(model: ModelSettings, train: TrainSettings) -> Trainer:
    ids = np.random.default_rng(0).integers(0, VOCAB, 200_000)
    return Trainer(build(model), Windows(ids, model.context_length, 0), train)


def _figures(times: list[float], work: float, ceiling: float, path: str) -> dict[str, Any]:
    median = statistics.median(times)
    return {
        "path": path,
        "median_ms": 1e3 * median,
        "best_ms": 1e3 * min(times),
        "tokens_per_second": TOKENS / median,
        "share_of_ceiling": work / median / ceiling,
    }


def _operations(model: ModelSettings) -> float:
    """Count a step's operations: 6 for each weight of a product, 12 · time · width for attention.

    Attention is counted whole, not halved for what a position may not see; optimizer not counted.
    """
    d_model = model.d_model
    weights = model.n_layers * (4 * d_model**2 + 3 * d_model * model.d_ff) + VOCAB * d_model
    return TOKENS * (6 * weights + 12 * model.context_length * d_model * model.n_layers)


if __name__ == "__main__":
    main()
