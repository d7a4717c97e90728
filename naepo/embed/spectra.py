"""Sound as time series: what sounds how strongly, frame by frame, by `torch.stft`.

In: samples of one channel, floats, and their rate. Out: float32 tensors, a column for each frame.
The conventions and the numbers are those of librosa 0.11, against which the tests hold them: frame
t is centred at sample t * hop_length, silence surrounds the sound, the window is Hann's.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Complex64, Float32
from numpy.typing import NDArray
from torch import Tensor

from naepo.config import UserError
from naepo.embed.filterbanks import chroma_filters, cosine_transform, mel_filters

N_FFT, HOP_LENGTH = 2048, 512
"""Samples: the length of a window, and from one frame to the next."""
N_MELS, N_MFCC = 128, 20
TEMPO_FRAMES = 384
"""Frames of onset strength that one column of a tempogram looks at: 8.9 s at 22,050 Hz."""
QUIETEST = 1e-10
"""Power that counts as silence: -100 dB."""
RANGE_DB = 80.0
"""Decibels below the loudest number of the sound at which quieter ones are held."""

Sound = NDArray[Any] | Tensor


def stft(
    samples: Sound, *, n_fft: int = N_FFT, hop_length: int = HOP_LENGTH
) -> Complex64[Tensor, "bins frames"]:
    """Give the short-time Fourier transform: n_fft // 2 + 1 bins from 0 Hz to half the rate.

    |X|^2 is the power in a bin; |X| at the bin of a sine of amplitude a is a * n_fft / 4.
    Gabor 1946; Allen and Rabiner 1977. Frames: 1 + samples // hop_length.

    Raises: UserError for samples of several channels, no samples, NaN, or whole numbers.
    """
    sound = to_sound(samples)
    if n_fft < 2 or hop_length < 1:
        raise UserError(f"n_fft must be at least 2 and hop_length 1, got {n_fft} and {hop_length}")
    return torch.stft(
        sound,
        n_fft,
        hop_length,
        window=torch.hann_window(n_fft, device=sound.device),
        center=True,
        pad_mode="constant",
        return_complex=True,
    )


def power(
    samples: Sound, *, n_fft: int = N_FFT, hop_length: int = HOP_LENGTH
) -> Float32[Tensor, "bins frames"]:
    """Give |STFT|^2."""
    spectrum = torch.view_as_real(stft(samples, n_fft=n_fft, hop_length=hop_length))
    return spectrum.square().sum(dim=-1)


def mel(
    samples: Sound,
    sample_rate: int,
    *,
    n_mels: int = N_MELS,
    n_fft: int = N_FFT,
    hop_length: int = HOP_LENGTH,
) -> Float32[Tensor, "n_mels frames"]:
    """Give the power in bands of equal width to the ear, by Slaney's mel scale and areas."""
    _check_rate(sample_rate)
    filters = mel_filters(sample_rate, n_fft, n_mels)
    return _through(filters, power(samples, n_fft=n_fft, hop_length=hop_length))


def decibels(power: Float32[Tensor, "bands frames"]) -> Float32[Tensor, "bands frames"]:
    """Give 10 log10 of power, none below -100 dB nor more than 80 dB below the largest."""
    levels = 10 * power.clamp_min(QUIETEST).log10()
    return levels.clamp_min(levels.max() - RANGE_DB)


def mfcc(
    samples: Sound,
    sample_rate: int,
    *,
    n_mfcc: int = N_MFCC,
    n_mels: int = N_MELS,
    n_fft: int = N_FFT,
    hop_length: int = HOP_LENGTH,
) -> Float32[Tensor, "n_mfcc frames"]:
    """Give the mel-frequency cepstrum: the DCT-II of mel bands in decibels, its first rows.

    Row 0 tells loudness, the next ones the coarse shape of the spectrum: timbre.
    Davis and Mermelstein 1980 (IEEE TASSP 28(4)).
    """
    if not 1 <= n_mfcc <= n_mels:
        raise UserError(f"n_mfcc must be from 1 to n_mels ({n_mels}), got {n_mfcc}")
    bands = mel(samples, sample_rate, n_mels=n_mels, n_fft=n_fft, hop_length=hop_length)
    return _through(cosine_transform(n_mfcc, n_mels), decibels(bands))


