"""Pooled hidden states: a language model's view of a whole piece, as one vector.

A language model gives a state for every position. Averaged over a piece, the states of one layer
say what the piece is like. Long pieces are read in windows that fit the context.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from naepo.config import UserError
from naepo.encode.encoder import Encoder
from naepo.encode.explain import IdsLike
from naepo.model import LanguageModel

Array = np.ndarray
Vectors = Float[Array, "n d_model"]
KINDS = ("mean", "last", "max")

TOKENS_AT_ONCE = 16_384
"""Positions in one batch: enough to keep a machine busy, few enough for its memory."""


def hidden_vectors(
    model: LanguageModel,
    encoder: Encoder,
    sequences: Sequence[IdsLike],
    *,
    layer: int | None = None,
    pooling: str = "mean",
    tokens_at_once: int = TOKENS_AT_ONCE,
) -> Vectors:
    """Give one vector for each sequence of ids, float32, shape (n, d_model).

    A sequence longer than the context is read in windows that follow each other. Every window
    begins after an end id, whose own state is left out: at the first position attention has
    nowhere else to look, and its state outweighs all others (Xiao et al. 2023, arXiv:2309.17453).

    layer: 0 is the embedding, n_layers what leaves the last block; negative counts from the end.
        None takes the middle one: the last layers are about the next id more than about the piece.
    pooling: "mean" over all positions, the largest of each number ("max"), or the "last" state.
    tokens_at_once: positions in one batch; it changes the speed, not the vectors.

    Raises: UserError for a layer or a pooling that there is not.
    """
    number = layer_number(layer, model.settings.n_layers)
    if pooling not in KINDS:
        raise UserError(f"pooling must be one of {', '.join(KINDS)}, got {pooling!r}")
    pools = [_Pool(pooling, model.settings.d_model) for _ in sequences]
    windows = list(windows_of(sequences, encoder.end_id, model.settings.context_length))
    device = next(iter(model.parameters())).device if isinstance(model, torch.nn.Module) else None
    for batch in _batches(windows, tokens_at_once):
        ids, is_read = padded([window.ids for window in batch], encoder.end_id)
        with torch.inference_mode(), evaluating(model):
            states = model.hidden(ids.to(device))[number].float().cpu()
        for row, window in enumerate(batch):
            read = states[row][is_read[row]]
            pools[window.sequence].add(read[window.n_prefix :].numpy(), window.number)
    return np.stack([pool.vector() for pool in pools]) if pools else _none(model)


def layer_number(layer: int | None, n_layers: int) -> int:
    """Give the place of a layer in what `hidden` returns, which has n_layers + 1 entries.

    >>> layer_number(None, 4), layer_number(-1, 4), layer_number(0, 4)
    (2, 4, 0)
    """
    if layer is None:
        return (n_layers + 1) // 2
    if not -n_layers - 1 <= layer <= n_layers:
        raise UserError(
            f"layer must be from {-n_layers - 1} to {n_layers}, got {layer}",
            hint="0 is the embedding, 1 what leaves the first block, -1 what leaves the last",
        )
    return layer % (n_layers + 1)


@dataclass(frozen=True)
class Window:
    """A stretch of one sequence, as a model reads it; the first `n_prefix` ids are not its own."""

    sequence: int
    number: int
    ids: tuple[int, ...]
    n_prefix: int


def windows_of(sequences: Iterable[IdsLike], end_id: int, context_length: int) -> Iterator[Window]:
    """Cut sequences into windows that fit the context; an empty one is the end id alone."""
    n_prefix = 1 if context_length > 1 else 0
    size = context_length - n_prefix
    for number, sequence in enumerate(sequences):
        ids = tuple(int(id) for id in sequence)
        if not ids:
            yield Window(number, 0, (end_id,), 0)
        for place, start in enumerate(range(0, len(ids), size)):
            piece = ids[start : start + size]
            yield Window(number, place, (end_id,) * n_prefix + piece, n_prefix)


def padded(
    rows: Sequence[Sequence[int]], end_id: int
) -> tuple[Int[Tensor, "batch time"], Bool[Tensor, "batch time"]]:
    """Put rows of ids side by side; give also which positions are theirs.

    What is added stands after a row, where a model that reads forward cannot see it.
    """
    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), end_id)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.as_tensor(row)
    lengths = torch.tensor([len(row) for row in rows])
    return ids, torch.arange(longest)[None, :] < lengths[:, None]


@dataclass(frozen=True, eq=False)
class Centering:
    """Vectors with the mean of a gallery taken off, so that a cosine compares what differs.

    The states of one model share a large common part, and cosines between them are all near 1
    (Mu & Viswanath 2018, arXiv:1702.01417, who take off some main directions too; we do not).
    """

    mean: Float[Array, " d_model"]

    @classmethod
    def fit(cls, gallery: Vectors) -> "Centering":
        """Take the mean of the gallery's vectors; of none or one, nothing can be told: zero."""
        if len(gallery) < 2:
            return cls(np.zeros(gallery.shape[1], dtype=np.float32))
        return cls(gallery.mean(axis=0, dtype=np.float64).astype(np.float32))

    def transform(self, vectors: Vectors) -> Vectors:
        """Take the mean off."""
        return vectors - self.mean


class _Pool:
    """What is known of a sequence so far. Sums are kept in float64: windows come in any order."""

    def __init__(self, kind: str, d_model: int) -> None:
        self.kind = kind
        self.sum = np.zeros(d_model, dtype=np.float64)
        self.largest = np.full(d_model, -np.inf, dtype=np.float32)
        self.last = (-1, np.zeros(d_model, dtype=np.float32))
        self.n = 0

    def add(self, states: Float[Array, "time d_model"], number: int) -> None:
        """Take in the states of window `number`."""
        self.n += len(states)
        self.sum += states.sum(axis=0, dtype=np.float64)
        self.largest = np.maximum(self.largest, states.max(axis=0))
        self.last = max(self.last, (number, states[-1]), key=lambda pair: pair[0])

    def vector(self) -> Float[Array, " d_model"]:
        """Give what the kind asks for."""
        if self.kind == "max":
            return self.largest
        return self.last[1] if self.kind == "last" else (self.sum / self.n).astype(np.float32)


class evaluating:
    """Without dropout, and afterwards as it was."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model if isinstance(model, torch.nn.Module) else None
        self.was_training = self.model is not None and self.model.training

    def __enter__(self) -> None:
        if self.model is not None:
            self.model.eval()

    def __exit__(self, *error: object) -> None:
        if self.model is not None:
            self.model.train(self.was_training)


def _batches(windows: list[Window], tokens_at_once: int) -> Iterator[list[Window]]:
    """Put windows of like length together, so that little is padded."""
    batch: list[Window] = []
    for window in sorted(windows, key=lambda window: len(window.ids), reverse=True):
        if batch and (len(batch) + 1) * len(batch[0].ids) > tokens_at_once:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def _none(model: LanguageModel) -> Vectors:
    return np.zeros((0, model.settings.d_model), dtype=np.float32)
