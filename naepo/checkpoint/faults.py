"""Named points where a disk can fail, so that a test can make it fail there. Off by default.

In: the name of what is about to happen, and to which path. Out: nothing, unless a fault is planted.
It is never planted by naepo itself, and reads neither a setting nor the environment.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Fault = Callable[[str, Path], None]

_planted: list[Fault] = []


def reach(point: str, path: Path) -> None:
    """Say that `point` is about to happen to `path`: a planted fault may raise or exit here."""
    for fault in _planted:
        fault(point, path)


@contextmanager
def planted(fault: Fault) -> Iterator[None]:
    """Call `fault` at every point that is reached inside the `with`."""
    _planted.append(fault)
    try:
        yield
    finally:
        _planted.remove(fault)


class NthHit:
    """A fault that happens once: at the n-th point that is reached, counted from 1."""

    def __init__(self, n: int, fault: Fault) -> None:
        self.n = n
        self.fault = fault
        self.hits = 0

    def __call__(self, point: str, path: Path) -> None:
        """Count one point; at the n-th, let the fault happen."""
        self.hits += 1
        if self.hits == self.n:
            self.fault(point, path)

    @property
    def has_happened(self) -> bool:
        """Whether the n-th point was reached."""
        return self.hits >= self.n


def os_error(number: int) -> Fault:
    """Give a fault that raises the operating system's error `number` (`errno.ENOSPC`, ...)."""

    def fail(point: str, path: Path) -> None:
        raise OSError(number, f"{os.strerror(number)} (planted at: {point})", str(path))

    return fail


def sudden_exit(point: str, path: Path) -> None:
    """End the process at once, as `kill -9` would: nothing is flushed, closed or cleaned up."""
    os._exit(137)
