"""Bars and beats of a piece in whole steps, and the signs that stand where a bar begins."""

from collections.abc import Iterator
from dataclasses import dataclass

from naepo.encode.music.score import Key, Meter, Score, Tempo

PLAIN = (4, 4)
"""The metre of a piece that names none."""
MARKS = (40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60, 63, 66, 69, 72, 76, 80, 84, 88, 92, 96, 100)
MARKS += (104, 108, 112, 116, 120, 126, 132, 138, 144, 152, 160, 168, 176, 184, 192, 200, 208)
"""The tempos of a metronome, in quarter notes a minute: neighbours differ by 3 to 6 per cent."""


@dataclass(frozen=True)
class Bar:
    """One bar of a piece, in steps.

    length: how many steps it has; full: how many its metre gives it; more than `length` in an
    upbeat, or where another metre begins too early.  beat: steps from one beat to the next.
    meter, key, tempo: what is new with this bar.
    """

    onset: int
    length: int
    full: int
    beat: int
    meter: Meter | None = None
    key: Key | None = None
    tempo: Tempo | None = None


def bar_steps(beats: int, unit: int, steps_per_quarter: int) -> tuple[int, int] | None:
    """Give the steps of a bar and of a beat; None for a metre that whole steps cannot count.

    A beat is the unit of the metre, or three of them in compound metres (6/8, 9/8, 12/8).

    >>> bar_steps(4, 4, 4), bar_steps(6, 8, 4), bar_steps(3, 8, 4), bar_steps(1, 32, 4)
    ((16, 4), (12, 6), (6, 2), None)
    """
    units = 3 if unit >= 8 and beats % 3 == 0 and beats > 3 else 1
    bar, rest = divmod(4 * steps_per_quarter * beats, unit)
    beat, beat_rest = divmod(4 * steps_per_quarter * units, unit)
    if rest or bar < 1:
        return None
    return bar, bar if beat_rest else beat


def bars_of(score: Score) -> Iterator[Bar]:
    """Give the bars of a score whose ticks are steps, up to its last note.

    A metre begins a bar where it stands, and so cuts the one before it short: in this way an upbeat
    is said. Of several signs of a kind in one bar the last counts, from the bar's beginning.
    A metre that `bar_steps` cannot count is the caller's to refuse.
    """
    meters = {meter.onset: meter for meter in score.meters if meter.onset < score.end}
    starts = sorted(meters)
    onset, current = 0, PLAIN
    while onset < score.end:
        meter = meters.get(onset)
        current = (meter.beats, meter.unit) if meter else current
        full, beat = bar_steps(*current, score.ticks_per_quarter) or (1, 1)
        while starts and starts[0] <= onset:
            starts.pop(0)
        length = min(full, starts[0] - onset) if starts else full
        inside = range(onset, min(onset + length, score.end))
        keys = [key for key in score.keys if key.onset in inside]
        tempos = [tempo for tempo in score.tempos if tempo.onset in inside]
        yield Bar(
            onset,
            length,
            full,
            beat,
            meter,
            keys[-1] if keys else None,
            tempos[-1] if tempos else None,
        )
        onset += length


def metronome(quarters_per_minute: float, marks: tuple[int, ...] = MARKS) -> int:
    """Give the nearest of some tempos, by ratio.

    >>> metronome(97.0), metronome(5.0)
    (96, 40)
    """
    tempo = max(quarters_per_minute, 1e-6)
    return min(marks, key=lambda mark: max(mark / tempo, tempo / mark))
