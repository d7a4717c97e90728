"""How a store calls what it holds: by the whole path of its file, links followed.

So a file is one from wherever it is named. A person is shown it from where they are.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from naepo.encode.files import shown


def name_of(path: Path, number: int | None = None) -> str:
    """Give the name of a file, or of one of the tunes in it. number: which one, from 1."""
    name = str(path.resolve())
    return name if number is None else f"{name} #{number}"


def below_here(name: str) -> str:
    """Give a name from the working folder, where it lies below it."""
    path, here = Path(name), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else name


def from_here(name: str) -> str:
    """Give a name from the working folder as a terminal can print it, whatever is in it."""
    return shown(below_here(name))


def by_older_names(names: Iterable[str]) -> dict[str, str]:
    """Give each name by the one that an older naepo gave, which was as it had been typed.

    From which folder it was typed, nothing tells: it is taken for the one that one is in.
    """
    return {os.path.relpath(name): name for name in names}
