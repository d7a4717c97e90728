"""A copy of a model, tuned to tell sentences apart; the generator's weights stay as they were.

    1. a third of the time: without the causal mask, masked tokens are guessed (`both_ways.py`)
    2. the rest: two views of one sentence come close, all others of the batch stay away (InfoNCE);
       of pairs that people scored, the cosine is drawn to the score too

A view is a crop of the sentence with some words left out, which is a better positive than the same
sentence under another dropout (Wang et al. 2021, arXiv:2104.06979, delete words so). The loss is
also taken on the first half and quarter of the numbers, so that a short vector is good as well
(Kusupati et al. 2022, arXiv:2205.13147, "Matryoshka").
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from naepo.config import UserError
from naepo.embed.both_ways import draw_masks, masked_loss, states_both_ways
from naepo.embed.contrast import ContrastSettings, OnStep, nt_xent, until_done
from naepo.embed.pairs import ScoredPair
from naepo.embed.pooling import padded
from naepo.embed.sentences import encodable
from naepo.embed.tuned import Tuned, copy_of, pooled
from naepo.encode.encoder import Encoder, Ids
from naepo.model import Transformer

ALIKE = 0.8
"""Pairs that people scored at least so high are two views of one thing."""


@dataclass(frozen=True, kw_only=True)
class SentenceTuning:
    """How a copy is tuned; it ends after `steps` or `seconds`, whichever is first."""

    steps: int | None = None
    """Updates, those with masks among them; none has no limit."""
    seconds: float | None = None
    """Time; none has no limit."""
    masked: float = 0.34
    """The share of it in which masked tokens are guessed."""
    hidden: float = 0.3
    """Of these, the share of tokens that is hidden."""
    left_out: float = 0.2
    """The share of words that a view leaves out."""
    batch_size: int = 64
    """Sentences in a batch."""
    length: int = 64
    """Ids of a view, at most what the context holds."""
    temperature: float = 0.05
    """What cosines are divided by."""
    scored: float = 5.0
    """How much the squared error of scored pairs counts beside InfoNCE."""
    halvings: int = 2
    """How often the vector is cut in half for a further loss."""
    lr: float = 5e-4
    """Largest learning rate of AdamW."""
    seed: int = 0
    """Decides the views, the masks and the batches."""


def tune_sentences(
    model: Transformer,
    encoder: Encoder,
    texts: Sequence[str],
    settings: SentenceTuning,
    *,
    pairs: Sequence[ScoredPair] | None = None,
    on_step: OnStep | None = None,
) -> Tuned:
    """Give a copy of the model whose last layer, pooled by mean, tells sentences apart.

    pairs: scored by people, from 0 to 1; their sentences are learnt from as well.

    Raises: UserError for fewer than two different sentences, or when the loss is no number.
    """
    tuner = _Tuner(model, encoder, texts, settings, pairs or ())
    n_masked = settings.masked if settings.masked > 0 else 0.0
    tuner.tuned.model.train()
    if n_masked:
        _run(tuner, tuner.masked, settings, n_masked, on_step)
    _run(tuner, tuner.contrast, settings, 1 - n_masked, on_step)
    tuner.tuned.model.eval()
    return tuner.tuned


class _Tuner:
    """Draws batches and gives losses; everything is decided by the seed."""

    def __init__(
        self,
        model: Transformer,
        encoder: Encoder,
        texts: Sequence[str],
        settings: SentenceTuning,
        pairs: Sequence[ScoredPair],
    ) -> None:
        self.settings, self.encoder, self.pairs = settings, encoder, pairs
        every = [*texts, *(text for one, other, _ in pairs for text in (one, other))]
        self.texts = [text for text in dict.fromkeys(every) if len(encodable(encoder, text))]
        if len(self.texts) < 2:
            raise UserError(
                f"tuning needs at least 2 different sentences to tell apart, got {len(self.texts)}"
            )
        n_layers = model.settings.n_layers
        self.tuned = Tuned(copy_of(model), n_layers, "mean", encoder.fingerprint)
        self.device = model.embedding.weight.device
        self.length = min(settings.length, model.settings.context_length - 1)
        self.draw = np.random.default_rng(settings.seed)
        self.masks = torch.Generator().manual_seed(settings.seed)
        self.alike = [(one, other) for one, other, score in pairs if score >= ALIKE]

    def masked(self) -> Float[Tensor, ""]:
        """Give the loss of guessing masked tokens (nats)."""
        ids, is_read = self._rows([self._ids(text) for text in self._some(self.texts)])
        is_masked = draw_masks(is_read.cpu(), self.settings.hidden, self.masks).to(self.device)
        return masked_loss(self.tuned.model, ids, is_read, is_masked, self.encoder.end_id)

    def contrast(self) -> Float[Tensor, ""]:
        """Give InfoNCE over views, and the squared error of scored pairs (nats, cosines)."""
        one, other = self._views()
        loss = self._over_widths(
            self._vectors(one),
            self._vectors(other),
            lambda a, b: nt_xent(a, b, self.settings.temperature),
        )
        if self.pairs:
            some = self._some(self.pairs)
            ours, theirs = (
                self._vectors([self._ids(pair[side]) for pair in some]) for side in (0, 1)
            )
            wanted = torch.tensor([score for _, _, score in some], device=self.device)
            loss = loss + self.settings.scored * self._over_widths(
                ours, theirs, lambda a, b: F.mse_loss(F.cosine_similarity(a, b), wanted)
            )
        return loss

    def _views(self) -> tuple[list[Ids], list[Ids]]:
        if self.alike and self.draw.random() < 0.5:
            pairs = _distinct(self._some(self.alike))
            return [self._ids(one) for one, _ in pairs], [self._ids(other) for _, other in pairs]
        texts = self._some(self.texts)
        return [self._view(text) for text in texts], [self._view(text) for text in texts]

    def _view(self, text: str) -> Ids:
        """Give a crop of a sentence, some of its words left out; never nothing."""
        words = text.split(" ")
        n = len(words)
        if n > 3:
            size = int(self.draw.integers((2 * n + 2) // 3, n + 1))
            start = int(self.draw.integers(0, n - size + 1))
            words = words[start : start + size]
        kept = [word for word in words if self.draw.random() >= self.settings.left_out]
        ids = self._ids(" ".join(kept or words))
        return ids if len(ids) else self._ids(text)

    def _ids(self, text: str) -> Ids:
        return encodable(self.encoder, text)[: self.length]

    def _some(self, things: Sequence) -> list:
        n = min(len(things), self.settings.batch_size)
        return [things[i] for i in self.draw.choice(len(things), n, replace=False)]

    def _rows(
        self, sequences: Sequence[Ids]
    ) -> tuple[Int[Tensor, "batch time"], Bool[Tensor, "batch time"]]:
        end = self.encoder.end_id
        ids, is_read = padded([[end, *row.tolist()] for row in sequences], end)
        return ids.to(self.device), is_read.to(self.device)

    def _vectors(self, sequences: Sequence[Ids]) -> Float[Tensor, "batch width"]:
        ids, is_read = self._rows(sequences)
        states = states_both_ways(self.tuned.model, ids, is_read)[-1]
        counted = is_read.clone()
        counted[:, 0] = ~is_read[:, 1:].any(dim=1)  # the end id, but of an empty sentence
        return pooled(states, counted, "mean")

    def _over_widths(self, ours, theirs, loss):
        widths = [ours.shape[1] >> k for k in range(self.settings.halvings + 1)]
        found = [loss(ours[:, :width], theirs[:, :width]) for width in widths if width]
        return torch.stack(found).mean()


def _run(tuner: _Tuner, loss, settings: SentenceTuning, share: float, on_step: OnStep | None):
    part = ContrastSettings(
        steps=None if settings.steps is None else max(1, round(settings.steps * share)),
        seconds=None if settings.seconds is None else settings.seconds * share,
        lr=settings.lr,
        seed=settings.seed,
    )
    until_done(loss, list(tuner.tuned.model.parameters()), part, on_step)


def _distinct(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out pairs with a sentence that another pair has: it would be its own negative."""
    seen: set[str] = set()
    found = []
    for one, other in pairs:
        if one not in seen and other not in seen:
            found.append((one, other))
        seen |= {one, other}
    return found
