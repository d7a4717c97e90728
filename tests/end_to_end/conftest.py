"""Small runs through the command line itself."""

from pathlib import Path

import pytest

from naepo import cli

SMALL = [
    "--model.d-model", "16", "--model.n-layers", "1", "--model.n-heads", "2",
    "--model.n-kv-heads", "2", "--model.d-head", "8", "--model.d-ff", "32",
    "--model.context-length", "16", "--train.batch-size", "4", "--encoder", "characters",
    "--train.precision", "fp32",
]  # fmt: skip
"""Flags of a model that trains in a moment."""


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A small text with Korean in it, as a file."""
    path = tmp_path / "diary.txt"
    path.write_text("나는 어제 학교에 갔다. I went to school.\n" * 60, encoding="utf-8")
    return path


@pytest.fixture
def naepo(capsys):
    """Run a verb; give its exit code, what it printed, and what it said on stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def trained(naepo, text, tmp_path) -> Path:
    """The folder of a finished small run."""
    folder = tmp_path / "runs" / "mine"
    code, _, err = naepo("train", text, "--steps", 12, "--out", folder, *SMALL)
    assert code == 0, err
    return folder
