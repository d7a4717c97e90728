"""GPT-2 124M on a GPU, bf16, context 1,024: tokens a second, and the share of the ceiling.

The ceiling is what bare bf16 matrix products reach on the same device in the same run.

    python -m benchmarks.gpu [--steps 30] [--batch-size 32]
"""

import argparse
import statistics
import sys

import numpy as np
import torch

from benchmarks.record import write
from naepo.model import ModelSettings, PartSettings, build
from naepo.train.batches import Windows
from naepo.train.machine import describe_machine, matrix_speed, peak_memory_bytes, synchronise
from naepo.train.settings import OptimizerSettings, TrainSettings
from naepo.train.trainer import Trainer

SHAPE = ModelSettings(
    vocab_size=50_304,
    context_length=1_024,
    d_model=768,
    n_layers=12,
    n_heads=12,
    n_kv_heads=12,
    d_head=64,
    d_ff=3_072,
    parts=PartSettings(
        norm="layer", position="learned", mlp="gelu", has_qk_norm=False, has_bias=True,
        tie_weights=True,
    ),
)  # fmt: skip
"""GPT-2 small; its vocabulary filled up to a multiple of 64."""


def main() -> None:
    """Train for some steps, plain and compiled, and write results/gpu.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=32)
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("no GPU here: this figure needs one")
    device = torch.device("cuda")
    ceiling = matrix_speed(device, "bf16", seconds=3.0)
    result = {
        name: measure(asked.steps, asked.batch_size, is_compiled, ceiling, device)
        for name, is_compiled in (("plain", False), ("compiled", True))
    }
    write(
        "gpu",
        "training of the GPT-2 124M shape in bf16 at context 1,024",
        {"device": describe_machine(device), "ceiling_flops": ceiling, **result},
    )


def measure(
    steps: int, batch_size: int, is_compiled: bool, ceiling: float, device: torch.device
) -> dict[str, float | str]:
    """Give the median step as tokens a second and as a share of the ceiling."""
    ids = np.random.default_rng(0).integers(0, SHAPE.vocab_size, 4_000_000).astype(np.uint16)
    settings = TrainSettings(
        steps=steps,
        batch_size=batch_size,
        precision="bf16",
        compile=is_compiled,
        optimizer=OptimizerSettings(kind="adamw"),
    )
    model = build(SHAPE).to(device)
    trainer = Trainer(model, Windows(ids, SHAPE.context_length, 0), settings)
    times = []
    for _ in range(steps):
        synchronise(device)
        times.append(trainer.step().seconds)
    seconds = statistics.median(times[steps // 3 :])
    rate = trainer.tokens_per_step / seconds
    return {
        "path": trainer.path,
        "tokens_per_second": rate,
        "share_of_ceiling": rate * training_flops() / ceiling,
        "peak_gib": peak_memory_bytes(device) / 2**30,
    }


def training_flops() -> float:
    """Operations a token: 6 a weight of a matrix, and attention (Chowdhery et al. 2022, B)."""
    weights = SHAPE.n_layers * 12 * SHAPE.d_model**2 + SHAPE.vocab_size * SHAPE.d_model
    return 6 * weights + 12 * SHAPE.n_layers * SHAPE.d_model * SHAPE.context_length


if __name__ == "__main__":
    main()
