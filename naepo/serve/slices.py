"""Which part of a tensor is asked for: `at=0,:,3:7`, one item an axis."""

import re
from collections.abc import Sequence

from jaxtyping import Shaped
from torch import Tensor

from naepo.config import UserError

MOST_CELLS = 4_000_000
"""Of one answer: 16 MB."""

_ITEM = re.compile(r"([0-9]{1,12})?(:)?([0-9]{1,12})?")


def cut(values: Shaped[Tensor, "..."], at: str, name: str) -> Shaped[Tensor, "..."]:
    """Give the part of a tensor that `at` names; no axis goes, one of which one item is left stays.

    at: comma list, ":" | "a:b" | "n" for each axis; empty is all of it.

    Raises: UserError for a part that is not there, or of more than 4 million cells.
    """
    part = values[read_slices(at, values.shape, name)]
    if part.numel() > MOST_CELLS:
        raise UserError(
            f"{part.numel():,} cells of {name} were asked for, at most {MOST_CELLS:,} are sent",
            hint="name a part with `at`, such as at=0:64,0:64",
        )
    return part


def read_slices(at: str, shape: Sequence[int], name: str) -> tuple[slice, ...]:
    """Read one slice for each axis.

    >>> read_slices("2,:,1:3", (4, 5, 6), "weights")
    (slice(2, 3, None), slice(0, 5, None), slice(1, 3, None))

    Raises: UserError when `at` does not fit the shape.
    """
    items = at.replace(" ", "").split(",") if at.strip() else [":"] * len(shape)
    if len(items) != len(shape):
        raise UserError(
            f"{name} has {len(shape)} axes, got {len(items)} in at={at}",
            hint="one item an axis: at=" + ",".join(":" * len(shape)),
        )
    return tuple(_slice(item, size, name) for item, size in zip(items, shape, strict=True))


def _slice(item: str, size: int, name: str) -> slice:
    found = _ITEM.fullmatch(item)
    if found is None or not item:
        raise UserError(f"not a part of an axis: {item!r} (at, {name})", hint="write :, a:b or n")
    begin, colon, end = found.groups()
    first = int(begin or 0)
    last = int(end) if end else size if colon else first + 1
    if not 0 <= first < last <= size:
        raise UserError(f"{name} has no part {item}: this axis goes from 0 to {size - 1}")
    return slice(first, last)
