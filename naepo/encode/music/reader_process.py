"""A process that reads files of music for another: bytes in, bytes out, through one pipe.

`python -m naepo.encode.music.reader_process FD MEBIBYTES`; `readers.py` starts it and ends it.
In: a format, then a content. Out: `+` or `-` (whether it would be so again), then what was found.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from naepo.config import UserError
from naepo.encode.music import abc, reading
from naepo.encode.music.kept_scores import Failure, to_bytes
from naepo.encode.music.score import Score

READY = b"ready"
CPU_SECONDS = 300
"""After so much work on one file the process ends by itself, if who started it is gone."""


def read_anything(format: str, content: bytes) -> tuple[list[Score | Failure], bool]:
    """Read a file whatever is in it: scores and failures, and whether they would be so again."""
    try:
        if format == "abc":
            return list(_tunes(content)), True
        return [reading.parse(content, format)], True
    except UserError as error:
        return [Failure(error.message)], True
    except MemoryError:
        return [Failure("it needs more memory than one file may have")], False
    except Exception as error:  # our own fault, but no reason to lose the other files
        return [Failure(f"the reader failed on it: {type(error).__name__}: {error}")], False


def _tunes(content: bytes) -> Iterator[Score | Failure]:
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


def _limit_work() -> None:
    with suppress(ImportError, OSError, ValueError):
        import resource

        limit = int(time.process_time()) + CPU_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


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
            _limit_work()
            outcome, is_certain = read_anything(format, content)
            pipe.send_bytes((b"+" if is_certain else b"-") + to_bytes(outcome))


if __name__ == "__main__":
    main()
