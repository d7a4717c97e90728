"""What the views begin with: one op at one position, checked, and in a precision that adds up."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from naepo.config import UserError
from naepo.look import eager
from naepo.look.trace import Trace


def check_position(trace: Trace, position: int) -> None:
    """Raises: UserError for a position that the prompt does not have."""
    if not 0 <= position < len(trace.ids):
        raise UserError(
            f"no position {position}: the prompt has positions 0 to {len(trace.ids) - 1}"
        )


def check_id(trace: Trace, id: int) -> None:
    """Raises: UserError for an id that the model does not have."""
    n_ids = trace.settings.vocab_size
    if not 0 <= id < n_ids:
        raise UserError(f"no id {id}: the model has ids 0 to {n_ids - 1}")


def row(trace: Trace, name: str, position: int) -> Float[Tensor, "..."]:
    """Give what an op gave at one position; only that row of what is derived is computed.

    Shape (width,), or (heads, width) where the op has heads.

    Raises: UserError for an op or a position that does not exist.
    """
    check_position(trace, position)
    op = trace.op(name)
    if op.is_derived:
        before = row(trace, op.inputs[0], position)
        if op.kind == "masked":
            return eager.hide(before[:, None], trace.seen[position][None])[:, 0]
        return eager.share(before)
    return trace[name].select(op.axes.index("time"), position)


def laid_out(values: Float[Tensor, "heads time d_head"]) -> Float[Tensor, "time d_heads"]:
    """Lay the heads side by side, as `to_out` reads them."""
    return rearrange(values, "h t d -> t (h d)")


def exact(values: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Give the same numbers in double precision, on the CPU: not every device has it."""
    return values.detach().cpu().to(torch.float64)
