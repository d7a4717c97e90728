"""Sound to rows that a model can learn from, and to one vector of fixed length for a whole piece.

In: samples at any rate. Out: float32 arrays, a row for each frame, or one vector. Nothing is
learned here: each number follows from a formula.

kind              frames            a row                            vector
mel               23 ms             128 bands, dB                    mean, deviation: 256
mfcc              23 ms             20 MFCC, delta, delta-delta      mean, deviation: 120
chroma            23 ms             C, C#, ... B                     mean, deviation: 24
tempogram         23 ms             384 lags                         mean: 384
chroma-invariant  onset to onset    16 lags of 12 rotations          mean: 192

mfcc tells timbre, chroma the key and its chords, tempogram the pulse. chroma-invariant stays as it
is when a piece is transposed, and nearly so when it is played faster.
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float32, Int
from torch import Tensor

from naepo.config import UserError, did_you_mean
from naepo.embed import spectra
from naepo.embed.resample import resample
from naepo.embed.spectra import Sound

SAMPLE_RATE = 22_050
"""Hz. Every sound is brought to this rate, so that rows of all files mean the same."""
DELTA_REACH = 4
"""Frames on both sides from which a slope is taken."""
N_LAGS = 16
"""Segments between which chroma is compared."""
N_FFT_OF_CHROMA = 4096
"""Samples: twice the usual, so that semitones come apart down to 90 Hz."""
PEAK_REACH, MEAN_REACH = 4, 20
"""Frames on both sides: an onset is the largest of the near ones, and above the mean of the far."""
ABOVE_MEAN, AT_LEAST = 1.1, 0.1
"""How far above: as a factor, and in decibels."""


def frames(
    samples: Sound, sample_rate: int, kind: str = "mfcc", *, every: int = 1
) -> Float32[np.ndarray, "frames d"]:
    """Give the sound as a time series of one kind, a row after another.

    every: so many rows are brought together to their mean; with 4, some 11 rows are a second.

    Raises: UserError for an unknown kind, or what is no sound.
    """
    if every < 1:
        raise UserError(f"every must be at least 1, got {every}")
    rows = _rows(samples, sample_rate, kind)
    whole = len(rows) // every * every or len(rows)
    return torch.stack([part.mean(dim=0) for part in rows[:whole].split(every)]).numpy()


def vector(samples: Sound, sample_rate: int, kind: str = "mfcc") -> Float32[np.ndarray, " d"]:
    """Give the sound as one vector, however long it is.

    Mean and standard deviation of each column of its frames, or their mean alone (see the table
    above). Before vectors of mel or mfcc are compared by cosine, bring their columns to one spread
    over the collection (`codebook.Scale`); chroma-invariant is compared as it is.

    Raises: UserError for an unknown kind, or what is no sound.
    """
    rows = _rows(samples, sample_rate, kind)
    mean = rows.mean(dim=0)
    if kind == "chroma-invariant":  # the last segments have nothing to be compared with
        present = (len(rows) - torch.arange(N_LAGS)).clamp_min(1) / len(rows)
        mean = mean / present.repeat_interleave(12)
    if kind in ("chroma-invariant", "tempogram"):
        return mean.numpy()
    return torch.cat([mean, rows.std(dim=0, correction=0)]).numpy()


def _rows(samples: Sound, sample_rate: int, kind: str) -> Float32[Tensor, "frames d"]:
    if kind not in KINDS:
        raise UserError(
            f"no kind of time series is called `{kind}`", hint=did_you_mean(kind, KINDS)
        )
    sound = resample(spectra.to_sound(samples).cpu(), sample_rate, SAMPLE_RATE)
    return KINDS[kind](sound)


def _mel(sound: Tensor) -> Float32[Tensor, "frames 128"]:
    return spectra.decibels(spectra.mel(sound, SAMPLE_RATE)).T


def _mfcc(sound: Tensor) -> Float32[Tensor, "frames 60"]:
    cepstra = spectra.mfcc(sound, SAMPLE_RATE)
    slopes = delta(cepstra)
    return torch.cat([cepstra, slopes, delta(slopes)]).T


def _chroma(sound: Tensor) -> Float32[Tensor, "frames 12"]:
    return spectra.chroma(sound, SAMPLE_RATE).T


def _tempogram(sound: Tensor) -> Float32[Tensor, "frames 384"]:
    return spectra.tempogram(sound, SAMPLE_RATE).T


def _chroma_invariant(sound: Tensor) -> Float32[Tensor, "segments 192"]:
    """How each segment between two onsets sounds to the next ones, turned by 0 to 11 semitones.

    With c_t the chroma of a segment, mean 0 and length 1:
        row t, lag l, rotation r = Σ_p c_t[p] c_{t+l}[p + r]
    A transposition turns both and cancels; the tempo does not matter because lags count onsets.
    The correlations hold what the magnitudes of a two-dimensional Fourier transform of chroma hold
    (Ellis and Bertin-Mahieux 2012, ISMIR), which need beats in place of onsets. Lags that lead
    beyond the end are 0.
    """
    columns = spectra.chroma(sound, SAMPLE_RATE, n_fft=N_FFT_OF_CHROMA)
    bounds = [0, *onsets(spectra.onset_strength(sound, SAMPLE_RATE)).tolist(), columns.shape[1]]
    segments = [part for part in columns.split(np.diff(bounds).tolist(), dim=1) if part.shape[1]]
    chroma = torch.stack([segment.mean(dim=1) for segment in segments])
    chroma = torch.nn.functional.normalize(chroma - chroma.mean(dim=1, keepdim=True))
    spectrum = torch.fft.fft(chroma)
    rows = torch.zeros(len(chroma), N_LAGS, 12)
    for lag in range(min(N_LAGS, len(chroma))):
        n = len(chroma) - lag
        rows[:n, lag] = torch.fft.ifft(spectrum[:n].conj() * spectrum[lag:]).real
    return rows.flatten(1)


def onsets(strength: Float32[Tensor, " frames"]) -> Int[Tensor, " onsets"]:
    """Give the frames in which a note begins: peaks of onset strength that stand out, after 0."""
    near = _around(strength, PEAK_REACH, -torch.inf).amax(dim=1)
    far = _around(strength, MEAN_REACH, 0).sum(dim=1)
    far = far / _around(torch.ones_like(strength), MEAN_REACH, 0).sum(dim=1)
    found = (strength == near) & (strength > ABOVE_MEAN * far + AT_LEAST)
    found[:1] = False
    return found.nonzero().squeeze(1)


def _around(
    values: Float32[Tensor, " frames"], reach: int, beyond: float | int
) -> Float32[Tensor, "frames near"]:
    padded = torch.nn.functional.pad(values, (reach, reach), value=float(beyond))
    return padded.unfold(0, 2 * reach + 1, 1)


def delta(rows: Float32[Tensor, "d frames"]) -> Float32[Tensor, "d frames"]:
    """Give the slope of each row, per frame, from a straight line through 9 frames.

    Σ_n n (x_{t+n} - x_{t-n}) / 2 Σ_n n², n from 1 to 4; beyond its ends a row stays as it is there.
    Furui 1986 (IEEE TASSP 34(1)). Away from the ends it is `librosa.feature.delta`.
    """
    padded = torch.nn.functional.pad(rows[None], (DELTA_REACH, DELTA_REACH), mode="replicate")[0]
    steps = torch.arange(-DELTA_REACH, DELTA_REACH + 1, dtype=rows.dtype)
    return padded.unfold(1, len(steps), 1) @ steps / steps.square().sum()


KINDS: dict[str, Callable[[Tensor], Tensor]] = {
    "mel": _mel,
    "mfcc": _mfcc,
    "chroma": _chroma,
    "tempogram": _tempogram,
    "chroma-invariant": _chroma_invariant,
}
"""What makes the rows of each kind, at SAMPLE_RATE."""
