"""Run a model once and keep every number on the way, under its name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from naepo.config import UserError, did_you_mean
from naepo.generate.decode import evaluating
from naepo.look import eager
from naepo.look.changes import Change, check_changes
from naepo.look.layout import layout
from naepo.look.ops import Op
from naepo.look.walk import TransformerWalk
from naepo.look.walk_siblings import SiblingWalk
from naepo.model import LanguageModelSettings, Network, Transformer

Ids = Sequence[int] | Int[Tensor, " time"] | Int[np.ndarray, " time"]
"""The ids of a prompt, as an encoder gives them or in any other form."""


@dataclass(frozen=True, eq=False)
class Trace(Mapping[str, Tensor]):
    """What every op gave for one prompt: `trace["blocks.3.attention.scores"]`; no batch axis.

    The tensors are the model's own numbers, in its type. They are shared, not copied: do not write
    into them. `masked` and `probabilities` are computed each time they are asked for.
    """

    model: Network
    ids: list[int]
    ops: tuple[Op, ...]
    changes: tuple[Change, ...]
    seen: Bool[Tensor, "time seen"] = field(repr=False)
    """Which positions each position may look at."""
    kept: dict[str, Tensor] = field(repr=False)

    @property
    def settings(self) -> LanguageModelSettings:
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
    model: Network,
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
    asked = torch.tensor(numbers, device=device), ops, changes
    with evaluating(model):
        if isinstance(model, Transformer):
            walk = TransformerWalk(*asked)
            walk.go(model)
        else:
            walk = SiblingWalk(*asked)
            walk.go(model)
    window = getattr(model.settings.parts, "window", None)
    seen = eager.looks_at(len(numbers), window, device)
    return Trace(model, numbers, ops, tuple(changes), seen, walk.kept)


def _check_ids(model: Network, ids: list[int]) -> None:
    settings = model.settings
    if not 1 <= len(ids) <= settings.context_length:
        raise UserError(
            f"a trace takes 1 to {settings.context_length} ids, got {len(ids)}",
            hint="the context of this model is so long; give it the last ids of the text",
        )
    wrong = [id for id in ids if not 0 <= id < settings.vocab_size]
    if wrong:
        raise UserError(f"ids must be from 0 to {settings.vocab_size - 1}, got {wrong[0]}")
