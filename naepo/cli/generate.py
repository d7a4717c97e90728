"""`naepo generate`: let a model write, as it comes, to standard output."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse
from naepo.config import UserError
from naepo.train.readable import visible

if TYPE_CHECKING:
    from naepo.checkpoint import Checkpoint
    from naepo.generate import Sampling


FOR_TEXT, FOR_MUSIC = (0.8, None), (1.0, 0.95)
"""Temperature and top-p that suit them: cooler, music holds its notes too long (LOG.md)."""


@dataclass(frozen=True, kw_only=True)
class Music:
    """For models of music: what is given, and what is made of the piece."""

    continue_: Annotated[Path | None, tyro.conf.arg(name="continue")] = None
    """A file of music that the piece begins with."""
    soprano: Path | None = None
    """A melody to harmonise: the other three voices are written to it."""
    voice: Literal["S", "A", "T", "B"] = "S"
    """Which voice the melody of --soprano is, if it is another."""
    fill: Path | None = None
    """A file of music in which --bars 5-8 are written anew; for runs with the encoder grid or remi,
    which have words for bars."""
    bars: str | None = None
    """How many bars to write; with --fill which ones: 5-8. Default: as many as the model likes."""
    temperatures: tuple[str, ...] = ()
    """Temperatures of single voices, instead of --temperature: S=0.7 B=1."""
    avoid: tuple[Literal["parallels"], ...] = ()
    """parallels: no two of four voices go the same way in fifths, octaves or unisons, wherever
    another note may come. Only on demand: a report then tells of the rule, not of the model."""
    particles: int = 32
    """How many pieces grow side by side where what comes later counts."""
    midi: Path | None = None
    """Write the piece as a MIDI file."""
    wav: Path | None = None
    """Write it as sound, by --timbre or --soundfont."""
    score: Path | None = None
    """Write it as notes: .svg (engraved, one file a page) or .musicxml."""
    roll: Path | None = None
    """Write it as a piano roll: .svg or .png."""
    timbre: str = "organ"
    """How --wav sounds without a SoundFont: organ, piano, strings, ..., or by-program."""
    soundfont: Path | None = None
    """Play --wav by this SoundFont (.sf2, .sf3), through fluidsynth."""
    report: bool = False
    """Count parallels, held notes, dissonances, beside the same counts of the training pieces."""


@dataclass(frozen=True, kw_only=True)
class Generate(Arguments):
    """Let a model write on from a prompt; the same seed writes the same text, or piece."""

    run: Positional[Path]
    """A run's folder, one checkpoint, or a Hugging Face folder."""
    prompt: str = ""
    """What the text begins with; `-` reads it from standard input."""
    max_tokens: int = 256
    """The most tokens to write."""
    temperature: float | None = None
    """How bold: 0 always takes the likeliest token, 1 draws as the model learned. Default: 0.8 for
    text, 1 for music."""
    top_k: int | None = None
    """Draw only from this many likeliest tokens."""
    top_p: float | None = None
    """Draw only from the likeliest tokens that hold this share of the probability. Default: all of
    text, 0.95 of music."""
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
    music: Annotated[Music, tyro.conf.arg(name="")] = field(default_factory=Music)
    """For models of music."""


def main(arguments: list[str]) -> int:
    """Parse, load, write."""
    asked = parse(Generate, "generate", arguments)
    if asked.samples < 1:
        raise UserError(f"--samples must be at least 1, got {asked.samples}", hint="--samples 1")
    from naepo.cli.opening import open_model
    from naepo.train.machine import choose_device

    loaded = open_model(asked.run, asked.checkpoint)
    loaded.model.to(choose_device(asked.device))
    if loaded.encoder.unit == "event" or asked.music != Music():
        from naepo.cli.composing import compose

        return compose(asked, loaded)
    typed = sys.stdin.read() if asked.prompt == "-" else asked.prompt
    for number in range(asked.samples):
        sampling = sampling_of(asked, number)
        if asked.samples > 1:
            print(f"--- {number + 1} of {asked.samples}, seed {sampling.seed}", file=sys.stderr)
        _write_text(asked, loaded, typed, sampling)
    return 0


def sampling_of(asked: Generate, number: int, *, is_music: bool = False) -> "Sampling":
    """Give how the text or piece of this number is drawn."""
    from naepo.generate import Sampling

    temperature, top_p = FOR_MUSIC if is_music else FOR_TEXT
    return Sampling(
        temperature=temperature if asked.temperature is None else asked.temperature,
        top_k=asked.top_k,
        top_p=top_p if asked.top_p is None else asked.top_p,
        min_p=asked.min_p,
        repetition_penalty=asked.repetition_penalty or 1.0,
        seed=asked.seed + number,
    )


def _write_text(asked: Generate, loaded: "Checkpoint", typed: str, sampling: "Sampling") -> None:
    from naepo.cli.showing import beginning
    from naepo.encode.normal_form import normalized
    from naepo.generate import generate

    prompt = normalized(typed, loaded.settings.get("data", {}).get("normalize", "NFC"))
    pieces = generate(
        loaded.model,
        loaded.encoder,
        prompt or beginning(loaded.encoder),
        sampling=sampling,
        max_tokens=asked.max_tokens,
        stop=asked.stop,
        use_cache=asked.cache,
        on_note=lambda note: print(note, file=sys.stderr),
    )
    _write(prompt, pieces)


def _write(prompt: str, pieces: Iterator[str]) -> None:
    """Write prompt and text as they come; a terminal is shown signs for control characters."""
    encoding = sys.stdout.encoding or "utf-8"
    for piece in chain([prompt], pieces):
        shown = visible(piece) if sys.stdout.isatty() else piece
        print(shown.encode(encoding, "replace").decode(encoding), end="", flush=True)
    print()
