"""The ways to vectors that need no run: what a person can ask for, and what a store keeps of it.

way              of text               of notes               of sound
one-hot          share of each word    share of each pitch    share of each pitch
skip-gram,       mean of the vectors   mean of the vectors    mean of the vectors
  glove            of its words          of its events          of its codes
a file           mean of the vectors   mean of the vectors
  of vectors       of its words          of its events
time series                                                   `time_series.vector`
a folder                                                      mean of hidden states of an
                                                                audio model of `transformers`

What a way learns from the first pieces, it keeps: what is added later, and what is looked for, is
embedded by the same vectors. The kind of time series called `time-series` is chroma-invariant.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Float32, Int
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from naepo.config import UserError, did_you_mean
from naepo.embed.time_series import KINDS
from naepo.embed.vectors import WordVectors
from naepo.embed.word_vectors import glove, skip_gram
from naepo.encode.explain import IdsLike

Array = np.ndarray
Material = Literal["text", "notes", "sound"]
LEARNED = ("skip-gram", "glove")
SERIES = "time-series"
NAMES = ("one-hot", SERIES, *KINDS, *LEARNED)
"""The ways that have a name; others are a file of vectors or the folder of an audio model."""
VECTORS, AUDIO_MODEL = "vectors", "audio-model"
WORDS = ("one-hot", *LEARNED, VECTORS)
"""The ways that look words up in a table."""
D, WINDOW = 64, 4
"""Numbers of a vector that is learned here, and how far a word sees."""
EPOCHS = {"skip-gram": 10, "glove": 50}
MANY_WORDS, SUBSAMPLE = 10_000, 1e-3
"""From so many words on, frequent ones are thinned out (`word_vectors.skip_gram`)."""
N_BYTES_OF_HASH = 32


@dataclass(frozen=True)
class Way:
    """A way that a person asked for. path: of the file, or the folder, that it is told by."""

    name: str
    path: Path | None = None

    @classmethod
    def read(cls, told: str) -> "Way":
        """Read what was typed: a name, a file of vectors, or the folder of an audio model.

        Raises: UserError for what is none of them.

        >>> Way.read("time-series")
        Way(name='chroma-invariant', path=None)
        """
        if told in NAMES:
            return cls("chroma-invariant" if told == SERIES else told)
        path = Path(told)
        if path.is_dir():
            return cls(AUDIO_MODEL, path)
        if path.is_file():
            return cls(VECTORS, path)
        raise UserError(
            f"no way to vectors, and no file or folder, is called `{told}`",
            hint=did_you_mean(told, NAMES)
            + "; or name a file of word vectors, or the folder of a `transformers` audio model",
        )

    def material(self, has_sound: bool, has_notes: bool) -> Material:
        """Say what is looked at, of what there is: sound, notes, or else text.

        Raises: UserError when the way knows nothing of it.
        """
        hears = self.name in KINDS or self.name == AUDIO_MODEL
        if not has_sound and not has_notes:
            if hears:
                raise UserError(
                    f"`{self.name}` is a way for sound, and these are no recordings and no music",
                    hint="for text there are --by one-hot, skip-gram, glove, or a file of vectors",
                )
            return "text"
        if hears or (has_sound and not has_notes):
            if self.name == VECTORS:
                raise UserError(
                    f"{self.path} holds vectors of words, and a sound has none",
                    hint="for sound there are --by one-hot, time-series, skip-gram, glove, "
                    "or the folder of an audio model",
                )
            return "sound"
        return "notes"

    def about(self, material: Material, seed: int) -> dict[str, Any]:
        """Say how the vectors are made, in plain values: what a store knows a space by.

        Of a file its SHA-256. Raises: UserError for a file that cannot be read.
        """
        about: dict[str, Any] = {"made_of": material, "by": self.name}
        if self.name in LEARNED:
            about |= {"d": D, "window": WINDOW, "epochs": EPOCHS[self.name], "seed": seed}
        if self.path is not None:
            about["from"] = str(self.path.resolve())
        if self.name == VECTORS and self.path is not None:
            about["sha256"] = sha256_of(self.path)
        return about


def is_way(about: Mapping[str, Any]) -> bool:
    """Say whether vectors were made in one of these ways, and not by a run."""
    return "by" in about and "run" not in about


def learn(
    about: Mapping[str, Any], sequences: Sequence[IdsLike], vocab_size: int, words: Sequence[str]
) -> WordVectors:
    """Learn vectors as `about` tells it. Raises: UserError when there is nothing to learn from."""
    settings = {name: about[name] for name in ("d", "window", "epochs", "seed")}
    if about["by"] == "glove":
        return glove(sequences, vocab_size, words=words, **settings)
    subsample = SUBSAMPLE if vocab_size > MANY_WORDS else None
    return skip_gram(sequences, vocab_size, words=words, subsample=subsample, **settings)


def mean_row(
    ids: Int[Array, " n"], table: Float32[Array, "vocab d"] | None, vocab_size: int
) -> Float[Array, " d"]:
    """Give the mean of the rows of some ids; zeros where there are none.

    table: None for one-hot rows, whose mean is the share of each id, shape (vocab_size,).
    """
    shares = np.bincount(ids, minlength=vocab_size) / max(1, len(ids))
    return shares if table is None else shares @ table


def known_rows(
    words: Sequence[str], vectors: WordVectors
) -> tuple[Float32[Array, "n d"], Bool[Array, " n"]]:
    """Give the vector of each word, and whether it has one; a word that has none gets zeros."""
    known = np.array([word in vectors for word in words])
    rows = np.zeros((len(words), vectors.vectors.shape[1]), dtype=np.float32)
    for place in np.flatnonzero(known).tolist():
        rows[place] = vectors[words[place]]
    return rows, known


def sealed(arrays: Mapping[str, Array]) -> bytes:
    """Give arrays as bytes, the SHA-256 of the rest first: what a store keeps of a way."""
    content = save_arrays({name: np.ascontiguousarray(each) for name, each in arrays.items()})
    return hashlib.sha256(content).digest() + content


def unsealed(state: bytes) -> dict[str, Array]:
    """Read what `sealed` gave. Raises: UserError when it has changed."""
    digest, content = state[:N_BYTES_OF_HASH], state[N_BYTES_OF_HASH:]
    if hashlib.sha256(content).digest() != digest:
        raise UserError(
            "what the store keeps of this way to vectors has changed since it was written",
            hint="take the store from a backup, or embed again into a new one",
        )
    return load_arrays(content)


def as_bytes(text: str) -> Array:
    """Give a text as an array of its UTF-8 bytes."""
    return np.frombuffer(text.encode(), dtype=np.uint8)


def as_text(array: Array) -> str:
    """Read what `as_bytes` gave."""
    return array.tobytes().decode()


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file (hex). Raises: UserError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from None
