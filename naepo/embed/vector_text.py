"""Lines and records of word vectors: word2vec text and binary, GloVe, fastText `.vec`.

In: a stream of bytes. Out: (words, rows), a block at a time; no more than a block is held. Words
are cut off at ASCII spaces alone, because they may hold any other sign.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from typing import Literal

import numpy as np
from jaxtyping import Float32

from naepo.config import UserError
from naepo.embed.vectors import WordVectors

Errors = Literal["strict", "replace"]
"""What becomes of a word that is not UTF-8: refused, or its broken bytes shown as U+FFFD."""
Block = tuple[list[str], Float32[np.ndarray, "rows d"]]

LONGEST_LINE = 1 << 20
"""Bytes: room for 50,000 numbers beside a word."""
ROWS_AT_ONCE = 1024
BYTES_AT_ONCE = 1 << 20
HEADER = re.compile(rb"(\d{1,12}) (\d{1,6})[ \r]*\n?")
"""The first line of word2vec's and fastText's files: how many words, how many numbers each."""


@dataclass(frozen=True)
class Shape:
    """What a file says of itself: n words (None where it does not say), d numbers for each."""

    n: int | None
    d: int


def header_of(line: bytes) -> Shape | None:
    """Read the first line of a word2vec file; None when it is no such line.

    >>> header_of(b"3000000 300\\n"), header_of(b"the 0.4 0.2\\n")
    (Shape(n=3000000, d=300), None)
    """
    found = HEADER.fullmatch(line)
    return Shape(int(found[1]), int(found[2])) if found else None


def width_of(line: bytes) -> int | None:
    """Give how many numbers follow the word in a line of text; None when it is no such line."""
    _, *numbers = _stripped(line).split(b" ")
    return len(numbers) if numbers and all(map(_is_number, numbers)) else None


def holds_text(after_header: bytes, d: int) -> bool:
    """Say whether what follows the header is lines of text, and not records of raw floats."""
    line, newline, _ = after_header.partition(b"\n")
    fields = _stripped(line).rsplit(b" ", d)
    if not newline and len(after_header) > LONGEST_LINE // 2:
        return False
    return len(fields) == d + 1 and all(map(_is_number, fields[1:]))


def text_blocks(
    stream: BufferedReader, shape: Shape, first_line: int, errors: Errors
) -> Iterator[Block]:
    """Read lines "word number number ...", d numbers each, from where the stream stands.

    first_line: what the next line is called in messages, counted from 1.

    Raises: UserError that names the line which is too long, too wide, or holds no finite number.
    """
    number, words, rows = first_line - 1, [], []
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if not _stripped(line):
            continue
        word, row = _parsed(line, shape.d, f"line {number:,}")
        words.append(_decoded(word, errors, f"line {number:,}"))
        rows.append(row)
        if len(rows) == ROWS_AT_ONCE:
            yield words, _finite(rows, f"line {number - len(rows) + 1:,}")
            words, rows = [], []
    if rows:
        yield words, _finite(rows, f"line {number - len(rows) + 1:,}")


def binary_blocks(stream: BufferedReader, shape: Shape, errors: Errors) -> Iterator[Block]:
    """Read records of a word, a space, d little-endian float32 and perhaps a newline.

    Raises: UserError that names the record at which the file ends, or which is broken.
    """
    assert shape.n is not None
    held, at, n_bytes = b"", 0, 4 * shape.d
    for start in range(0, shape.n, ROWS_AT_ONCE):
        words, rows = [], []
        for number in range(start + 1, min(start + ROWS_AT_ONCE, shape.n) + 1):
            while (space := held.find(b" ", at)) < 0 or space + 1 + n_bytes > len(held):
                more = stream.read(max(BYTES_AT_ONCE, n_bytes))
                if not more or (space < 0 and len(held) - at > LONGEST_LINE):
                    raise UserError(
                        f"the file ends in record {number:,} of {shape.n:,}"
                        if not more
                        else f"no word ends in record {number:,}: it holds no space"
                    )
                held, at = held[at:] + more, 0
            word = held[at:space].lstrip(b"\n")
            words.append(_decoded(word, errors, f"record {number:,}"))
            rows.append(np.frombuffer(held, "<f4", shape.d, space + 1))
            at = space + 1 + n_bytes
        yield words, _finite(rows, f"record {start + 1:,}")


def as_text(vectors: WordVectors) -> Iterator[bytes]:
    """Write word2vec text; nine digits tell every float32 from every other."""
    yield f"{len(vectors)} {vectors.vectors.shape[1]}\n".encode()
    for word, row in zip(vectors.words, vectors.vectors, strict=True):
        yield (word + "".join(f" {number:.9g}" for number in row.tolist()) + "\n").encode()


def as_binary(vectors: WordVectors) -> Iterator[bytes]:
    """Write word2vec binary."""
    yield f"{len(vectors)} {vectors.vectors.shape[1]}\n".encode()
    for word, row in zip(vectors.words, vectors.vectors.astype("<f4"), strict=True):
        yield word.encode() + b" " + row.tobytes() + b"\n"


def _stripped(line: bytes) -> bytes:
    """Without the end of the line, and the space that fastText leaves before it."""
    return line.rstrip(b" \r\n")


def _parsed(line: bytes, d: int, where: str) -> tuple[bytes, list[float]]:
    if len(line) > LONGEST_LINE:
        raise UserError(f"{where} is longer than {LONGEST_LINE:,} bytes")
    word, *numbers = _stripped(line).rsplit(b" ", d)
    try:
        row = list(map(float, numbers))
    except ValueError:
        row = None
    if row is None or len(row) != d or b"_" in b"".join(numbers):  # Python reads 1_0 as 10
        raise UserError(f"{where}: {_what_is_wrong(line, d)}")
    return word, row


def _what_is_wrong(line: bytes, d: int) -> str:
    _, *numbers = _stripped(line).split(b" ")
    wrong = next((each for each in numbers[-d:] if not _is_number(each)), None)
    if len(numbers) == d and wrong is not None:
        return f"expected a number, got `{wrong[:40].decode(errors='replace')}`"
    return f"expected a word and {d} numbers, got {len(numbers)} after the word"


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field


def _decoded(word: bytes, errors: Errors, where: str) -> str:
    if not word:
        raise UserError(f"{where}: there is no word before the numbers")
    try:
        return word.decode("utf-8", errors)
    except UnicodeDecodeError:
        raise UserError(
            f"{where}: the word {word[:40]!r} is not UTF-8",
            hint='errors="replace" takes it with its broken bytes replaced',
        ) from None


def _finite(rows: list[list[float]] | list[np.ndarray], first: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        table = np.array(rows, dtype=np.float32)
    bad = ~np.isfinite(table).all(axis=1)
    if bad.any():
        name, number = first.split(" ")
        at = int(number.replace(",", "")) + int(bad.argmax())
        raise UserError(f"{name} {at:,}: NaN, infinity, or a number beyond float32")
    return table
