"""`naepo generate`: let a model write, as it comes, to standard output."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse
from naepo.train.readable import visible


@dataclass(frozen=True, kw_only=True)
class Generate(Arguments):
    """Let a model write on from a prompt; the same seed writes the same text."""

    run: Positional[Path]
    """A run's folder, one checkpoint, or a Hugging Face folder."""
    prompt: str = ""
    """What the text begins with; `-` reads it from standard input."""
    max_tokens: int = 256
    """The most tokens to write."""
    temperature: float = 0.8
    """How bold: 0 always takes the likeliest token, 1 draws as the model learned."""
    top_k: int | None = None
    """Draw only from this many likeliest tokens."""
    top_p: float | None = None
    """Draw only from the likeliest tokens that hold this share of the probability."""
    min_p: float | None = None
    """Leave out tokens less likely than this share of the likeliest one."""
    repetition_penalty: float | None = None
    """Above 1, tokens already there become less likely."""
    seed: int = 0
    """Decides every draw."""
    stop: tuple[str, ...] = ()
    """Texts that end the writing; they are not printed."""
    samples: int = 1
    """How many texts to write; text number i is drawn with seed + i."""
    cache: bool = True
    """Keep keys and values of what was read. The text is the same without, later."""
    checkpoint: str = "best"
    """best, last, or a step."""
    device: str | None = None
    """cpu, cuda, mps. Default: the fastest there is."""


def main(arguments: list[str]) -> int:
    """Parse, load, write."""
    asked = parse(Generate, "generate", arguments)
    from naepo.cli.opening import open_model
    from naepo.cli.showing import beginning
    from naepo.encode.normal_form import normalized
    from naepo.generate import Sampling, generate
    from naepo.train.machine import choose_device

    loaded = open_model(asked.run, asked.checkpoint)
    model = loaded.model.to(choose_device(asked.device))
    typed = sys.stdin.read() if asked.prompt == "-" else asked.prompt
    prompt = normalized(typed, loaded.settings.get("data", {}).get("normalize", "NFC"))
    begin = prompt or beginning(loaded.encoder)
    for number in range(asked.samples):
        sampling = Sampling(
            temperature=asked.temperature,
            top_k=asked.top_k,
            top_p=asked.top_p,
            min_p=asked.min_p,
            repetition_penalty=asked.repetition_penalty or 1.0,
            seed=asked.seed + number,
        )
        if asked.samples > 1:
            print(f"--- {number + 1} of {asked.samples}, seed {sampling.seed}", file=sys.stderr)
        pieces = generate(
            model,
            loaded.encoder,
            begin,
            sampling=sampling,
            max_tokens=asked.max_tokens,
            stop=asked.stop,
            use_cache=asked.cache,
            on_note=lambda note: print(note, file=sys.stderr),
        )
        _write(prompt, pieces)
    return 0


def _write(prompt: str, pieces: Iterator[str]) -> None:
    """Write prompt and text as they come; a terminal is shown signs for control characters."""
    encoding = sys.stdout.encoding or "utf-8"
    for piece in chain([prompt], pieces):
        shown = visible(piece) if sys.stdout.isatty() else piece
        print(shown.encode(encoding, "replace").decode(encoding), end="", flush=True)
    print()
