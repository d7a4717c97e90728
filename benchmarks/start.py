"""How long a person waits: `--help`, and the first training step on a prepared corpus.

python -m benchmarks.start
"""

import json
import os
import tempfile
from pathlib import Path

from benchmarks.record import NAEPO, data, run, spread, write

REPEATS = 3
TEXT = "text/tiny-shakespeare.txt"


def main() -> None:
    """Measure both, each several times, and write results/start.json."""
    helps = [run([*NAEPO, "--help"]).seconds for _ in range(REPEATS)]
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_CACHE_HOME"] = home
        firsts, peaks = [], []
        for number in range(REPEATS + 1):
            folder = Path(home) / f"run-{number}"
            done = run([*NAEPO, "train", data(TEXT), "--minutes", 0.15, "--out", folder])
            rows = [json.loads(row) for row in (folder / "metrics.jsonl").read_text().splitlines()]
            first = next(row for row in rows if row["kind"] == "step")
            firsts.append(first["since_command"])
            peaks.append(done.peak_mib)
    write(
        "start",
        "seconds until --help is printed, and from the command to the end of the first step",
        {
            "help_seconds": spread(helps),
            "first_step_seconds_with_the_corpus_to_prepare": firsts[0],
            "first_step_seconds_on_a_prepared_corpus": spread(firsts[1:]),
            "peak_mib_of_a_run": max(peaks),
        },
    )


if __name__ == "__main__":
    main()
