"""Notes as vectors: ones among zeros, frequencies, frequencies over time, and neighbours in a tune.

Frequencies are those of equal temperament, A4 = 440 Hz (ISO 16).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from naepo.concepts.given import Numbers, Rows

A4, A4_HZ, OCTAVE = 69, 440.0, 12
N_PITCHES = 128
NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")

Pitches = Sequence[int | float] | Int[ndarray, " notes"] | Float[ndarray, " notes"]
"""MIDI numbers: 60 is middle C, and each semitone is one more."""


def name(pitch: int | float) -> str:
    """Name a pitch, with its octave.

    >>> name(60), name(69), name(70)
    ('C4', 'A4', 'B♭4')
    """
    return f"{NAMES[int(pitch) % OCTAVE]}{int(pitch) // OCTAVE - 1}"


def frequency(pitch: int | float) -> float:
    """Give the frequency of a pitch in Hz: 440 · 2^((pitch − 69) / 12).

    >>> frequency(69), frequency(81), round(frequency(60), 2)
    (440.0, 880.0, 261.63)
    """
    return A4_HZ * 2 ** ((pitch - A4) / OCTAVE)


def one_hot(pitches: Pitches, size: int = N_PITCHES) -> Float[ndarray, "notes size"]:
    """Give one row for each note: 1 in the column of its pitch.

    >>> one_hot([60, 62]).shape, one_hot([60, 62]).argmax(axis=1).tolist()
    ((2, 128), [60, 62])
    """
    rows = np.zeros((len(pitches), size))
    rows[np.arange(len(pitches)), np.asarray(pitches, dtype=int)] = 1
    return rows


def partials(pitch: int | float, count: int, size: int = N_PITCHES + 48) -> Float[ndarray, " size"]:
    """Give how strongly each semitone sounds in one note: its k-th partial with the strength 1/k.

    The k-th partial has k times the frequency: 12 log₂ k semitones higher, to the nearest one.

    >>> np.flatnonzero(partials(60, 4)).tolist()
    [60, 72, 79, 84]
    """
    strengths = np.zeros(size)
    for k in range(1, count + 1):
        strengths[round(pitch + OCTAVE * np.log2(k))] += 1 / k
    return strengths


def cosines(vectors: Rows) -> Float[ndarray, "n n"]:
    """Compare all rows: a · b / (|a| |b|); a row of zeros is like nothing.

    >>> cosines([[1, 0], [1, 1], [0, 0]]).round(4).tolist()[0]
    [1.0, 0.7071, 0.0]
    """
    rows = np.asarray(vectors, dtype=float)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / np.where(lengths > 0, lengths, 1)
    return unit @ unit.T


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """A tune, heard in short frames: how strongly each frequency sounds in each of them."""

    waves: Float[ndarray, " samples"]
    rate: int
    """Samples a second."""
    frames: Float[ndarray, "frames window"]
    """Stretches of the sound, each faded in and out by Hann's window."""
    strengths: Float[ndarray, "frames bins"]
    """|Fourier transform| of each frame."""
    hz: Float[ndarray, " bins"]
    """The frequency of each bin."""


def spectrogram(
    pitches: Pitches,
    *,
    rate: int = 4000,
    seconds: float = 0.256,
    window: int = 512,
    hop: int = 512,
    count: int = 1,
) -> Spectrogram:
    """Sound the notes one after another, and take the Fourier transform of frame after frame.

    count: partials of each note.

    >>> found = spectrogram([69])
    >>> float(found.hz[found.strengths[0].argmax()])
    437.5
    """
    times = np.arange(int(rate * seconds)) / rate
    waves = np.concatenate([_wave(frequency(pitch), times, count) for pitch in pitches])
    starts = range(0, len(waves) - window + 1, hop)
    fade = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    frames = np.stack([waves[start : start + window] * fade for start in starts])
    hz = np.fft.rfftfreq(window, 1 / rate)
    return Spectrogram(waves, rate, frames, np.abs(np.fft.rfft(frames, axis=1)), hz)


def _wave(hz: float, times: Float[ndarray, " samples"], count: int) -> Float[ndarray, " samples"]:
    parts = [np.sin(2 * np.pi * k * hz * times) / k for k in range(1, count + 1)]
    return np.sum(parts, axis=0)


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Which notes stand beside which, counted."""

    pitches: Int[ndarray, " kinds"]
    """Each pitch of the tune once, rising."""
    counts: Float[ndarray, "kinds kinds"]
    """How often the second stands within the window of the first."""
    cosines: Float[ndarray, "kinds kinds"]
    """How alike the rows are: notes with the same neighbours are alike."""


def neighbours(tune: Pitches, window: int = 1) -> Neighbours:
    """Count the notes beside each note: vectors learned from a tune, in the plainest way.

    >>> found = neighbours([60, 62, 60, 64, 60])
    >>> found.pitches.tolist(), found.counts.tolist()
    ([60, 62, 64], [[0.0, 2.0, 2.0], [2.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    >>> float(found.cosines[1, 2])
    1.0
    """
    tune = np.asarray(tune, dtype=int)
    pitches, places = np.unique(tune, return_inverse=True)
    counts = np.zeros((len(pitches), len(pitches)))
    for i, here in enumerate(places):
        for j in range(max(0, i - window), min(len(places), i + window + 1)):
            if j != i:
                counts[here, places[j]] += 1
    return Neighbours(pitches, counts, cosines(counts))


def intervals(tune: Numbers) -> Float[ndarray, " steps"]:
    """Give the semitones from each note to the next: the same in every key.

    >>> intervals([60, 64, 67]).tolist() == intervals([62, 66, 69]).tolist()
    True
    """
    return np.diff(np.asarray(tune, dtype=float))
