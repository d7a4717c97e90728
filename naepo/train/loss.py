"""The loss of next-token prediction, and the units that it is quoted in."""

import math

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F


def next_token_loss(
    logits: Float[Tensor, "batch time vocab"], targets: Int[Tensor, "batch time"]
) -> Float[Tensor, ""]:
    """Give the mean negative log-probability of the ids that came next, in nats per token."""
    return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())


def bits_per_byte(total_nats: float, n_bytes: int) -> float:
    """Turn the loss over a whole text into bits per byte of it, as UTF-8.

    Comparable between encoders, unlike loss per token (Gao et al. 2020, arXiv:2101.00027, 3.1).

    >>> round(bits_per_byte(total_nats=200.0, n_bytes=400), 3)
    0.721
    """
    return total_nats / math.log(2) / max(1, n_bytes)
