"""The same command, untouched, on Korean film reviews: bits per byte beside the floors.

The review column of the NSMC training file; the last 10 % of the characters are held out.

    python -m benchmarks.korean [--seeds 3] [--minutes 2.9]
"""

import argparse
import lzma
import tempfile
from pathlib import Path

from benchmarks.race import race
from benchmarks.record import data, spread, write


def main() -> None:
    """Run all seeds and write results/korean.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=2.9)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        table = Path(home) / "reviews.tsv"
        table.write_bytes(lzma.decompress(data("korean/nsmc-ratings_train.txt.xz").read_bytes()))
        column = ("--data.column", "document")
        runs = [
            race(table, data=column, seed=seed, minutes=asked.minutes)
            for seed in range(asked.seeds)
        ]
    write(
        "korean",
        f"held-out loss on NSMC reviews after {asked.minutes} minutes, default settings",
        {
            "bits_per_byte": spread([run["bits_per_byte"] for run in runs]),
            "nats_per_character": spread([run["nats_per_character"] for run in runs]),
            "floors": runs[0]["floors"],
            "runs": runs,
        },
    )


if __name__ == "__main__":
    main()
