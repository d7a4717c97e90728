"""Sentences as vectors, from what our own GPT makes of their tokens.

    h(t)     the state of token t: the mean over some layers, each brought to one size
    v        sum of w(t) h(t) / sum of w(t), over all tokens of the sentence
    vector   whiten(v) / |whiten(v)|

w(t) = a / (a + p(t)) makes frequent tokens count less (Arora, Liang and Ma 2017, "A simple but
tough-to-beat baseline for sentence embeddings", SIF), with p the share of the token in the training
text; whitening is `reduce.Whitening`. Everything before the last division is linear in the tokens,
so a cosine is a sum over pairs of tokens, exactly: see `why.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from naepo.config import UserError, did_you_mean
from naepo.embed.both_ways import states_both_ways
from naepo.embed.keeping import fingerprint
from naepo.embed.pooling import Vectors, Window, evaluating, layer_number, padded, windows_of
from naepo.encode.encoder import Encoder, Ids
from naepo.model import LanguageModel, Transformer
from naepo.reduce.normalise import Whitening

Array = np.ndarray
POOLINGS = ("mean", "weighted", "last")
SIF = 1e-3
"""a of the weights, as in the paper."""
TOKENS_AT_ONCE = 8_192
WIDTH = 256
"""The most numbers of a vector, unless said otherwise."""
ROWS_A_DIRECTION = 2
"""So many sentences must be there for each direction that whitening keeps."""


@dataclass(frozen=True, kw_only=True)
class SentenceSettings:
    """How sentences become vectors."""

    layers: tuple[int, ...] = (0, -1)
    """Which layers' states are averaged: 0 is the embedding, -1 what leaves the last block."""
    pooling: str = "mean"
    """mean; weighted, later tokens more (SGPT); last."""
    sif: float | None = SIF
    """a of the weights by frequency; None counts every token alike."""
    whiten: bool = True
    """Whether directions are made to vary alike."""
    width: int | None = None
    """Numbers of a vector: the widest directions. None for as many as the sentences support."""
    both_ways: bool = False
    """Whether tokens see what comes after them: only of use in a copy that was tuned so."""

    def __post_init__(self) -> None:
        if self.pooling not in POOLINGS:
            raise UserError(
                f"no pooling is called {self.pooling}", hint=did_you_mean(self.pooling, POOLINGS)
            )
        if not self.layers:
            raise UserError("name at least one layer")
        if self.sif is not None and not self.sif > 0:
            raise UserError(f"sif must be above 0, got {self.sif}")
        if self.width is not None and (self.width < 1 or not self.whiten):
            raise UserError("width must be at least 1, and needs whitening")


@dataclass(frozen=True, eq=False)
class Part:
    """A token of a sentence, by its bytes. vector: what it adds to the vector of the sentence."""

    content: bytes
    vector: Float[Array, " width"]


@dataclass(frozen=True, eq=False)
class Fitted:
    """What is learnt from sentences and kept with their vectors.

    sizes: root mean square of the states of each layer.  weights: of each id.
    """

    sizes: Float[Array, " layers"]
    weights: Float[Array, " vocab"]
    whitening: Whitening | None

    @property
    def width(self) -> int | None:
        """How many numbers the vectors have; None for as many as the states."""
        return None if self.whitening is None else len(self.whitening.scales)

    def to_bytes(self) -> bytes:
        """Give it as one safetensors file."""
        arrays = {"sizes": self.sizes, "weights": self.weights}
        if self.whitening is not None:
            arrays |= {
                "mean": self.whitening.mean,
                "axes": self.whitening.axes,
                "scales": self.whitening.scales,
                "shrinkage": np.array([self.whitening.shrinkage]),
            }
        return save_arrays({k: np.ascontiguousarray(v) for k, v in arrays.items()})

    @classmethod
    def from_bytes(cls, content: bytes) -> "Fitted":
        """Read what `to_bytes` gave. Raises: UserError for anything else."""
        try:
            arrays = load_arrays(content)
            whitening = None
            if "axes" in arrays:
                shrinkage = float(arrays["shrinkage"][0])
                whitening = Whitening(arrays["mean"], arrays["axes"], arrays["scales"], shrinkage)
            return cls(arrays["sizes"], arrays["weights"], whitening)
        except Exception as error:
            raise UserError(f"what is kept of the sentences is damaged: {error}") from None


