"""Processes that read files of music for another one, each file with a limit of time and memory.

A parser is native code that meets the bytes of strangers. What hangs is killed, what crashes takes
only its own process with it, and the next file gets a new one.

`python -m naepo.encode.music.readers FD` is such a process: bytes in, bytes out, through one pipe.
It is a program of its own, and no fork, so that a caller with threads (torch has them) is safe, and
a script needs no `if __name__ == "__main__"`.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path

from naepo.config import UserError
from naepo.encode.music import abc, reading
from naepo.encode.music.kept_scores import Failure, from_bytes, to_bytes

SECONDS = 30.0
"""How long one file may take. The longest of 408 chorales takes a tenth of a second."""
MEBIBYTES = 2048
"""How much memory one file may take, where the system can limit it."""
START_SECONDS = 120.0
READY = b"ready"
ROOT = Path(__file__).parents[3]


@dataclass
class Ticket:
    """A file that was handed in; `answer` comes later. is_certain: it would be the same again."""

    answer: list | None = None
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
        ticket = Ticket()
        self._free().take(ticket, format, content, self._seconds)
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
            busy[pipe].receive(self._seconds)  # pyright: ignore[reportArgumentType]
        for reader in busy.values():
            if reader.ticket is not None and time.monotonic() > reader.deadline:
                reader.give_up(self._seconds)
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
            [sys.executable, "-m", __name__, str(number), str(mebibytes)],
            pass_fds=[number], stdin=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "PYTHONPATH": search, "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        theirs.close()

    def take(self, ticket: Ticket, format: str, content: bytes, seconds: float) -> None:
        self.ticket = ticket
        if self._is_ready:
            self.deadline = time.monotonic() + seconds
        with suppress(OSError):  # it is dead: `receive` finds that out
            self.pipe.send_bytes(format.encode())
            self.pipe.send_bytes(content)

    def receive(self, seconds: float) -> None:
        """Take an answer from the pipe, or the news that the process has died."""
        try:
            raw = self.pipe.recv_bytes()
        except (EOFError, OSError):
            self._died()
            return
        if not self._is_ready:
            self._is_ready, self.deadline = True, time.monotonic() + seconds
            return
        assert self.ticket is not None
        self.ticket.raw, self.ticket.is_certain = raw[1:], raw[:1] == b"+"
        self.ticket.answer = from_bytes(raw[1:])
        self.ticket = None

    def give_up(self, seconds: float) -> None:
        """End a process that is over its time."""
        ticket, self.ticket = self.ticket, None
        self.end()
        if not self._is_ready:
            raise RuntimeError(f"a process that reads music did not start in {START_SECONDS:g} s")
        assert ticket is not None
        ticket.fail(f"reading it was given up after {seconds:g} s")

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


def read_in_bounds(format: str, content: bytes) -> tuple[list, bool]:
    """Read a file whatever is in it: scores and failures, and whether they would be so again."""
    try:
        if format == "abc":
            return list(_tunes(content)), True
        return [reading.parse(content, format)], True
    except UserError as error:
        return [Failure(error.message)], True
    except MemoryError:
        return [Failure(f"it needs more than {MEBIBYTES} MiB of memory")], False
    except Exception as error:  # our own fault, but no reason to lose the other files
        return [Failure(f"the reader failed on it: {type(error).__name__}: {error}")], False


def _tunes(content: bytes) -> Iterator:
    tunes = abc.tunes(content)
    for number, tune in enumerate(tunes, 1):
        try:
            yield reading.parse(tune, "abc")
        except UserError as error:
            prefix = f"tune {number}: " if len(tunes) > 1 else ""
            yield Failure(prefix + error.message)


def _limit_memory(mebibytes: int) -> None:
    """Let the process grow by so much and no more, counted from what it has now."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + (mebibytes << 20)
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def main() -> None:
    """Read what comes through the pipe, until it is closed."""
    pipe = Connection(int(sys.argv[1]))
    with suppress(UserError):
        reading.READERS["midi"](b"")  # imports what is slow to import, before the clock runs
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    _limit_memory(int(sys.argv[2]))
    with suppress(EOFError, OSError):
        pipe.send_bytes(READY)
        while True:
            format, content = pipe.recv_bytes().decode(), pipe.recv_bytes()
            outcome, is_certain = read_in_bounds(format, content)
            pipe.send_bytes((b"+" if is_certain else b"-") + to_bytes(outcome))


if __name__ == "__main__":
    main()
