"""One run, one process."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from naepo.checkpoint.lock import RunLock
from naepo.config import UserError

HOLD = """
import fcntl, os, sys, time
held = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(held, fcntl.LOCK_EX)
os.write(held, b'{"pid": 1, "host": "elsewhere", "since": "yesterday"}')
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path):
    with RunLock(tmp_path), pytest.raises(UserError) as caught, RunLock(tmp_path):
        pass
    message = str(caught.value)
    assert f"process {os.getpid()} on {socket.gethostname()} holds it since 20" in message
    assert "--out" in message


@pytest.mark.parametrize("is_begun", [False, True])
def test_an_error_takes_the_new_folders_away_unless_something_was_written(tmp_path, is_begun):
    run = tmp_path / "runs" / "mine"
    with pytest.raises(UserError, match="no such file"), RunLock(run):
        if is_begun:
            (run / "naepo.toml").touch()
        raise UserError("no such file")
    assert (tmp_path / "runs").exists() == is_begun
    assert (run / "naepo.toml").exists() == is_begun


def test_an_error_leaves_a_folder_that_was_there(tmp_path: Path):
    with pytest.raises(UserError), RunLock(tmp_path):
        raise UserError("no such file")
    assert tmp_path.is_dir()


def test_after_the_with_the_run_is_free(tmp_path: Path):
    with RunLock(tmp_path):
        assert json.loads((tmp_path / "lock").read_text())["pid"] == os.getpid()
    with RunLock(tmp_path):
        pass
    assert (tmp_path / "lock").read_text() == ""


def test_a_holder_killed_without_warning_holds_no_more(tmp_path: Path):
    held_by = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE
    )
    with held_by:
        assert held_by.stdout is not None
        held_by.stdout.readline()
        with pytest.raises(UserError, match=r"process 1 on elsewhere holds it since yesterday"):
            RunLock(tmp_path).__enter__()
        held_by.kill()
    assert "elsewhere" in (tmp_path / "lock").read_text()
    with RunLock(tmp_path):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', "\xff"])
def test_a_lock_file_that_says_nothing_does_no_harm(tmp_path: Path, content: str):
    (tmp_path / "lock").write_text(content, encoding="latin-1")
    with RunLock(tmp_path):
        (tmp_path / "lock").write_text(content, encoding="latin-1")
        with pytest.raises(UserError, match=r"another process holds it"):
            RunLock(tmp_path).__enter__()


def test_a_full_disk_does_not_keep_a_lock_from_holding(tmp_path: Path, monkeypatch):
    def fail(*anything):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "pwrite", fail)
    with RunLock(tmp_path), pytest.raises(UserError, match=r"another process holds it"):
        RunLock(tmp_path).__enter__()


def test_the_run_folder_is_made(tmp_path: Path):
    with RunLock(tmp_path / "runs" / "mine"):
        assert (tmp_path / "runs" / "mine" / "lock").is_file()


def test_a_file_in_the_place_of_the_run_is_an_error_a_person_can_read(tmp_path: Path):
    (tmp_path / "mine").write_text("")
    with pytest.raises(UserError, match=r"cannot write into .*mine"):
        RunLock(tmp_path / "mine").__enter__()
