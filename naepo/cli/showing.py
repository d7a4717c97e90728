"""What a person sees of a run: the live progress, samples, and what to type next."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from naepo.config import UserError
from naepo.encode import Encoder
from naepo.generate import Sampling, generate
from naepo.model import Network
from naepo.train.floors import bits_per_unit, per_unit
from naepo.train.progress import Progress
from naepo.train.run import Outcome
from naepo.train.session import Surroundings

SAMPLE_TOKENS = 120


@contextmanager
def surroundings(device: str | None, tensorboard: bool, began: float) -> Iterator[Surroundings]:
    """Give a run its progress bar and a way to write samples."""
    with Progress() as progress:
        yield Surroundings(
            progress=progress,
            sample=write_sample,
            device=device,
            tensorboard=tensorboard,
            started=began,
        )


def write_sample(model: Network, encoder: Encoder) -> str:
    """Let a model write a little from nothing, the same draw each time so that progress shows."""
    sampling = Sampling(temperature=0.8, seed=0)
    pieces = generate(
        model, encoder, beginning(encoder), sampling=sampling, max_tokens=SAMPLE_TOKENS
    )
    return "".join(pieces).strip("\n")


def beginning(encoder: Encoder) -> str:
    """Give what a text begins with when nobody said: a new line, if the encoder has one.

    A model of one long text has never seen what stands before a document. Music begins at once.
    """
    if encoder.unit == "event":
        return ""
    try:
        encoder.encode("\n")
    except UserError:
        return ""
    return "\n"


def closing(folder: Path, outcome: Outcome) -> int:
    """Say how a run ended and what to type next; give the exit code."""

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    if outcome.why == "stopped":
        say(f"stopped and saved at step {outcome.step:,}; go on with: naepo resume {folder}")
        return outcome.exit_code
    if outcome.evaluation is not None:
        found = outcome.evaluation
        say(
            f"held-out text: {found.nats_per_character:.4f} {per_unit(outcome.unit)}, "
            f"{found.bits_per_byte:.4f} {bits_per_unit(outcome.unit)} ({outcome.verdict})"
        )
    say(f"report:  {folder / 'report.html'}")
    say(f"write:   naepo generate {folder} --prompt ...")
    say(f"go on:   naepo resume {folder} --minutes 10")
    say(f"inside:  naepo look {folder}")
    return 0
