"""A corpus as one file of normalised UTF-8 text on its way to ids, larger than memory if need be.

A newline stands where two documents meet; it counts as one character and one byte, and becomes
`end_id`. So `n_characters` is the length of the text file, and what is counted on the file and what
is measured on the ids have one denominator.
"""

import codecs
import math
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError
from naepo.encode.files import CHUNK
from naepo.encode.formats import Pieces
from naepo.encode.normal_form import NormalForm, Normalizer

PIECE = 1 << 17
"""Long documents are read back in pieces of about so many characters."""
BORDERS_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Part:
    """A stretch of text in a file of its own. borders: the places, in bytes, of the newlines that
    stand between documents."""

    text_file: Path
    n_characters: int
    n_bytes: int
    borders: NDArray[np.uint64]


class Spool:
    """Takes documents, writes them normalised into `folder`, and counts. Use it with `with`."""

    def __init__(self, folder: Path, form: NormalForm) -> None:
        self.text_file = folder / "train.txt"
        self.n_characters = self.n_bytes = self.n_documents = 0
        self._borders_file = folder / "borders"
        self._normalizer = Normalizer(form)
        self._borders = array("Q")
        self._is_between = False

    def __enter__(self) -> "Spool":
        self._text = self.text_file.open("wb")
        self._places = self._borders_file.open("wb")
        return self

    def __exit__(self, *error: object) -> None:
        self._keep_borders()
        self._text.close()
        self._places.close()

    def add(self, pieces: Pieces, name: str) -> None:
        """Write documents. name: where they come from, for messages.

        Raises: UserError for a lone surrogate.
        """
        for piece in pieces:
            if piece is not None:
                self._write(self._normalizer.feed(piece), name)
                continue
            self._write(self._normalizer.finish(), name)
            self._is_between = True
            self.n_documents += 1

    def _write(self, text: str, name: str) -> None:
        if not text:
            return
        if self._is_between and self.n_characters:
            self._borders.append(self.n_bytes)
            text = "\n" + text
            if len(self._borders) >= BORDERS_AT_ONCE:
                self._keep_borders()
        self._is_between = False
        try:
            encoded = text.encode()
        except UnicodeEncodeError as error:
            code = ord(error.object[error.start])
            raise UserError(f"a lone surrogate, U+{code:04X}, is no character ({name})") from None
        self._text.write(encoded)
        self.n_characters += len(text)
        self.n_bytes += len(encoded)

    def _keep_borders(self) -> None:
        self._borders.tofile(self._places)
        del self._borders[:]

    def whole(self) -> Part:
        """Give all of it, after the `with`."""
        borders = _read_only(self._borders_file, np.dtype("=u8"))
        return Part(self.text_file, self.n_characters, self.n_bytes, borders)

    def split(self, held_out: float, *, between_documents: bool = False) -> tuple[Part, Part]:
        """Cut off exactly the last share of the characters; the first part has
        floor(n_characters * (1 - held_out)) of them, counted with exact fractions.

        between_documents: cut at the end of the document that this place lies in, where another
        follows, so that none is cut in two.
        """
        whole = self.whole()
        n_first = math.floor(whole.n_characters * (1 - Fraction(repr(held_out))))
        cut = byte_offset(whole.text_file, n_first)
        if between_documents and 0 < cut < whole.n_bytes and len(whole.borders):
            number = min(int(np.searchsorted(whole.borders, cut)), len(whole.borders) - 1)
            cut = int(whole.borders[number]) + 1
            n_first = n_characters_of(whole.text_file, cut)
        n_borders = int(np.searchsorted(whole.borders, cut))
        rest = whole.text_file.with_name("validation.txt")
        with whole.text_file.open("rb+") as file, rest.open("wb") as last:
            file.seek(cut)
            while block := file.read(CHUNK):
                last.write(block)
            file.truncate(cut)
        n_rest, n_rest_bytes = whole.n_characters - n_first, whole.n_bytes - cut
        return (
            Part(whole.text_file, n_first, cut, whole.borders[:n_borders]),
            Part(rest, n_rest, n_rest_bytes, whole.borders[n_borders:] - np.uint64(cut)),
        )


def _read_only(path: Path, kind: "np.dtype[np.unsignedinteger]") -> NDArray:
    """Map a file of numbers; an empty file, which cannot be mapped, gives an empty array."""
    if path.stat().st_size:
        return np.memmap(path, dtype=kind, mode="r")
    return np.empty(0, dtype=kind)


def byte_offset(text_file: Path, n_characters: int) -> int:
    """Give how many bytes the first `n_characters` of a UTF-8 file take."""
    offset = 0
    with text_file.open("rb") as file:
        while n_characters and (block := file.read(CHUNK)):
            starts = np.flatnonzero((np.frombuffer(block, dtype=np.uint8) & 0xC0) != 0x80)
            if len(starts) > n_characters:
                return offset + int(starts[n_characters])
            n_characters -= len(starts)
            offset += len(block)
        # what is left of the last character taken
        while (byte := file.read(1)) and byte[0] & 0xC0 == 0x80:
            offset += 1
    return offset


def n_characters_of(text_file: Path, n_bytes: int) -> int:
    """Give how many characters the first `n_bytes` of a UTF-8 file are."""
    n_characters = 0
    with text_file.open("rb") as file:
        while n_bytes and (block := file.read(min(n_bytes, CHUNK))):
            n_bytes -= len(block)
            starts = (np.frombuffer(block, dtype=np.uint8) & 0xC0) != 0x80
            n_characters += int(np.count_nonzero(starts))
    return n_characters


def pieces(part: Part, cut: Callable[[str], int], size: int = PIECE) -> Pieces:
    """Give a part's text: documents in pieces, None between two of them (not after the last).

    cut: where to cut a text of about `size` characters that goes on.
    """
    with part.text_file.open("rb") as file:
        start = 0
        for border in _numbers(part.borders):
            yield from _document(file, border - start, cut, size)
            yield None
            file.read(1)
            start = border + 1
        yield from _document(file, part.n_bytes - start, cut, size)


def texts(part: Part, size: int = PIECE) -> Iterator[str]:
    """Give a part's text in pieces, no matter where they end."""
    return (piece for piece in pieces(part, len, size) if piece is not None)


def _numbers(borders: NDArray[np.uint64]) -> Iterator[int]:
    for start in range(0, len(borders), BORDERS_AT_ONCE):
        yield from borders[start : start + BORDERS_AT_ONCE].tolist()


def _document(file: BinaryIO, n_bytes: int, cut: Callable[[str], int], size: int) -> Iterator[str]:
    if n_bytes <= size:
        if n_bytes > 0:
            yield file.read(n_bytes).decode()
        return
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    text = ""
    while n_bytes:
        block = file.read(min(n_bytes, size))
        n_bytes -= len(block)
        text += decoder.decode(block, final=not n_bytes)
        while n_bytes and len(text) >= size:
            place = cut(text)
            yield text[:place]
            text = text[place:]
    if text:
        yield text
