"""A normalisation opened at one position; and the last one, held fixed, as the linear map it is."""

from dataclasses import dataclass
from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from naepo.config import UserError
from naepo.look.ops import Op
from naepo.look.rows import check_position, exact, row
from naepo.look.trace import Trace
from naepo.model.norms import LayerNorm, RMSNorm


@dataclass(frozen=True, eq=False)
class Norm:
    """What one vector went through. Everything is recomputed in double precision.

    RMSNorm:   after = before · scale · gain                    scale = 1 / √(rms² + eps)
    LayerNorm: after = (before − mean) · scale · gain + bias    scale = 1 / √(variance + eps)
    """

    kind: Literal["rms", "layer"]
    mean: float
    variance: float
    """Of the population: divided by n, not n − 1."""
    rms: float
    """√ of the mean square."""
    eps: float
    scale: float
    before: Float[Tensor, " width"]
    gain: Float[Tensor, " width"]
    bias: Float[Tensor, " width"] | None
    after: Float[Tensor, " width"]
    """What the op gave."""

    def normalised(self) -> Float[Tensor, " width"]:
        """Give what the numbers above make of `before`."""
        y = self.through(self.before[None])[0]
        return y if self.bias is None else y + self.bias

    def through(self, parts: Float[Tensor, "n width"]) -> Float[Tensor, "n width"]:
        """Send addends of `before` through the norm, its scale held: they still add up to `after`
        (less the bias), because with a fixed scale a norm is a linear map."""
        centred = parts - parts.mean(-1, keepdim=True) if self.kind == "layer" else parts
        return centred * self.scale * self.gain

    @property
    def error(self) -> float:
        """Give max |normalised − after|: large only where a change of the run acts on the op."""
        return float((self.normalised() - self.after).abs().max())


@torch.inference_mode()
def norms(trace: Trace, name: str, position: int) -> list[Norm]:
    """Open a norm at one position: one `Norm`, or one a head for `q_norm` and `k_norm`.

    Raises: UserError when there is no such op or position, or the op is no norm.
    """
    op = trace.op(name)
    check_position(trace, position)
    if op.kind not in ("norm", "head_norm"):
        raise UserError(
            f"{name} is no normalisation, it is of kind {op.kind}",
            hint="such as " + ", ".join(each.name for each in trace.ops if each.kind == "norm"),
        )
    before, after = row(trace, op.inputs[0], position), row(trace, name, position)
    if op.kind == "norm":
        return [_norm(trace, op, before, after)]
    heads = rearrange(before, "(h d) -> h d", h=len(after))
    return [_norm(trace, op, *pair) for pair in zip(heads, after, strict=True)]


def last_norm(trace: Trace, position: int) -> Norm:
    """Open the norm before the output projection at one position."""
    return norms(trace, "norm", position)[0]


def _norm(
    trace: Trace, op: Op, before: Float[Tensor, " width"], after: Float[Tensor, " width"]
) -> Norm:
    module = trace.model.get_submodule(op.module)
    assert isinstance(module, RMSNorm | LayerNorm)
    is_rms = isinstance(module, RMSNorm)
    bias = None if is_rms or module.bias is None else exact(module.bias)
    x = exact(before)
    variance, mean = torch.var_mean(x, correction=0)
    mean_square = x.square().mean()
    return Norm(
        kind="rms" if is_rms else "layer",
        mean=float(mean),
        variance=float(variance),
        rms=float(mean_square.sqrt()),
        eps=module.eps,
        scale=float(((mean_square if is_rms else variance) + module.eps).rsqrt()),
        before=x,
        gain=exact(module.weight),
        bias=bias,
        after=exact(after),
    )
