"""torch.compile, where it works: tried once, forward and backward, before a run counts on it."""

from collections.abc import Callable

import torch
from torch import Tensor

from naepo.model import Transformer
from naepo.train.loss import next_token_loss
from naepo.train.precision import matrix_precision
from naepo.train.settings import TrainSettings


def compiled(model: Transformer, train: TrainSettings) -> Callable[..., Tensor] | None:
    """Give the model's forward pass, compiled for batches of this run, or None where that fails.

    It fails where there is no C++ compiler, no Triton, or an operation that the compiler does not
    know; whatever it says, the plain modules compute the same.
    """
    if model.prior is not None:
        return None  # its counts are looked up outside of torch
    device = next(model.parameters()).device
    ids = torch.zeros(
        train.batch_size, model.settings.context_length, dtype=torch.long, device=device
    )
    try:
        forward = torch.compile(model)
        with matrix_precision(device, train.precision):
            logits = forward(ids)
        next_token_loss(logits, ids).backward()
    except Exception:  # the compiler's own errors share no class
        return None
    finally:
        model.zero_grad(set_to_none=True)
    return forward