def chroma(
    samples: Sound,
    sample_rate: int,
    *,
    tuning: float = 0.0,
    n_fft: int = N_FFT,
    hop_length: int = HOP_LENGTH,
) -> Float32[Tensor, "12 frames"]:
    """Give how strong the pitch classes C, C#, ... B are, of all octaves; the strongest is 1.

    tuning: where the A lies above 440 Hz, in semitones (a sound tuned to 415 Hz: -1). A frame of
    silence stays 0. At 22,050 Hz the bins lie 10.8 Hz apart: below some 180 Hz a bin holds more
    than a semitone, unless n_fft is longer.
    """
    _check_rate(sample_rate)
    filters = chroma_filters(sample_rate, n_fft, tuning)
    return _peak_1(_through(filters, power(samples, n_fft=n_fft, hop_length=hop_length)))


def onset_strength(
    samples: Sound, sample_rate: int, *, hop_length: int = HOP_LENGTH
) -> Float32[Tensor, " frames"]:
    """Give how much louder the mel bands have become since the frame before, in mean decibels.

    Spectral flux, rising parts only (Böck and Widmer 2013), moved on by half a window so that it
    peaks where a note begins.
    """
    levels = decibels(mel(samples, sample_rate, hop_length=hop_length))
    rise = (levels[:, 1:] - levels[:, :-1]).clamp_min(0).mean(dim=0)
    delay = 1 + N_FFT // (2 * hop_length)
    return torch.nn.functional.pad(rise, (delay, 0))[: levels.shape[1]]


def tempogram(
    samples: Sound,
    sample_rate: int,
    *,
    n_lags: int = TEMPO_FRAMES,
    hop_length: int = HOP_LENGTH,
) -> Float32[Tensor, "n_lags frames"]:
    """Give, round each frame, how alike onset strength is to itself `lag` frames later.

    The largest of each frame is 1. A lag is hop_length / sample_rate seconds; a pulse of p beats a
    minute shows at lag 60 * sample_rate / (hop_length * p) and its multiples.
    Grosche, Müller and Kurth 2010 (ICASSP), the variant by autocorrelation.
    """
    if n_lags < 1:
        raise UserError(f"n_lags must be at least 1, got {n_lags}")
    strength = onset_strength(samples, sample_rate, hop_length=hop_length)
    around = _ramped(strength, n_lags // 2).unfold(0, n_lags, 1)[: len(strength)]
    around = around * torch.hann_window(n_lags, device=around.device)
    spectrum = torch.fft.rfft(around.double(), 2 * n_lags)
    alike = torch.fft.irfft(spectrum.abs().square(), 2 * n_lags)[:, :n_lags]
    return _peak_1(alike.float().T)


def to_sound(samples: Sound) -> Float32[Tensor, " samples"]:
    """Give samples as a float32 tensor, once they are known to be one channel of finite floats.

    Raises: UserError when they are not.
    """
    sound = samples if isinstance(samples, Tensor) else torch.from_numpy(np.asarray(samples).copy())
    if not sound.is_floating_point():
        raise UserError(
            f"samples must be floats, mostly from -1 to 1, got {sound.dtype}",
            hint="divide whole numbers by their largest: samples / 32768 for 16 bits",
        )
    if sound.ndim != 1:
        raise UserError(
            f"samples must be one channel, shape (samples,), got {tuple(sound.shape)}",
            hint="mix the channels: samples.mean(axis=1) for what soundfile reads",
        )
    if not len(sound):
        raise UserError("there are no samples: the sound is empty")
    if not sound.isfinite().all():
        raise UserError("the samples hold NaN or infinity")
    return sound.float()


def _through(
    filters: Float32[Tensor, "bands bins"], spectrum: Float32[Tensor, "bins frames"]
) -> Float32[Tensor, "bands frames"]:
    return filters.to(spectrum.device) @ spectrum


def _peak_1(columns: Float32[Tensor, "rows frames"]) -> Float32[Tensor, "rows frames"]:
    """Divide each column by its largest number; columns of zeros stay."""
    peaks = columns.abs().amax(dim=0)
    return columns / torch.where(peaks > torch.finfo(torch.float32).tiny, peaks, 1)


def _ramped(strength: Float32[Tensor, " frames"], n: int) -> Float32[Tensor, " longer"]:
    """Put n frames before and after, that rise from 0 and fall to 0 in a straight line."""
    rise = torch.linspace(0, 1, n + 1, device=strength.device)[:n]
    return torch.cat([rise * strength[0], strength, rise.flip(0) * strength[-1]])


def _check_rate(sample_rate: int) -> None:
    if sample_rate < 1:
        raise UserError(f"sample_rate must be at least 1 Hz, got {sample_rate}")
