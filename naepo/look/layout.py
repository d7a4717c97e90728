"""The road through a model: every op in the order of the data, known from the settings alone.

tokens -> embedding (+ position) -> [norm_1 -> q k v -> scores -> weights -> mixed -> to_out
-> residual_1 -> norm_2 -> feed-forward -> residual_2] × n_layers -> norm -> output -> logits

A sibling of the transformer has another mixer in the place of attention (`layout_siblings`).
"""

import math
from collections.abc import Iterator, Mapping
from functools import singledispatch

from naepo.look import eager
from naepo.look.layout_siblings import sibling_ops
from naepo.look.ops import Draft, Line, Op
from naepo.model import LanguageModelSettings, ModelSettings, Transformer
from naepo.model.attention import Attention
from naepo.model.positions import LearnedPositions, SinusoidalPositions, rotate
from naepo.model.prior import NgramPrior
from naepo.model.sibling_settings import SiblingSettings
from naepo.model.transformer import Block


@singledispatch
def layout(settings: LanguageModelSettings) -> tuple[Op, ...]:
    """Give every op of a model of this shape, in the order of the data. Nothing is built or run."""
    raise NotImplementedError(settings.kind)


@layout.register
def _(settings: ModelSettings) -> tuple[Op, ...]:
    return tuple(TransformerDraft(settings).ops())


@layout.register
def _(settings: SiblingSettings) -> tuple[Op, ...]:
    return tuple(sibling_ops(settings))


def n_bytes(settings: LanguageModelSettings, time: int, itemsize: int = 4) -> int:
    """Give what a trace of `time` ids keeps, in bytes."""
    ops = layout(settings)
    kept = [op for op in ops if not op.is_derived]
    if all(op.kind != "prior" for op in ops):  # the logits are then the output itself
        kept = [op for op in kept if op.kind != "logits"]
    return itemsize * sum(math.prod(op.shape(time)) for op in kept)


class TransformerDraft(Draft):
    """The road through a transformer."""

    settings: ModelSettings

    def __init__(self, settings: ModelSettings) -> None:
        widths = {
            "d_ff": settings.d_ff,
            "d_head": settings.d_head,
            "n_heads": settings.n_heads,
            "n_kv_heads": settings.n_kv_heads,
            "d_query": settings.n_heads * settings.d_head,
            "d_key": settings.n_kv_heads * settings.d_head,
        }
        self.parts = settings.parts
        super().__init__(settings, widths, LINES, mlp=self.parts.mlp, norm=self.parts.norm)

    def ops(self) -> Iterator[Op]:
        stream = ["embedding"]
        yield self.op("embedding", "embedding", "time d_model", weights=("embedding.weight",))
        if self.parts.position != "rotary":
            stream.append("position")
            is_learned = self.parts.position == "learned"
            weights = ("position.weight",) if is_learned else ()
            formula = f"position:{self.parts.position}"
            yield self.op("position", "position", "time d_model", (), weights, formula)
        begin = f"begin:{self.parts.position}"
        yield self.op("residual", "residual", "time d_model", stream, module="", formula=begin)
        before = "residual"
        for i in range(self.settings.n_layers):
            yield from self._block(i, before)
            before = f"blocks.{i}.residual_2"
        yield self.norm("norm", before)
        yield from self.answer(has_prior=self.parts.prior_order is not None)

    def _block(self, i: int, before: str) -> Iterator[Op]:
        path = f"blocks.{i}"
        yield self.norm(f"{path}.norm_1", before)
        yield from self._attention(path, f"{path}.norm_1")
        added = (before, f"{path}.attention.to_out")
        yield self.op(f"{path}.residual_1", "residual", "time d_model", added, module=path)
        yield self.norm(f"{path}.norm_2", f"{path}.residual_1")
        yield from self.feed_forward(f"{path}.mlp", f"{path}.norm_2")
        added = (f"{path}.residual_1", f"{path}.mlp.down")
        yield self.op(f"{path}.residual_2", "residual", "time d_model", added, module=path)

    def _attention(self, path: str, before: str) -> Iterator[Op]:
        at = f"{path}.attention"
        for letter, width in (("q", "d_query"), ("k", "d_key"), ("v", "d_key")):
            yield self.linear(f"{at}.to_{letter}", f"time {width}", before)
        for letter, heads in (("q", "n_heads"), ("k", "n_kv_heads"), ("v", "n_kv_heads")):
            yield from self._heads(at, letter, f"{heads} time d_head")
        square = "n_heads time seen"
        yield self.op(f"{at}.scores", "scores", square, (f"{at}.q", f"{at}.k"), module=at)
        yield self.op(f"{at}.masked", "masked", square, (f"{at}.scores",), module=at)
        yield self.op(f"{at}.weights", "softmax", square, (f"{at}.masked",), module=at)
        read = (f"{at}.weights", f"{at}.v")
        yield self.op(f"{at}.mixed", "mixed", "n_heads time d_head", read, module=at)
        yield self.linear(f"{at}.to_out", "time d_model", f"{at}.mixed")

    def _heads(self, at: str, letter: str, axes: str) -> Iterator[Op]:
        before, is_compared = f"{at}.to_{letter}", letter != "v"
        if is_compared and self.parts.has_qk_norm:
            name = f"{at}.{letter}_norm"
            yield self.op(
                name, "head_norm", axes, (before,), (f"{name}.weight",), "norm:rms", module=name
            )
            before = name
        is_turned = is_compared and self.parts.position == "rotary"
        formula = "heads:rotary" if is_turned else "heads:split"
        yield self.op(f"{at}.{letter}", "heads", axes, (before,), formula=formula, module=at)


LINES: Mapping[str, Line] = {
    "embedding": (Transformer._begin, "self.embedding(ids)"),
    "position:learned": (LearnedPositions, "self.weight[start"),
    "position:sinusoidal": (SinusoidalPositions, "self.table[start"),
    "begin:rotary": (Transformer._begin, "self.embedding(ids)"),
    "begin:learned": (Transformer._begin, "self.position(x, n_seen)"),
    "begin:sinusoidal": (Transformer._begin, "self.position(x, n_seen)"),
    "residual_1": (Block, "x + self._drop(self.attention("),
    "residual_2": (Block, "x + self._drop(self.mlp("),
    "to_q": (Attention.project, "self.to_q(x)"),
    "to_k": (Attention.project, "self.to_k(x)"),
    "to_v": (Attention.project, "self.to_v(x)"),
    "q_norm": (Attention.normalise, "self.q_norm(q)"),
    "k_norm": (Attention.normalise, "self.k_norm(k)"),
    "heads:rotary": (rotate, "torch.addcmul("),
    "heads:split": (Attention._split, "rearrange("),
    "scores": (eager.compare, "einsum("),
    "masked": (eager.hide, "masked_fill("),
    "softmax": (eager.share, "scores.softmax("),
    "mixed": (eager.gather, "einsum("),
    "to_out": (Attention.merge, "self.to_out("),
    "output": (Transformer.forward, "self.output("),
    "prior": (NgramPrior.forward, "self.gain *"),
    "logits": (Transformer.forward, "return logits if"),
}
