"""The shapes of the transformer's siblings: two recurrent networks and a convolutional one.

They have no bound on what can be read: what they remember does not grow (`memory`).
"""

from dataclasses import dataclass, field
from typing import ClassVar

from naepo.config import UserError
from naepo.model.settings import LanguageModelSettings, Parts

MAX_KERNEL = 64
MAX_DILATION = 2**20


@dataclass(frozen=True, kw_only=True)
class SiblingParts(Parts):
    """What can be chosen of the parts of a sibling. All dropout is locked: one mask a sequence."""

    embedding_dropout: float = 0.0
    """Share of the ids whose whole row of the embedding is zeroed, drawn once a batch."""


@dataclass(frozen=True, kw_only=True)
class RnnParts(SiblingParts):
    """What can be chosen of the parts of an LSTM."""

    tie_weights: bool = True
    """Whether the output projection is the input embedding, transposed (arXiv:1608.05859)."""
    weight_drop: float = 0.0
    """Share of the weights from state to state zeroed in training, drawn once a batch."""


@dataclass(frozen=True, kw_only=True)
class SiblingSettings(LanguageModelSettings):
    """The sizes that every sibling has."""

    d_hidden: int = 128
    """Width of what is mixed over time: of an LSTM its state, of a convolution its channels."""
    d_ff: int = 384
    """Inner width of the feed-forward."""
    parts: SiblingParts = field(default_factory=SiblingParts)
    """Which parts it is built from."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_limits(
            ("d_hidden", "4 · d_hidden", 4 * self.d_hidden),
            ("d_model", "4 · d_hidden", 4 * self.d_hidden),
            ("d_ff", "d_model", self.d_model),
        )


@dataclass(frozen=True, kw_only=True)
class RnnSettings(SiblingSettings):
    """The sizes of an LSTM language model."""

    kind: ClassVar[str] = "rnn"
    parts: RnnParts = field(default_factory=RnnParts)
    """Which parts it is built from."""


@dataclass(frozen=True, kw_only=True)
class MinGruSettings(SiblingSettings):
    """The sizes of a minGRU language model."""

    kind: ClassVar[str] = "mingru"
    kernel_size: int = 2
    """How many inputs in a row the gates read; 1 is the minGRU of the paper."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_kernel(self.kernel_size)


@dataclass(frozen=True, kw_only=True)
class CnnSettings(SiblingSettings):
    """The sizes of a gated dilated causal convolution network."""

    kind: ClassVar[str] = "cnn"
    kernel_size: int = 2
    """How many inputs each convolution reads."""
    n_dilations: int = 6
    """Inputs lie 1, 2, 4, ... positions apart from block to block; after so many, 1 again."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_kernel(self.kernel_size)
        if 2 ** min(self.n_dilations - 1, self.n_layers - 1, 64) > MAX_DILATION:
            raise UserError(
                f"n_dilations must be at most {MAX_DILATION.bit_length()}, got {self.n_dilations}"
            )

    def dilation(self, block: int) -> int:
        """Give how many positions apart the inputs of a block's convolution lie.

        >>> shape = CnnSettings(vocab_size=9, n_layers=4, n_dilations=3)
        >>> [shape.dilation(block) for block in range(4)]
        [1, 2, 4, 1]
        """
        return 2 ** (block % self.n_dilations)

    @property
    def receptive_field(self) -> int:
        """Give how many positions back the answer can see, its own included: 1 + (k − 1) Σ d.

        >>> CnnSettings(vocab_size=9, n_layers=4, n_dilations=3, kernel_size=3).receptive_field
        17
        """
        return 1 + (self.kernel_size - 1) * sum(map(self.dilation, range(self.n_layers)))


def _check_kernel(size: int) -> None:
    if size > MAX_KERNEL:
        raise UserError(f"kernel_size must be at most {MAX_KERNEL}, got {size}")
