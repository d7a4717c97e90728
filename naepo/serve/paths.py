"""Whether what was named on the command line can be a model, told before anything is loaded."""

from collections.abc import Sequence
from pathlib import Path

from naepo.config import UserError

SIGNS = ("checkpoints", "config.json", "naepo.toml")
"""One of these lies in every run, checkpoint and Hugging Face folder."""


def check_paths(paths: Sequence[Path]) -> None:
    """Raises: UserError when no path is named, or one is no folder or cannot hold a model."""
    if not paths:
        raise UserError("no model is named", hint="naepo look runs/mine; naepo train makes one")
    for path in paths:
        if not path.is_dir():
            raise UserError(
                f"no such folder: {path}", hint="naepo look runs/mine; naepo train makes one"
            )
        if not any((path / sign).exists() for sign in SIGNS):
            raise UserError(
                f"{path} is neither a run nor a checkpoint: it has no checkpoints/ and no "
                "config.json",
                hint="name the folder of a run, a checkpoint or a Hugging Face model",
            )
