"""What comes in: rows of finite numbers, checked once, in a type that can be computed with."""

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from naepo.config import UserError

Array = np.ndarray
Rows = Float[Array, "n width"]
Map = Float[Array, "n 2"]

SMALLEST, LARGEST = 1e-15, 1e15
"""Between these, squares of float32 numbers neither vanish nor overflow."""
LIMIT = 1e140
"""Above it, the squares of float64 numbers do."""
SEVERAL = 4
"""A map of fewer rows than this has no neighbourhoods to keep."""


def to_rows(values: Any, least: int = 1) -> Rows:
    """Give an array as rows of float32 or float64; a tensor, or numbers of another type, is turned.

    least: so many rows there must be.

    Raises: UserError when it is no table, has too few rows, or holds NaN or infinity.
    """
    rows = to_float(values)
    if rows.ndim != 2:
        raise UserError(f"a map is drawn from a table of rows, got shape {rows.shape}")
    if len(rows) < least or not rows.shape[1]:
        found = f"{len(rows)} rows of {rows.shape[1]} numbers"
        raise UserError(f"this needs at least {least} rows of 1 number, got {found}")
    bad = ~np.isfinite(rows).all(axis=1)
    if bad.any():
        first = int(bad.argmax())
        raise UserError(
            f"{int(bad.sum()):,} rows hold NaN or infinity, first row {first}",
            hint="such rows have no place on a map: leave them out, or look for where they came in",
        )
    return _in_range(rows)


def are_all_equal(rows: Rows) -> bool:
    """Say whether every row is the same, so that there is nothing to tell apart."""
    return bool((rows == rows[:1]).all())


def to_float(values: Any) -> NDArray[np.floating]:
    """Give an array of float32 or float64 of any shape; nothing is checked."""
    if hasattr(values, "detach"):  # a tensor; numpy knows no bfloat16
        values = values.detach().cpu()
        values = (values if values.element_size() == 8 else values.float()).numpy()
    array = np.asarray(values)
    if array.dtype in (np.float32, np.float64):
        return array
    return array.astype(np.float32 if array.dtype == np.float16 else np.float64)


def _in_range(rows: Rows) -> Rows:
    largest = max(float(rows.max(initial=0)), -float(rows.min(initial=0)))
    if largest > LIMIT:
        raise UserError(f"numbers up to {largest:.1e} are too large for a map, at most {LIMIT:.0e}")
    if rows.dtype == np.float32 and largest and not SMALLEST < largest < LARGEST:
        return rows.astype(np.float64)
    return rows
