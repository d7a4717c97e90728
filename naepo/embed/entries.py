"""What a store keeps of a thing beside its vector, and how SQLite holds it."""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from naepo.config import UserError
from naepo.embed.database import Damaged, from_db, to_db
from naepo.embed.filters import number_of
from naepo.embed.letters import grams, to_tokens
from naepo.encode.normal_form import normalized

AT_ONCE = 500
"""Parameters of one statement: SQLite knows at least 999."""


@dataclass(frozen=True, order=True)
class Entry:
    """What a vector is of. name: the piece.  place: where in it, such as "bars 5-12"; "" is all.

    kind: "text" or "music".  text: what is shown and looked up by letters.  marks: metadata, what a
    search can be narrowed by. Two entries are equal when name and place are.
    """

    name: str
    place: str = ""
    kind: str = field(default="", compare=False)
    text: str = field(default="", compare=False)
    marks: Mapping[str, str] = field(default_factory=dict, compare=False)


def insert(
    connection: sqlite3.Connection, entries: Sequence[Entry], space: int | None, first_row: int
) -> None:
    """Add entries, whose vectors lie in rows that follow each other; without a space, none do."""
    for number, entry in enumerate(entries):
        entry = _in_one_form(entry)
        row = None if space is None else first_row + number
        values = (space, row, *map(to_db, _fields(entry)), _seal(entry))
        made = connection.execute(
            "INSERT INTO entries (space, row, name, place, kind, text, seal) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        id = made.lastrowid
        connection.executemany(
            "INSERT INTO marks VALUES (?, ?, ?, ?)",
            [(id, to_db(k), to_db(v), number_of(v)) for k, v in entry.marks.items()],
        )
        tokens = _tokens(entry)
        if tokens:
            connection.execute("INSERT INTO letters (rowid, grams) VALUES (?, ?)", (id, tokens))


def check(vectors: Float[np.ndarray, "n width"], things: Sequence[Entry], width: int = 0) -> None:
    """Check that there is a vector for each entry. width: that of the store; 0 takes any.

    Raises: UserError for another number or width of them, NaN and infinity.
    """
    if vectors.ndim != 2 or len(vectors) != len(things) or not len(things):
        raise UserError(f"{vectors.shape} vectors for {len(things)} entries")
    if width and vectors.shape[1] != width:
        raise UserError(f"vectors of {vectors.shape[1]} numbers for a store of {width}")
    bad = ~np.isfinite(vectors).all(axis=1)
    if bad.any():
        raise UserError(f"the vector of {things[int(bad.argmax())].name} holds NaN or infinity")


def delete(connection: sqlite3.Connection, ids: Sequence[int], folder: Path) -> None:
    """Take entries out, with all that is known of them but their vectors."""
    for id, entry in read(connection, ids, folder).items():
        tokens = _tokens(entry)
        if tokens:  # an index without content must be told what it has to forget
            connection.execute(
                "INSERT INTO letters (letters, rowid, grams) VALUES ('delete', ?, ?)", (id, tokens)
            )
        connection.execute("DELETE FROM marks WHERE entry = ?", (id,))
        connection.execute("DELETE FROM entries WHERE id = ?", (id,))


def read(connection: sqlite3.Connection, ids: Sequence[int], folder: Path) -> dict[int, Entry]:
    """Give the entries of ids, in order; an id that is no more is left out.

    Raises: Damaged when one is not as it was written.
    """
    rows, marks = {}, {}
    for some, places in _in_parts(ids):
        found = connection.execute(
            f"SELECT id, name, place, kind, text, seal FROM entries WHERE id IN ({places})", some
        )
        rows |= {row[0]: row[1:] for row in found}
        for id, key, value in connection.execute(
            f"SELECT entry, key, value FROM marks WHERE entry IN ({places}) ORDER BY key", some
        ):
            marks.setdefault(id, {})[from_db(key)] = from_db(value)
    entries = {}
    for id in ids:
        if id not in rows:
            continue
        *fields, seal = rows[id]
        name, place, kind, text = map(from_db, fields)
        entries[id] = Entry(name, place, kind, text, marks.get(id, {}))
        if _seal(entries[id]) != seal:
            raise Damaged(
                f"entry {id} has changed since it was written (in {folder})",
                hint="take the store from a backup, or embed again",
            )
    return entries


def named(connection: sqlite3.Connection, names: Iterable[str], space: int | None) -> list[int]:
    """Give the ids of the entries of a space that have one of these names."""
    found: list[int] = []
    for some, places in _in_parts([to_db(name) for name in dict.fromkeys(names)]):
        found += [
            id
            for (id,) in connection.execute(
                f"SELECT id FROM entries WHERE space IS ? AND name IN ({places})", [space, *some]
            )
        ]
    return found


def named_anywhere(
    connection: sqlite3.Connection, names: Iterable[str], kind: str | None = None
) -> list[int]:
    """Give the ids of the entries of any space, or of one kind, that have one of these names."""
    found: list[int] = []
    for some, places in _in_parts([to_db(name) for name in dict.fromkeys(names)]):
        asked = f"SELECT id FROM entries WHERE kind = coalesce(?, kind) AND name IN ({places})"
        found += [id for (id,) in connection.execute(asked, [kind, *some])]
    return found


def rename(connection: sqlite3.Connection, id: int, entry: Entry, name: str) -> None:
    """Give an entry another name."""
    connection.execute(
        "UPDATE entries SET name = ?, seal = ? WHERE id = ?",
        (to_db(name), _seal(replace(entry, name=name)), id),
    )


def _in_parts(values: Sequence) -> Iterator[tuple[list, str]]:
    for start in range(0, len(values), AT_ONCE):
        some = list(values[start : start + AT_ONCE])
        yield some, ", ".join("?" * len(some))


def _in_one_form(entry: Entry) -> Entry:
    """Keep marks in NFC, as conditions are read: 한글 of a Mac is 한글."""
    marks = {normalized(k, "NFC"): normalized(v, "NFC") for k, v in entry.marks.items()}
    return Entry(entry.name, entry.place, entry.kind, entry.text, marks)


def _fields(entry: Entry) -> tuple[str, str, str, str]:
    return entry.name, entry.place, entry.kind, entry.text


def _tokens(entry: Entry) -> str:
    """Give what an entry is looked up by: its text, or of a whole piece without text its name."""
    return to_tokens(grams(entry.text or (entry.name if not entry.place else "")))


def _seal(entry: Entry) -> int:
    """Give a checksum of all that is kept of an entry: SQLite has none of its own."""
    parts = [*_fields(entry), *(part for pair in sorted(entry.marks.items()) for part in pair)]
    return zlib.crc32("\0".join(parts).encode("utf-8", "surrogatepass"))
