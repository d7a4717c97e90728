"""From ticks to seconds: when each moment of a score is heard."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError
from naepo.encode.music.score import Score, Tempo

DEFAULT_TEMPO = 96.0
"""Quarter notes a minute where a score gives no tempo: a chorale sung at ease."""
MAX_SECONDS = 3600.0
"""The longest piece that is rendered; an hour of samples fills 635 MB."""


class Clock:
    """The tempo map of a score: between two tempo signs time runs evenly."""

    def __init__(self, score: Score) -> None:
        """Read the tempos. Raises: UserError for a tempo that is no speed at all."""
        signs = {}
        for tempo in timed(score).tempos:
            if not 0 < tempo.quarters_per_minute < np.inf:
                raise UserError(
                    f"a tempo must be above 0 quarter notes a minute, got "
                    f"{tempo.quarters_per_minute} at tick {tempo.onset}"
                )
            signs[max(0, tempo.onset)] = tempo.quarters_per_minute
        self._ticks = np.array(sorted(signs), dtype=np.float64)
        speeds = np.array([signs[tick] for tick in sorted(signs)])
        self._seconds_per_tick = 60 / speeds / score.ticks_per_quarter
        lasted = np.diff(self._ticks) * self._seconds_per_tick[:-1]
        self._seconds = np.concatenate([[0.0], np.cumsum(lasted)])

    def seconds(self, ticks: Sequence[int]) -> NDArray[np.float64]:
        """Give when these ticks come, in seconds from the start, shape (n_ticks,)."""
        times = np.asarray(ticks, dtype=np.float64)
        stretch = np.searchsorted(self._ticks, times, side="right") - 1
        since = times - self._ticks[stretch]
        return self._seconds[stretch] + since * self._seconds_per_tick[stretch]


def timed(score: Score, tempo: float | None = None) -> Score:
    """Give a piece with a tempo from its start, so that whatever plays it plays it alike.

    tempo: quarter notes a minute until its first sign. None: that of the first sign, or
    `DEFAULT_TEMPO` in a piece without any.
    """
    if score.tempos and score.tempos[0].onset <= 0:
        return score
    if tempo is None:
        tempo = score.tempos[0].quarters_per_minute if score.tempos else DEFAULT_TEMPO
    return replace(score, tempos=(Tempo(0, tempo), *score.tempos))


def seconds_of(score: Score) -> float:
    """Give how long a piece lasts, in seconds, without the last note's dying away.

    Raises: UserError when that is more than `MAX_SECONDS`.
    """
    lasts = float(Clock(score).seconds([score.end])[0])
    if lasts > MAX_SECONDS:
        raise UserError(
            f"this piece lasts {lasts:,.0f} seconds, expected at most {MAX_SECONDS:,.0f}",
            hint="render a part of it, or give it a faster tempo",
        )
    return lasts
