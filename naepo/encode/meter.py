"""How far a phase has come, told now and then."""

from collections.abc import Callable

OnProgress = Callable[[str, float], None]
"""Called with the name of a phase and the share of it that is done, from 0 to 1."""
STEPS = 200
"""A phase tells at most about so many times how far it has come."""


def silent(phase: str, fraction: float) -> None:
    """Tell nobody."""


class Meter:
    """Counts what is done of a phase. `total` may be a guess: the share never passes 1."""

    def __init__(self, phase: str, total: int, on_progress: OnProgress) -> None:
        self.phase = phase
        self.total = max(1, total)
        self._on_progress = on_progress
        self._done = 0
        self._told = -1.0

    def add(self, n: int) -> None:
        """Count `n` more."""
        self._done += n
        share = min(1.0, self._done / self.total)
        if share - self._told >= 1 / STEPS:
            self._told = share
            self._on_progress(self.phase, share)

    def end(self) -> None:
        """Tell that the phase is over."""
        if self._told < 1:
            self._told = 1.0
            self._on_progress(self.phase, 1.0)
