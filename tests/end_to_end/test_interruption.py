"""A run that is stopped, or killed, and resumed is the run that was never stopped, bit for bit."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from naepo import cli
from tests.end_to_end.conftest import write_diary

STEPS = 60
FLAGS = [
    "--steps", str(STEPS), "--save-every", "7", "--train.evaluate-every", "20",
    "--model.d-model", "16", "--model.n-layers", "1", "--model.n-heads", "2",
    "--model.n-kv-heads", "2", "--model.d-head", "8", "--model.d-ff", "32",
    "--model.context-length", "16", "--model.parts.dropout", "0.1", "--train.batch-size", "4",
    "--encoder", "characters", "--train.precision", "fp32",
]  # fmt: skip


def start(text: Path, folder: Path) -> subprocess.Popen:
    """Begin the run in a process of its own."""
    command = [sys.executable, "-m", "naepo", "train", str(text), "--out", str(folder), *FLAGS]
    return subprocess.Popen(
        command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE, text=True
    )


def wait_for_step(folder: Path, step: int, process: subprocess.Popen) -> None:
    """Wait until the log has a step, or the run is over."""
    log = folder / "metrics.jsonl"
    while process.poll() is None:
        if log.is_file() and f'"step": {step}' in log.read_text(encoding="utf-8"):
            return
        time.sleep(0.002)


def weights(folder: Path) -> bytes:
    return (folder / f"checkpoints/step-{STEPS:08}/model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    """The weights of the run that nobody stopped."""
    home = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
        assert cli.main(["train", str(write_diary(home)), "--out", str(home / "run"), *FLAGS]) == 0
    return weights(home / "run")


@pytest.mark.parametrize(
    ("number", "exit_code"),
    [pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow), (signal.SIGTERM, 143)],
)
def test_a_signal_saves_says_how_to_go_on_and_changes_nothing(
    naepo, text, tmp_path, whole, number, exit_code
):
    folder = tmp_path / "stopped"
    process = start(text, folder)
    wait_for_step(folder, 11, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == exit_code, err
    assert f"naepo resume {folder}" in err
    code, _, err = naepo("resume", folder)
    assert code == 0, err
    assert weights(folder) == whole


def kill_and_resume(naepo, text: Path, folder: Path, seed: int) -> bytes:
    """Kill the run at a moment drawn from the seed, resume it to its end, and give the weights."""
    draw = random.Random(seed)
    process = start(text, folder)
    wait_for_step(folder, draw.randrange(7, STEPS), process)
    time.sleep(draw.random() * 0.02)
    process.kill()
    process.communicate(timeout=60)
    code, _, err = naepo("resume", folder)
    finished = code == 2 and "the plan" in err
    assert code == 0 or finished, err
    return weights(folder)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_killed_run_goes_on_from_its_last_checkpoint_bit_for_bit(
    naepo, text, tmp_path, whole, seed
):
    assert kill_and_resume(naepo, text, tmp_path / "killed", seed) == whole


@pytest.mark.torture
def test_killed_at_forty_moments_it_is_always_the_same_run(naepo, text, tmp_path, whole):
    for seed in range(100, 140):
        assert kill_and_resume(naepo, text, tmp_path / f"killed-{seed}", seed) == whole, seed
