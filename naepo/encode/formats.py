"""What is inside a file, by its kind: documents, in order, in pieces of text.

A text file is one document. In .csv, .tsv, .jsonl and .parquet each row is one.
"""

from collections.abc import Iterator
from pathlib import Path

from naepo.config import UserError
from naepo.encode.decoding import Reading, characters
from naepo.encode.files import Source, open_regular
from naepo.encode.music.reading import ENDINGS as MUSIC
from naepo.encode.tables import rows

KINDS = {
    ".txt": "text",
    ".md": "text",
    ".rst": "text",
    ".py": "text",
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    **dict.fromkeys(MUSIC, "music"),
}
PACKINGS = {".gz": "gz", ".xz": "xz"}
BEGINNING = 1 << 12
"""So many bytes at the beginning of an .xml say whether it is a score."""
UNPACKED = ("parquet", "music")
"""Kinds that are packed in their own way, or not at all."""

EMPTY = "left out, it holds no text"
EMPTY_ROWS = "left out {n} rows without a text"

Pieces = Iterator[str | None]
"""Text in pieces; None ends a document."""


def kind_of(name: str) -> tuple[str, str] | None:
    """Give (kind, packing) for a file's name, or None for an unknown one.

    >>> kind_of("notes.txt"), kind_of("reviews.CSV.xz"), kind_of("theme.mid"), kind_of("cat.png")
    (('text', ''), ('csv', 'xz'), ('music', ''), None)
    """
    stem, dot, end = name.lower().rpartition(".")
    packing = PACKINGS.get(dot + end, "")
    if packing:
        stem, dot, end = stem.rpartition(".")
    kind = KINDS.get(dot + end) if stem else None
    return None if kind is None or (packing and kind in UNPACKED) else (kind, packing)


def is_score(path: Path) -> bool:
    """Whether a file that is called .xml holds a score; other XML is no music."""
    try:
        with open_regular(path) as file:
            return b"<score-" in file.read(BEGINNING)
    except (OSError, UserError):
        return False


def documents(source: Source, reading: Reading) -> Pieces:
    """Give a file's documents: text in pieces, None after each.

    An empty file and a row of nothing but spaces are no documents; both are noted.

    Raises: UserError for bytes that are not in the encoding, a table without a text column, and a
    row that cannot be read, with the place.
    """
    return _of_text(source, reading) if source.kind == "text" else _of_rows(source, reading)


def _of_text(source: Source, reading: Reading) -> Pieces:
    is_empty = True
    for piece in characters(source, reading):
        is_empty = False
        yield piece
    if is_empty:
        reading.note(EMPTY, 1)
    else:
        yield None


def _of_rows(source: Source, reading: Reading) -> Pieces:
    n_given = n_empty = 0
    for row in rows(source, reading):
        if row is None or not row.strip():
            n_empty += 1
            continue
        n_given += 1
        yield row
        yield None
    if n_given and n_empty:
        reading.note(EMPTY_ROWS, n_empty)
    if not n_given:
        reading.note(EMPTY, 1)
