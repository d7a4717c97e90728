"""`naepo look` as a process: one line that says where, a clean end, and no way in from outside."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from naepo.config import UserError
from naepo.serve.run import listen

SECONDS = 90
"""Longest wait for anything: a busy machine loads torch for half a minute."""


@contextmanager
def look(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the server; give its process and the line it says."""
    process = subprocess.Popen(
        [sys.executable, "-m", "naepo", "look", str(folder), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "BROWSER": "false"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def ask(url: str, path: str, **headers: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    request = urllib.request.Request(f"http://{parts.netloc}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def token_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["token"][0]


def test_a_server_says_one_address_answers_its_holder_and_ends_by_ctrl_c(folders):
    with look(folders[0], "--no-browser") as (process, url):
        assert urlsplit(url).hostname == "127.0.0.1"
        status, body = ask(url, "/look/about", **{"X-Naepo-Token": token_of(url)})
        assert status == 200
        assert json.loads(body)["models"][0]["name"] == str(folders[0])
        assert ask(url, "/look/about")[0] == 401
        assert ask(url, "/look/about", Host="evil.example")[0] == 403
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    assert out == ""
    assert url in err and "Traceback" not in err and "Error" not in err
    assert process.returncode == 130


def test_two_starts_have_two_keys(folders):
    with (
        look(folders[0], "--no-browser") as (_, first),
        look(folders[0], "--no-browser") as (_, second),
    ):
        assert len(token_of(first)) >= 32
        assert token_of(first) != token_of(second)
        status, _ = ask(second, "/look/about", **{"X-Naepo-Token": token_of(first)})
        assert status == 401


def test_a_server_for_a_notebook_ends_with_whoever_holds_its_input(folders):
    with look(folders[0], "--notebook") as (process, url):
        assert ask(url, "/look/about", **{"X-Naepo-Token": token_of(url)})[0] == 200
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(SECONDS) == 0


def test_a_folder_without_a_model_is_told_in_words(tmp_path):
    with look(tmp_path) as (process, url):
        assert url == ""
        assert process.wait(SECONDS) == 2
        assert process.stderr is not None
        assert process.stderr.read().startswith("error: ")


def test_a_model_that_is_found_broken_ends_the_server_with_words(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with look(tmp_path, "--no-browser") as (process, _):
        assert process.wait(SECONDS) == 2
        assert process.stderr is not None
        said = process.stderr.read()
        assert "error: " in said and "Traceback" not in said


def test_a_port_that_is_taken_is_told_with_a_way_on():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(UserError, match="cannot listen on port") as told:
            listen(other.getsockname()[1])
    assert "--port" in (told.value.hint or "")


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_number_that_is_no_port_is_told(port):
    with pytest.raises(UserError, match="0 to 65535"):
        listen(port)


def test_it_listens_on_this_machine_alone():
    with listen(0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


def test_help_is_quick_and_loads_neither_torch_nor_a_web_framework():
    code = (
        "import sys; from naepo import cli\n"
        "try: cli.main(['look', '--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'fastapi', 'uvicorn', 'numpy'} & set(sys.modules)"
    )
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    assert time.perf_counter() - began < 5, "it takes 0.3 s on a machine that is not busy"
