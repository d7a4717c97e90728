"""The same sound at another sampling rate, by a windowed sinc."""

from functools import cache
from math import gcd

import torch
from jaxtyping import Float32
from torch import Tensor

from naepo.config import UserError

ZERO_CROSSINGS = 24
"""How far the sinc reaches on both sides, in periods of the lower rate."""
ROLLOFF = 0.95
"""Where the pass band ends, as a share of half the lower rate."""
LARGEST_FACTOR = 4_000
"""Between two rates without a common divisor, so many filters at most."""


def resample(
    sound: Float32[Tensor, " samples"], rate: int, new_rate: int
) -> Float32[Tensor, " resampled"]:
    """Give the sound at `new_rate`, with ceil(samples * new_rate / rate) samples.

    What lies above 0.95 of half the lower rate is taken away (Smith, "Digital audio resampling").
    Sample t of the new sound is the sum of the old ones round t * rate / new_rate, weighted by a
    sinc under Hann's window; new_rate / gcd different such filters do.

    Raises: UserError for rates below 1 Hz, or so far from each other that filters are too many.
    """
    if rate < 1 or new_rate < 1:
        raise UserError(f"a sampling rate must be at least 1 Hz, got {rate} and {new_rate}")
    divisor = gcd(rate, new_rate)
    old, new = rate // divisor, new_rate // divisor
    if old == new:
        return sound
    if new > LARGEST_FACTOR:
        raise UserError(f"{rate} Hz cannot be turned into {new_rate} Hz: no common divisor")
    filters, reach = _filters(old, new)
    n = -(-len(sound) * new // old)
    padded = torch.nn.functional.pad(sound, (reach, reach + old))
    phases = torch.nn.functional.conv1d(padded[None, None], filters[:, None], stride=old)
    return phases[0].T.reshape(-1)[:n]


@cache
def _filters(old: int, new: int) -> tuple[Float32[Tensor, "new taps"], int]:
    """Give a filter for each place of a new sample among `old` old ones, and how far it reaches."""
    cutoff = ROLLOFF * min(1.0, new / old)  # as a share of half the old rate
    reach = int(ZERO_CROSSINGS / cutoff) + 1
    taps = torch.arange(-reach, reach + old, dtype=torch.float64)
    distance = taps - torch.arange(new, dtype=torch.float64)[:, None] * old / new
    window = torch.cos(torch.pi / 2 * (distance / reach).clamp(-1, 1)) ** 2
    return (cutoff * torch.sinc(cutoff * distance) * window).float(), reach
