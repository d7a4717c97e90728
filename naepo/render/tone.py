"""One tone: a sum of sines below half the sample rate, in an envelope."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from naepo.render.timbres import Timbre, Waveform

BLOCK = 512
"""Width of the matrix product that sums the partials; any gives the same tone."""
TABLE = 1 << 17
"""Samples of one period; reading the nearest one is exact to about -85 dB."""


def tone(
    pitch: int, n_samples: int, timbre: Timbre, sample_rate: int, tuning: float = 440.0
) -> Waveform:
    """Give one tone held for `n_samples`, and its release after them.

    pitch: MIDI number; 69 is `tuning` Hz, the others by equal temperament.
    """
    pitch_hz = tuning * 2 ** ((pitch - 69) / 12)
    n_total = n_samples + round(timbre.release * sample_rate)
    if timbre.vibrato:
        wave = _swaying(pitch_hz, n_total, timbre, sample_rate)
    else:
        wave = _ringing(pitch, pitch_hz, n_total, timbre, sample_rate)
    if timbre.breath:
        noise = np.random.default_rng(pitch).standard_normal(n_total, dtype=np.float32)
        wave += np.float32(timbre.breath) * noise
    _shape(wave, n_samples, timbre, sample_rate)
    return wave


def _ringing(
    pitch: int, pitch_hz: float, n_total: int, timbre: Timbre, sample_rate: int
) -> Waveform:
    """Sum damped sines a_k exp(-d_k t) sin(w_k t), with t = block + offset: matrix products.

    sin(w (b + o)) = sin(w b) cos(w o) + cos(w b) sin(w o), so only the two edges need sines.
    """
    loudness, hz = _audible(timbre, timbre.frequencies(pitch_hz), sample_rate)
    k = np.arange(loudness.size)
    fading = timbre.fading * 2 ** ((pitch - 60) / 24) * (1 + timbre.damping * k)
    turn, fade = 2 * np.pi * hz / sample_rate, fading / sample_rate
    blocks, offsets = np.arange(-(-n_total // BLOCK)) * BLOCK, np.arange(BLOCK)
    starts = np.outer(blocks, turn)
    left = loudness * np.exp(-np.outer(blocks, fade)) * np.stack([np.sin(starts), np.cos(starts)])
    within = np.outer(turn, offsets)
    right = np.exp(-np.outer(fade, offsets)) * np.stack([np.cos(within), np.sin(within)])
    summed = left.astype(np.float32) @ right.astype(np.float32)
    return summed.sum(axis=0).reshape(-1)[:n_total]


def _swaying(pitch_hz: float, n_total: int, timbre: Timbre, sample_rate: int) -> Waveform:
    """Read one period again and again, at a speed that sways by the timbre's vibrato."""
    seconds = np.arange(n_total) / sample_rate
    depth = 2 ** (timbre.vibrato / 1200) - 1
    omega = 2 * np.pi * timbre.vibrato_hz
    # The integral of a speed 1 + depth sin(omega t), so that the phase never jumps.
    turns = pitch_hz * (seconds + depth / omega * (1 - np.cos(omega * seconds)))
    highest_hz = pitch_hz * (1 + depth) * np.arange(1, len(timbre.partials) + 1)
    loudness, _ = _audible(timbre, highest_hz, sample_rate)
    places = (turns * TABLE).astype(np.int64) & (TABLE - 1)
    return _period(tuple(loudness.tolist())).take(places)


def _audible(
    timbre: Timbre, hz: NDArray[np.floating], sample_rate: int
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Give loudness and frequency of the partials below half the sample rate."""
    keep = hz < sample_rate / 2
    loudness = np.array(timbre.partials) / sum(timbre.partials)
    return loudness[keep], hz[keep]


@lru_cache(maxsize=64)
def _period(loudness: tuple[float, ...]) -> Waveform:
    """Give one period of a sum of sines, shape (TABLE,)."""
    spectrum = np.zeros(TABLE // 2 + 1, dtype=np.complex128)
    spectrum[1 : len(loudness) + 1] = -0.5j * TABLE * np.array(loudness)
    return np.fft.irfft(spectrum).astype(np.float32)


def _shape(wave: Waveform, n_samples: int, timbre: Timbre, sample_rate: int) -> None:
    """Let a tone rise, settle and, from `n_samples` on, die away; in place."""
    rise = round(timbre.attack * sample_rate)
    wave[:rise] *= _slope(rise)[: wave.size]
    if timbre.sustain < 1:
        seconds = np.arange(wave.size, dtype=np.float32) / np.float32(sample_rate)
        settling = np.exp(seconds / np.float32(-timbre.decay))
        wave *= np.float32(timbre.sustain) + np.float32(1 - timbre.sustain) * settling
    wave[n_samples:] *= _slope(wave.size - n_samples)[::-1]


def _slope(n: int) -> Waveform:
    """Give half a cosine from 0 up to 1, shape (n,): an edge without a click."""
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(n) + 0.5) / max(1, n))).astype(np.float32)
