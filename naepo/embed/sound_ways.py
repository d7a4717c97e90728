"""Sound as what is in it: pitches, time series, codes with vectors, states of an audio model.

A sound has one vector for the whole of it, and one for each of its moments of 10 s. It is looked at
once, a piece at a time; what is kept of it meanwhile is small.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Float32

from naepo.config import UserError
from naepo.embed import ways
from naepo.embed.codebook import Codebook, Scale
from naepo.embed.one_hot import sounding_pitches
from naepo.embed.pitch_frames import pitch_frames
from naepo.embed.pooling import Vectors
from naepo.embed.sound_pieces import MOMENT_SECONDS
from naepo.embed.sound_views import Frames
from naepo.embed.store import Entry
from naepo.embed.time_series import vector
from naepo.embed.views import SEMITONES

Array = np.ndarray
See = Callable[[Float32[Array, " samples"], int], Float[Array, "frames d"]]
"""Samples and their rate to rows, one or many."""
N_CODES, FRAMES_A_CODE = 128, 8
"""Codes of a codebook, and how many frames at least there have to be for each."""
TO_BE_SCALED = ("mel", "mfcc")
"""Time series whose columns are brought to one spread before they are compared."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What is kept of a sound. rows: of the whole, then of each moment; places: of the moments."""

    name: str
    rows: list[Float[Array, "_ d"]]
    places: list[str]


class SoundWay:
    """What turns sounds into vectors."""

    def __init__(
        self, about: Mapping[str, Any], see: See, arrays: Mapping[str, Array] | None = None
    ) -> None:
        """see: what is looked at of a sound.  arrays: what was learned; None before `learn`."""
        self.about, self.see = dict(about), see
        self.arrays = dict(arrays or {})

    @classmethod
    def of(cls, about: Mapping[str, Any], state: bytes, audio_model: Any = None) -> "SoundWay":
        """Make a way: a new one, or from what a store has kept of it.

        audio_model: a `PretrainedAudio`, for the way that is told by its folder.

        Raises: UserError when what was kept has changed.
        """
        arrays = ways.unsealed(state) if state else None
        return cls(about, _eye(about["by"], audio_model), arrays)

    @property
    def state(self) -> bytes:
        """What was learned, for a store; nothing where nothing was."""
        return ways.sealed(self.arrays) if self.arrays else b""

    def look(self, name: str, samples: Float32[Array, " samples"], sample_rate: int) -> Seen:
        """Look at a whole sound and at its moments.

        Raises: UserError for what is no sound.
        """
        stretches = list(moments_of(len(samples), sample_rate))
        rows = [self.see(samples, sample_rate)]
        rows += [self.see(samples[start:end], sample_rate) for start, end in stretches]
        places = [f"{_clock(a / sample_rate)}-{_clock(b / sample_rate)}" for a, b in stretches]
        return Seen(name, rows, places)

    def learn(self, seen: Sequence[Seen]) -> None:
        """Learn from the whole sounds what the way needs: nothing, a scale, codes and vectors.

        Raises: UserError when they are too few or too short for it.
        """
        wholes = [sound.rows[0] for sound in seen]
        by = self.about["by"]
        if by in TO_BE_SCALED:
            scale = Scale.of(np.concatenate(wholes))
            self.arrays = {"spread": scale.spread}
        elif by in ways.LEARNED:
            frames = np.concatenate(wholes)
            n_codes = max(2, min(N_CODES, len(frames) // FRAMES_A_CODE))
            book = Codebook.fit(frames, n_codes, seed=self.about["seed"])
            ids = [book.encode(rows) for rows in wholes]
            learned = ways.learn(self.about, ids, n_codes, list(map(str, range(n_codes))))
            self.arrays = {
                "codes": book.codes,
                "mean": book.scale.mean,
                "spread": book.scale.spread,
                "rows": learned.vectors,
            }

    def embed(self, seen: Sequence[Seen]) -> tuple[Vectors, list[Entry]]:
        """Give the vectors of whole sounds and of their moments, and what each is of."""
        vectors = [self._vector(rows) for sound in seen for rows in sound.rows]
        entries = [
            Entry(sound.name, place, "music") for sound in seen for place in ("", *sound.places)
        ]
        return np.stack(vectors).astype(np.float32), entries

    def in_all_keys(self, seen: Seen) -> dict[int, Seen]:
        """Give a sound in every key, by semitones from here, where its rows are of pitches.

        Others are given as they are: `chroma-invariant` does not mind the key, and the rest has
        none that could be told.
        """
        if self.about["by"] not in ("one-hot", *ways.LEARNED):
            return {0: seen}
        return {
            semitones: replace(seen, rows=[_higher(rows, semitones) for rows in seen.rows])
            for semitones in range(SEMITONES[0], SEMITONES[1] + 1)
        }

    def _vector(self, rows: Float[Array, "frames d"]) -> Float[Array, " width"]:
        if self.about["by"] in ways.LEARNED:
            arrays = self.arrays
            book = Codebook(Scale(arrays["mean"], arrays["spread"]), arrays["codes"])
            return ways.mean_row(book.encode(rows), arrays["rows"], len(arrays["rows"]))
        mean = rows.mean(axis=0)
        return mean / self.arrays["spread"] if "spread" in self.arrays else mean


def moments_of(n_samples: int, sample_rate: int) -> list[tuple[int, int]]:
    """Cut a sound into moments that overlap by half; a short one is a moment itself.

    >>> moments_of(25, 1)
    [(0, 10), (5, 15), (10, 20), (15, 25)]
    """
    size = round(MOMENT_SECONDS * sample_rate)
    last = max(0, n_samples - size)
    starts = [*range(0, last, size // 2), last]
    return [(start, min(n_samples, start + size)) for start in starts]


def chroma(frames: Frames) -> Float[Array, "frames 12"]:
    """Give how strong each pitch class is in each of `pitch_frames`, the strongest 1."""
    energies = frames.numpy().T.reshape(-1, 6, 12).sum(axis=1)
    return energies / np.maximum(energies.max(axis=1, keepdims=True), np.float32(1e-12))


def _eye(by: str, audio_model: Any) -> See:
    if by == "one-hot":
        return lambda samples, rate: _mean(sounding_pitches(pitch_frames(samples, rate)))
    if by in ways.LEARNED:
        return lambda samples, rate: chroma(pitch_frames(samples, rate))
    if by == ways.AUDIO_MODEL:
        if audio_model is None:
            raise UserError("this way needs its audio model", hint="give audio_model=")
        return lambda samples, rate: _mean(audio_model.frames(samples, rate))
    return lambda samples, rate: vector(samples, rate, by)[None]


def _mean(rows: Float[Array, "frames d"]) -> Float[Array, "1 d"]:
    return rows.mean(axis=0, keepdims=True)


def _higher(rows: Float[Array, "frames pitches"], semitones: int) -> Float[Array, "frames pitches"]:
    """Move rows of pitches; what leaves them at one end is gone. Pitch classes go round."""
    moved = np.roll(rows, semitones, axis=1)
    if rows.shape[1] > 12 and semitones:
        moved[:, slice(0, semitones) if semitones > 0 else slice(semitones, None)] = 0
    return moved


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
