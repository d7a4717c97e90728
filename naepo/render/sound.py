"""Samples to sound files and back, and from one sample rate to another."""

import wave
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError
from naepo.encode.files import open_regular, shown
from naepo.render.clock import MAX_SECONDS
from naepo.render.files import whole
from naepo.render.timbres import Waveform

LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000
"""Samples a second that a file may have."""
PIECE = 1 << 20
"""Samples that are read at once."""
PASSED = 0.92
"""What share of the frequencies that both rates can hold is kept in full by `resample`."""
MARGIN = 2048
"""Samples (of the lower rate) by which the blocks of `resample` overlap on each side."""


def write_wav(path: Path, samples: NDArray[np.floating[Any]], sample_rate: int) -> None:
    """Write mono samples from -1 to 1, shape (n_samples,), as 16-bit PCM; louder ones are clipped.

    Raises: UserError when the file cannot be written, or the samples are no numbers.
    """
    if samples.ndim != 1:
        raise UserError(f"samples must have shape (n_samples,), got {samples.shape}")
    if not np.isfinite(samples).all():
        raise UserError(f"the samples for {shown(path)} hold NaN or infinity, expected -1 to 1")
    pcm = np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2")
    with whole(path) as temporary, wave.open(str(temporary), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(pcm.tobytes())


def read_audio(path: Path, *, max_seconds: float = MAX_SECONDS) -> tuple[Waveform, int]:
    """Read WAV, FLAC, OGG or MP3 as mono (the mean of its channels) and give its sample rate.

    Shape (n_samples,), from about -1 to 1.  Never more than `max_seconds` are read or kept.
    Raises: UserError when it is missing, no sound, damaged, or longer than that.
    """
    try:
        import soundfile
    except ImportError:
        raise UserError("soundfile is not installed", hint='pip install "naepo[music]"') from None
    try:
        with open_regular(path) as stream, soundfile.SoundFile(stream) as file:
            return _mono(file, path, max_seconds), file.samplerate
    except (soundfile.LibsndfileError, RuntimeError, TypeError) as error:
        raise UserError(
            f"{shown(path)} cannot be read as sound: {error}",
            hint="WAV, FLAC, OGG and MP3 can; convert others first",
        ) from None
    except OSError as error:
        raise UserError(f"cannot read {shown(path)}: {error.strerror}") from None


def _mono(file: Any, path: Path, max_seconds: float) -> Waveform:
    """Read piece by piece: what a header says about length and channels is not believed."""
    if not LOWEST_RATE <= file.samplerate <= HIGHEST_RATE:
        raise UserError(
            f"{shown(path)} has {file.samplerate:,} samples a second, "
            f"expected {LOWEST_RATE:,} to {HIGHEST_RATE:,}"
        )
    longest = int(max_seconds * file.samplerate)
    pieces: list[Waveform] = []
    n_read = 0
    while (piece := file.read(PIECE // file.channels, "float32", always_2d=True)).size:
        n_read += len(piece)
        if n_read > longest:
            raise UserError(
                f"{shown(path)} lasts more than {max_seconds:,.0f} seconds",
                hint="cut it into shorter files",
            )
        pieces.append(piece.mean(axis=1))
    samples = np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)
    if not np.isfinite(samples).all():
        raise UserError(f"{shown(path)} holds NaN or infinity among its samples")
    return samples


def resample(samples: Waveform, sample_rate: int, new_rate: int) -> Waveform:
    """Give the same sound at another rate, shape (ceil(n_samples * new_rate / sample_rate),).

    Block by block the spectrum is cut or widened. What lies above `PASSED` of half the lower rate
    is faded out, so that a click stays a click; blocks overlap by far more than it then rings.
    """
    common = gcd(sample_rate, new_rate)
    up, down = new_rate // common, sample_rate // common
    if up == down:
        return samples.astype(np.float32)
    margin = -(-MARGIN // min(up, down))
    n_groups = 16 * margin
    n_old, n_new = n_groups * down, n_groups * up
    kept = _fade_out(min(n_old, n_new) // 2 + 1) * np.float32(up / down)
    hop = (n_groups - 2 * margin) * down
    padded = np.pad(samples, (margin * down, n_old))
    pieces = []
    for start in range(0, max(1, samples.size), hop):
        spectrum = np.fft.rfft(padded[start : start + n_old])
        new = np.zeros(n_new // 2 + 1, dtype=spectrum.dtype)
        new[: kept.size] = spectrum[: kept.size] * kept
        pieces.append(np.fft.irfft(new, n_new)[margin * up : (n_groups - margin) * up])
    whole_sound = np.concatenate(pieces)[: -(-samples.size * up // down)]
    return whole_sound.astype(np.float32)


def _fade_out(n_bins: int) -> NDArray[np.float32]:
    """Give 1 up to `PASSED` of the way, then half a cosine down to 0, shape (n_bins,)."""
    way = np.clip((np.linspace(0, 1, n_bins) - PASSED) / (1 - PASSED), 0, 1)
    return (0.5 + 0.5 * np.cos(np.pi * way)).astype(np.float32)
