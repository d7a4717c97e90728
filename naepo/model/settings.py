"""The shape of a language model, in the field's terms, with the rules it must keep.

`LanguageModelSettings` is what every kind of model has; `ModelSettings` is the transformer's own,
and those of its siblings are in `sibling_settings`. `kinds` knows them all by name.
"""

import math
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from naepo.config import UserError

MAX_LAYERS = 1_024
MAX_PRIOR_ORDER = 16
MAX_WEIGHTS_OF_A_PART = 2**31
"""A folder of unknown origin may ask for any size: what is beyond these is not even tried."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What can be chosen of the parts of every kind of model."""

    norm_eps: float = 1e-6
    """Added to the mean square (or variance) before the root."""
    tie_weights: bool = False
    """Whether the output projection is the input embedding, transposed."""
    dropout: float = 0.0
    """Share of activations zeroed in training: of the embedding, and of what a branch adds."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if "drop" in name and not 0.0 <= value < 1.0:
                raise UserError(f"{name} must be at least 0 and below 1, got {value}")
        must_be_above_0(self, "norm_eps")


@dataclass(frozen=True, kw_only=True)
class LanguageModelSettings:
    """The sizes that every language model has. `vocab_size` comes from the encoder."""

    kind: ClassVar[str]
    """What `naepo train --model` calls it."""
    vocab_size: int
    """How many ids there are."""
    context_length: int = 256
    """The longest sequence that is trained on, in tokens."""
    d_model: int = 128
    """Width of the residual stream."""
    n_layers: int = 4
    """How many blocks."""
    parts: Parts = field(default_factory=Parts)
    """Which parts it is built from."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, int) and value < 1:
                raise UserError(f"{name} must be at least 1, got {value}")

    @property
    def longest(self) -> int | None:
        """Give the most ids that can be read at once; None where there is no such bound."""
        return None

    def check_limits(self, *products: tuple[str, str, int]) -> None:
        """Refuse sizes beyond all measure: the layers, and (name, other, width): name · width."""
        if self.n_layers > MAX_LAYERS:
            raise UserError(f"n_layers must be at most {MAX_LAYERS:,}, got {self.n_layers:,}")
        for name, other, width in (("vocab_size", "d_model", self.d_model), *products):
            size = getattr(self, name)
            if size * width > MAX_WEIGHTS_OF_A_PART:
                raise UserError(
                    f"{name} × {other} must be at most {MAX_WEIGHTS_OF_A_PART:,}, "
                    f"got {size:,} × {width:,}"
                )


def must_be_above_0(settings: object, *names: str) -> None:
    """Refuse a number that is not above 0, or not finite."""
    for name in names:
        value = getattr(settings, name)
        if not 0.0 < value < math.inf:
            raise UserError(f"{name} must be a finite number above 0, got {value}")


@dataclass(frozen=True, kw_only=True)
class PartSettings(Parts):
    """Which parts the transformer is built from. The defaults are the Qwen3 shape."""

    norm: Literal["rms", "layer"] = "rms"
    """RMSNorm (arXiv:1910.07467) or LayerNorm (arXiv:1607.06450)."""
    position: Literal["rotary", "learned", "sinusoidal"] = "rotary"
    """How a position is told: rotary (arXiv:2104.09864), a learned table, or fixed sinusoids."""
    rope_theta: float = 10_000.0
    """Base of the rotary wavelengths, in positions."""
    mlp: Literal["swiglu", "gelu", "relu2"] = "swiglu"
    """Feed-forward: SwiGLU (arXiv:2002.05202), GELU (tanh form, as GPT-2), or squared ReLU."""
    has_qk_norm: bool = True
    """Whether queries and keys pass an RMSNorm of width d_head before the rotation (Qwen3)."""
    has_bias: bool = False
    """Whether linear maps (and LayerNorm) add a learned bias (GPT-2)."""
    attention_dropout: float = 0.0
    """Share of attention weights zeroed in training."""
    window: int | None = None
    """How many positions back attention may look, itself included; none looks at all."""
    prior_order: int | None = None
    """Order of an n-gram model, counted on the training ids, whose log-probabilities are added to
    the logits; none is off."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window is not None and self.window < 1:
            raise UserError(f"window must be at least 1 position, got {self.window}")
        if self.prior_order is not None and not 1 <= self.prior_order <= MAX_PRIOR_ORDER:
            raise UserError(
                f"prior_order must be 1 to {MAX_PRIOR_ORDER} ids, or none, got {self.prior_order}"
            )
        must_be_above_0(self, "rope_theta")


@dataclass(frozen=True, kw_only=True)
class ModelSettings(LanguageModelSettings):
    """The sizes of a transformer."""

    kind: ClassVar[str] = "transformer"
    n_heads: int = 4
    """How many query heads."""
    n_kv_heads: int = 4
    """How many key/value heads (grouped-query attention, arXiv:2305.13245); it divides n_heads."""
    d_head: int = 32
    """Width of one head."""
    d_ff: int = 384
    """Inner width of the feed-forward."""
    parts: PartSettings = field(default_factory=PartSettings)
    """Which parts it is built from."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_heads % self.n_kv_heads:
            raise UserError(
                f"n_kv_heads must divide n_heads, got n_kv_heads={self.n_kv_heads} "
                f"and n_heads={self.n_heads}",
                hint=f"use {_divisors(self.n_heads)}",
            )
        if self.parts.position == "rotary" and self.d_head % 2:
            raise UserError(f"d_head must be even for rotary positions, got {self.d_head}")
        if self.parts.position == "sinusoidal" and self.d_model % 2:
            raise UserError(f"d_model must be even for sinusoidal positions, got {self.d_model}")
        self.check_limits(
            ("context_length", "d_model", self.d_model),
            ("context_length", "d_head", self.d_head),
            ("d_ff", "d_model", self.d_model),
            ("d_model", "n_heads · d_head", self.n_heads * self.d_head),
        )

    @property
    def longest(self) -> int | None:
        """Give the most ids that can be read at once: it knows no position beyond."""
        return self.context_length


def _divisors(number: int) -> str:
    return ", ".join(str(d) for d in range(1, number + 1) if number % d == 0)
