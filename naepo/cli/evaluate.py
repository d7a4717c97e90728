"""`naepo evaluate`: the loss of a model over a whole text, beside its floors."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse


@dataclass(frozen=True, kw_only=True)
class Evaluate(Arguments):
    """Score every token of a text once; without a text, the run's own held-out part."""

    run: Positional[Path]
    """A run's folder, or one checkpoint."""
    sources: Positional[tuple[str, ...]] = ()
    """Files, folders or globs to score."""
    json: bool = False
    """Print one JSON object."""
    checkpoint: str = "best"
    """best, last, or a step."""
    encoding: str | None = None
    """How the files are encoded. Default: as the run's own."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """fp32 or bf16 matrix products."""
    device: str | None = None
    """cpu, cuda, mps. Default: the fastest there is."""


def main(arguments: list[str]) -> int:
    """Parse, score, print."""
    asked = parse(Evaluate, "evaluate", arguments)
    from naepo.cli.opening import open_model
    from naepo.train.evaluation import evaluate
    from naepo.train.machine import choose_device
    from naepo.train.session import held_out

    loaded = open_model(asked.run, asked.checkpoint)
    split, floors = held_out(loaded, asked.sources, encoding=asked.encoding)
    model = loaded.model.to(choose_device(asked.device))
    found = asdict(evaluate(model, split, precision=asked.precision))
    result: dict[str, Any] = {
        "checkpoint": str(loaded.folder),
        "step": loaded.step,
        **found,
        "floors": floors.to_table() if floors else None,
        "beats_counting": (
            found["nats_per_character"] < floors.counting.nats_per_character if floors else None
        ),
    }
    print(
        json.dumps(result, ensure_ascii=False)
        if asked.json
        else _say(result, floors, loaded.encoder.unit)
    )
    return 0


def _say(result: dict[str, Any], floors: Any, unit: str) -> str:
    from naepo.train.floors import bits_per_unit, per_unit

    lines = [
        f"{result['checkpoint']} (step {result['step']:,})",
        f"  {per_unit(unit):<18}  {result['nats_per_character']:.4f}",
        f"  nats per token      {result['nats_per_token']:.4f}",
        f"  {bits_per_unit(unit):<18}  {result['bits_per_byte']:.4f}",
        f"  perplexity          {result['perplexity']:.2f} per token",
        f"  over {result['n_characters']:,} {unit}s, {result['n_tokens']:,} tokens"
        + (f", {result['n_bytes']:,} bytes" if unit == "character" else "")
        + "; each token scored once",
    ]
    if floors:
        lines.append(f"  floors, in {per_unit(unit)} (counted on the same training text):")
        lines += [f"    {floor.name:<16}  {floor.nats_per_character:.4f}" for floor in floors.all]
        lines.append(
            "  it " + ("beats" if result["beats_counting"] else "does NOT beat") + " counting"
        )
    return "\n".join(lines)
