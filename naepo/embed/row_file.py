"""Vectors on disk: a file of little-endian float32 rows that is only ever added to.

How many rows count is written elsewhere (`database.py`), after they are safely here: what a killed
process leaves behind the last row that counts is overwritten by the next.
"""

import hashlib
import os
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32

from naepo.checkpoint.faults import reach
from naepo.embed.database import Damaged

Array = np.ndarray
BYTES_AT_ONCE = 1 << 24
_RESTORE = "take it from a backup, or embed again"


def append(path: Path, rows: Float[Array, "n width"], n_before: int) -> str:
    """Write rows after the first `n_before`, see them onto the disk, and give their sha256."""
    content = memoryview(np.ascontiguousarray(rows, dtype="<f4").data).cast("B")
    is_new = not path.exists()
    reach("open", path)
    with path.open("wb" if is_new else "r+b") as file:
        start = n_before * rows.shape[1] * 4
        if file.seek(0, os.SEEK_END) < start:
            raise Damaged(f"{path.name} is cut short (in {path.parent})", hint=_RESTORE)
        file.truncate(start)
        file.seek(start)
        for first in range(0, len(content), BYTES_AT_ONCE):
            reach("write", path)
            file.write(content[first : first + BYTES_AT_ONCE])
        file.flush()
        reach("fsync", path)
        os.fsync(file.fileno())
    if is_new:
        _fsync_folder(path.parent)
    return hashlib.sha256(content).hexdigest()


def open_rows(path: Path, n: int, width: int) -> Float32[Array, "n width"]:
    """Give the first n rows where they lie on disk: nothing is read before it is used.

    Raises: Damaged when the file is missing or too short.
    """
    if n == 0:
        return np.zeros((0, width), dtype="<f4")
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise Damaged(f"{path.name} is missing (in {path.parent})", hint=_RESTORE) from None
    if size < n * width * 4:
        raise Damaged(
            f"{path.name} is {size:,} bytes long, expected {n * width * 4:,} (in {path.parent})",
            hint=_RESTORE,
        )
    return np.memmap(path, dtype="<f4", mode="r", shape=(n, width))


def verify(rows: Float32[Array, "n width"], sha256: str, path: Path) -> None:
    """Check rows against what was written. Raises: Damaged when a byte has changed."""
    if hashlib.sha256(memoryview(np.ascontiguousarray(rows).data).cast("B")).hexdigest() != sha256:
        raise Damaged(
            f"{path.name} has changed since it was written (in {path.parent})", hint=_RESTORE
        )


def sweep(folder: Path, known: Container[int | None]) -> None:
    """Remove the files of spaces that are no more, and their indices."""
    for path in leftover(folder, known):
        with suppress(OSError):
            reach("sweep", path)
            path.unlink()


def leftover(folder: Path, known: Container[int | None]) -> list[Path]:
    """List the files of spaces that are not known, and their indices."""
    every = [*folder.glob("vectors-*.f32"), *folder.glob("index-*")]
    numbers = [path.stem.partition("-")[2] for path in every]
    return [
        path
        for path, number in zip(every, numbers, strict=True)
        if number.isdigit() and int(number) not in known
    ]


def _fsync_folder(folder: Path) -> None:
    held = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
