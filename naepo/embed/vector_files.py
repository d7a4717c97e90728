"""Any file of word vectors <-> `WordVectors`; what it is, is told from its content, not its name.

word2vec (text and binary), GloVe, fastText `.vec`, each of them also gzipped; `.npy` beside a file
of words; safetensors. A pickle is never opened: nothing in a file can run code.
"""

import codecs
import gzip
import io
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Float32

from naepo.config import UserError
from naepo.embed.vector_tables import (
    Words,
    as_safetensors,
    check_size,
    from_npy,
    from_safetensors,
    without_doubles,
)
from naepo.embed.vector_text import (
    Block,
    Errors,
    Shape,
    as_binary,
    as_text,
    binary_blocks,
    header_of,
    holds_text,
    text_blocks,
    width_of,
)
from naepo.embed.vectors import WordVectors

MAX_BYTES = 8 << 30
"""The largest table that is read unless said otherwise, as float32: 7 million words of 300."""
SEEN = 1 << 21
"""Bytes at the beginning from which a file is recognised: two lines, however long."""
NPY = b"\x93NUMPY"
FOREIGN = {
    b"\x80": ("a Python pickle, which can run code and is never opened", "word2vec format"),
    b"PK\x03\x04": ("a zip archive", "what is inside, unzipped"),
    b"\xba\x16\x4f\x2f": ("a fastText model", "its `.vec` file"),
    b"GGUF": ("a GGUF model", "word2vec format"),
    b"\x89HDF": ("an HDF5 file", "word2vec format"),
}
NOT_IN_A_WORD = " \t\n\r\v\f"


def load(
    path: str | Path,
    *,
    words: Words = None,
    limit: int | None = None,
    errors: Errors = "strict",
    max_bytes: int = MAX_BYTES,
) -> WordVectors:
    """Read vectors from a file of any known kind, as float32.

    Of a word that stands twice, the first vector is kept.
    words: for `.npy` and for others' safetensors, the words of the rows, or a file with a word a
    line; None for `NAME.words.txt` beside it, or else the numbers of the rows.
    limit: read so many rows at most (files are mostly sorted by frequency).
    errors: what becomes of words that are not UTF-8.  max_bytes: the largest table to read.

    Raises: UserError for a missing, unknown or broken file, with the line or record, for NaN or
    infinity, and for a table that is too large.
    """
    path = Path(path)
    if limit is not None and limit < 1:
        raise UserError(f"limit must be at least 1, got {limit}")
    try:
        with _opened(path) as stream:
            head = stream.read(SEEN)
            stream.seek(0)
            if head.startswith(NPY):
                return from_npy(path, words, limit, max_bytes)
            if head[5:9] == b"\0\0\0{":  # the length of a header, and the header
                return from_safetensors(path, words, limit, max_bytes)
            if head.startswith(codecs.BOM_UTF8):
                stream.seek(len(codecs.BOM_UTF8))
                head = head.removeprefix(codecs.BOM_UTF8)
            return _from_words(stream, head, limit, errors, max_bytes)
    except UserError as error:
        place = "" if str(path) in error.message else f" (in {path})"
        raise UserError(error.message + place, hint=error.hint) from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"could not read {path}: {reason}") from None


def save(vectors: WordVectors, path: str | Path) -> None:
    """Write vectors so that `load` gives them back bit for bit; the name's ending says how.

    .txt .vec  word2vec text      .bin  word2vec binary      .safetensors  with the contexts too

    The file appears whole or not at all. A word with white space in it, or an empty one, fits into
    safetensors alone.

    Raises: UserError for another ending, a word that does not fit, or a disk that is full.
    """
    path = Path(path)
    if not np.isfinite(vectors.vectors).all():
        raise UserError("the vectors hold NaN or infinity, which no file should")
    writers = {".txt": as_text, ".vec": as_text, ".bin": as_binary}
    if path.suffix == ".safetensors":
        pieces = as_safetensors(vectors)
    elif path.suffix in writers:
        _refuse_white_space(vectors.words, path)
        pieces = writers[path.suffix](vectors)
    else:
        raise UserError(f"vectors are written as .txt, .vec, .bin or .safetensors, got {path.name}")
    _write_whole(path, pieces)


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    """Give a stream of the content, unpacked where it is gzipped."""
    with path.open("rb") as file:
        if file.peek(2)[:2] != b"\x1f\x8b":
            yield file
            return
        unpacked: Any = gzip.GzipFile(fileobj=file)
        with io.BufferedReader(unpacked, 1 << 20) as stream:
            yield stream


