"""Two views of one sound, made from its frames: a stretch of it, and it in other clothes.

A view is in another key, another tempo, by another instrument, with noise. One of the two is long
and the other a stretch inside it: a piece and a part of it come close, as a search needs them.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from naepo.config import UserError
from naepo.embed.pitch_frames import FRAMES_PER_SECOND, N_PITCHES

Frames = Float[Tensor, "72 _"]

LONG, SHORT = (14.0, 25.0), (8.0, 12.0)
"""Seconds of the two views; three times in ten the second one is of any length up to the first."""
TEMPO = 1.25
"""A view is at most this much faster or slower."""
SEMITONES = 6
"""A view is at most so much higher or lower."""
HARMONICS = (12, 19, 24, 28)
"""Semitones from a tone to its partials 2 to 5."""


def draw_pair(recordings: Sequence[Frames], draw: np.random.Generator) -> tuple[Frames, Frames]:
    """Give two views of a piece of which there are recordings, all of the same time."""
    n_frames = min(frames.shape[1] for frames in recordings)
    n_long = _frames(LONG, n_frames, draw)
    n_short = _frames(SHORT if draw.random() < 0.7 else (SHORT[0], LONG[1]), n_long, draw)
    start = int(draw.integers(n_frames - n_long + 1))
    inside = start + int(draw.integers(n_long - n_short + 1))
    views = [
        changed(recordings[int(draw.integers(len(recordings)))][:, begin : begin + n], draw)
        for begin, n in ((start, n_long), (inside, n_short))
    ]
    return (views[0], views[1]) if draw.random() < 0.5 else (views[1], views[0])


def changed(frames: Frames, draw: np.random.Generator) -> Frames:
    """Give a sound in another tempo, key and timbre, half of the time with noise."""
    x = stretched(frames, math.exp(draw.uniform(-math.log(TEMPO), math.log(TEMPO))))
    x = shifted(x, int(draw.integers(-SEMITONES, SEMITONES + 1)))
    for interval in HARMONICS:
        if draw.random() < 0.5:
            x = x + float(draw.uniform(0, 0.6)) * shifted(x, interval)
    tilt = np.linspace(0, draw.uniform(-3, 3), N_PITCHES) + draw.normal(0, 0.5, N_PITCHES)
    x = x * torch.from_numpy(np.exp(tilt).astype(np.float32))[:, None]
    if draw.random() < 0.5:
        noise = draw.exponential(draw.uniform(), tuple(x.shape)).astype(np.float32)
        x = x + x.mean() * torch.from_numpy(noise)
    return x


def stretched(frames: Frames, factor: float) -> Frames:
    """Make a sound `factor` times as long, frames between by straight lines."""
    n = max(2, round(frames.shape[1] * factor))
    return F.interpolate(frames[None], size=n, mode="linear", align_corners=False)[0]


def shifted(frames: Frames, semitones: int) -> Frames:
    """Move every energy up; what leaves the range is lost, and silence takes its place."""
    if not semitones:
        return frames
    kept = frames[: N_PITCHES - semitones] if semitones > 0 else frames[-semitones:]
    below = semitones if semitones > 0 else 0
    return F.pad(kept, (0, 0, below, N_PITCHES - below - len(kept)))


def side_by_side(
    views: Sequence[Frames],
) -> tuple[Float[Tensor, "batch 72 time"], Float[Tensor, " batch"]]:
    """Put sounds of several lengths into one batch, zeros behind them; give their lengths too.

    Raises: UserError for a sound without a frame.
    """
    lengths = [view.shape[1] for view in views]
    if not min(lengths):
        raise UserError("a sound is too short: it has no frame")
    rows = [F.pad(view, (0, max(lengths) - view.shape[1])) for view in views]
    return torch.stack(rows), torch.tensor(lengths, dtype=torch.float32)


def _frames(seconds: tuple[float, float], at_most: int, draw: np.random.Generator) -> int:
    low, high = (round(second * FRAMES_PER_SECOND) for second in seconds)
    return min(at_most, int(draw.integers(low, high + 1)))
