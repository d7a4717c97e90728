"""Small runs through the command line itself."""

import shutil
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
    return write_diary(tmp_path)


def write_diary(folder: Path) -> Path:
    path = folder / "diary.txt"
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


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory) -> Path:
    """A home in which a small run on `diary.txt` has ended: what each test gets a copy of."""
    home = tmp_path_factory.mktemp("trained-once")
    write_diary(home)
    arguments = ["train", home / "diary.txt", "--steps", 12, "--out", home / "mine", *SMALL]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
        assert cli.main([str(argument) for argument in arguments]) == 0
    return home


@pytest.fixture
def trained(trained_once, tmp_path) -> Path:
    """The folder of a finished small run."""
    folder = tmp_path / "runs" / "mine"
    shutil.copytree(trained_once / "mine", folder)
    return folder
