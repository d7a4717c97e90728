"""A linear transformation opened: y = x Wᵀ + b, and the addends of one of its cells."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from naepo.config import UserError
from naepo.look.rows import exact, laid_out
from naepo.look.trace import Trace

ROWS_AT_ONCE = 4096
"""Rows of W that are recomputed together: 50,257 of them in double precision would be 300 MB."""


@dataclass(frozen=True, eq=False)
class Opened:
    """What a linear op read, its weights, and what it gave: the model's own tensors, not copies."""

    x: Float[Tensor, "time d_in"]
    weight: Float[Tensor, "d_out d_in"]
    """[out, in], as it is stored."""
    bias: Float[Tensor, " d_out"] | None
    y: Float[Tensor, "time d_out"]
    is_changed: bool
    """Whether a change of the run acts on this very op: y is then not what x gives."""

    @property
    def error(self) -> float:
        """Give max |x Wᵀ + b − y|, recomputed in double precision."""
        x, errors = exact(self.x), []
        for start in range(0, len(self.weight), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            y = x @ exact(self.weight[part]).T
            if self.bias is not None:
                y += exact(self.bias[part])
            errors.append((y - exact(self.y[:, part])).abs().max())
        return float(torch.stack(errors).max())


@dataclass(frozen=True, eq=False)
class Addends:
    """One output cell as a sum: Σ_j x_j · w_j + bias."""

    x: Float[Tensor, " d_in"]
    weight: Float[Tensor, " d_in"]
    products: Float[Tensor, " d_in"]
    """x_j · w_j, in double precision."""
    bias: float
    """0 where the op has none."""
    cell: float
    """What the op gave."""
    is_changed: bool
    """Whether a change of the run acts on this very op: the cell is then not the sum."""

    @property
    def sum(self) -> float:
        """Give what the addends come to."""
        return float(self.products.sum()) + self.bias

    @property
    def error(self) -> float:
        """Give how far the sum is from the cell."""
        return abs(self.sum - self.cell)


@torch.inference_mode()
def opened(trace: Trace, name: str) -> Opened:
    """Open an op of kind linear.

    `to_out` reads the heads laid side by side, `down` the activations, `output` the last norm.

    Raises: UserError when there is no such op, or it is not linear.
    """
    op = trace.op(name)
    if op.kind != "linear":
        linear = [each.name for each in trace.ops if each.kind == "linear"]
        raise UserError(
            f"{name} is no linear transformation, it is of kind {op.kind}",
            hint="such as " + ", ".join(linear[:3]),
        )
    read = trace[op.inputs[0]]
    weight, *bias = (trace.model.get_parameter(each).detach() for each in op.weights)
    return Opened(
        x=laid_out(read) if trace.op(op.inputs[0]).kind == "mixed" else read,
        weight=weight,
        bias=bias[0] if bias else None,
        y=trace[name],
        is_changed=any(change.op == name for change in trace.changes),
    )


@torch.inference_mode()
def addends(trace: Trace, name: str, row: int, col: int) -> Addends:
    """Give what one output cell is the sum of.

    row: a position of the prompt.  col: a component of the output.

    Raises: UserError when there is no such op or cell, or the op is not linear.
    """
    parts = opened(trace, name)
    n_rows, n_cols = parts.y.shape
    if not (0 <= row < n_rows and 0 <= col < n_cols):
        raise UserError(
            f"{name} has no cell ({row}, {col}): rows are 0 to {n_rows - 1}, "
            f"columns 0 to {n_cols - 1}"
        )
    x, weight = parts.x[row], parts.weight[col]
    return Addends(
        x=x,
        weight=weight,
        products=exact(x) * exact(weight),
        bias=0.0 if parts.bias is None else float(parts.bias[col]),
        cell=float(parts.y[row, col]),
        is_changed=parts.is_changed,
    )
