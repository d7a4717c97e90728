"""What turns the bins of a spectrum into mel bands, pitch classes and cepstra: three matrices.

In: a sampling rate and a number of bins. Out: float32 tables, computed in float64. No sound.
"""

from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

LINEAR_BELOW = 1000.0
"""Hz. Below, Slaney's mel scale is linear; above, logarithmic."""
HZ_PER_MEL = 200 / 3
MELS_PER_E = 27 / np.log(6.4)
"""Above LINEAR_BELOW, 27 mels lead from 1 to 6.4 kHz."""
LOWEST_A = 27.5
"""Hz: the A four octaves below the 440 Hz one, where octaves are counted from."""


def to_mels(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the mels of frequencies (Slaney 1998, Auditory Toolbox, Interval TR 1998-010)."""
    above = np.maximum(hz, LINEAR_BELOW)
    logarithmic = LINEAR_BELOW / HZ_PER_MEL + np.log(above / LINEAR_BELOW) * MELS_PER_E
    return np.where(hz < LINEAR_BELOW, hz / HZ_PER_MEL, logarithmic)


def to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the frequencies of mels: the inverse of `to_mels`."""
    bend = LINEAR_BELOW / HZ_PER_MEL
    logarithmic = LINEAR_BELOW * np.exp((np.maximum(mels, bend) - bend) / MELS_PER_E)
    return np.where(mels < bend, mels * HZ_PER_MEL, logarithmic)


@cache
def mel_filters(sample_rate: int, n_fft: int, n_mels: int) -> Float[Tensor, "n_mels bins"]:
    """Give triangles of equal width in mels from 0 Hz to half the sampling rate, of equal area.

    Where bands are narrower than the bins are apart, some stay empty: fewer bands or a longer
    `n_fft` then say as much.
    """
    corners = to_hz(np.linspace(0, to_mels(np.array(sample_rate / 2)), n_mels + 2))
    bins = np.linspace(0, sample_rate / 2, n_fft // 2 + 1)
    low, middle, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    triangles = np.clip(np.minimum(rising, falling), 0, None) * 2 / (high - low)
    return torch.from_numpy(triangles.astype(np.float32))


@cache
def chroma_filters(sample_rate: int, n_fft: int, tuning: float = 0.0) -> Float[Tensor, "12 bins"]:
    """Give how much each bin counts for C, C#, ... B: bells round the pitch class, all octaves.

    A bell is as wide as its bin, at least a semitone (standard deviation half of that), each bin
    has length 1 over the classes, and the octaves are weighted by a bell of 2 octaves round 880 Hz
    (Ellis 2007, "Chroma feature analysis and synthesis"; Bartsch and Wakefield 2001).
    tuning: how far the A lies from 440 Hz, in semitones.
    """
    hz = np.arange(1, n_fft) * sample_rate / n_fft
    semitones = 12 * np.log2(hz / LOWEST_A) - tuning
    # 0 Hz has no pitch; it lies far below the rest, so that next to nothing is left of it.
    semitones = np.concatenate([[semitones[0] - 18], semitones])
    widths = np.append(np.maximum(np.diff(semitones), 1), 1)
    from_a = (semitones - np.arange(12)[:, None] + 6) % 12 - 6
    bells = np.exp(-0.5 * (2 * from_a / widths) ** 2)
    bells /= np.linalg.norm(bells, axis=0)
    bells *= np.exp(-0.5 * ((semitones / 12 - 5) / 2) ** 2)
    from_c = np.roll(bells, -3, axis=0)[:, : n_fft // 2 + 1]
    return torch.from_numpy(from_c.astype(np.float32))


@cache
def cosine_transform(n_out: int, n_in: int) -> Float[Tensor, "n_out n_in"]:
    """Give the first rows of the orthonormal DCT-II (Ahmed, Natarajan and Rao 1974).

    row k: sqrt(2/n) cos(pi k (2i + 1) / 2n), and sqrt(1/n) for k = 0
    """
    k, i = np.arange(n_out)[:, None], np.arange(n_in)
    rows = np.sqrt(2 / n_in) * np.cos(np.pi * k * (2 * i + 1) / (2 * n_in))
    rows[0] = np.sqrt(1 / n_in)
    return torch.from_numpy(rows.astype(np.float32))
