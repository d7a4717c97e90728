"""Bytes to characters, strictly: what is not in the named encoding is an error with its place."""

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from naepo.config import UserError
from naepo.encode.files import Source, chunks
from naepo.encode.guess import working_encoding

BYTE_ORDER_MARK = "\ufeff"
MANY_NULS = 16
"""A UTF-8 file that opens with so many NULs, and more than 1 in 50, is no text."""
NULS = "kept {n} NUL characters"
MARK = "dropped the byte order mark"


@dataclass(frozen=True)
class Reading:
    """How files are read, and who is told about it.

    note: told what a person should know of a file, and how often it happened there.
    on_bytes: told how many bytes on disk were used up.
    """

    encoding: str = "utf-8"
    column: str | None = None
    note: Callable[[str, int], None] = lambda what, times: None
    on_bytes: Callable[[int], None] = lambda n: None


def characters(source: Source, reading: Reading) -> Iterator[str]:
    """Give a file's text in pieces. A byte order mark at the start is dropped, NULs are kept.

    Raises: UserError with the line, the byte and its offset (from 0) when the encoding is wrong.
    """
    encoding = reading.encoding
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    n_bytes, n_lines, n_nuls, is_start = 0, 1, 0, True
    for block in _and_the_end(chunks(source, reading.on_bytes)):
        n_waiting = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise _not_in(source, encoding, error, n_bytes - n_waiting, n_lines) from None
        n_bytes += len(block)
        if is_start and text:
            is_start = False
            if text[0] == BYTE_ORDER_MARK:
                reading.note(MARK, 1)
                text = text[1:]
            _refuse_binary(source, encoding, text)
        n_lines += text.count("\n")
        n_nuls += text.count("\0")
        if text:
            yield text
    if n_nuls:
        reading.note(NULS, n_nuls)


def _and_the_end(blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield from blocks
    yield b""


def _refuse_binary(source: Source, encoding: str, text: str) -> None:
    n_nuls = text.count("\0")
    if encoding == "utf-8" and n_nuls >= MANY_NULS and n_nuls * 50 > len(text):
        raise UserError(
            f"{source.name} is no UTF-8 text: {n_nuls:,} of its first {len(text):,} characters "
            "are NUL, as in a binary or UTF-16 file",
            hint=_hint(source, encoding) or "leave it out, or name its encoding: --encoding ...",
        )


def _not_in(
    source: Source, encoding: str, error: UnicodeDecodeError, offset: int, line: int
) -> UserError:
    line += error.object[: error.start].decode(encoding, "replace").count("\n")
    byte = error.object[error.start]
    return UserError(
        f"{source.name} is not {encoding}: got byte 0x{byte:02x} at offset {offset + error.start}, "
        f"line {line} ({error.reason})",
        hint=_hint(source, encoding),
    )


def _hint(source: Source, encoding: str) -> str | None:
    works = working_encoding(lambda: chunks(source), encoding)
    return f"--encoding {works}" if works else None
