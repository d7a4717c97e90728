"""Ranges, round ticks and thinning: what a chart needs before it draws."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from naepo.train.readable import Real

Point = tuple[Real, Real]
"""x and y."""
Span = tuple[Real, Real, Real]
"""x, and the lowest and the highest y there."""


@dataclass(frozen=True)
class Axis:
    """A range of values laid over 0 to 1."""

    low: Real
    high: Real
    is_log: bool = False

    def share(self, value: Real) -> float:
        """Give where a value lies: 0 at `low`, 1 at `high`.

        >>> Axis(1, 100, is_log=True).share(10)
        0.5
        """
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, n: int) -> list[float]:
        """Give about `n` round values inside the range: 1, 2 or 5 times a power of ten.

        >>> Axis(0.0, 4.3).ticks(5)
        [0.0, 1.0, 2.0, 3.0, 4.0]
        >>> Axis(1, 3_000, is_log=True).ticks(4)
        [1.0, 10.0, 100.0, 1000.0]
        """
        if self.is_log and self.high / self.low >= 20:
            return self._log_ticks(n)
        raw = (self.high - self.low) / n
        size = 10.0 ** math.floor(math.log10(raw))
        step = next((m * size for m in (1, 2, 5) if m * size >= 0.9 * raw), 10 * size)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [float(f"{i * step:.12g}") for i in range(first, last + 1)]

    def _log_ticks(self, n: int) -> list[float]:
        lowest, highest = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        found: list[float] = []
        for factors in ((1, 2, 5), (1, 3), (1,)):
            ticks = [m * 10.0**power for power in range(lowest, highest + 1) for m in factors]
            found = [float(f"{t:.12g}") for t in ticks if self.low <= t <= self.high]
            if len(found) <= 1.5 * n:
                return found
        return found[:: math.ceil(len(found) / n)]


def axis_of(values: Iterable[Real], *, is_log: bool = False, is_from_zero: bool = False) -> Axis:
    """Give an axis that holds all values (on a logarithmic one: all above 0) and is never empty."""
    known = [value for value in values if value > 0 or not is_log]
    low, high = min(known, default=1), max(known, default=2)
    if is_from_zero:
        low = min(0, low)
    if high <= low:
        low, high = (low / 2, low * 2) if is_log else (low - 0.5, low + 0.5)
    return Axis(low, high, is_log)


def thin(points: Sequence[Point], n: int, *, is_log: bool) -> tuple[list[Point], list[Span]]:
    """Bring points, in order of x, down to at most `n` means, each with its extremes.

    They are averaged over stretches equally wide in the picture: on a logarithmic axis the first
    steps stand alone and the last ones share a stretch with many. Each mean stands at the last x
    of its stretch.

    >>> thin([(1, 4.0), (2, 2.0), (3, 1.0), (4, 3.0)], n=2, is_log=False)
    ([(2, 3.0), (4, 2.0)], [(2, 2.0, 4.0), (4, 1.0, 3.0)])
    """
    axis = axis_of([x for x, _ in points], is_log=is_log)
    stretches: dict[int, list[Point]] = {}
    for x, y in points:
        stretches.setdefault(min(n - 1, int(axis.share(x) * n)), []).append((x, y))
    means: list[Point] = []
    spans: list[Span] = []
    for stretch in stretches.values():
        x, ys = stretch[-1][0], [y for _, y in stretch]
        means.append((x, sum(ys) / len(ys)))
        spans.append((x, min(ys), max(ys)))
    return means, spans
