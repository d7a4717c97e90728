"""How a run reads its text: as it was cut, or cut into other pieces in each reading."""

import numpy as np
from numpy.typing import NDArray

from naepo.encode import BPEEncoder, Corpus
from naepo.train.batches import Windows
from naepo.train.settings import TrainSettings

LEAST_SHARE = 0.002
"""Below this share of ids taken apart, the text is read as it is."""


def windows_of(corpus: Corpus, context_length: int, train: TrainSettings) -> Windows:
    """Give the windows of a corpus's training part.

    Raises: UserError when it is shorter than one context.
    """
    ids, encoder = corpus.train.ids, corpus.encoder
    plain = Windows(ids, context_length, train.seed)
    if not train.merge_dropout or not isinstance(encoder, BPEEncoder):
        return plain
    n_windows = train.steps * train.batch_size * train.accumulate

    def recut(epoch: int) -> NDArray[np.integer]:
        done = min(1.0, epoch * plain.per_epoch / n_windows)
        share = train.merge_dropout * (1 - done)
        if share < LEAST_SHARE:
            return ids
        return encoder.take_apart(ids, share=share, seed=[train.seed, epoch])

    return Windows(ids, context_length, train.seed, recut)
