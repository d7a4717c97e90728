"""A disk that refuses: plain words, older checkpoints untouched, nothing half-written left."""

import errno
import os
import resource
import shutil
import subprocess
from collections import namedtuple
from pathlib import Path

import pytest
import torch

from naepo.checkpoint import load, mark_best, newest, prune
from naepo.checkpoint.faults import NthHit, os_error, planted
from naepo.checkpoint.run import home_of
from naepo.config import UserError

Usage = namedtuple("Usage", "total used free")


def names_in(run: Path) -> list[str]:
    return sorted(path.name for path in home_of(run).iterdir())


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def small_disk(tmp_path: Path):
    """Give a real file system of 1 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    mount = shutil.which("mount")
    if os.geteuid() != 0 or not mount or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def without_the_check(monkeypatch) -> None:
    """Let the disk itself be the one that says no."""
    monkeypatch.setattr("naepo.checkpoint.contents.refuse_if_too_full", lambda run, n: None)


def test_too_little_room_is_noticed_before_a_byte_is_written(save_step, run: Path, monkeypatch):
    kept = save_step(1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9, 100_000))
    touched: list[str] = []
    with planted(lambda point, path: touched.append(point)), pytest.raises(UserError) as caught:
        save_step(2)
    assert touched == []
    assert "disk full: 1.1 MB needed, 0.1 MB free at" in caught.value.message
    assert caught.value.message.endswith(f"the last good checkpoint is {kept}")
    assert caught.value.hint == f"free some space, then: naepo resume {run}"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk full"),
        (errno.EDQUOT, "disk quota used up"),
        (errno.EIO, "the disk reports a read or write error"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "no permission to write"),
        (errno.EFBIG, "file size limit reached"),
        (errno.ENOTCONN, os.strerror(errno.ENOTCONN)),
    ],
)
def test_an_error_of_the_system_is_told_in_plain_words(save_step, run: Path, number, words):
    kept = save_step(1)
    with planted(NthHit(9, os_error(number))), pytest.raises(UserError) as caught:
        save_step(2)
    assert caught.value.message.startswith(words)
    assert str(kept) in caught.value.message
    assert str(home_of(run)) in caught.value.message
    assert names_in(run) == [kept.name]


def test_a_first_save_that_fails_says_that_there_is_none_before(save_step, run: Path):
    with planted(NthHit(1, os_error(errno.EACCES))), pytest.raises(UserError) as caught:
        save_step(1)
    assert "there is no earlier checkpoint" in caught.value.message
    assert not run.exists()


def test_the_last_good_one_is_named_and_not_a_broken_one(save_step):
    kept, broken = save_step(1), save_step(2)
    (broken / "model.safetensors").write_bytes(b"")
    with planted(NthHit(3, os_error(errno.EIO))), pytest.raises(UserError, match=kept.name):
        save_step(3)
    assert broken.is_dir()


def test_a_disk_that_fills_up_keeps_the_last_checkpoint(save_step, small_disk, monkeypatch):
    without_the_check(monkeypatch)
    step = 0
    with pytest.raises(UserError, match=r"^disk full: .* free at .*disk"):
        for step in range(1, 200):
            save_step(step, run=small_disk)
    assert len(names_in(small_disk)) == step - 1 > 1
    assert newest(small_disk) == home_of(small_disk) / f"step-{step - 1:08d}"
    load(small_disk)


def test_a_disk_too_small_from_the_start_is_refused_at_once(save_step, small_disk):
    with pytest.raises(UserError, match=r"^disk full: 1.1 MB needed, 1.0 MB free at"):
        save_step(1, run=small_disk)
    assert names_in(small_disk) == []


def test_a_disk_that_turns_read_only_keeps_the_last_checkpoint(save_step, small_disk, monkeypatch):
    without_the_check(monkeypatch)
    kept = save_step(1, run=small_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(UserError, match=rf"^the disk is read-only: .*{kept.name}"):
        save_step(2, run=small_disk)
    with pytest.raises(UserError, match=r"^cannot mark the best checkpoint: Read-only"):
        mark_best(small_disk, kept)
    (told := []).clear()
    assert newest(small_disk, told.append) == kept
    assert told == []


def test_a_file_size_limit_keeps_the_last_checkpoint(save_step, run: Path, make_model, encoder):
    kept = save_step(1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        with pytest.raises(UserError, match=r"^file size limit reached"):
            save_step(2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names_in(run) == [kept.name]
    assert newest(run) == kept


def test_a_deletion_that_fails_is_told_and_loses_nothing(save_step, run: Path):
    for step in (1, 2, 3):
        save_step(step)
    with planted(NthHit(1, os_error(errno.EIO))), pytest.raises(UserError) as caught:
        prune(run)
    assert caught.value.message.startswith("cannot delete old checkpoints: Input/output error")
    assert len(names_in(run)) == 3


def test_a_broken_checkpoint_on_a_read_only_disk_stays_where_it_is(save_step, run, monkeypatch):
    kept, broken = save_step(1), save_step(2)
    (broken / "naepo.toml").write_text("")
    monkeypatch.setattr("naepo.checkpoint.run.set_aside", os_error_on_call(errno.EROFS))
    told: list[str] = []
    assert newest(run, told.append) == kept
    assert "left where it is: Read-only file system" in told[0]
    assert broken.is_dir()


def os_error_on_call(number: int):
    def fail(folder: Path) -> Path:
        raise OSError(number, os.strerror(number), str(folder))

    return fail


def test_weights_in_memory_are_not_harmed_by_a_save_that_failed(save_step, model):
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    with planted(NthHit(5, os_error(errno.EIO))), pytest.raises(UserError):
        save_step(1)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
