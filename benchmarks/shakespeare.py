"""tiny-shakespeare in 175 seconds on this machine, from process start, beside the best-known peer.

The first 90 % of the characters train, the last 10 % are scored: naepo's own default split of the
whole file. Seeds and recipes take turns, so that a machine that slows down slows all alike.

    python -m benchmarks.shakespeare [--nanogpt FOLDER] [--seeds 3] [--peer-seeds 3]

FOLDER: a checkout of karpathy/nanoGPT, whose own CPU recipe is then run in the same turn.
"""

import argparse
import re
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.race import passed, race
from benchmarks.record import data, run, spread, write

EARLY = 1.886
"""What the peer's own CPU recipe ends at."""
PREPARE = (
    "import runpy, sys, types; sys.modules['requests'] = types.ModuleType('requests'); "
    "runpy.run_path('prepare.py', run_name='__main__')"
)
"""The peer's own script, which would download with `requests` if its text were not there."""


def main() -> None:
    """Run all seeds and write results/shakespeare.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nanogpt", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--peer-seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=2.9)
    asked = parser.parse_args()
    source = data("text/tiny-shakespeare.txt")
    runs: dict[str, list[dict[str, Any]]] = {"speed": [], "default": []}
    peer: list[dict[str, float]] = []
    for seed in range(asked.seeds):
        runs["speed"].append(race(source, "--recipe", "speed", seed=seed, minutes=asked.minutes))
        runs["default"].append(race(source, seed=seed, minutes=asked.minutes))
        if asked.nanogpt and seed < asked.peer_seeds:
            peer.append(nanogpt(asked.nanogpt, seed))
    write(
        "shakespeare",
        "validation loss on tiny-shakespeare (last 10 % of the characters) within 175 s",
        {
            **{name: summary(each) for name, each in runs.items()},
            "nanogpt": {
                "nats_per_character": spread([row["loss"] for row in peer]),
                "seconds": spread([row["seconds"] for row in peer]),
            }
            if peer
            else "not run",
        },
    )


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Give what was reached, by when, and at what cost, over the seeds."""
    early = [passed(result, EARLY) for result in results]
    return {
        "nats_per_character": spread([result["nats_per_character"] for result in results]),
        "bits_per_byte": spread([result["bits_per_byte"] for result in results]),
        "seconds": spread([result["seconds"] for result in results]),
        f"seconds_to_{EARLY}": [None if t is None else round(t, 2) for t in early],
        "peak_mib": max(result["peak_mib"] for result in results),
        "runs": results,
    }


def nanogpt(folder: Path, seed: int) -> dict[str, float]:
    """Run the peer's CPU recipe as its README has it; its loss is a mean over random windows."""
    source = folder / "data/shakespeare_char"
    if not (source / "train.bin").is_file():
        (source / "input.txt").write_bytes(data("text/tiny-shakespeare.txt").read_bytes())
        run([sys.executable, "-c", PREPARE], cwd=source)
    began = time.perf_counter()
    recipe = (
        "--device=cpu --compile=False --eval_iters=20 --log_interval=100 --block_size=64 "
        "--batch_size=12 --n_layer=4 --n_head=4 --n_embd=128 --max_iters=2000 "
        "--lr_decay_iters=2000 --dropout=0.0"
    )
    command = [sys.executable, "train.py", "config/train_shakespeare_char.py", *recipe.split()]
    done = run([*command, f"--out_dir=out-{seed}"], cwd=folder)
    losses = [float(x) for x in re.findall(r"val loss ([\d.]+)", done.out)]
    return {"loss": losses[-1], "seconds": time.perf_counter() - began}


if __name__ == "__main__":
    main()
