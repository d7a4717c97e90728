"""The ways in which the vectors of a store were made, each with a file of vectors of its own."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from naepo.config import UserError
from naepo.embed import row_file
from naepo.embed.database import Damaged
from naepo.embed.pooling import Vectors

MUCH = 1_000
"""Deleted vectors from which on their room is worth a new file."""


@dataclass(frozen=True)
class Space:
    """One way of making vectors: `about` says how, in plain values.

    id: None while nothing of it is kept.  n_rows: how many of its file's rows count.
    state: what its maker has to remember, in bytes of its own.
    """

    id: int | None
    about: dict[str, Any]
    width: int = 0
    n_rows: int = 0
    state: bytes = b""


def read_spaces(connection: sqlite3.Connection) -> list[Space]:
    """Give all spaces, the oldest first."""
    rows = connection.execute("SELECT id, about, width, n_rows, state FROM spaces ORDER BY id")
    return [Space(id, json.loads(about), width, n, state) for id, about, width, n, state in rows]


def make_space(connection: sqlite3.Connection, space: Space, width: int) -> Space:
    """Begin a space without rows; its id was never used before, and so was its file's name."""
    made = connection.execute(
        "INSERT INTO spaces (about, width, n_rows, state) VALUES (?, ?, 0, ?)",
        (json.dumps(space.about, sort_keys=True), width, space.state),
    )
    return replace(space, id=made.lastrowid, width=width, n_rows=0)


def write_rows(
    connection: sqlite3.Connection, folder: Path, space: Space, vectors: Vectors
) -> None:
    """Write vectors after those that count; they count once the change is committed."""
    sha256 = row_file.append(path_of(folder, space), vectors, space.n_rows)
    connection.execute(
        "INSERT INTO blocks VALUES (?, ?, ?, ?)", (space.id, space.n_rows, len(vectors), sha256)
    )
    connection.execute(
        "UPDATE spaces SET n_rows = ? WHERE id = ?", (space.n_rows + len(vectors), space.id)
    )


def read_rows(connection: sqlite3.Connection, folder: Path, space: Space) -> Vectors:
    """Open the vectors that count, every byte verified. Raises: Damaged."""
    path = path_of(folder, space)
    vectors = row_file.open_rows(path, space.n_rows, space.width)
    blocks = connection.execute(
        "SELECT first, n, sha256 FROM blocks WHERE space = ? ORDER BY first", (space.id,)
    ).fetchall()
    if sum(n for _, n, _ in blocks) != space.n_rows:
        raise Damaged(f"the rows of a space of {folder} do not add up")
    for first, n, sha256 in blocks:
        row_file.verify(vectors[first : first + n], sha256, path)
    return vectors


def compact(connection: sqlite3.Connection, folder: Path, *, only_much: bool = False) -> bool:
    """Write the vectors that are not of deleted entries into new files; say if any were.

    only_much: only where more are of deleted entries than not, and many. A space behind one that is
    written anew is written anew as well: the order of the spaces is their age.
    """
    drop_empty(connection)
    is_anew = False
    for space in read_spaces(connection):
        live = connection.execute(
            "SELECT id, row FROM entries WHERE space = ? ORDER BY row, id", (space.id,)
        ).fetchall()
        n_dead = space.n_rows - len(live)
        is_anew = is_anew or n_dead > (max(MUCH, len(live)) if only_much else 0)
        if is_anew:
            vectors = read_rows(connection, folder, space)
            kept = np.asarray(vectors[[row for _, row in live]])
            rewrite(connection, folder, space, [id for id, _ in live], kept)
    return is_anew


def rewrite(
    connection: sqlite3.Connection,
    folder: Path,
    space: Space,
    ids: Sequence[int],
    vectors: Vectors,
) -> None:
    """Put a new space in the place of one, with the vectors of its entries; the ids stay."""
    fresh = make_space(connection, space, vectors.shape[1])
    write_rows(connection, folder, fresh, vectors)
    connection.executemany(
        "UPDATE entries SET space = ?, row = ? WHERE id = ?",
        [(fresh.id, row, id) for row, id in enumerate(ids)],
    )
    _drop(connection, space.id)


def drop_empty(connection: sqlite3.Connection) -> None:
    """Forget the spaces that no entry is in any more."""
    empty = connection.execute(
        "SELECT id FROM spaces WHERE NOT EXISTS (SELECT 1 FROM entries WHERE space = spaces.id)"
    ).fetchall()
    for (id,) in empty:
        _drop(connection, id)


def current_space(connection: sqlite3.Connection, folder: Path, space: Space, width: int) -> Space:
    """Give a space as it now is on disk, or begin it: another process may have added to it.

    Raises: UserError when another process has begun it with vectors that were made otherwise.
    """
    for there in read_spaces(connection):
        if there.about == space.about:
            if (there.width, there.state) != (width, space.state):
                raise UserError(
                    f"another process has meanwhile put other vectors into {folder}",
                    hint="embed again: the vectors are then made as those are",
                )
            return there
    return make_space(connection, space, width)


def replaced_by(connection: sqlite3.Connection, space: Space) -> list[int | None]:
    """Give the spaces in which what is embedded into this one takes the place of what it was.

    They are this one, none, and those of the same run or way with other weights or settings.
    """

    def maker(about: Mapping[str, Any]) -> list[Any]:
        return [about.get(key) for key in ("made_of", "by", "run", "from")]

    every = read_spaces(connection) if "made_of" in space.about else []
    others = [each.id for each in every if maker(each.about) == maker(space.about)]
    return list(dict.fromkeys([None, space.id, *others]))


def path_of(folder: Path, space: Space) -> Path:
    """Give the file of a space's vectors."""
    return folder / f"vectors-{space.id}.f32"


def _drop(connection: sqlite3.Connection, id: int | None) -> None:
    connection.execute("DELETE FROM blocks WHERE space = ?", (id,))
    connection.execute("DELETE FROM spaces WHERE id = ?", (id,))


def plain(about: Mapping[str, Any]) -> dict[str, Any]:
    """Give what comes back when this is written: lists for tuples."""
    return json.loads(json.dumps(about))
