"""Reading a verb's arguments into a frozen dataclass, with the field docstrings as help."""

import math
import time
from typing import TypeVar

import tyro

from naepo.config import UserError, check_seed

_LOADED = time.perf_counter()

TIMES = ("minutes", "tune")
"""Options that are so many minutes, whatever the verb."""

Parsed = TypeVar("Parsed", bound="Arguments")


class Arguments:
    """The arguments of one verb: a frozen, keyword-only dataclass."""


def parse(cls: type[Parsed], verb: str, arguments: list[str]) -> Parsed:
    """Read a verb's arguments; a mistake prints the nearest option and leaves with code 2.

    Raises: UserError for a seed that is none, or a time that is not above 0.
    """
    asked = tyro.cli(cls, prog=f"naepo {verb}", args=arguments, use_underscores=False)
    seed = getattr(asked, "seed", None)
    if seed is not None:
        check_seed(seed, "--seed")
    for name in TIMES:
        minutes = getattr(asked, name, None)
        if minutes is not None and not 0 < minutes < math.inf:
            raise UserError(f"--{name} must be above 0, got {minutes:g}", hint=f"--{name} 2")
    return asked


def started() -> float:
    """When the process began, on `time.perf_counter`'s clock, near enough."""
    try:
        return time.perf_counter() - _age_seconds()
    except (OSError, ValueError, IndexError):
        return _LOADED


def _age_seconds() -> float:
    """How old this process is, from /proc (Linux)."""
    import os
    from pathlib import Path

    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    ticks_at_start = int(fields[19])
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return max(0.0, uptime - ticks_at_start / os.sysconf("SC_CLK_TCK"))
