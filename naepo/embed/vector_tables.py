"""Tables of vectors: `.npy` beside a file of words, and safetensors, ours and others'.

In: a path. Out: `WordVectors`. No pickle is opened, and nothing is believed of a header that the
file's own size does not bear out.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from naepo.checkpoint.tensors import read_tensors, to_pieces
from naepo.config import UserError
from naepo.embed.vectors import WordVectors

Words = str | Path | Sequence[str] | None
"""The words of the rows, or the file that holds one a line; None for NAME.words.txt or numbers."""


def from_npy(path: Path, words: Words, limit: int | None, max_bytes: int) -> WordVectors:
    """Read an array; it is mapped first, so that only the rows that are wanted are read."""
    try:
        table = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise UserError(f"not a sound .npy file of numbers: {error}") from None
    return _of_table(table, path, words, limit, max_bytes)


def from_safetensors(path: Path, words: Words, limit: int | None, max_bytes: int) -> WordVectors:
    """Read our own file, or the only table of another one."""
    check_size(path.stat().st_size // 8, 1, max_bytes)  # two tables of float32 are ours
    tensors = read_tensors(path)
    tables = {name: each for name, each in tensors.items() if each.ndim == 2}
    if "vectors" not in tables and len(tables) != 1:
        raise UserError(f"it holds {len(tables)} tables, expected one, or one called `vectors`")
    vectors = tables.get("vectors", next(iter(tables.values())))
    if words is None and {"words", "word_ends"} <= tensors.keys():
        words = _split_words(tensors["words"], tensors["word_ends"])
    found = _of_table(_numbers(vectors), path, words, limit, max_bytes)
    contexts = tables.get("contexts")
    if contexts is None or contexts.shape != vectors.shape or len(found) < len(vectors[:limit]):
        return found
    return WordVectors(found.words, found.vectors, _rows(_numbers(contexts), limit))


def _numbers(tensor: Tensor) -> np.ndarray:
    return (tensor.float() if tensor.is_floating_point() else tensor).numpy()


def as_safetensors(vectors: WordVectors) -> Iterator[bytes | memoryview]:
    """Words as one run of UTF-8 with the places where each ends: a header would be too small."""
    spelled = [word.encode() for word in vectors.words]
    tensors = {
        "vectors": torch.from_numpy(vectors.vectors),
        "words": torch.frombuffer(bytearray(b"".join(spelled)), dtype=torch.uint8)
        if any(spelled)
        else torch.empty(0, dtype=torch.uint8),
        "word_ends": torch.tensor([len(word) for word in spelled]).cumsum(0),
    }
    if vectors.contexts is not None:
        tensors["contexts"] = torch.from_numpy(vectors.contexts)
    yield from to_pieces(tensors)


def without_doubles(words: Sequence[str], table: np.ndarray) -> WordVectors:
    """Give each word its first row."""
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        first.setdefault(word, row)
    if len(first) < len(words):
        words, table = list(first), table[list(first.values())]
    return WordVectors(tuple(words), np.ascontiguousarray(table))


def check_size(n: int, d: int, max_bytes: int) -> None:
    """Raises: UserError when so many rows of float32 are more than is allowed."""
    if 4 * n * d > max_bytes:
        raise UserError(
            f"the table is larger than {max_bytes:,} bytes",
            hint="read a part of it with limit=100_000, or allow more with max_bytes=",
        )


def _of_table(
    table: np.ndarray,
    path: Path,
    words: Words,
    limit: int | None,
    max_bytes: int,
) -> WordVectors:
    if table.ndim != 2 or table.dtype.kind != "f":
        raise UserError(f"vectors are a table of floats, got {table.dtype} of {table.shape}")
    names = _named(words, path, len(table))
    if len(names) != len(table):
        raise UserError(f"{len(table):,} rows have {len(names):,} words")
    check_size(min(len(table), limit or len(table)), table.shape[1], max_bytes)
    return without_doubles(names[:limit], _rows(table, limit))


def _rows(table: np.ndarray, limit: int | None) -> np.ndarray:
    with np.errstate(over="ignore"):
        rows = np.array(table[:limit], dtype=np.float32)
    bad = ~np.isfinite(rows).all(axis=1)
    if bad.any():
        raise UserError(f"row {int(bad.argmax()):,}: NaN, infinity, or a number beyond float32")
    return rows


def _named(words: Words, path: Path, n: int) -> Sequence[str]:
    beside = path.with_suffix(".words.txt")
    if words is None and beside.is_file():
        words = beside
    if words is None:
        return [str(row) for row in range(n)]
    if not isinstance(words, str | Path):
        return words
    try:
        return Path(words).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        raise UserError(f"the words are not UTF-8 (in {words})") from None


def _split_words(letters: Tensor, ends: Tensor) -> list[str]:
    if letters.dtype != torch.uint8 or ends.dtype != torch.int64:
        raise UserError("its words are not written as ours are")
    run, stops = letters.numpy().tobytes(), ends.reshape(-1).tolist()
    starts = [0, *stops[:-1]]
    if sorted(stops) != stops or stops[-1:] != [len(run)] or stops[0] < 0:
        raise UserError("its words are cut at places where no words end")
    try:
        return [run[i:j].decode() for i, j in zip(starts, stops, strict=True)]
    except UnicodeDecodeError:
        raise UserError("its words are not UTF-8") from None
