"""What a store knows of its vectors, in SQLite: names, texts, marks, letters, and where rows lie.

A write is acknowledged when SQLite has committed it, with the journal on disk (WAL, FULL). Killed
before, it never was.

    spaces    one for each way of making vectors: `about`, the width, the file, how many rows count
    blocks    size and sha256 of what was added at once to a file of vectors
    entries   what there is: name, place, kind, text; the space and row of its vector, if it has one
    marks     metadata: a key and a value of an entry
    letters   FTS5 over grams of the texts, see `letters.py`
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from naepo.checkpoint.faults import reach
from naepo.config import UserError
from naepo.encode.normal_form import normalized

FILE = "store.db"
APPLICATION = 0x6E61_6570
FORMAT = 1
PATIENCE = 30.0
"""Seconds that a write waits for another process to end its own."""

_TABLES = f"""
CREATE TABLE spaces (id INTEGER PRIMARY KEY AUTOINCREMENT, about TEXT NOT NULL,
    width INTEGER NOT NULL, n_rows INTEGER NOT NULL, state BLOB NOT NULL);
CREATE TABLE blocks (space INTEGER NOT NULL, first INTEGER NOT NULL, n INTEGER NOT NULL,
    sha256 TEXT NOT NULL, PRIMARY KEY (space, first)) WITHOUT ROWID;
CREATE TABLE entries (id INTEGER PRIMARY KEY AUTOINCREMENT, space INTEGER, row INTEGER,
    name TEXT NOT NULL, place TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL,
    seal INTEGER NOT NULL);
CREATE INDEX entries_by_row ON entries (space, row);
CREATE INDEX entries_by_name ON entries (name);
CREATE TABLE marks (entry INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, number REAL,
    PRIMARY KEY (entry, key)) WITHOUT ROWID;
CREATE INDEX marks_by_value ON marks (key, value);
CREATE VIRTUAL TABLE letters USING fts5 (grams, content='', tokenize='ascii');
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {FORMAT};
"""


class Damaged(UserError):
    """A store that is not as it was written."""


def connect(folder: Path) -> sqlite3.Connection:
    """Open a store's database, or make an empty one in a folder that is there.

    Raises: UserError when it is none of ours, of a newer naepo, or damaged.
    """
    with speaking(folder):
        connection = sqlite3.connect(folder / FILE, timeout=PATIENCE, isolation_level=None)
        try:
            _prepare(connection, folder)
        except BaseException:
            connection.close()
            raise
        return connection


def is_store(folder: Path) -> bool:
    """Say whether a folder is a store, by the one file that each has."""
    return (folder / FILE).is_file()


def clear(connection: sqlite3.Connection) -> None:
    """Take out all that a store has, inside a change."""
    for table in ("spaces", "blocks", "entries", "marks"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("INSERT INTO letters (letters) VALUES ('delete-all')")


@contextmanager
def writing(connection: sqlite3.Connection, folder: Path) -> Iterator[None]:
    """Make one change of all that is done inside: it is on disk when the `with` has ended.

    Raises: UserError when the disk refuses or another process does not end; nothing has changed.
    """
    with speaking(folder):
        reach("begin", folder)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            reach("commit", folder)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def reading(connection: sqlite3.Connection, folder: Path) -> Iterator[None]:
    """See the database inside as it is at one moment, whatever others write meanwhile."""
    with speaking(folder):
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.execute("COMMIT")


@contextmanager
def speaking(folder: Path) -> Iterator[None]:
    """Turn what SQLite and the system say into something that a person can act on."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explained(error, folder) from error
    except OSError as error:
        raise UserError(
            f"cannot write {folder}: {error.strerror or error}",
            hint="free some space, or choose another place",
        ) from error


def to_db(text: str) -> str | bytes:
    """Give a text to SQLite; a file name that is no Unicode text goes as bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def from_db(value: str | bytes) -> str:
    """Give a text back that `to_db` gave."""
    return value if isinstance(value, str) else value.decode("utf-8", "surrogatepass")


def _in_one_form(value: str | bytes) -> str | bytes:
    """Give a name in NFC, as conditions are read."""
    return to_db(normalized(from_db(value), "NFC"))


def _prepare(connection: sqlite3.Connection, folder: Path) -> None:
    connection.create_function("nfc", 1, _in_one_form, deterministic=True)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (n_tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if n_tables == 0 and application == 0:
        _make_tables(connection, folder)
    elif application != APPLICATION:
        raise UserError(f"{folder / FILE} is no store of naepo's")
    elif version != FORMAT:
        raise UserError(
            f"the store in {folder} is of format {version}, expected {FORMAT}",
            hint="it was made by a newer naepo: update this one",
        )


def _make_tables(connection: sqlite3.Connection, folder: Path) -> None:
    with writing(connection, folder):
        # Another process may have been quicker.
        (made,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if made:
            return
        for statement in _TABLES.split(";"):
            connection.execute(statement)


def _explained(error: sqlite3.Error, folder: Path) -> UserError:
    said = str(error)
    if "locked" in said or "busy" in said:
        return UserError(f"{folder} is being written by another process", hint="try again later")
    if "full" in said or "disk I/O" in said:
        return UserError(f"cannot write {folder}: {said}", hint="free some space")
    if "readonly" in said or "unable to open" in said:
        return UserError(f"cannot write {folder}: {said}", hint="look at who may write there")
    if "fts5" in said.lower():
        return UserError("this Python's SQLite was built without FTS5, which search needs")
    return Damaged(
        f"the store in {folder} is damaged: {said}",
        hint="take it from a backup, or embed again",
    )
