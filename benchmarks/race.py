"""One timed run of naepo from process start, and what it reached by when."""

import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.record import NAEPO, run


def race(
    source: Path, *flags: object, seed: int, minutes: float, data: tuple = ()
) -> dict[str, Any]:
    """Train on a file for some minutes, then evaluate the last weights in a process of its own."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "run"
        trained = run(
            [
                *NAEPO,
                "train",
                source,
                "--minutes",
                minutes,
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
