"""Text on disk to ids on disk: a flat file of little-endian whole numbers, mapped into memory."""

import re
from collections.abc import Callable
from io import BufferedWriter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from naepo.encode.encoder import Encoder
from naepo.encode.spool import Part, pieces

CHARACTERS_AT_ONCE = 1 << 20
"""About so many characters are encoded together; the memory that encoding takes follows from it."""
AROUND = 256
"""Characters on both sides of a seam by which it is tried out."""
LOOK_BACK = (1 << 9, 1 << 16)
"""Where seams are looked for: the last characters, first few, then many."""
SEAMS_TRIED = 16
_SEAM = re.compile(r"(?<=\n)(?=\S)|(?<=\S)(?= )")


def id_type(vocab_size: int) -> str:
    """Give the numpy type that ids below `vocab_size` are stored as.

    >>> id_type(65_536), id_type(65_537)
    ('<u2', '<u4')
    """
    return "<u2" if vocab_size <= 1 << 16 else "<u4"


def write_ids(
    part: Part,
    encoder: Encoder,
    path: Path,
    on_characters: Callable[[int], None] = lambda n: None,
) -> int:
    """Encode a part into a file, `end_id` between documents; give the number of ids.

    The ids are those of each document as a whole, wherever `seam` found a place.
    on_characters: told how many more characters are done.
    """
    n_ids, waiting, n_waiting = 0, [], 0
    with path.open("wb") as file:
        for piece in pieces(part, lambda text: seam(text, encoder)):
            waiting.append(piece)
            n_waiting += len(piece) if piece else 1
            if n_waiting >= CHARACTERS_AT_ONCE:
                n_ids += _write(waiting, encoder, file)
                on_characters(n_waiting)
                waiting, n_waiting = [], 0
        n_ids += _write(waiting, encoder, file)
        on_characters(n_waiting)
    return n_ids


def _write(batch: list[str | None], encoder: Encoder, file: BufferedWriter) -> int:
    encoded = iter(encoder.encode_batch([text for text in batch if text is not None]))
    end = np.array([encoder.end_id])
    parts = [end if text is None else next(encoded) for text in batch]
    ids = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
    assert not len(ids) or 0 <= ids.min() <= ids.max() < encoder.vocab_size
    file.write(ids.astype(id_type(encoder.vocab_size)).tobytes())
    return len(ids)


def seam(text: str, encoder: Encoder) -> int:
    """Give a place near the end of a text where it can be cut without changing any id.

    Tried are line starts and spaces, the last first: a place is good when what is around it has
    the same ids cut and whole. A text without any (one endless word) is cut at its end. The words
    of music are cut after a bar, or between two words.
    """
    if encoder.unit == "event":
        return 1 + max(text.rfind("\n"), text.rfind(" ") if "\n" not in text else -1)
    for span in LOOK_BACK:
        start = max(1, len(text) - span)
        places = [match.start() for match in _SEAM.finditer(text, start)]
        for place in reversed(places[-SEAMS_TRIED:]):
            left, right = text[max(0, place - AROUND) : place], text[place : place + AROUND]
            whole, *cut = encoder.encode_batch([left + right, left, right])
            if np.array_equal(whole, np.concatenate(cut)):
                return place
    return len(text)


def open_ids(path: Path, kind: str) -> NDArray[np.unsignedinteger]:
    """Map a file of ids into memory, read-only."""
    if path.stat().st_size:
        return np.memmap(path, dtype=kind, mode="r")
    empty = np.empty(0, dtype=kind)
    empty.flags.writeable = False
    return empty
