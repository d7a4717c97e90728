"""The branches of a block and the head, forward and backward, written out by hand.

Each `..._forward` gives its result and what its `..._backward` needs; a backward gives the gradient
of what came in, and those of its weights in the order of its arguments. Matrices may be bf16; the
residual stream, norms, rotation and the loss are fp32. With fp32 matrices every function computes
what the modules of `naepo.model` compute.

Rows are positions of all sequences, one after another. A mask holds 0 or 1 / (1 - rate).
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor


class Normed(NamedTuple):
    """An RMSNorm on the way: what came in, 1 over its root mean square, and what came out."""

    x: Float[Tensor, "rows d_model"]
    inverse: Float[Tensor, "rows 1"]
    out: Float[Tensor, "rows d_model"]


class Seats(NamedTuple):
    """What the attention of all blocks shares: positions, who may see whom, and sizes."""

    cos: Float[Tensor, "time d_head"]
    sin: Float[Tensor, "time d_head"]
    """With a minus in the first half, as in `naepo.model.positions.Rotation`."""
    causal: Float[Tensor, "1 time time"]
    """0 where a position may look, -inf where not."""
    d_head: int
    eps: float


class AttentionWeights(NamedTuple):
    """Queries, keys and values are one matrix: three products become one."""

    norm: Float[Tensor, " d_model"]
    to_qkv: Float[Tensor, "3*d_heads d_model"]
    qk_norm: Float[Tensor, "2 d_head"] | None
    to_out: Float[Tensor, "d_model d_heads"]


class AttentionKept(NamedTuple):
    """What the backward pass of attention needs."""

    normed: Normed
    qk: Float[Tensor, "2 batch heads time d_head"]
    inverse: Float[Tensor, "2 batch heads time 1"] | None
    q: Float[Tensor, "batch*heads time d_head"]
    k: Float[Tensor, "batch*heads time d_head"]
    v: Float[Tensor, "batch*heads time d_head"]
    weights: Float[Tensor, "batch*heads time time"]
    mixed: Float[Tensor, "rows d_heads"]
    mask: Float[Tensor, "rows d_model"] | None


class MlpWeights(NamedTuple):
    """`widen` is `up`, or `gate` and `up` as one matrix."""

    norm: Float[Tensor, " d_model"]
    widen: Float[Tensor, "d_wide d_model"]
    down: Float[Tensor, "d_model d_ff"]


class MlpKept(NamedTuple):
    """What the backward pass of the feed-forward needs; `bent` is silu(gate) or max(up, 0)."""

    normed: Normed
    wide: Float[Tensor, "rows d_wide"]
    bent: Float[Tensor, "rows d_ff"]
    inner: Float[Tensor, "rows d_ff"]
    mask: Float[Tensor, "rows d_model"] | None


class HeadWeights(NamedTuple):
    """The last norm, the output projection, and the gain of an n-gram prior."""

    norm: Float[Tensor, " d_model"]
    output: Float[Tensor, "vocab d_model"]
    gain: Float[Tensor, "1"] | None = None

    def present(self) -> list[Tensor]:
        """Give those that there are."""
        return [weight for weight in self if weight is not None]


def attention_forward(
    x: Float[Tensor, "rows d_model"],
    w: AttentionWeights,
    seats: Seats,
    mask: Float[Tensor, "rows d_model"] | None,
) -> tuple[Float[Tensor, "rows d_model"], AttentionKept]:
    """Give x + mask · to_out(attention(norm(x)))."""
    normed = _norm(x, w.norm, seats.eps, w.to_qkv.dtype)
    heads = rearrange(
        normed.out @ w.to_qkv.t(),
        "(b t) (three h d) -> three b h t d",
        three=3, t=len(seats.cos), d=seats.d_head,
    )  # fmt: skip
    qk = heads[:2].to(torch.float32, memory_format=torch.contiguous_format, copy=True)
    inverse, scaled = None, qk
    if w.qk_norm is not None:
        inverse = _inverse_rms(qk, seats.eps)
        scaled = qk.mul_(inverse) * w.qk_norm[:, None, None, None]
    turned = _rotate(scaled, seats.cos, seats.sin).to(w.to_qkv.dtype)
    q, k = rearrange(turned, "two b h t d -> two (b h) t d")
    v = rearrange(heads[2], "b h t d -> (b h) t d").contiguous()
    scores = torch.baddbmm(seats.causal, q, k.mT, alpha=seats.d_head**-0.5)
    weights = torch.softmax(scores, -1)
    mixed = rearrange(weights @ v, "(b h) t d -> (b t) (h d)", h=qk.shape[2])
    out = _add(x, mixed @ w.to_out.t(), mask)
    return out, AttentionKept(normed, qk, inverse, q, k, v, weights, mixed, mask)


def attention_backward(
    g: Float[Tensor, "rows d_model"], w: AttentionWeights, seats: Seats, kept: AttentionKept
) -> tuple[Float[Tensor, "rows d_model"], AttentionWeights]:
    """Give the gradients of x and of the weights; g is overwritten."""
    dtype, n_heads = w.to_qkv.dtype, kept.qk.shape[2]
    inner = _masked(g, kept.mask, dtype)
    d_out = inner.t() @ kept.mixed
    d_mixed = rearrange(inner @ w.to_out, "(b t) (h d) -> (b h) t d", t=len(seats.cos), h=n_heads)
    d_v = kept.weights.mT @ d_mixed
    d_weights = d_mixed @ kept.v.mT
    d_scores = torch.ops.aten._softmax_backward_data(d_weights, kept.weights, -1, dtype)
    d_qk = torch.empty_like(kept.qk)
    turned = rearrange(d_qk, "two b h t d -> two (b h) t d")
    turned[0] = d_scores @ kept.k
    turned[1] = d_scores.mT @ kept.q
    scale = seats.d_head**-0.5
    d_qk = _rotate(d_qk, seats.cos * scale, seats.sin * -scale)  # backwards: the other way round
    d_qk_norm = None
    if w.qk_norm is not None and kept.inverse is not None:
        d_qk_norm = (d_qk * kept.qk).sum((1, 2, 3))
        d_qk = _norm_backward(d_qk.mul_(w.qk_norm[:, None, None, None]), kept.qk, kept.inverse)
    d_heads = torch.empty(len(g), 3 * n_heads * seats.d_head, dtype=dtype)
    parts = rearrange(
        d_heads, "(b t) (three h d) -> three b h t d",
        three=3, t=len(seats.cos), d=seats.d_head,
    )  # fmt: skip
    parts[:2] = d_qk
    parts[2] = rearrange(d_v, "(b h) t d -> b h t d", h=n_heads)
    d_x, d_norm = _through_norm(d_heads @ w.to_qkv, w.norm, kept.normed)
    grads = AttentionWeights(d_norm, d_heads.t() @ kept.normed.out, d_qk_norm, d_out)
    return g.add_(d_x), grads


def mlp_forward(
    x: Float[Tensor, "rows d_model"],
    w: MlpWeights,
    eps: float,
    mask: Float[Tensor, "rows d_model"] | None,
) -> tuple[Float[Tensor, "rows d_model"], MlpKept]:
    """Give x + mask · down(silu(gate(h)) · up(h)), or x + mask · down(max(up(h), 0)²)."""
    normed = _norm(x, w.norm, eps, w.widen.dtype)
    wide = normed.out @ w.widen.t()
    d_ff = w.down.shape[1]
    if is_gated(w):
        bent = F.silu(wide[:, :d_ff])
        inner = bent * wide[:, d_ff:]
    else:
        bent = wide.relu_()
        inner = bent.square()
    out = _add(x, inner @ w.down.t(), mask)
    return out, MlpKept(normed, wide, bent, inner, mask)


def mlp_backward(
    g: Float[Tensor, "rows d_model"], w: MlpWeights, kept: MlpKept
) -> tuple[Float[Tensor, "rows d_model"], MlpWeights]:
    """Give the gradients of x and of the weights; g is overwritten."""
    dtype, d_ff = w.widen.dtype, w.down.shape[1]
    narrow = _masked(g, kept.mask, dtype)
    d_down = narrow.t() @ kept.inner
    if is_gated(w):
        d_inner = narrow @ w.down
        gate, up = kept.wide[:, :d_ff], kept.wide[:, d_ff:]
        d_wide = torch.empty_like(kept.wide)
        torch.mul(d_inner, kept.bent, out=d_wide[:, d_ff:])
        d_wide[:, :d_ff] = torch.ops.aten.silu_backward(d_inner.mul_(up), gate)
    else:
        d_wide = ((narrow + narrow) @ w.down).mul_(kept.bent)  # the 2 of 2u on the narrow side
    d_x, d_norm = _through_norm(d_wide @ w.widen, w.norm, kept.normed)
    return g.add_(d_x), MlpWeights(d_norm, d_wide.t() @ kept.normed.out, d_down)


def head_loss(
    x: Float[Tensor, "rows d_model"],
    w: HeadWeights,
    targets: Int[Tensor, " rows"],
    eps: float,
    n_tokens: int,
    prior: Float[Tensor, "rows vocab"] | None = None,
) -> tuple[Float[Tensor, ""], Float[Tensor, "rows d_model"], HeadWeights]:
    """Give the sum of the losses / n_tokens, and its gradients of x and of the weights.

    prior: log-probabilities that are added to the logits, times the gain.
    """
    normed = _norm(x, w.norm, eps, w.output.dtype)
    logits = normed.out @ w.output.t()
    if prior is not None:
        assert w.gain is not None
        logits = logits + w.gain * prior
    log_p = torch.log_softmax(logits, -1, dtype=torch.float32)
    wanted = targets[:, None]
    loss = log_p.gather(1, wanted).sum() / -n_tokens
    d_logits = log_p.exp_()
    d_logits.scatter_add_(1, wanted, -torch.ones_like(wanted, dtype=torch.float32))
    d_logits = d_logits.mul_(1 / n_tokens)
    d_gain = None if prior is None else torch.dot(d_logits.flatten(), prior.flatten())[None]
    d_logits = d_logits.to(w.output.dtype)
    d_x, d_norm = _through_norm(d_logits @ w.output, w.norm, normed)
    return loss, d_x, HeadWeights(d_norm, d_logits.t() @ normed.out, d_gain)


def is_gated(w: MlpWeights) -> bool:
    """Whether `widen` holds two matrices, gate and up."""
    return w.widen.shape[0] != w.down.shape[1]


def _inverse_rms(x: Float[Tensor, "*any width"], eps: float) -> Float[Tensor, "*any 1"]:
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return length.square_().mul_(1 / x.shape[-1]).add_(eps).rsqrt_()


def _norm(
    x: Float[Tensor, "rows d_model"],
    gain: Float[Tensor, " d_model"],
    eps: float,
    dtype: torch.dtype,
) -> Normed:
    inverse = _inverse_rms(x, eps)
    return Normed(x, inverse, (x * inverse).mul_(gain).to(dtype))


def _norm_backward(
    d_unit: Float[Tensor, "*any width"],
    unit: Float[Tensor, "*any width"],
    inverse: Float[Tensor, "*any 1"],
) -> Float[Tensor, "*any width"]:
    """From the gradient of u = x · inverse to that of x: (du - u · mean(du · u)) · inverse."""
    along = (d_unit * unit).mean(-1, keepdim=True)
    return d_unit.addcmul_(unit, along, value=-1).mul_(inverse)


def _through_norm(
    d_out: Float[Tensor, "rows d_model"], gain: Float[Tensor, " d_model"], normed: Normed
) -> tuple[Float[Tensor, "rows d_model"], Float[Tensor, " d_model"]]:
    """From the gradient of what a norm gave to those of what came in and of its gain."""
    d_out = d_out.float()
    unit = normed.x * normed.inverse
    d_gain = (d_out * unit).sum(0)
    return _norm_backward(d_out.mul_(gain), unit, normed.inverse), d_gain


def _rotate(
    x: Float[Tensor, "two batch heads time d_head"],
    cos: Float[Tensor, "time d_head"],
    sin: Float[Tensor, "time d_head"],
) -> Float[Tensor, "two batch heads time d_head"]:
    """Do what `naepo.model.positions.rotate` does, without its roll."""
    half = x.shape[-1] // 2
    turned = x * cos
    turned[..., :half].addcmul_(x[..., half:], sin[:, :half])
    turned[..., half:].addcmul_(x[..., :half], sin[:, half:])
    return turned


def _add(
    x: Float[Tensor, "rows d_model"],
    branch: Float[Tensor, "rows d_model"],
    mask: Float[Tensor, "rows d_model"] | None,
) -> Float[Tensor, "rows d_model"]:
    return x + branch if mask is None else torch.addcmul(x, branch, mask)


def _masked(
    g: Float[Tensor, "rows d_model"],
    mask: Float[Tensor, "rows d_model"] | None,
    dtype: torch.dtype,
) -> Float[Tensor, "rows d_model"]:
    return (g if mask is None else g * mask).to(dtype)
