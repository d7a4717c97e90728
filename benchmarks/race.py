"""One timed run of naepo from process start, and what it reached by when."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.record import NAEPO, run


def race(
    source: Path,
    *flags: object,
    seed: int,
    minutes: float | None,
    data: tuple = (),
    after: Callable[[Path], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Train on a file for some minutes, then evaluate the last weights in a process of its own.

    minutes: None where a flag says how long.  after: measures the run's folder before it goes.
    """
    how_long = [] if minutes is None else ["--minutes", minutes]
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "run"
        trained = run(
            [
                *NAEPO,
                "train",
                source,
                *how_long,
                "--seed",
                seed,
                "--out",
                folder,
                *data,
                *flags,
            ]
        )
        scored = run([*NAEPO, "evaluate", folder, "--checkpoint", "last", "--json"])
        found = json.loads(scored.out)
        rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        more = {} if after is None else after(folder)
        settings = without_paths((folder / "naepo.toml").read_text(encoding="utf-8"))
    looks = [row for row in rows if row["kind"] == "validation"]
    return {
        "seed": seed,
        "seconds": trained.seconds,
        "evaluate_seconds": scored.seconds,
        "peak_mib": trained.peak_mib,
        "nats_per_character": found["nats_per_character"],
        "bits_per_byte": found["bits_per_byte"],
        "steps": found["step"],
        "looks": [
            {
                "seconds": row["since_command"],
                "step": row["step"],
                "nats_per_character": row["nats_per_character"],
            }
            for row in looks
        ],
        "floors": found["floors"],
        **more,
        "settings": settings,
    }


def without_paths(settings: str) -> str:
    """Leave out the lines that name folders of this machine."""
    lines = settings.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(("sources", "corpus_folder")))


def passed(result: dict[str, Any], bound: float) -> float | None:
    """Give the seconds from process start to the first look at or below a bound."""
    times = [look["seconds"] for look in result["looks"] if look["nats_per_character"] <= bound]
    return min(times, default=None)
