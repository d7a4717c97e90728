"""`naepo describe`: a model as a tree of its linear maps, with shapes, parameters and costs."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse


@dataclass(frozen=True, kw_only=True)
class Describe(Arguments):
    """Print the modules, shapes, parameters, FLOPs a token and memory of a model, as a tree."""

    run: Positional[Path]
    """A run's folder, one checkpoint, or a Hugging Face folder."""
    checkpoint: str = "best"
    """best, last, or a step."""


def main(arguments: list[str]) -> int:
    """Parse, load, print."""
    asked = parse(Describe, "describe", arguments)
    from naepo.cli.opening import open_model
    from naepo.model import describe
    from naepo.model.describe import render

    loaded = open_model(asked.run, asked.checkpoint)
    encoder = loaded.encoder
    print(f"{loaded.folder} (step {loaded.step:,})")
    print(f"encoder: {encoder.kind}, {encoder.vocab_size:,} ids")
    print(render(describe(loaded.model)))
    return 0
