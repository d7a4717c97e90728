"""`naepo resume`: finish a run that was cut short, or go on beyond its plan."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse, started


@dataclass(frozen=True, kw_only=True)
class Resume(Arguments):
    """Go on from the newest good checkpoint, bit for bit as if the run had never stopped."""

    run: Positional[Path]
    """The run's folder."""
    minutes: float | None = None
    """Train this much longer, whatever is left of the plan. Without it: finish the plan."""
    log: Literal["tensorboard"] | None = None
    """Also write the curves for this tool, under the run's folder."""
    device: str | None = None
    """cpu, cuda, mps. Default: the fastest there is."""


def main(arguments: list[str]) -> int:
    """Parse, then go on."""
    asked = parse(Resume, "resume", arguments)
    from naepo.cli.showing import closing, surroundings
    from naepo.train.session import resume

    with surroundings(asked.device, asked.log == "tensorboard", started()) as around:
        outcome = resume(asked.run, asked.minutes, around)
    return closing(asked.run, outcome)
