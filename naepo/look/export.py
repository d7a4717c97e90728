"""The exact numbers of a tensor as a file: CSV for a table, NPY for a program."""

import io
from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
from jaxtyping import Shaped
from numpy.typing import NDArray
from torch import Tensor

from naepo.config import UserError


def to_csv(
    values: Shaped[Tensor, "..."], axes: Sequence[str], starts: Sequence[int] | None = None
) -> str:
    """Write a tensor as CSV (RFC 4180, but lines end in a line feed): one line a row.

    The last axis lies across, the others are columns of their own that count. Each number is the
    shortest that reads back as the same one. NaN and infinities are `nan`, `inf` and `-inf`.
    axes: their names.  starts: where each axis begins, when this is a part of a larger tensor.

    >>> print(to_csv(torch.tensor([[0.5, 0.1], [2, -3]]), ("time", "d_head"), (4, 0)), end="")
    time,d_head_0,d_head_1
    4,0.5,0.1
    5,2.0,-3.0

    Raises: UserError when the axes are not as many as the tensor has.
    """
    starts = [0] * values.ndim if starts is None else starts
    if not len(axes) == len(starts) == values.ndim:
        raise UserError(f"the tensor has {values.ndim} axes, got names for {len(axes)}: {axes}")
    array = to_array(values)
    if not axes:
        return f"value\n{array[()]!s}\n"
    last = range(starts[-1], starts[-1] + array.shape[-1])
    lines = [",".join([*map(_quoted, axes[:-1]), *(_quoted(f"{axes[-1]}_{n}") for n in last)])]
    places = product(*(range(size) for size in array.shape[:-1]))
    for place in places:
        labels = [str(n + start) for n, start in zip(place, starts[:-1], strict=True)]
        lines.append(",".join([*labels, *map(str, array[place])]))
    return "\n".join(lines) + "\n"


def to_npy(values: Shaped[Tensor, "..."]) -> bytes:
    """Write a tensor in numpy's own format (version 1.0, C order): `numpy.load` opens it.

    No pickle is in it. The type stays; bfloat16, which numpy has not, becomes float32.
    """
    file = io.BytesIO()
    np.save(file, to_array(values), allow_pickle=False)
    return file.getvalue()


def to_array(values: Shaped[Tensor, "..."]) -> NDArray[np.generic]:
    """Give a tensor to numpy, in C order; bfloat16 becomes float32, which holds all of it."""
    values = values.detach().cpu()
    return (values.float() if values.dtype == torch.bfloat16 else values).contiguous().numpy()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"\n\r') else name
