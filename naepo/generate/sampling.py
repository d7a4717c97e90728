"""Logits to one id: penalise, cool, filter, draw. Pure functions; each filter is one idea."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor

from naepo.config import UserError, check_seed

OFF = -math.inf
"""The logit of an id that may not be drawn: its probability is exactly 0."""

GREEDY_BELOW = 1e-5
"""Temperatures below this are greedy: dividing by them would overflow float32."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next id is drawn from the logits; the fields act in the order they are written."""

    repetition_penalty: float = 1.0
    """Factor against ids that the text already holds, above 0 to 10; 1 is off, above 1 avoids."""
    temperature: float = 1.0
    """What logits are divided by, 0 to 100: 0 always takes the likeliest id (greedy)."""
    min_p: float | None = None
    """Lowest probability that stays, as a share of the likeliest id's, 0 to 1; none keeps all."""
    top_k: int | None = None
    """How many ids stay in the draw, at least 1; none keeps all."""
    top_p: float | None = None
    """Share of the probability that stays in the draw, 0 to 1; none keeps all."""
    seed: int | None = None
    """Decides every draw, 0 to 2^63 - 1; none takes a new one each time."""

    def __post_init__(self) -> None:
        if not 0 < self.repetition_penalty <= 10:
            raise UserError(
                f"repetition_penalty must be above 0 and at most 10, got {self.repetition_penalty}",
                hint="1 is off; 1.1 already avoids repetition",
            )
        if not 0 <= self.temperature <= 100:
            raise UserError(
                f"temperature must be from 0 to 100, got {self.temperature}",
                hint="0 is greedy, 0.8 careful, 1 the model's own probabilities",
            )
        if self.top_k is not None and not self.top_k >= 1:
            raise UserError(
                f"top_k must be at least 1, got {self.top_k}", hint="leave it out to keep all ids"
            )
        for name in ("min_p", "top_p"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise UserError(f"{name} must be from 0 to 1, got {value}")
        if self.seed is not None:
            check_seed(self.seed)

    @property
    def is_greedy(self) -> bool:
        """Whether the likeliest id is always taken and no chance is involved."""
        return self.temperature < GREEDY_BELOW


def new_generator(sampling: Sampling, offset: int = 0) -> Generator:
    """Give one text its own source of chance, on the CPU so that every device draws alike.

    offset: which text of a batch it is; text i draws from `seed + i`.
    """
    generator = Generator()
    if sampling.seed is None:
        generator.seed()
    else:
        generator.manual_seed(sampling.seed + offset)
    return generator


def sample(
    logits: Float[Tensor, "batch vocab"],
    sampling: Sampling,
    generators: Generator | Sequence[Generator],
    seen: Bool[Tensor, "batch vocab"] | None = None,
    allowed: Bool[Tensor, "batch vocab"] | None = None,
    temperatures: Float[Tensor, "batch 1"] | None = None,
) -> Int[Tensor, "batch"]:
    """Draw one id for each row of logits.

    generators: one for all rows, or one for each: a text then draws alike alone and in a batch.
    seen: which ids each text already holds, for the repetition penalty.
    allowed: which ids may be drawn, at least one a row; all others have probability 0. It acts
        before every filter, so no filter can leave nothing.
    temperatures: of each row, instead of the one of `sampling`.

    The draw is an exponential race: with E ~ Exp(1) for each id, argmax(p / E) is distributed as p
    (the Gumbel-max trick; Maddison et al. 2014, arXiv:1411.0030, section 2). It needs no sum of
    probabilities, and one id's filter never moves another id's chance.

    Raises: UserError when a row holds NaN, +inf, or nothing that may be drawn.
    """
    logits = logits.float()
    if not logits.amax(-1).isfinite().all():
        raise UserError(
            "the model's logits are not finite numbers, so no id can be drawn from them",
            hint="its weights are damaged or its training diverged: use an earlier checkpoint",
        )
    if seen is not None and sampling.repetition_penalty != 1:
        logits = penalise_repetition(logits, seen, sampling.repetition_penalty)
    if allowed is not None:
        logits = keep_allowed(logits, allowed)
    if temperatures is None and sampling.is_greedy:
        return logits.argmax(-1)
    noise = _noise(logits, generators).log()
    if temperatures is not None:
        noise = noise.masked_fill(temperatures < GREEDY_BELOW, 0.0)
    return (filtered(logits, sampling, temperatures) - noise).argmax(-1)


def filtered(
    logits: Float[Tensor, "batch vocab"],
    sampling: Sampling,
    temperatures: Float[Tensor, "batch 1"] | None = None,
) -> Float[Tensor, "batch vocab"]:
    """Cool the logits, then apply min-p, top-k and top-p: softmax of it is what is drawn from.

    The likeliest id is moved to 0 first, so that no temperature can overflow.
    """
    logits = logits - logits.amax(-1, keepdim=True)
    if temperatures is None:
        logits = logits / sampling.temperature
    else:
        logits = logits / temperatures.clamp_min(GREEDY_BELOW)
    if sampling.min_p is not None:
        logits = keep_min_p(logits, sampling.min_p)
    if sampling.top_k is not None:
        logits = keep_top_k(logits, sampling.top_k)
    if sampling.top_p is not None:
        logits = keep_top_p(logits, sampling.top_p)
    return logits


def penalise_repetition(
    logits: Float[Tensor, "batch vocab"], seen: Bool[Tensor, "batch vocab"], penalty: float
) -> Float[Tensor, "batch vocab"]:
    """Make the ids that a text already holds less likely: positive logits are divided by `penalty`.

    Keskar et al. 2019 (arXiv:1909.05858), section 4.1; departs from it for negative logits, which
    are multiplied, because dividing them would make the id likelier.
    """
    return torch.where(seen, torch.where(logits > 0, logits / penalty, logits * penalty), logits)


def keep_allowed(
    logits: Float[Tensor, "batch vocab"], allowed: Bool[Tensor, "batch vocab"]
) -> Float[Tensor, "batch vocab"]:
    """Keep the ids that are allowed; where the model gives none of them any chance, all alike."""
    kept = logits.masked_fill(~allowed, OFF)
    is_hopeless = kept.amax(-1, keepdim=True) == OFF
    return torch.where(is_hopeless & allowed, 0.0, kept)


def keep_min_p(logits: Float[Tensor, "batch vocab"], p: float) -> Float[Tensor, "batch vocab"]:
    """Keep ids at least `p` times as probable as the likeliest one (min-p, arXiv:2407.01082).

    In logits, the ratio is a difference: logit >= max + ln p. The likeliest id always stays.
    """
    if p == 0:
        return logits
    floor = logits.amax(-1, keepdim=True) + math.log(p)
    return logits.masked_fill(logits < floor, OFF)


def keep_top_k(logits: Float[Tensor, "batch vocab"], k: int) -> Float[Tensor, "batch vocab"]:
    """Keep the k largest logits, exactly k even when some are equal (arXiv:1805.04833, section 5).

    The kept values are written back to their own ids. Comparing with the k-th value instead would
    also keep every tie with it. k above vocab_size keeps all.
    """
    largest, ids = logits.topk(min(k, logits.shape[-1]), dim=-1)
    return torch.full_like(logits, OFF).scatter(-1, ids, largest)


def keep_top_p(logits: Float[Tensor, "batch vocab"], p: float) -> Float[Tensor, "batch vocab"]:
    """Keep the fewest ids that together hold at least `p` of the probability; at least one.

    Holtzman et al. 2019 (arXiv:1904.09751), section 3.1. An id stays when the ids before it, from
    the likeliest down, hold less than `p`. That question is answered in *sorted* order, by rank,
    but the answer is wanted by *vocabulary id*. `order` says which id has which rank; its argsort
    is the inverse, which rank an id has, and `gather` with it carries the answers home:

        id        0     1     2     3        rank       0     1     2     3
        p(id)     0.1   0.5   0.1   0.3      order      1     3     0     2      (argsort of p)
        rank      2     0     3     1        before     0     0.5   0.8   0.9
        kept      no    yes   no    yes  <-  p = 0.7    yes   yes   no    no     (gather by rank)

    Without the gather, the mask of the ranks would be laid over the ids: 0 and 1 would stay.
    """
    if p >= 1:
        return logits
    in_order, order = logits.sort(dim=-1, descending=True, stable=True)
    probability = in_order.softmax(-1)
    kept_by_rank = probability.cumsum(-1) - probability < p
    kept_by_rank[..., 0] = True
    rank = order.argsort(dim=-1)
    return logits.masked_fill(~kept_by_rank.gather(-1, rank), OFF)


def _noise(
    logits: Float[Tensor, "batch vocab"], generators: Generator | Sequence[Generator]
) -> Float[Tensor, "batch vocab"]:
    """Draw Exp(1) for every id: row i from generator i, or all from the only one; never 0."""
    if isinstance(generators, Generator):
        noise = torch.empty(logits.shape).exponential_(generator=generators)
    else:
        assert len(generators) == len(logits), "one generator for each row"
        vocab_size = logits.shape[-1]
        rows = [torch.empty(vocab_size).exponential_(generator=each) for each in generators]
        noise = torch.stack(rows)
    return noise.clamp_min(1e-10).to(logits.device)