class SentenceModel:
    """Sentences in, vectors of length 1 out; a text without any token gives zeros."""

    def __init__(
        self,
        model: LanguageModel,
        encoder: Encoder,
        settings: SentenceSettings,
        fitted: Fitted | None = None,
    ) -> None:
        """fitted: what `fit` would learn; without it every token and direction counts alike."""
        self.model, self.encoder, self.settings = model, encoder, settings
        ones = np.ones(len(settings.layers)), np.ones(encoder.vocab_size)
        self.fitted = Fitted(*ones, None) if fitted is None else fitted

    @classmethod
    def fit(
        cls,
        model: LanguageModel,
        encoder: Encoder,
        texts: Sequence[str],
        settings: SentenceSettings | None = None,
        *,
        counts: Int[Array, " vocab"] | None = None,
    ) -> "SentenceModel":
        """Learn weights, sizes and directions from sentences; the model stays as it was.

        counts: of each id in the text the model was trained on; None counts these sentences.

        Raises: UserError for no text, or a layer that there is not.
        """
        settings = settings or SentenceSettings()
        sequences = [encodable(encoder, text) for text in texts]
        if not any(len(ids) for ids in sequences):
            raise UserError("there is no text to learn from")
        if counts is None:
            counts = np.bincount(np.concatenate(sequences), minlength=encoder.vocab_size)
        n_layers = len(settings.layers)
        plain = Fitted(np.ones(n_layers), sif_weights(counts, settings.sif), None)
        begun = cls(model, encoder, replace(settings, whiten=False, width=None), plain)
        sized = replace(plain, sizes=begun._sizes(sequences))
        begun.fitted = sized
        if settings.whiten:
            pooled = begun._pooled(sequences)[[len(ids) > 0 for ids in sequences]]
            width = _width(settings.width, *pooled.shape)
            sized = replace(sized, whitening=Whitening.fit(pooled, n_components=width))
        return cls(model, encoder, settings, sized)

    @property
    def about(self) -> dict[str, Any]:
        """Say how the vectors are made, in plain values; equal ones can be compared."""
        network = self.model
        weights = network.state_dict() if isinstance(network, torch.nn.Module) else {}
        return {
            "made_of": "sentences",
            "encoder": self.encoder.fingerprint,
            "model": fingerprint(weights),
            "layers": list(self.settings.layers),
            "pooling": self.settings.pooling,
            "sif": self.settings.sif,
            "whiten": self.settings.whiten,
            "width": self.settings.width,
            "both_ways": self.settings.both_ways,
        }

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Give one vector for each text, float32, shape (n, width)."""
        sequences = [encodable(self.encoder, text) for text in texts]
        rows = self._turned(self._pooled(sequences))
        rows[[len(ids) == 0 for ids in sequences]] = 0
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)

    def parts(self, text: str) -> list[Part]:
        """Give what each token adds to the vector of a text: together they are that vector."""
        ids = encodable(self.encoder, text)
        if not len(ids):
            return []
        (states,) = self._states([ids])
        weights = self._weights(ids)
        shares = weights / weights.sum()
        whitening = self.fitted.whitening
        rows = shares[:, None] * (states if whitening is None else states - whitening.mean)
        if whitening is not None:
            rows = rows @ whitening.axes.T / whitening.scales
        length = np.linalg.norm(rows.sum(axis=0))
        rows = rows / (length if length > 0 else 1.0)
        contents = map(self.encoder.content, ids.tolist())
        return [Part(content, row) for content, row in zip(contents, rows, strict=True)]

    def _pooled(self, sequences: Sequence[Ids]) -> Float[Array, "n d_model"]:
        rows = np.zeros((len(sequences), self.model.settings.d_model))
        for number, states in self._each(sequences):
            weights = self._weights(sequences[number])
            rows[number] = weights @ states / weights.sum()
        return rows

    def _turned(self, rows: Float[Array, "n d_model"]) -> Float[Array, "n width"]:
        return rows if self.fitted.whitening is None else self.fitted.whitening.transform(rows)

    def _weights(self, ids: Ids) -> Float[Array, " time"]:
        if self.settings.pooling == "last":
            return (np.arange(len(ids)) == len(ids) - 1).astype(np.float64)
        weights = self.fitted.weights[ids]
        if self.settings.pooling == "weighted":
            weights = weights * np.arange(1, len(ids) + 1)
        return weights

    def _sizes(self, sequences: Sequence[Ids]) -> Float[Array, " layers"]:
        """Measure how large the states of each layer are: the last ones would drown the first."""
        some = sequences[:: max(1, len(sequences) // 500)]
        squares, n = np.zeros(len(self.settings.layers)), 0
        for _, states in self._each_layer(some):
            squares += np.square(states).mean(axis=(1, 2)) * states.shape[1]
            n += states.shape[1]
        sizes = np.sqrt(squares / max(1, n))
        return np.where(sizes > 0, sizes, 1.0)

    def _states(self, sequences: Sequence[Ids]) -> list[Float[Array, "time d_model"]]:
        return [states for _, states in sorted(self._each(sequences), key=lambda pair: pair[0])]

    def _each(self, sequences: Sequence[Ids]) -> Iterator[tuple[int, Float[Array, "time d_model"]]]:
        """Give the mean over layers of each sequence that has a token, in any order."""
        for number, states in self._each_layer(sequences):
            yield number, (states / self.fitted.sizes[:, None, None]).mean(axis=0)

    def _each_layer(
        self, sequences: Sequence[Ids]
    ) -> Iterator[tuple[int, Float[Array, "layers time d_model"]]]:
        context = self.model.settings.context_length
        layers = [layer_number(n, self.model.settings.n_layers) for n in self.settings.layers]
        filled = [(number, ids) for number, ids in enumerate(sequences) if len(ids)]
        windows = list(windows_of([ids for _, ids in filled], self.encoder.end_id, context))
        n_windows = np.bincount([window.sequence for window in windows], minlength=len(filled))
        waiting: dict[int, dict[int, Array]] = {}
        for batch in _batches(windows):
            for window, states in zip(batch, self._read(batch, layers), strict=True):
                pieces = waiting.setdefault(window.sequence, {})
                pieces[window.number] = states
                if len(pieces) == n_windows[window.sequence]:
                    whole = [pieces[place] for place in sorted(pieces)]
                    del waiting[window.sequence]
                    yield filled[window.sequence][0], np.concatenate(whole, axis=1)

    def _read(self, batch: list[Window], layers: list[int]) -> list[Float[Array, "layers t d"]]:
        ids, is_read = padded([window.ids for window in batch], self.encoder.end_id)
        model = self.model
        module = model if isinstance(model, torch.nn.Module) else None
        device = next(iter(module.parameters())).device if module is not None else None
        with torch.inference_mode(), evaluating(model):
            if self.settings.both_ways:
                if not isinstance(model, Transformer):
                    raise UserError("only a transformer can be read both ways")
                found = states_both_ways(model, ids.to(device), is_read.to(device))
            else:
                found = model.hidden(ids.to(device))
            kept = torch.stack([found[layer] for layer in layers], dim=1).double().cpu().numpy()
        return [kept[row][:, window.n_prefix : len(window.ids)] for row, window in enumerate(batch)]


def sif_weights(counts: Int[Array, " vocab"], a: float | None) -> Float[Array, " vocab"]:
    """Give a / (a + p) of each id; 1 for all where `a` is None."""
    if a is None:
        return np.ones(len(counts))
    return a / (a + counts / max(1, counts.sum()))


def encodable(encoder: Encoder, text: str) -> Ids:
    """Encode a text; what the encoder has no sign for is left out.

    A query may hold what the model has never seen, and the rest of it still means something.
    """
    try:
        return encoder.encode(text)
    except UserError:
        known = [encoder.encode(c) for c in text if _can(encoder, c)]
        return np.concatenate(known) if known else np.zeros(0, dtype=np.int64)


def _can(encoder: Encoder, character: str) -> bool:
    try:
        encoder.encode(character)
    except UserError:
        return False
    return True


def width_for(n: int, d_model: int) -> int:
    """Give how many numbers the vectors have that n sentences support.

    >>> width_for(1, 128), width_for(100, 128), width_for(1_000, 128)
    (1, 50, 128)
    """
    return max(1, min(d_model, WIDTH, n // ROWS_A_DIRECTION))


def _width(wanted: int | None, n: int, d_model: int) -> int:
    if wanted is None:
        return width_for(n, d_model)
    if wanted > d_model:
        raise UserError(
            f"the model's states have {d_model} numbers, so a vector cannot have {wanted}"
        )
    return wanted


def _batches(windows: list[Window]) -> Iterator[list[Window]]:
    """Put windows of like length together, so that little is padded."""
    batch: list[Window] = []
    for window in sorted(windows, key=lambda window: len(window.ids), reverse=True):
        if batch and (len(batch) + 1) * len(batch[0].ids) > TOKENS_AT_ONCE:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch
