"""Processes that read files of music for another one, each file with a limit of time and memory.

A parser is native code that meets the bytes of strangers. What hangs is killed, what crashes takes
only its own process with it, and the next file gets a new one.

Each process is a program of its own (`reader_process.py`), and no fork, so that a caller with
threads (torch has them) is safe, and a script needs no `if __name__ == "__main__"`.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path

from naepo.encode.music.kept_scores import Failure, from_bytes

SECONDS = 30.0
"""How long one file may take. The longest of 408 chorales takes a tenth of a second."""
TUNE_SECONDS = 0.5
"""What each further tune of a book may add to that."""
MEBIBYTES = 2048
"""How much memory one file may take, where the system can limit it."""
START_SECONDS = 120.0
PROGRAM = "naepo.encode.music.reader_process"
ROOT = Path(__file__).parents[3]


@dataclass
class Ticket:
    """A file that was handed in; `answer` comes later.

    seconds: how long reading it may take.  is_certain: the answer would be the same again.
    """

    answer: list | None = None
    seconds: float = SECONDS
    raw: bytes = b""
    is_certain: bool = False

    def fail(self, reason: str) -> None:
        """Answer that the file could not be read."""
        self.answer = [Failure(reason)]


class Readers:
    """Up to `n` reading processes, started as they are needed; a context, which ends them all."""

    def __init__(self, n: int, *, seconds: float = SECONDS, mebibytes: int = MEBIBYTES) -> None:
        self._n = n
        self._seconds = seconds
        self._mebibytes = mebibytes
        self._readers: list[_Reader] = []

    def __enter__(self) -> "Readers":
        return self

    def __exit__(self, *error: object) -> None:
        for reader in self._readers:
            reader.end()
        self._readers.clear()

    def hand_in(self, format: str, content: bytes) -> Ticket:
        """Give a file to a process that is free; wait until there is one."""
        n_tunes = content.count(b"\nX:") if format == "abc" else 0
        ticket = Ticket(seconds=self._seconds + TUNE_SECONDS * n_tunes)
        self._free().take(ticket, format, content)
        return ticket

    def wait_for(self, ticket: Ticket) -> None:
        """Wait until a file has its answer."""
        while ticket.answer is None:
            self._collect()

    def _free(self) -> "_Reader":
        while True:
            for reader in self._readers:
                if reader.ticket is None:
                    return reader
            if len(self._readers) < self._n:
                self._readers.append(_Reader(self._mebibytes))
                return self._readers[-1]
            self._collect()

    def _collect(self) -> None:
        """Wait until any process answers, dies, or has had its time."""
        busy = {reader.pipe: reader for reader in self._readers if reader.ticket is not None}
        until = min(reader.deadline for reader in busy.values())
        ready = wait(list(busy), timeout=max(0.0, until - time.monotonic()))
        for pipe in ready:
            busy[pipe].receive()  # pyright: ignore[reportArgumentType]
        for reader in busy.values():
            if reader.ticket is not None and time.monotonic() > reader.deadline:
                reader.give_up()
        self._readers = [reader for reader in self._readers if reader.is_alive]


class _Reader:
    """One process, and the file that it is at."""

    def __init__(self, mebibytes: int) -> None:
        self.pipe, theirs = Pipe()
        self.ticket: Ticket | None = None
        self.deadline = time.monotonic() + START_SECONDS
        self.is_alive = True
        self._is_ready = False
        search = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        number = theirs.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-m", PROGRAM, str(number), str(mebibytes)],
            pass_fds=[number], stdin=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "PYTHONPATH": search, "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        theirs.close()

    def take(self, ticket: Ticket, format: str, content: bytes) -> None:
        self.ticket = ticket
        if self._is_ready:
            self.deadline = time.monotonic() + ticket.seconds
        with suppress(OSError):  # it is dead: `receive` finds that out
            self.pipe.send_bytes(format.encode())
            self.pipe.send_bytes(content)

    def receive(self) -> None:
        """Take an answer from the pipe, or the news that the process has died."""
        try:
            raw = self.pipe.recv_bytes()
        except (EOFError, OSError):
            self._died()
            return
        assert self.ticket is not None
        if not self._is_ready:
            self._is_ready, self.deadline = True, time.monotonic() + self.ticket.seconds
            return
        self.ticket.raw, self.ticket.is_certain = raw[1:], raw[:1] == b"+"
        self.ticket.answer = from_bytes(raw[1:])
        self.ticket = None

    def give_up(self) -> None:
        """End a process that is over its time."""
        ticket, self.ticket = self.ticket, None
        self.end()
        if not self._is_ready:
            raise RuntimeError(f"a process that reads music did not start in {START_SECONDS:g} s")
        assert ticket is not None
        ticket.fail(f"reading it was given up after {ticket.seconds:g} s")

    def end(self) -> None:
        """End the process, and what it has started, at once."""
        self.is_alive = False
        self.pipe.close()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _died(self) -> None:
        code = self._process.wait()
        self.end()
        if not self._is_ready:
            raise RuntimeError(f"a process that reads music ended with {code} before it began")
        assert self.ticket is not None
        self.ticket.fail(f"its reader crashed ({_cause(code)})")
        self.ticket = None


def _cause(code: int) -> str:
    with suppress(ValueError):
        return signal.Signals(-code).name if code < 0 else f"exit {code}"
    return f"exit {code}"
