"""One step of the road through a model, and how a draft of the road is written."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from naepo.look import eager
from naepo.model import LanguageModelSettings
from naepo.model.mlp import GELU, ReLU2, SwiGLU
from naepo.model.norms import LayerNorm, RMSNorm

DERIVED = ("masked", "probabilities")
"""Kinds that are computed from others when asked for, and never kept: they are large."""
PACKAGE = Path(__file__).parents[1]

Line = tuple[Callable[..., object], str]
"""A function or class, and a piece of the line in it that computes an op."""


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
    mixed, activation, taps, shifted, gate, gated, state, prior, logits or probabilities."""
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


class Draft:
    """Settings, turned into ops one after another: what the roads of all kinds have in common.

    widths: the size of each axis.  mlp, norm: which of them the model has.  lines: the code of ops
    by name, beside those that are known here.
    """

    def __init__(
        self,
        settings: LanguageModelSettings,
        widths: Mapping[str, int],
        lines: Mapping[str, Line],
        *,
        mlp: str = "swiglu",
        norm: str = "rms",
    ) -> None:
        self.settings = settings
        self.mlp, self.kind_of_norm = mlp, norm
        self.lines = {**LINES, **lines}
        self.width: dict[str, int | None] = {
            "time": None,
            "seen": None,
            "d_model": settings.d_model,
            "vocab_size": settings.vocab_size,
            **widths,
        }

    def answer(self, has_prior: bool = False) -> list[Op]:
        """Give what comes after the last block."""
        wide, read = "time vocab_size", ["output"]
        source = "embedding" if self.settings.parts.tie_weights else "output"
        found = [self.op("output", "linear", wide, ("norm",), (f"{source}.weight",))]
        if has_prior:
            read.append("prior")
            found.append(self.op("prior", "prior", wide, (), ("prior.gain",)))
        found.append(self.op("logits", "logits", wide, read, module=""))
        return [*found, self.op("probabilities", "probabilities", wide, ("logits",), module="")]

    def feed_forward(self, path: str, before: str) -> list[Op]:
        """Give the feed-forward of a block, between its norm and the residual stream."""
        read = [f"{path}.gate", f"{path}.up"] if self.mlp == "swiglu" else [f"{path}.up"]
        found = [self.linear(name, "time d_ff", before) for name in read]
        formula = f"activation:{self.mlp}"
        bent = self.op(
            f"{path}.activation", "activation", "time d_ff", read, formula=formula, module=path
        )
        return [*found, bent, self.linear(f"{path}.down", "time d_model", f"{path}.activation")]

    def linear(self, name: str, axes: str, before: str, has_bias: bool | None = None) -> Op:
        """Give a linear map; without a word, it has a bias where the model has biases."""
        return self.op(name, "linear", axes, (before,), self.with_bias(name, has_bias))

    def norm(self, name: str, before: str) -> Op:
        """Give a normalisation of the residual stream."""
        weights = self.with_bias(name, False if self.kind_of_norm == "rms" else None)
        formula = f"norm:{self.kind_of_norm}"
        return self.op(name, "norm", "time d_model", (before,), weights, formula)

    def with_bias(self, name: str, has_bias: bool | None = None) -> tuple[str, ...]:
        """Give the names of a module's weights."""
        if has_bias is None:
            has_bias = bool(getattr(self.settings.parts, "has_bias", False))
        return (f"{name}.weight", f"{name}.bias") if has_bias else (f"{name}.weight",)

    def op(
        self,
        name: str,
        kind: str,
        axes: str,
        inputs: tuple[str, ...] | list[str] = (),
        weights: tuple[str, ...] = (),
        formula: str | None = None,
        module: str | None = None,
    ) -> Op:
        """Give one op. formula: the kind, where nothing else is said. module: the name likewise."""
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
            code=self._code_of(f"{name}:{self.mlp}", name, formula or kind),
        )

    def _code_of(self, *names: str) -> Code:
        """Give the line of naepo that computes an op, by the first of its names that is known."""
        for name in names:
            key = name.split(".")[-1]
            if key in self.lines:
                return find(*self.lines[key])
        raise AssertionError(f"no line of code is known for {', '.join(names)}")


@cache
def find(where: Callable[..., object], piece: str) -> Code:
    """Find the line of a function or class that holds a piece of text."""
    source = inspect.unwrap(where)
    lines, first = inspect.getsourcelines(source)
    file = Path(inspect.getsourcefile(source) or "").relative_to(PACKAGE.parent).as_posix()
    for number, line in enumerate(lines, max(first, 1)):
        if piece in line:
            return Code(file, number, line.strip())
    raise AssertionError(f"{piece!r} is not in {source}")


LINES: Mapping[str, Line] = {
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
    "probabilities": (eager.share, "scores.softmax("),
}
