"""Opening a model for a verb: what was found broken or unverified is said on standard error."""

import sys
from pathlib import Path

from naepo import checkpoint


def open_model(path: Path, which: str) -> checkpoint.Checkpoint:
    """Open a run's folder, one checkpoint, or a Hugging Face folder.

    which: best, last, or a step.
    """
    loaded = checkpoint.load(path, which=which, on_broken=_say)
    for note in loaded.notes:
        _say(note)
    return loaded


def _say(line: str) -> None:
    print(line, file=sys.stderr)
