"""The ways in which the vectors of a store were made, each with a file of vectors of its own."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


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


def plain(about: Mapping[str, Any]) -> dict[str, Any]:
    """Give what comes back when this is written: lists for tuples."""
    return json.loads(json.dumps(about))
