"""Writing so that what comes later counts: many texts grow side by side, and the fitting ones stay.

Where an id is demanded, every text gets it, and its weight is multiplied by the probability that
the model gave to it: a text that makes what must come likely counts for more. When a few texts hold
most of the weight, all are drawn anew by their weights, and go on from copies.

This is sequential Monte Carlo (Doucet & Johansen 2009, "A tutorial on particle filtering and
smoothing", section 3.5), used on a language model as by Lew et al. 2023 (arXiv:2306.03081). It
departs from them in that texts of unlike length may meet their demands at unlike times.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from naepo.config import UserError
from naepo.generate.constraint import Constraint, Plan, masks
from naepo.generate.decode import Decoding, evaluating
from naepo.generate.sampling import OFF, Sampling, new_generator
from naepo.model import LanguageModel

MOST_PARTICLES = 4096
UNWANTED = math.log(0.01)
"""What an id costs, in nats, that the plan's wish does not want and that had to come."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """One of the texts, drawn by its weight.

    ids: what was written after the prompt.  is_whole: whether its plan was fulfilled.
    log_probability: what the model gives to these ids after the prompt, in nats, at temperature 1.
    log_evidence: estimate of the log-probability, in nats, that a text of this model meets the
        demands; exact only for infinitely many particles.
    ess_min: the smallest effective sample size met, 1 to n_particles.
    """

    ids: list[int]
    is_whole: bool
    log_probability: float
    log_evidence: float
    ess_min: float
    n_resamplings: int


class Particles:
    """Texts that follow one prompt and one plan, each with a weight.

    The texts with their weights stand for the distribution

        P(text)  ~  product of p(demanded id | before)  *  product of q(drawn id | before)

    over the texts that fulfil the plan, where p is the model and q the model as `sampling` changes
    it, both counting only what the plan allows, whose share of p multiplies the weight as well. At
    temperature 1 without filters q is p: it is the model's own distribution, given the demands.
    What a wish leaves out is not allowed; where it has to come all the same, the weight falls to a
    hundredth.
    """

    def __init__(
        self,
        model: LanguageModel,
        prompt: Sequence[int],
        plan: Plan,
        *,
        n_particles: int,
        sampling: Sampling,
        n_ids: int,
        temperature_of: Callable[[Constraint], float] | None = None,
    ) -> None:
        """Read the prompt once, for all texts.

        prompt: at most context_length ids, at least one.
        Raises: UserError when n_particles is not 1 to 4,096.
        """
        if not 1 <= n_particles <= MOST_PARTICLES:
            raise UserError(f"particles must be 1 to {MOST_PARTICLES:,}, got {n_particles}")
        self.generator = new_generator(sampling)
        self.decoding = Decoding(
            model,
            torch.tensor([list(prompt)]),
            sampling=sampling,
            generators=self.generator,
            n_ids=n_ids,
            constraints=[plan],
            temperature_of=temperature_of,
        )
        self._logits: Float[Tensor, "particles vocab"] = self.decoding.logits()
        self.texts: Int[Tensor, "particles time"] = torch.zeros(1, 0, dtype=torch.long)
        self.log_weights: Float[Tensor, "particles"] = torch.zeros(1, dtype=torch.float64)
        self._log_probabilities = self.log_weights.clone()
        self._select(torch.zeros(n_particles, dtype=torch.long))
        self._log_evidence = 0.0
        self.ess_min = float(n_particles)
        self.n_resamplings = 0

    @property
    def plans(self) -> list[Plan]:
        """The plan of each text, as far as it has come."""
        return [plan for plan in self.decoding.constraints or () if isinstance(plan, Plan)]

    @property
    def is_open(self) -> bool:
        """Whether some text still has something to write."""
        return any(plan.is_open for plan in self.plans)

    def grow(self, max_tokens: int, on_ids: Callable[[int], None] | None = None) -> None:
        """Let the texts grow until all plans are fulfilled, or by max_tokens ids.

        on_ids: is told, after each id, how many there are.

        Raises: UserError when no text can fulfil its plan.
        """
        with evaluating(self.decoding.model):
            for _ in range(max_tokens):
                if not self.is_open:
                    return
                self.step()
                if on_ids is not None:
                    on_ids(self.texts.shape[1])

    @torch.inference_mode()
    def step(self) -> None:
        """Let every text grow by one id, weigh it, and draw the texts anew when few of them count.

        Raises: UserError when no text is left.
        """
        if self.texts.shape[1] > 0:
            self._logits = self.decoding.logits()
        is_open = torch.tensor([plan.is_open for plan in self.plans])
        log_p = self._logits.double().log_softmax(-1)
        allowed = masks(self.plans, log_p.device)
        share = log_p.masked_fill(~allowed, OFF).logsumexp(-1).cpu()
        ids = self.decoding.draw(self._logits)
        self.decoding.append(ids)
        drawn = log_p.gather(-1, ids[:, None])[:, 0].cpu()
        self.log_weights = self.log_weights + share.masked_fill(~is_open, 0.0)
        self._log_probabilities = self._log_probabilities + drawn.masked_fill(~is_open, 0.0)
        has_failed = torch.tensor([plan.has_failed for plan in self.plans])
        unwanted = torch.tensor([plan.is_unwanted for plan in self.plans])
        self.log_weights = self.log_weights + UNWANTED * unwanted.double()
        self.log_weights = self.log_weights.masked_fill(has_failed, OFF)
        self.texts = torch.cat([self.texts, ids[:, None].cpu()], dim=1)
        self._resample()

    def weights(self) -> Float[Tensor, "particles"]:
        """Give the share of each text; together 1."""
        return self.log_weights.softmax(0)

    def written(self, row: int) -> list[int]:
        """Give the ids of one text, without what fills it up behind its end."""
        n_ids = self.plans[row].n_read
        return self.texts[row, :n_ids].tolist()

    def choose(self) -> Chosen:
        """Draw one text by its weight; of the whole ones, where there are any."""
        is_whole = torch.tensor([plan.is_fulfilled for plan in self.plans])
        log_weights = self.log_weights
        if is_whole.any():
            log_weights = log_weights.masked_fill(~is_whole, OFF)
        row = int(torch.multinomial(log_weights.softmax(0), 1, generator=self.generator))
        return Chosen(
            ids=self.written(row),
            is_whole=bool(is_whole[row]),
            log_probability=float(self._log_probabilities[row]),
            log_evidence=self._log_evidence + _log_mean(log_weights),
            ess_min=self.ess_min,
            n_resamplings=self.n_resamplings,
        )

    def _resample(self) -> None:
        """Draw the texts anew by their weights when fewer than half of them count."""
        if not self.log_weights.isfinite().any():
            raise UserError(
                "no text is left that can become what was asked for",
                hint="use more particles, or a higher temperature",
            )
        n_effective = effective_sample_size(self.log_weights)
        self.ess_min = min(self.ess_min, n_effective)
        if n_effective >= len(self.log_weights) / 2:
            return
        self.n_resamplings += 1
        self._log_evidence += _log_mean(self.log_weights)
        rows = systematic(self.weights(), self.generator)
        self._select(rows)
        self.log_weights = torch.zeros_like(self.log_weights)

    def _select(self, rows: Int[Tensor, "chosen"]) -> None:
        self.decoding.select(rows)
        self._logits = self._logits[rows.to(self._logits.device)]
        self.texts, self.log_weights = self.texts[rows], self.log_weights[rows]
        self._log_probabilities = self._log_probabilities[rows]


def effective_sample_size(log_weights: Float[Tensor, "particles"]) -> float:
    """Give how many equally weighted texts these are worth: (sum w)^2 / sum w^2.

    Doucet & Johansen 2009, section 3.5, equation 29.

    >>> effective_sample_size(torch.tensor([0.0, 0.0, -torch.inf])), 2
    (2.0, 2)
    """
    weights = log_weights.softmax(0)
    return float(1 / weights.square().sum())


def systematic(
    weights: Float[Tensor, "particles"], generator: Generator
) -> Int[Tensor, "particles"]:
    """Draw as many rows as there are, each on average by its weight: one number decides them all.

    Row i comes floor or ceil of n * weight_i times (Doucet & Johansen 2009, section 3.4).
    """
    n = len(weights)
    start = torch.rand(1, generator=generator, dtype=torch.float64)
    places = (start + torch.arange(n)) / n
    ends = weights.double().cumsum(0)
    return torch.searchsorted(ends / ends[-1], places, right=True).clamp_max(n - 1)


def _log_mean(log_weights: Float[Tensor, "particles"]) -> float:
    return float(log_weights.logsumexp(0)) - math.log(len(log_weights))