def _from_words(
    stream: io.BufferedReader, head: bytes, limit: int | None, errors: Errors, max_bytes: int
) -> WordVectors:
    """Read word2vec, GloVe or fastText."""
    first, newline, rest = head.partition(b"\n")
    shape = header_of(first + newline)
    if shape is not None:
        if not shape.n or not shape.d:
            raise UserError(f"no vectors: its first line says `{first.decode().strip()}`")
        stream.read(len(first) + 1)
        is_text = holds_text(rest, shape.d)
        blocks = (
            text_blocks(stream, shape, 2, errors)
            if is_text
            else binary_blocks(stream, shape, errors)
        )
    else:
        shape = Shape(None, width_of(first) or _refuse(head))
        blocks = text_blocks(stream, shape, 1, errors)
    return _collected(blocks, shape, limit, max_bytes)


def _collected(
    blocks: Iterable[Block], shape: Shape, limit: int | None, max_bytes: int
) -> WordVectors:
    """Bring the blocks together, while they stay within what is promised and what is allowed."""
    if shape.n is not None:
        check_size(min(shape.n, limit or shape.n), shape.d, max_bytes)
    wanted = min(n for n in (shape.n, limit, max_bytes // (4 * shape.d) + 1) if n is not None)
    words: list[str] = []
    table = np.empty((0, shape.d), dtype=np.float32)
    for some, rows in blocks:
        if shape.n is not None and len(words) + len(some) > shape.n:
            raise UserError(f"it promises {shape.n:,} words in its first line and holds more")
        words += some
        if len(words) > len(table):  # room is made in steps: a first line that lies costs nothing
            table = _with_room(table, max(len(words), min(2 * len(words), wanted)))
        table[len(words) - len(rows) : len(words)] = rows
        check_size(min(len(words), wanted), shape.d, max_bytes)
        if limit is not None and len(words) >= limit:
            break
    else:
        if shape.n is not None and len(words) < shape.n:
            raise UserError(f"it promises {shape.n:,} words in its first line, got {len(words):,}")
    return without_doubles(words[:limit], table[: len(words)][:limit])


def _with_room(table: Float32[np.ndarray, "n d"], n: int) -> Float32[np.ndarray, "more d"]:
    larger = np.empty((n, table.shape[1]), dtype=np.float32)
    larger[: len(table)] = table
    return larger


def _refuse(head: bytes) -> NoReturn:
    for magic, (what, instead) in FOREIGN.items():
        if head.startswith(magic):
            raise UserError(f"this is {what}", hint=f"give {instead}")
    shown = head[:40].decode(errors="replace") if head else "nothing: it is empty"
    raise UserError(
        f"not a file of vectors: expected a word and numbers, got {shown!r}",
        hint="known are word2vec, GloVe, fastText .vec, .npy and safetensors",
    )


def _refuse_white_space(words: Iterable[str], path: Path) -> None:
    for word in words:
        if not word or any(sign in word for sign in NOT_IN_A_WORD):
            joined = f", or join it: {'_'.join(word.split())}" if word.strip() else ""
            raise UserError(
                f"{path.suffix} ends a word at white space, so it cannot hold {word!r}",
                hint=f"save to {path.stem}.safetensors instead{joined}",
            )


def _write_whole(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    temporary = path.with_name(f".tmp-{path.name}-{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        temporary.replace(path)
    except UnicodeEncodeError:
        raise UserError("a word holds half a character, which UTF-8 cannot say") from None
    except OSError as error:
        raise UserError(f"could not write {path}: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)
