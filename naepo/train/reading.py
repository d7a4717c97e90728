"""How a run reads its text: as it was cut, cut anew in each reading, or music in another key."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError
from naepo.encode import BPEEncoder, Corpus
from naepo.encode.music.encoder import MusicEncoder
from naepo.train.batches import Windows
from naepo.train.settings import TrainSettings

LEAST_SHARE = 0.002
"""Below this share of ids taken apart, the text is read as it is."""
STREAM_OF_KEYS = 1 << 62
"""Keeps the draws of transpositions apart from all others of the same seed."""

Ids = NDArray[np.integer[Any]]


def windows_of(corpus: Corpus, context_length: int, train: TrainSettings) -> Windows:
    """Give the windows of a corpus's training part.

    Raises: UserError when it is shorter than one context, or text is to be transposed.
    """
    ids, encoder = corpus.train.ids, corpus.encoder
    plain = Windows(ids, context_length, train.seed)
    if train.transpose:
        if not isinstance(encoder, MusicEncoder):
            raise UserError(
                "only music can be transposed, and this corpus is text",
                hint="--train.transpose 0",
            )
        return Windows(ids, context_length, train.seed, transposing(ids, encoder, train))
    if not train.merge_dropout or not isinstance(encoder, BPEEncoder):
        return plain
    n_windows = train.steps * train.batch_size * train.accumulate

    def recut(epoch: int) -> Ids:
        done = min(1.0, epoch * plain.per_epoch / n_windows)
        share = train.merge_dropout * (1 - done)
        if share < LEAST_SHARE:
            return ids
        return encoder.take_apart(ids, share=share, seed=[train.seed, epoch])

    return Windows(ids, context_length, train.seed, recut)


def transposing(ids: Ids, encoder: MusicEncoder, train: TrainSettings) -> Callable[[int], Ids]:
    """Give the reading of an epoch: each piece moved by a number of semitones that it has room for.

    A piece that cannot be moved so far is moved by the next smaller number, down to 0.
    """
    ends = np.flatnonzero(ids == encoder.end_id) + 1
    pieces = np.split(np.asarray(ids, dtype=np.int64), ends)

    def read(epoch: int) -> Ids:
        key = [train.seed, STREAM_OF_KEYS + epoch]
        draw = np.random.Generator(np.random.Philox(key=key))
        widest = train.transpose
        semitones = draw.integers(-widest, widest + 1, size=len(pieces)).tolist()
        moved = [_moved(piece, encoder, n) for piece, n in zip(pieces, semitones, strict=True)]
        return np.concatenate(moved)

    return read


def _moved(piece: Ids, encoder: MusicEncoder, semitones: int) -> Ids:
    towards_zero = -1 if semitones > 0 else 1
    for n in range(semitones, 0, towards_zero):
        moved = encoder.transposed(piece, n)
        if moved is not None:
            return moved
    return piece
