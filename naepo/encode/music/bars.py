"""Where the bars of a piece lie: from metres to bars, and from the lengths of bars to metres."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from naepo.encode.music.score import Meter, Score

Quarters = Fraction
"""A time in quarter notes, exact."""
Time = tuple[int, int]
"""A metre without its place: beats, unit."""
COMMON_TIME: Time = (4, 4)
SMALLEST_UNIT = 64


@dataclass(frozen=True)
class Bar:
    """One bar. start, end: ticks. is_pickup: shorter than the metre that it begins (an upbeat)."""

    start: int
    end: int
    time: Time
    is_pickup: bool = False


def length_of(time: Time) -> Quarters:
    """Give how long a bar lasts.

    >>> length_of((6, 8))
    Fraction(3, 1)
    """
    beats, unit = time
    return Fraction(4 * beats, unit)


def time_of(length: Quarters, unit: int) -> Time | None:
    """Give the metre of a bar of this length, in the units of its neighbours where they divide it.

    None for a length that no metre has (a third of a quarter note).

    >>> time_of(Fraction(1), 4), time_of(Fraction(1, 2), 4)
    ((1, 4), (1, 8))
    """
    while unit <= SMALLEST_UNIT:
        beats = length * unit / 4
        if beats.denominator == 1 and beats > 0:
            return int(beats), unit
        unit *= 2
    return None


def meters_of(
    lengths: Sequence[Quarters], written: Mapping[int, Time]
) -> Iterator[tuple[Quarters, Time]]:
    """Give the metres, each with its onset, that put the bar lines where bars of these lengths do.

    written: the metre that stands in a bar, by the number of the bar. A last bar that is too short
    lacks only what follows it, and changes nothing.
    """
    if not written:
        return
    start, due = Fraction(0), Fraction(-1)
    now: Time = written[min(written)]
    shown: Time | None = None
    for number, length in enumerate(lengths):
        now = written.get(number, now)
        is_cut_off = number == len(lengths) - 1 and length < length_of(now)
        fitting = now if is_cut_off else time_of(length, now[1])
        time = now if length == length_of(now) or fitting is None else fitting
        if time != shown or start != due:
            yield start, time
        shown, due = time, start + length_of(time)
        start += length


def bars_of(score: Score, until: int = 1) -> list[Bar]:
    """Divide a whole piece into bars; common time until it names a metre.

    A metre that enters before a bar is full cuts that bar short.
    until: the tick that the bars reach at least, where the notes end before.
    """
    end = max(score.end, until)
    meters = {meter.onset: meter for meter in score.meters if meter.onset < end}
    if 0 not in meters:
        meters[0] = Meter(0, *COMMON_TIME)
    places = [*sorted(meters), end]
    bars: list[Bar] = []
    for onset, until in pairwise(places):
        time = (meters[onset].beats, meters[onset].unit)
        bars.extend(_bars_between(onset, until, time, score.ticks_per_quarter, until == end))
    return _with_pickup(bars, score.ticks_per_quarter)


def _bars_between(start: int, end: int, time: Time, ticks: int, is_last: bool) -> Iterator[Bar]:
    """Give bars from start to end (ticks); a length in broken ticks is rounded down."""
    length = max(1, int(length_of(time) * ticks))
    while start < end:
        yield Bar(start, start + length if is_last else min(start + length, end), time)
        start += length


def _with_pickup(bars: list[Bar], ticks: int) -> list[Bar]:
    """Take a first bar that is shorter than the metre of the second for an upbeat."""
    if len(bars) > 1:
        first, second = bars[:2]
        if first.end - first.start < int(length_of(second.time) * ticks):
            bars[0] = Bar(first.start, first.end, second.time, is_pickup=True)
    return bars
