"""How a model is trained: a fixed number of steps, an optimizer, a schedule."""

from dataclasses import dataclass, field
from typing import Literal

from naepo.config import UserError, check_seed


@dataclass(frozen=True, kw_only=True)
class OptimizerSettings:
    """Which rule turns gradients into updates, and how far it goes."""

    kind: Literal["muon", "adamw"] = "muon"
    """Muon for the matrices inside the blocks and AdamW for the rest, or AdamW for all."""
    lr: float = 0.02
    """Peak learning rate of Muon: the root-mean-square size of an update to a square matrix."""
    lr_adam: float = 3e-3
    """Peak learning rate of AdamW."""
    momentum: float = 0.95
    """Muon's momentum, 0 to 1."""
    newton_schulz_steps: int = 4
    """How many iterations bring an update near to an orthogonal matrix."""
    beta1: float = 0.9
    """AdamW: decay of the mean of the gradient."""
    beta2: float = 0.95
    """AdamW: decay of the mean of its square."""
    weight_decay: float = 0.0
    """Share of each matrix taken away in a step, per unit of learning rate; norms are spared."""
    clip: float | None = 1.0
    """The longest gradient, as a norm over all parameters; longer ones are shortened to it."""

    def __post_init__(self) -> None:
        for name in ("lr", "lr_adam"):
            if not getattr(self, name) > 0:
                raise UserError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("momentum", "beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 0 and below 1, got {getattr(self, name)}")
        if self.newton_schulz_steps < 1:
            raise UserError(
                f"newton_schulz_steps must be at least 1, got {self.newton_schulz_steps}"
            )
        if not self.weight_decay >= 0:
            raise UserError(f"weight_decay must be at least 0, got {self.weight_decay}")
        if self.clip is not None and not self.clip > 0:
            raise UserError(f"clip must be above 0, got {self.clip}")


@dataclass(frozen=True, kw_only=True)
class ScheduleSettings:
    """The learning rate over the run, as shares of its steps: up, level, down."""

    warmup: float = 0.02
    """Share of the steps in which the rate climbs from 0 to its peak."""
    decay: float = 0.6
    """Share of the steps, at the end, in which the rate falls in a straight line."""
    floor: float = 0.03
    """What it falls to, as a share of the peak."""

    def __post_init__(self) -> None:
        if not (self.warmup >= 0 and self.decay >= 0 and self.warmup + self.decay <= 1):
            raise UserError(
                "warmup and decay are shares of the run and may not exceed 1 together, "
                f"got {self.warmup} and {self.decay}"
            )
        if not 0 <= self.floor <= 1:
            raise UserError(f"floor must be from 0 to 1, got {self.floor}")


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """One run: how many steps of how many tokens, and what happens between them."""

    steps: int
    """How many updates of the weights."""
    batch_size: int = 16
    """Sequences in one forward pass."""
    accumulate: int = 1
    """Forward passes whose gradients make up one update."""
    shards: int = 1
    """Into how many parts, trained side by side on a CPU, a batch is cut. It is part of the recipe:
    another number rounds differently. 1 leaves it to torch to share out the cores."""
    seed: int = 0
    """Decides the first weights, the order of the data and the dropout."""
    merge_dropout: float = 0.0
    """Probability that an id made by a merge is taken apart into the two it was made of, drawn anew
    in each reading of the text and falling to 0 at the end of the run; needs a byte-pair encoder
    (after Provilkov et al. 2020, arXiv:1910.13267)."""
    transpose: int = 0
    """By at most so many semitones, up or down, each piece of music is moved, drawn anew in each
    reading; needs an encoder of music."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Number format of the matrix products; weights and the loss stay fp32."""
    compile: bool = False
    """Whether torch.compile is tried; without a compiler the run goes on without it."""
    evaluate_every: int = 200
    """Steps from one look at the whole validation split to the next."""
    save_every: int = 200
    """Steps from one checkpoint to the next."""
    sample_every: int | None = None
    """Steps from one written sample to the next."""
    keep_every: int | None = None
    """Steps from one checkpoint that is never removed to the next, the first weights included:
    what `naepo look` shows of a training."""
    patience: int | None = None
    """Stop when this many looks at the validation split in a row brought nothing better."""
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    """The optimizer."""
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    """The schedule."""

    def __post_init__(self) -> None:
        for name in (
            "steps", "batch_size", "accumulate", "shards", "evaluate_every", "save_every",
        ):  # fmt: skip
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("sample_every", "keep_every", "patience"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"{name} must be at least 1, got {value}")
        if self.batch_size % self.shards:
            raise UserError(
                f"shards must divide batch_size, got shards={self.shards} "
                f"and batch_size={self.batch_size}"
            )
        if not 0 <= self.merge_dropout < 1:
            raise UserError(
                f"merge_dropout must be at least 0 and below 1, got {self.merge_dropout}"
            )
        if not 0 <= self.transpose <= 12:
            raise UserError(f"transpose must be from 0 to 12 semitones, got {self.transpose}")
        check_seed(self.seed)
