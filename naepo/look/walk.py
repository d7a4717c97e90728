"""One pass through a model, op by op, in plain steps.

`Walk.keep` is the one place where a number is kept or changed.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor

from naepo.look import eager
from naepo.look.changes import Change, changed, changed_rows
from naepo.look.ops import Op
from naepo.model import Network, Transformer
from naepo.model.mlp import GELU, MLP, SwiGLU
from naepo.model.positions import Rotation, SinusoidalPositions, rotate
from naepo.model.sibling import SiblingBlock
from naepo.model.transformer import Block


class Walk:
    """What the ways through all kinds of models have in common."""

    def __init__(
        self, ids: Int[Tensor, " time"], ops: Sequence[Op], changes: Sequence[Change]
    ) -> None:
        self.ids = ids
        self.ops = {op.name: op for op in ops}
        self.changes = {name: [c for c in changes if c.op == name] for name in self.ops}
        self.kept: dict[str, Tensor] = {}

    def keep(self, name: str, value: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Keep what an op gave, after the changes that a person asked for."""
        self.kept[name] = changed(value, self.ops[name], self.changes[name])
        return self.kept[name]

    def keep_row(
        self, name: str, value: Float[Tensor, " width"], position: int
    ) -> Float[Tensor, " width"]:
        """Keep what an op gave at one position, where the next one is computed from it."""
        if name not in self.kept:
            self.kept[name] = value.new_zeros(len(self.ids), len(value))
        op, here = self.ops[name], self.changes[name]
        self.kept[name][position] = changed_rows(value[None], op, here, [position])[0]
        return self.kept[name][position]

    def feed_forward(
        self, path: str, block: Block | SiblingBlock, x: Float[Tensor, "time d_model"]
    ) -> Float[Tensor, "time d_model"]:
        """Go through the feed-forward of a block; give the residual stream after it."""
        mlp, at = block.mlp, f"{path}.mlp"
        read = self.keep(f"{path}.norm_2", block.norm_2(x))
        gate = self.keep(f"{at}.gate", mlp.gate(read)) if isinstance(mlp, SwiGLU) else None
        up = self.keep(f"{at}.up", mlp.up(read))
        bent = self.keep(f"{at}.activation", _bent(mlp, gate, up))
        added = self.keep(f"{at}.down", mlp.down(bent))
        return self.keep(f"{path}.residual_2", x + added)

    def answer(self, model: Network, x: Float[Tensor, "time d_model"]) -> None:
        """Go from what the last block gave to the logits."""
        logits = self.keep("output", model.output(self.keep("norm", model.norm(x))))
        if model.prior is not None:
            logits = logits + self.keep("prior", model.prior(self.ids[None])[0])
        self.keep("logits", logits)


class TransformerWalk(Walk):
    """The way through a transformer."""

    def go(self, model: Transformer) -> None:
        """Walk it."""
        x = self._begin(model)
        time = len(self.ids)
        rotation = None if model.rotary is None else model.rotary(0, time)
        seen = eager.looks_at(time, model.settings.parts.window, self.ids.device)
        for i, block in enumerate(model.blocks):
            assert isinstance(block, Block)
            x = self._attention(f"blocks.{i}", block, x, rotation, seen)
            x = self.feed_forward(f"blocks.{i}", block, x)
        self.answer(model, x)

    def _begin(self, model: Transformer) -> Float[Tensor, "time d_model"]:
        x, position = self.keep("embedding", model.embedding(self.ids)), model.position
        if position is None:
            return self.keep("residual", x)
        is_fixed = isinstance(position, SinusoidalPositions)
        table = position.table if is_fixed else position.weight
        rows = self.keep("position", table[: len(self.ids)].detach().clone())
        scale = position.scale if is_fixed else 1.0
        return self.keep("residual", (scale * x + rows).to(x.dtype))

    def _attention(
        self,
        path: str,
        block: Block,
        x: Float[Tensor, "time d_model"],
        rotation: Rotation | None,
        seen: Bool[Tensor, "time seen"],
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
        shares = eager.share(eager.hide(scores, seen))
        weights = self.keep(f"{at}.weights", shares)
        mixed = self.keep(f"{at}.mixed", eager.gather(weights, v))
        added = attention.to_out(rearrange(mixed, "h t d -> t (h d)"))
        return self.keep(f"{path}.residual_1", x + self.keep(f"{at}.to_out", added))

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
