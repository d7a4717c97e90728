"""The transformer beside its siblings on tiny-shakespeare: at equal time, and at equal parameters.

The first 90 % of the characters train, the last 10 % are scored: naepo's own default split.

    time         what `--model KIND --minutes 2.9` reaches, from process start, sizes as planned
    parameters   about a million weights and 2 million tokens for each, byte pairs alike

Every run is kept in results/siblings.json as soon as it is there, and one that is there is not run
again, so that the figure can be made in pieces. Kinds take turns within a seed.

    python -m benchmarks.siblings [--seeds 3] [--only rnn] [--question time] [--again]
"""

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.race import race
from benchmarks.record import RESULTS, data, spread, write
from naepo import checkpoint
from naepo.encode import DataSettings, prepare
from naepo.generate.decode import Decoding
from naepo.generate.sampling import Sampling, new_generator
from naepo.model import Network
from naepo.train.loss import next_token_loss

NAME = "siblings"
ANSWERS = (
    "the transformer and its siblings on tiny-shakespeare, at equal time and at equal parameters"
)
MINUTES = 2.9
TOKENS = 2_000_000
WRITTEN = 300
"""Ids written to time generation."""
READ_AT_ONCE = 1_024
KINDS = ("transformer", "rnn", "mingru", "cnn")
SIZES = {
    "transformer": {"d-model": 128, "n-layers": 4, "n-heads": 2, "n-kv-heads": 2, "d-head": 64},
    "rnn": {"d-model": 128, "n-layers": 3, "d-hidden": 128},
    "mingru": {"d-model": 128, "n-layers": 3, "d-hidden": 192},
    "cnn": {"d-model": 128, "n-layers": 4, "d-hidden": 128},
}
"""About a million weights each, with 768 ids and a feed-forward of 352."""
ALIKE = (
    *("--model.d-ff", 352, "--model.context-length", 128, "--train.batch-size", 16),
    *("--data.encoder", "bpe", "--data.vocab-size", 768, "--train.merge-dropout", 0.1),
    *("--train.optimizer.weight-decay", 0.1, "--tokens", TOKENS),
)


def main() -> None:
    """Run what is missing, and write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", choices=KINDS, action="append")
    parser.add_argument("--question", choices=("time", "parameters"), action="append")
    parser.add_argument("--again", action="store_true")
    asked = parser.parse_args()
    runs = {} if asked.again else kept()
    for seed in range(asked.seeds):
        for question in asked.question or ("time", "parameters"):
            for kind in asked.only or KINDS:
                found = runs.setdefault(question, {}).setdefault(kind, {})
                if str(seed) not in found:
                    found[str(seed)] = trained(question, kind, seed)
                    keep(runs)
    keep(runs)
    print(table(runs))


def kept() -> dict[str, Any]:
    """Give the runs that are there already."""
    path = RESULTS / f"{NAME}.json"
    return json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else {}


def keep(runs: dict[str, Any]) -> None:
    """Write all runs, and what they come to."""
    summary = {
        question: {kind: summed(list(found.values())) for kind, found in kinds.items() if found}
        for question, kinds in runs.items()
    }
    write(NAME, ANSWERS, {"summary": summary, "runs": runs})


def trained(question: str, kind: str, seed: int) -> dict[str, Any]:
    """Train one model and measure it."""
    sizes = [word for name, n in SIZES[kind].items() for word in (f"--model.{name}", n)]
    more = (*sizes, *ALIKE) if question == "parameters" else ()
    minutes = MINUTES if question == "time" else None
    source = data("text/tiny-shakespeare.txt")
    return race(source, "--model", kind, *more, seed=seed, minutes=minutes, after=measured)


def measured(folder: Path) -> dict[str, Any]:
    """Measure the last checkpoint of a run: its size, its writing, and its reading on and on."""
    loaded = checkpoint.load(folder, which="last")
    model = loaded.model
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    paces = sorted(row["tokens_per_second"] for row in rows if row["kind"] == "step")
    found = {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "tokens": max(row["tokens"] for row in rows if row["kind"] == "step"),
        "tokens_per_second": paces[len(paces) // 2],
        **written(model, loaded.encoder.vocab_size),
    }
    if model.settings.longest is None:
        corpus = prepare(DataSettings(sources=(str(data("text/tiny-shakespeare.txt")),)))
        own = loaded.encoder.encode(corpus.validation.text_file.read_text(encoding="utf-8"))
        nats = read_on(model, torch.from_numpy(own.astype("int64")))
        found["nats_per_character_read_on"] = nats / corpus.validation.n_characters
    return found


@torch.inference_mode()
def written(model: Network, n_ids: int) -> dict[str, float]:
    """Time the writing of one text, one id after another, on one core."""
    torch.set_num_threads(1)
    sampling = Sampling(seed=0)
    decoding = Decoding(
        model, torch.tensor([[0]]), sampling=sampling, generators=[new_generator(sampling)],
        n_ids=n_ids,
    )  # fmt: skip
    decoding.next_ids()
    began = time.perf_counter()
    for _ in range(WRITTEN):
        decoding.next_ids()
    seconds = time.perf_counter() - began
    assert decoding.state is not None
    return {"written_per_second": WRITTEN / seconds, "state_bytes": decoding.state.n_bytes()}


@torch.inference_mode()
def read_on(model: Network, ids: torch.Tensor) -> float:
    """Score a whole text in one go, the state carried from its first id to its last, in nats."""
    state, total = model.start(), math.log(model.settings.vocab_size)
    for piece in range(0, len(ids) - 1, READ_AT_ONCE):
        targets = ids[piece + 1 : piece + READ_AT_ONCE + 1]
        logits, state = model.step(ids[piece : piece + len(targets)][None], state)
        total += float(next_token_loss(logits, targets[None])) * len(targets)
    return total


def summed(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Give what a kind comes to over its seeds."""
    names = ("nats_per_character", "bits_per_byte", "seconds", "tokens_per_second",
             "written_per_second", "nats_per_character_read_on")  # fmt: skip
    spreads = {n: spread([r[n] for r in results]) for n in names if n in results[0]}
    first = results[0]
    facts = {name: first[name] for name in ("parameters", "tokens", "state_bytes", "floors")}
    return {**spreads, **facts}


def table(runs: dict[str, Any]) -> str:
    """Give the figures as a Markdown table a question."""
    head = (
        "| model | parameters | tokens | nats a character | read on | training, tokens/s | "
        "writing, tokens/s | state, bytes |\n|---|---|---|---|---|---|---|---|"
    )
    parts = []
    for question, kinds in runs.items():
        rows = [_row(kind, summed(list(found.values()))) for kind, found in kinds.items() if found]
        parts.append("\n".join([f"### {question}", head, *rows]))
    return "\n\n".join(parts)


def _row(kind: str, found: dict[str, Any]) -> str:
    nats = ", ".join(f"{each:.3f}" for each in found["nats_per_character"]["each"])
    read_on = found.get("nats_per_character_read_on")
    cells = (
        kind,
        f"{found['parameters']:,}",
        f"{found['tokens']:,}",
        nats,
        f"{read_on['mean']:.3f}" if read_on else "–",
        f"{found['tokens_per_second']['mean']:,.0f}",
        f"{found['written_per_second']['mean']:,.0f}",
        f"{found['state_bytes']:,}",
    )
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
