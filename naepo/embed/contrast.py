"""Contrastive tuning: two views of one piece come close, views of others stay away.

Chen et al. 2020 (arXiv:2002.05709), with views of music much as Aria has them (2025,
arXiv:2506.23869): two stretches of one piece, transposed and re-timed; ours overlap. The generator
is not touched: what is tuned is a copy of it.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from naepo.config import UserError
from naepo.embed.pooling import layer_number, padded
from naepo.embed.tuned import Tuned, copy_of, pooled
from naepo.embed.views import Views
from naepo.encode.encoder import Encoder
from naepo.encode.explain import IdsLike
from naepo.encode.music.score import Score
from naepo.model import Transformer

Pair = tuple[Any, Any]
OnStep = Callable[[int, float, float], None]
"""Is told the step, the loss (nats) and the share that is done, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class ContrastSettings:
    """How an encoder is tuned; it ends after `steps` or `seconds`, whichever is first."""

    steps: int | None = None
    """Updates; none has no limit. With steps alone, equal seeds give equal weights."""
    seconds: float | None = None
    """Time, without what it takes to begin; none has no limit."""
    batch_size: int = 32
    """Pieces in a batch, two views of each: every other piece is a negative."""
    length: int = 256
    """Ids of a view, at most what the context holds."""
    temperature: float = 0.05
    """What cosines are divided by: lower looks at the hardest negatives alone."""
    lr: float = 1e-3
    """Largest learning rate of AdamW: a tenth of the way up, the rest down along a cosine."""
    weight_decay: float = 0.01
    """Of AdamW."""
    seed: int = 0
    """Decides the views, the batches and the projection."""

    def __post_init__(self) -> None:
        if self.steps is None and self.seconds is None:
            raise UserError("tuning needs an end: give steps or seconds")
        if self.batch_size < 2:
            raise UserError(f"batch_size must be at least 2, got {self.batch_size}")
        if not self.temperature > 0:
            raise UserError(f"temperature must be above 0, got {self.temperature}")


def nt_xent(
    one: Float[Tensor, "batch width"], other: Float[Tensor, "batch width"], temperature: float
) -> Float[Tensor, ""]:
    """Give the normalised temperature-scaled cross entropy (nats): which of all is my other view?

    For each of the 2n vectors, over the 2n - 1 others, with s the cosine:
        -ln( exp(s(i, j) / temperature) / sum over k != i of exp(s(i, k) / temperature) )
    Chen et al. 2020, equation 1. Views that nothing tells apart give ln(2n - 1).
    """
    vectors = F.normalize(torch.cat([one, other]), dim=-1)
    logits = vectors @ vectors.T / temperature
    n = len(one)
    logits = logits.masked_fill(torch.eye(2 * n, dtype=torch.bool, device=one.device), -math.inf)
    partner = torch.arange(2 * n, device=one.device).roll(n)
    return F.cross_entropy(logits, partner)


def tune(
    model: Transformer,
    encoder: Encoder,
    pieces: Sequence[Score | IdsLike],
    settings: ContrastSettings,
    *,
    layer: int | None = -1,
    pooling: str = "mean",
    on_step: OnStep | None = None,
) -> Tuned:
    """Give a copy of the model whose pooled states tell pieces apart; the model stays as it was.

    layer, pooling: as `pooling.hidden_vectors` takes them.

    Raises: UserError for fewer than two pieces, or one that the encoder cannot hold.
    """
    number = layer_number(layer, model.settings.n_layers)
    length = min(settings.length, model.settings.context_length - 1)
    views = Views(encoder, pieces, length=length)
    tuned = Tuned(copy_of(model), number, pooling, encoder.fingerprint)
    device = model.embedding.weight.device
    projection = _projection(model.settings.d_model, settings.seed).to(device)

    def embed(rows: list[list[int]]) -> Float[Tensor, "batch width"]:
        ids, is_read = padded(rows, encoder.end_id)
        states = tuned.model.hidden(ids.to(device))[number]
        is_read[:, 0] = False  # the end id that every view begins after
        return projection(pooled(states, is_read.to(device), pooling))

    def draw(generator: np.random.Generator) -> Pair:
        chosen = generator.permutation(len(views))[: settings.batch_size].tolist()
        pairs = [views.draw_pair(piece, generator) for piece in chosen]
        rows = [[[encoder.end_id, *ids.tolist()] for ids in pair] for pair in pairs]
        return [one for one, _ in rows], [other for _, other in rows]

    parameters = [*tuned.model.parameters(), *projection.parameters()]
    tuned.model.train()
    pull_together(embed, parameters, draw, settings, on_step)
    tuned.model.eval()
    return tuned


def pull_together(
    embed: Callable[[Any], Float[Tensor, "batch width"]],
    parameters: Sequence[nn.Parameter],
    draw: Callable[[np.random.Generator], Pair],
    settings: ContrastSettings,
    on_step: OnStep | None = None,
) -> list[float]:
    """Tune `parameters` until the settings end it, and give the loss of each step (nats).

    embed: a batch of views to vectors.  draw: a batch of pairs of views, from a source of chance.

    Raises: UserError when the loss is no number any more.
    """
    generator = np.random.default_rng(settings.seed)

    def loss() -> Float[Tensor, ""]:
        one, other = draw(generator)
        return nt_xent(embed(one), embed(other), settings.temperature)

    return until_done(loss, parameters, settings, on_step)


def until_done(
    next_loss: Callable[[], Float[Tensor, ""]],
    parameters: Sequence[nn.Parameter],
    settings: ContrastSettings,
    on_step: OnStep | None = None,
) -> list[float]:
    """Go down the losses of batch after batch until the settings end it; give each loss.

    Raises: UserError when the loss is no number any more.
    """
    optimizer = torch.optim.AdamW(parameters, lr=settings.lr, weight_decay=settings.weight_decay)
    losses: list[float] = []
    began = time.monotonic()
    while (done := _share_done(settings, len(losses), time.monotonic() - began)) < 1:
        optimizer.param_groups[0]["lr"] = settings.lr * _warmth(done, len(losses))
        loss = next_loss()
        if not loss.isfinite():
            raise UserError(
                f"tuning diverged at step {len(losses)}", hint="give it a lower learning rate"
            )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(loss.item())
        if on_step is not None:
            on_step(len(losses), losses[-1], done)
    return losses


def _share_done(settings: ContrastSettings, n_steps: int, seconds: float) -> float:
    by_steps = 0.0 if settings.steps is None else n_steps / max(1, settings.steps)
    by_time = 0.0 if settings.seconds is None else seconds / max(1e-9, settings.seconds)
    return max(by_steps, by_time)


def _warmth(done: float, n_steps: int, rise: float = 0.1) -> float:
    """Give the share of the learning rate: up along a line, down along a cosine, never to 0."""
    if done < rise:
        return max(done / rise, min(1.0, (n_steps + 1) / 100))
    return 0.02 + 0.98 * (1 + math.cos(math.pi * (done - rise) / (1 - rise))) / 2


def _projection(width: int, seed: int) -> nn.Sequential:
    """Give the small net between pooled states and the loss (Chen et al. 2020, section 4.2)."""
    projection = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in projection.parameters():
            if weight.ndim == 2:
                weight.normal_(std=width**-0.5, generator=generator)
            else:
                weight.zero_()
    return projection
