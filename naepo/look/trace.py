"""Run a model once and keep every number on the way, under its name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor

from naepo.config import UserError, did_you_mean
from naepo.generate.decode import evaluating
from naepo.look import eager
from naepo.look.changes import Change, changed, check_changes
from naepo.look.layout import Op, layout
from naepo.model import ModelSettings, Transformer
from naepo.model.mlp import GELU, MLP, SwiGLU
from naepo.model.positions import Rotation, SinusoidalPositions, rotate
from naepo.model.transformer import Block

Ids = Sequence[int] | Int[Tensor, " time"] | Int[np.ndarray, " time"]
"""The ids of a prompt, as an encoder gives them or in any other form."""


@dataclass(frozen=True, eq=False)
class Trace(Mapping[str, Tensor]):
    """What every op gave for one prompt: `trace["blocks.3.attention.scores"]`; no batch axis.

    The tensors are the model's own numbers, in its type. They are shared, not copied: do not write
    into them. `masked` and `probabilities` are computed each time they are asked for.
    """

    model: Transformer
    ids: list[int]
    ops: tuple[Op, ...]
    changes: tuple[Change, ...]
    seen: Bool[Tensor, "time seen"] = field(repr=False)
    """Which positions each position may look at."""
    kept: dict[str, Tensor] = field(repr=False)

    @property
    def settings(self) -> ModelSettings:
        """The shape of the model."""
        return self.model.settings

    @property
    def n_bytes(self) -> int:
        """What the tensors take, each storage once, in bytes."""
        storages = {t.untyped_storage().data_ptr(): t.nbytes for t in self.kept.values()}
        return sum(storages.values())

    def op(self, name: str) -> Op:
        """Give one op by its name.

        Raises: UserError when no op is called so, with the nearest name.
        """
        if name not in self._by_name:
            raise UserError(f"no op is called {name}", hint=did_you_mean(name, self._by_name))
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Op]:
        return {op.name: op for op in self.ops}

    def shape(self, name: str) -> tuple[int, ...]:
        """Give the shape of what an op gave; nothing is computed for it.

        Raises: UserError when no op is called so.
        """
        if name in self.kept:
            return tuple(self.kept[name].shape)
        return self.shape(self.op(name).inputs[0])  # what is derived is as large as what it is of

    def __getitem__(self, name: str) -> Tensor:
        if name in self.kept:
            return self.kept[name]
        op = self.op(name)
        with torch.inference_mode():
            before = self[op.inputs[0]]
            return eager.hide(before, self.seen) if op.kind == "masked" else eager.share(before)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[str]:
        return (op.name for op in self.ops)

    def __len__(self) -> int:
        return len(self.ops)


@torch.inference_mode()
def trace(
    model: Transformer,
    ids: Ids,
    changes: Sequence[Change] = (),
) -> Trace:
    """Run a model once over a prompt and keep what every op gives.

    ids: at least one, at most the context.  changes: applied where their ops are, in their order.
    The model is left as it was: no hook is ever hung into it, and its training flag comes back.

    Raises: UserError for no ids, too many, ids that are not of the model, or changes it cannot do.
    """
    numbers = [int(id) for id in ids]
    _check_ids(model, numbers)
    ops = layout(model.settings)
    check_changes(changes, ops)
    device = model.embedding.weight.device
    walk = _Walk(model, torch.tensor(numbers, device=device), ops, changes)
    with evaluating(model):
        walk.go()
    return Trace(model, numbers, ops, tuple(changes), walk.seen, walk.kept)


def _check_ids(model: Transformer, ids: list[int]) -> None:
    settings = model.settings
    if not 1 <= len(ids) <= settings.context_length:
        raise UserError(
            f"a trace takes 1 to {settings.context_length} ids, got {len(ids)}",
            hint="the context of this model is so long; give it the last ids of the text",
        )
    wrong = [id for id in ids if not 0 <= id < settings.vocab_size]
    if wrong:
        raise UserError(f"ids must be from 0 to {settings.vocab_size - 1}, got {wrong[0]}")


class _Walk:
    """One pass, op by op; `keep` is the one place where a number is kept or changed."""

    def __init__(
        self,
        model: Transformer,
        ids: Int[Tensor, " time"],
        ops: Sequence[Op],
        changes: Sequence[Change],
    ) -> None:
        self.model = model
        self.ids = ids
        self.ops = {op.name: op for op in ops}
        self.changes = {name: [c for c in changes if c.op == name] for name in self.ops}
        self.kept: dict[str, Tensor] = {}
        window = model.settings.parts.window
        self.seen = eager.looks_at(len(ids), window, ids.device)

    def keep(self, name: str, value: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Keep what an op gave, after the changes that a person asked for."""
        self.kept[name] = changed(value, self.ops[name], self.changes[name])
        return self.kept[name]

    def go(self) -> None:
        x = self._begin()
        rotary, time = self.model.rotary, len(self.ids)
        rotation = None if rotary is None else rotary(0, time)
        for i, block in enumerate(self.model.blocks):
            assert isinstance(block, Block)
            x = self._attention(f"blocks.{i}", block, x, rotation)
            x = self._mlp(f"blocks.{i}", block, x)
        self._answer(self.keep("norm", self.model.norm(x)))

    def _begin(self) -> Float[Tensor, "time d_model"]:
        x, position = self.keep("embedding", self.model.embedding(self.ids)), self.model.position
        if position is None:
            return self.keep("residual", x)
        is_fixed = isinstance(position, SinusoidalPositions)
        table = position.table if is_fixed else position.weight
        rows = self.keep("position", table[: len(self.ids)].detach().clone())
        scale = position.scale if is_fixed else 1.0
        return self.keep("residual", (scale * x + rows).to(x.dtype))

    def _attention(
        self, path: str, block: Block, x: Float[Tensor, "time d_model"], rotation: Rotation | None
    ) -> Float[Tensor, "time d_model"]:
        at, attention = f"{path}.attention", block.attention
        read = self.keep(f"{path}.norm_1", block.norm_1(x))
        q = self._split(self.keep(f"{at}.to_q", attention.to_q(read)), attention.d_head)
        k = self._split(self.keep(f"{at}.to_k", attention.to_k(read)), attention.d_head)
        v = self._split(self.keep(f"{at}.to_v", attention.to_v(read)), attention.d_head)
        if attention.q_norm is not None and attention.k_norm is not None:
            q = self.keep(f"{at}.q_norm", attention.q_norm(q))
            k = self.keep(f"{at}.k_norm", attention.k_norm(k))
        q = self.keep(f"{at}.q", _turned(q, rotation))
        k = self.keep(f"{at}.k", _turned(k, rotation))
        v = self.keep(f"{at}.v", v)
        scores = self.keep(f"{at}.scores", eager.compare(q, k))
        shares = eager.share(eager.hide(scores, self.seen))
        weights = self.keep(f"{at}.weights", shares)
        mixed = self.keep(f"{at}.mixed", eager.gather(weights, v))
        added = attention.to_out(rearrange(mixed, "h t d -> t (h d)"))
        return self.keep(f"{path}.residual_1", x + self.keep(f"{at}.to_out", added))

    def _mlp(
        self, path: str, block: Block, x: Float[Tensor, "time d_model"]
    ) -> Float[Tensor, "time d_model"]:
        mlp, at = block.mlp, f"{path}.mlp"
        read = self.keep(f"{path}.norm_2", block.norm_2(x))
        gate = self.keep(f"{at}.gate", mlp.gate(read)) if isinstance(mlp, SwiGLU) else None
        up = self.keep(f"{at}.up", mlp.up(read))
        bent = self.keep(f"{at}.activation", _bent(mlp, gate, up))
        added = self.keep(f"{at}.down", mlp.down(bent))
        return self.keep(f"{path}.residual_2", x + added)

    def _answer(self, x: Float[Tensor, "time d_model"]) -> None:
        logits = self.keep("output", self.model.output(x))
        if self.model.prior is not None:
            logits = logits + self.keep("prior", self.model.prior(self.ids[None])[0])
        self.keep("logits", logits)

    def _split(
        self, x: Float[Tensor, "time d_heads"], d_head: int
    ) -> Float[Tensor, "heads time d_head"]:
        return rearrange(x, "t (h d) -> h t d", d=d_head)


def _turned(
    x: Float[Tensor, "heads time d_head"], rotation: Rotation | None
) -> Float[Tensor, "heads time d_head"]:
    return x if rotation is None else rotate(x[None], rotation)[0]


def _bent(
    mlp: MLP, gate: Float[Tensor, "time d_ff"] | None, up: Float[Tensor, "time d_ff"]
) -> Float[Tensor, "time d_ff"]:
    """What `down` reads: the non-linear part of the feed-forward."""
    if gate is not None:
        return F.silu(gate) * up
    if isinstance(mlp, GELU):
        return F.gelu(up, approximate="tanh")
    return F.relu(up).square()
