"""A touch on a running model: a head, a neuron or a position, switched off, scaled or replaced."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import EllipsisType

import torch
from jaxtyping import Float
from torch import Tensor

from naepo.config import UserError, did_you_mean
from naepo.look.ops import Op

Index = tuple[int | slice | EllipsisType, ...]
HEADS = ("n_heads", "n_kv_heads")


@dataclass(frozen=True, kw_only=True)
class Change:
    """Multiply a part of what an op gives by `factor`, or replace it by that of another trace.

    Everything after the op follows. The part is all of it, cut down by `head`, `position`, `unit`.
    """

    op: str
    """Name of the op (`blocks.3.attention.mixed`)."""
    head: int | None = None
    """Which head, of ops that have heads; None is all."""
    position: int | None = None
    """Which position of the prompt; None is all."""
    unit: int | None = None
    """Which component of the last axis, such as a neuron of `mlp.activation`; None is all."""
    factor: float = 0.0
    """What it is multiplied by: 0 switches off, 1 changes nothing. Not used with a patch."""
    patch: Mapping[str, Tensor] | None = field(default=None, repr=False)
    """The trace that the part is taken from."""
    patch_position: int | None = None
    """Its position there, when another than `position`."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.factor):
            raise UserError(f"factor must be a finite number, got {self.factor} ({self.op})")
        if self.patch_position is not None and self.position is None:
            raise UserError(
                f"a position to take is named, but none to put it to ({self.op})",
                hint="name `position` as well",
            )


def check_changes(changes: Sequence[Change], ops: Sequence[Op]) -> None:
    """Raises: UserError for a change of an op that does not exist, or is only derived."""
    known = {op.name: op for op in ops}
    for change in changes:
        if change.op not in known:
            raise UserError(f"no op is called {change.op}", hint=did_you_mean(change.op, known))
        if known[change.op].is_derived:
            raise UserError(
                f"{change.op} cannot be changed: it is computed from "
                f"{known[change.op].inputs[0]} when it is looked at",
                hint=f"change {known[change.op].inputs[0]}",
            )


def changed(value: Float[Tensor, "..."], op: Op, changes: Sequence[Change]) -> Float[Tensor, "..."]:
    """Give what an op gives after the changes of it, in their order; `value` stays as it was.

    Raises: UserError for a part that the op does not have.
    """
    for change in changes:
        value = value.clone()
        here = _index(change, op, value.shape, change.position)
        if change.patch is None:
            value[here] *= change.factor
        else:
            value[here] = _taken(change, op, value[here])
    return value


def changed_rows(
    values: Float[Tensor, "n width"], op: Op, changes: Sequence[Change], positions: Sequence[int]
) -> Float[Tensor, "n width"]:
    """Give rows of an op after its changes, each as if it stood at its position.

    Raises: UserError for a part that the op does not have.
    """
    if not changes:
        return values
    rows = []
    for value, position in zip(values, positions, strict=True):
        here = [_for_row(each, position) for each in changes if each.position in (None, position)]
        rows.append(changed(value[None], op, here))
    return torch.cat(rows)


def _for_row(change: Change, position: int) -> Change:
    """Give the same change for a table whose only row stands at `position`."""
    if change.patch is None:
        return replace(change, position=None, patch_position=None)
    source = position if change.patch_position is None else change.patch_position
    row = change.patch[change.op][source][None]
    return replace(change, position=None, patch={change.op: row}, patch_position=None)


def _taken(change: Change, op: Op, like: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Give the same part of the other trace."""
    assert change.patch is not None
    source = change.patch[op.name]
    position = change.position if change.patch_position is None else change.patch_position
    part = source[_index(change, op, source.shape, position)]
    if part.shape != like.shape:
        raise UserError(
            f"{op.name} of the other prompt has shape {tuple(part.shape)}, "
            f"expected {tuple(like.shape)}",
            hint="name one position, or use a prompt of as many ids",
        )
    return part.to(like.dtype)


def _index(change: Change, op: Op, shape: Sequence[int], position: int | None) -> Index:
    """Turn head, position and unit into an index."""
    index: list[int | slice | EllipsisType] = [slice(None)] * len(op.axes)
    wishes = (
        ("head", change.head, [n for n, axis in enumerate(op.axes) if axis in HEADS]),
        ("position", position, [n for n, axis in enumerate(op.axes) if axis == "time"]),
        ("unit", change.unit, [len(op.axes) - 1]),
    )
    for name, wish, axes in wishes:
        if wish is None:
            continue
        if not axes:
            raise UserError(
                f"{op.name} has no {name}s: its axes are {', '.join(op.axes)}",
                hint="ops with heads end in q, k, v, scores, weights or mixed",
            )
        if not 0 <= wish < shape[axes[0]]:
            raise UserError(f"{op.name} has no {name} {wish}, expected 0 to {shape[axes[0]] - 1}")
        index[axes[0]] = wish
    return tuple(index)
