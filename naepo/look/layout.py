"""The road through a model: every op in the order of the data, known from the settings alone.

tokens -> embedding (+ position) -> [norm_1 -> q k v -> scores -> weights -> mixed -> to_out
-> residual_1 -> norm_2 -> feed-forward -> residual_2] × n_layers -> norm -> output -> logits
"""

import inspect
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from naepo.look import eager
from naepo.model import ModelSettings, Transformer
from naepo.model.attention import Attention
from naepo.model.mlp import GELU, ReLU2, SwiGLU
from naepo.model.norms import LayerNorm, RMSNorm
from naepo.model.positions import LearnedPositions, SinusoidalPositions, rotate
from naepo.model.prior import NgramPrior
from naepo.model.transformer import Block

DERIVED = ("masked", "probabilities")
"""Kinds that are computed from others when asked for, and never kept: they are large."""
PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Code:
    """One line of naepo's own source: the one that computes an op."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Op:
    """One step of the road: what it is called, what it reads, and the shape of what it gives."""

    name: str
    kind: str
    """embedding, position, residual, norm, linear, head_norm, heads, scores, masked, softmax,
    mixed, activation, prior, logits or probabilities."""
    axes: tuple[str, ...]
    """Names of the axes, those of the settings, and "time" and "seen" for positions."""
    sizes: tuple[int | None, ...]
    """Their sizes; None for "time" and "seen", which depend on the prompt."""
    block: int | None = None
    module: str
    """Path of the module that computes it; a public name (`blocks.3.attention.to_q`)."""
    inputs: tuple[str, ...] = ()
    """Names of the ops it is computed from."""
    weights: tuple[str, ...] = ()
    """Names of the parameters it uses, as in `model.named_parameters()`."""
    formula: str
    code: Code

    @property
    def is_derived(self) -> bool:
        """Whether it is computed anew each time it is asked for."""
        return self.kind in DERIVED

    def shape(self, time: int) -> tuple[int, ...]:
        """Give its shape for a prompt of `time` ids."""
        return tuple(time if size is None else size for size in self.sizes)


def layout(settings: ModelSettings) -> tuple[Op, ...]:
    """Give every op of a model of this shape, in the order of the data. Nothing is built or run."""
    return tuple(_Draft(settings).ops())


def n_bytes(settings: ModelSettings, time: int, itemsize: int = 4) -> int:
    """Give what a trace of `time` ids keeps, in bytes."""
    kept = [op for op in layout(settings) if not op.is_derived]
    if settings.parts.prior_order is None:  # the logits are then the output itself
        kept = [op for op in kept if op.kind != "logits"]
    return itemsize * sum(math.prod(op.shape(time)) for op in kept)


class _Draft:
    """The settings, turned into ops one after another."""

    def __init__(self, settings: ModelSettings) -> None:
        self.settings = settings
        self.parts = settings.parts
        self.width = {
            "time": None,
            "seen": None,
            "d_model": settings.d_model,
            "d_ff": settings.d_ff,
            "d_head": settings.d_head,
            "n_heads": settings.n_heads,
            "n_kv_heads": settings.n_kv_heads,
            "d_query": settings.n_heads * settings.d_head,
            "d_key": settings.n_kv_heads * settings.d_head,
            "vocab_size": settings.vocab_size,
        }

    def ops(self) -> Iterator[Op]:
        stream = ["embedding"]
        yield self._op("embedding", "embedding", "time d_model", weights=("embedding.weight",))
        if self.parts.position != "rotary":
            stream.append("position")
            is_learned = self.parts.position == "learned"
            weights = ("position.weight",) if is_learned else ()
            formula = f"position:{self.parts.position}"
            yield self._op("position", "position", "time d_model", (), weights, formula)
        begin = f"begin:{self.parts.position}"
        yield self._op("residual", "residual", "time d_model", stream, module="", formula=begin)
        before = "residual"
        for i in range(self.settings.n_layers):
            yield from self._block(i, before)
            before = f"blocks.{i}.residual_2"
        yield self._norm("norm", before)
        yield from self._answer()

    def _block(self, i: int, before: str) -> Iterator[Op]:
        path = f"blocks.{i}"
        yield self._norm(f"{path}.norm_1", before)
        yield from self._attention(path, f"{path}.norm_1")
        added = (before, f"{path}.attention.to_out")
        yield self._op(f"{path}.residual_1", "residual", "time d_model", added, module=path)
        yield self._norm(f"{path}.norm_2", f"{path}.residual_1")
        yield from self._mlp(f"{path}.mlp", f"{path}.norm_2")
        added = (f"{path}.residual_1", f"{path}.mlp.down")
        yield self._op(f"{path}.residual_2", "residual", "time d_model", added, module=path)

    def _attention(self, path: str, before: str) -> Iterator[Op]:
        at = f"{path}.attention"
        for letter, width in (("q", "d_query"), ("k", "d_key"), ("v", "d_key")):
            yield self._linear(f"{at}.to_{letter}", f"time {width}", before)
        for letter, heads in (("q", "n_heads"), ("k", "n_kv_heads"), ("v", "n_kv_heads")):
            yield from self._heads(at, letter, f"{heads} time d_head")
        square = "n_heads time seen"
        yield self._op(f"{at}.scores", "scores", square, (f"{at}.q", f"{at}.k"), module=at)
        yield self._op(f"{at}.masked", "masked", square, (f"{at}.scores",), module=at)
        yield self._op(f"{at}.weights", "softmax", square, (f"{at}.masked",), module=at)
        read = (f"{at}.weights", f"{at}.v")
        yield self._op(f"{at}.mixed", "mixed", "n_heads time d_head", read, module=at)
        yield self._linear(f"{at}.to_out", "time d_model", f"{at}.mixed")

    def _heads(self, at: str, letter: str, axes: str) -> Iterator[Op]:
        before, is_compared = f"{at}.to_{letter}", letter != "v"
        if is_compared and self.parts.has_qk_norm:
            name = f"{at}.{letter}_norm"
            yield self._op(
                name, "head_norm", axes, (before,), (f"{name}.weight",), "norm:rms", module=name
            )
            before = name
        is_turned = is_compared and self.parts.position == "rotary"
        formula = "heads:rotary" if is_turned else "heads:split"
        yield self._op(f"{at}.{letter}", "heads", axes, (before,), formula=formula, module=at)

    def _mlp(self, path: str, before: str) -> Iterator[Op]:
        read = [f"{path}.gate", f"{path}.up"] if self.parts.mlp == "swiglu" else [f"{path}.up"]
        for name in read:
            yield self._linear(name, "time d_ff", before)
        formula = f"activation:{self.parts.mlp}"
        yield self._op(
            f"{path}.activation", "activation", "time d_ff", read, formula=formula, module=path
        )
        yield self._linear(f"{path}.down", "time d_model", f"{path}.activation")

    def _answer(self) -> Iterator[Op]:
        wide, read = "time vocab_size", ["output"]
        source = "embedding" if self.parts.tie_weights else "output"
        yield self._op("output", "linear", wide, ("norm",), (f"{source}.weight",))
        if self.parts.prior_order is not None:
            read.append("prior")
            yield self._op("prior", "prior", wide, (), ("prior.gain",))
        yield self._op("logits", "logits", wide, read, module="")
        yield self._op("probabilities", "probabilities", wide, ("logits",), module="")

    def _linear(self, name: str, axes: str, before: str) -> Op:
        return self._op(name, "linear", axes, (before,), self._with_bias(name))

    def _norm(self, name: str, before: str) -> Op:
        is_rms = self.parts.norm == "rms"
        weights = (f"{name}.weight",) if is_rms else self._with_bias(name)
        formula = f"norm:{self.parts.norm}"
        return self._op(name, "norm", "time d_model", (before,), weights, formula)

    def _with_bias(self, name: str) -> tuple[str, ...]:
        return (f"{name}.weight", f"{name}.bias") if self.parts.has_bias else (f"{name}.weight",)

    def _op(
        self,
        name: str,
        kind: str,
        axes: str,
        inputs: tuple[str, ...] | list[str] = (),
        weights: tuple[str, ...] = (),
        formula: str | None = None,
        module: str | None = None,
    ) -> Op:
        names = tuple(axes.split())
        return Op(
            name=name,
            kind=kind,
            axes=names,
            sizes=tuple(self.width[axis] for axis in names),
            block=int(name.split(".")[1]) if name.startswith("blocks.") else None,
            module=name if module is None else module,
            inputs=tuple(inputs),
            weights=weights,
            formula=formula or kind,
            code=code_of(f"{name}:{self.parts.mlp}", name, formula or kind),
        )


def code_of(*names: str) -> Code:
    """Give the line of naepo that computes an op, by the first of its names that is known."""
    for name in names:
        key = name.split(".")[-1]
        if key in _LINES:
            return _find(*_LINES[key])
    raise AssertionError(f"no line of code is known for {', '.join(names)}")


@cache
def _find(where: Callable[..., object], piece: str) -> Code:
    """Find the line of a function or class that holds a piece of text."""
    source = inspect.unwrap(where)
    lines, first = inspect.getsourcelines(source)
    file = Path(inspect.getsourcefile(source) or "").relative_to(PACKAGE.parent).as_posix()
    for number, line in enumerate(lines, max(first, 1)):
        if piece in line:
            return Code(file, number, line.strip())
    raise AssertionError(f"{piece!r} is not in {source}")


_LINES: dict[str, tuple[Callable[..., object], str]] = {
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
    "gate:swiglu": (SwiGLU, "self.gate(x)"),
    "up:swiglu": (SwiGLU, "self.up(x)"),
    "up:gelu": (GELU, "self.up(x)"),
    "up:relu2": (ReLU2, "self.up(x)"),
    "down:swiglu": (SwiGLU, "return self.down("),
    "down:gelu": (GELU, "return self.down("),
    "down:relu2": (ReLU2, "return self.down("),
    "activation:swiglu": (SwiGLU, "F.silu("),
    "activation:gelu": (GELU, "F.gelu("),
    "activation:relu2": (ReLU2, "F.relu("),
    "norm:rms": (RMSNorm, "F.rms_norm("),
    "norm:layer": (LayerNorm, "F.layer_norm("),
    "output": (Transformer.forward, "self.output("),
    "prior": (NgramPrior.forward, "self.gain *"),
    "logits": (Transformer.forward, "return logits if"),
    "probabilities": (eager.share, "scores.softmax("),
}
