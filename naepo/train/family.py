"""What a plan must know of a kind of model: which sizes go together, and how it is trained."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from naepo.config import Table
from naepo.model import LanguageModelSettings


@dataclass(frozen=True)
class Family:
    """One kind, for the dial."""

    ladder: tuple[tuple[int, int, int], ...]
    """(d_model, n_layers, context_length) that a budget picks from, rising."""
    weights: int
    """Weights of one block, in units of d_model²."""
    fill: Callable[[Table], dict[str, Any]]
    """Gives the sizes that go with a d_model and with what was asked for."""
    words: Callable[[Any], str]
    """Tells the sizes of settings in a sentence."""
    efficiency: float
    """Share of the speed of bare matrix products that a training step is expected to reach."""
    tokens_per_weight: float
    """How many tokens a weight of the blocks should see, in a run of minutes."""
    train: Table = field(default_factory=dict)
    """What differs in `[train]` from its defaults."""
    repeated: Table = field(default_factory=dict)
    """What differs in `[model.parts]` where a text is read often."""
    rows: Callable[[LanguageModelSettings], int] | None = None
    """Gives the sequences of a batch, where they are not as many as tokens_per_step asks for."""


def feed_forward_width(d_model: int, mlp: str = "swiglu") -> int:
    """Three matrices (SwiGLU) or two, about 8 d_model^2 weights in both cases.

    >>> feed_forward_width(192), feed_forward_width(192, "relu2")
    (512, 768)
    """
    return max(32, round(d_model * 8 / 3 / 32) * 32) if mlp == "swiglu" else 4 * d_model
