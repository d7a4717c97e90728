"""What every figure shares: where data lies, how a command is timed, how a result is written."""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from naepo.train.machine import describe_machine

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
NAEPO = [sys.executable, "-m", "naepo"]


def data(name: str) -> Path:
    """Give a file of the evaluation data: below $NAEPO_DATA, or ../shared/data."""
    home = Path(os.environ.get("NAEPO_DATA", ROOT.parent / "shared" / "data"))
    path = home / name
    if not path.exists():
        sys.exit(f"{name} is not in {home}; NAEPO_DATA names the folder of the evaluation data")
    return path


@dataclass(frozen=True)
class Done:
    """A command that has run: what it printed, how long it took, and its largest memory."""

    out: str
    err: str
    seconds: float
    peak_mib: float


def run(command: Sequence[object], **options: Any) -> Done:
    """Run a command to its end, as a whole process, and time it from outside.

    The peak is the largest of this and earlier children, as the system keeps it.
    """
    began = time.perf_counter()
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(
            f"{' '.join(map(str, command))} left with {done.returncode}:\n{done.stderr[-2000:]}"
        )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Done(done.stdout, done.stderr, seconds, peak)


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Give each value, their mean, median and standard deviation."""
    return {
        "each": list(values),
        "mean": statistics.fmean(values),
        "median": statistics.median(values),
        "deviation": statistics.stdev(values) if len(values) > 1 else None,
    }


def write(name: str, question: str, result: dict[str, Any]) -> None:
    """Write one result, with the machine it comes from, to results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    whole = {
        "question": question,
        "date": time.strftime("%Y-%m-%d"),
        "machine": describe_machine(torch.device("cpu")),
        **result,
    }
    text = json.dumps(whole, indent=2, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    print(text)
