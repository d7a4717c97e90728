"""A state that is kept in part and added to, at every position: h_t = keep_t · h_(t−1) + add_t.

Two ways to the same numbers. `in_a_row` goes from position to position, with its gradient written
out by hand: a product and a sum a step, the fastest on a CPU. `at_once` is parallel over time, in
logarithms, for devices with thousands of cores (Heinsen 2023, arXiv:2311.06281).
"""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


class _InARow(torch.autograd.Function):
    """h_t = keep_t · h_(t−1) + add_t, and backward g_t = dh_t + keep_(t+1) · g_(t+1)."""

    @staticmethod
    def forward(ctx: Any, keep: Tensor, add: Tensor, before: Tensor) -> Tensor:
        states = torch.empty_like(add)
        last = before
        for t in range(add.shape[1]):
            last = torch.addcmul(add[:, t], keep[:, t], last, out=states[:, t])
        ctx.save_for_backward(keep, states, before)
        return states

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        keep, states, before = ctx.saved_tensors
        of_add = torch.empty_like(gradients[0])
        last = torch.zeros_like(before)
        for t in reversed(range(keep.shape[1])):
            here = torch.add(gradients[0][:, t], last, out=of_add[:, t])
            last = here * keep[:, t]
        earlier = torch.cat([before[:, None], states[:, :-1]], dim=1)
        return of_add * earlier, of_add, last


def in_a_row(
    keep: Float[Tensor, "batch time width"],
    add: Float[Tensor, "batch time width"],
    before: Float[Tensor, "batch width"],
) -> Float[Tensor, "batch time width"]:
    """Give the state after each position, one after another."""
    states = _InARow.apply(keep.contiguous(), add.contiguous(), before)
    assert isinstance(states, Tensor)
    return states


def at_once(
    gate: Float[Tensor, "batch time width"],
    log_candidate: Float[Tensor, "batch time width"],
    before: Float[Tensor, "batch width"] | None = None,
) -> Float[Tensor, "batch time width"]:
    """Give the state for keep = 1 − σ(gate) and add = σ(gate) · candidate, all positions at once.

    With a_t = Σ log keep up to t, h_t = exp(a_t + logcumsumexp(log add − a)_t); Feng et al. 2024
    (arXiv:2410.01201), appendix B. In fp32 at least, whatever it is given. log_candidate: the
    logarithm of a candidate that is above 0.  before: the state that is gone on from, above 0.
    """
    dtype = torch.promote_types(gate.dtype, torch.float32)
    gate, log_candidate = gate.to(dtype), log_candidate.to(dtype)
    log_keep = F.logsigmoid(-gate)
    log_add = F.logsigmoid(gate) + log_candidate
    if before is not None:
        log_keep = F.pad(log_keep, (0, 0, 1, 0))
        log_add = torch.cat([before.to(dtype).log()[:, None], log_add], dim=1)
    kept = log_keep.cumsum(dim=1)
    states = (kept + (log_add - kept).logcumsumexp(dim=1)).exp()
    return states if before is None else states[:, 1:]
