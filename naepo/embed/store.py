"""Texts, marks and vectors, kept on disk, with exact search by cosine and search by letters.

    notes.naepo/
        store.db            SQLite: what there is, and how much of it counts; see `database.py`
        vectors-1.f32       float32 rows of space 1, read where they lie; see `row_file.py`
        index-1.usearch     a cache, past 50,000 rows; it may be deleted; see `approximate.py`

A store has a *space* for each way of making vectors (`about`): vectors are compared within one, and
letters over all. Entries without a vector are in no space.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from naepo.checkpoint.folder import make_folder
from naepo.config import UserError
from naepo.embed import approximate, database, entries, row_file, spaces
from naepo.embed.database import is_store, reading, speaking, writing
from naepo.embed.entries import Entry
from naepo.embed.filters import Condition, where
from naepo.embed.pooling import Centering, Vectors
from naepo.embed.ranking import Ranking, each_once
from naepo.embed.spaces import Space, plain, read_spaces
from naepo.embed.table import Table

Array = np.ndarray
Ids = Int[Array, " n"]
LARGEST = 2**63 - 1
"""The largest id that SQLite knows."""


@dataclass(frozen=True)
class Hit:
    """Something that was found. score: the cosine, -1 to 1, or what the letters are worth."""

    entry: Entry
    score: float
    id: int = -1


class Store:
    """A store, seen through one of its spaces: `about` says how that one's vectors are made.

    What another process adds or deletes is seen after opening again.
    """

    def __init__(self, folder: Path, space: Space, replaces: bool = False) -> None:
        self.folder = folder
        self._space, self._replaces = space, replaces
        self._database: sqlite3.Connection | None = None
        self._ids: Ids = np.zeros(0, dtype=np.int64)
        self._rows: Ids = np.zeros(0, dtype=np.int64)
        self._table = Table(np.zeros((0, 0), dtype=np.float32))
        self._ranking = Ranking()

    @classmethod
    def create(cls, folder: Path, about: Mapping[str, Any], state: bytes = b"") -> "Store":
        """Begin anew. What stands in the folder goes in the moment that something is added."""
        return cls(folder, Space(None, plain(about), state=state), replaces=True)

    @classmethod
    def open(cls, folder: Path, about: Mapping[str, Any] | None = None) -> "Store":
        """Open a store, every byte of its vectors verified.

        about: which space to look through; None takes the first, or none where there are only
        texts.

        Raises: UserError when there is none, or it is not as it was written.
        """
        store = cls.join(folder, about)
        if not store.n_entries:
            store.close()
            hint = "make them: naepo embed RUN PIECES"
            raise UserError(f"no vectors are kept in {folder}", hint=hint)
        return store

    @classmethod
    def join(
        cls, folder: Path, about: Mapping[str, Any] | None = None, state: bytes = b""
    ) -> "Store":
        """Open a store to add to it; where there is none it begins, and so does a new space."""
        store = cls(folder, Space(None, plain(about or {}), state=state))
        if is_store(folder):
            try:
                store._look_again()
            except BaseException:
                store.close()
                raise
        elif folder.exists() and any(folder.glob("*/vectors.npy")):
            raise UserError(
                f"the vectors in {folder} are of an older naepo", hint="embed the pieces again"
            )
        return store

    def close(self) -> None:
        """Let go of the files."""
        if self._database is not None:
            self._database.close()
            self._database, self._ranking = None, Ranking()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def about(self) -> dict[str, Any]:
        """How the vectors are made."""
        return self._space.about

    @property
    def state(self) -> bytes:
        """What the maker of the vectors has to remember."""
        return self._space.state

    @property
    def width(self) -> int:
        """How many numbers a vector has; 0 where there is none yet."""
        return self._space.width

    @property
    def n_entries(self) -> int:
        """How many entries there are, in all spaces and in none."""
        if self._database is None:
            return 0
        return self._fetch("SELECT count(*) FROM entries")[0][0]

    @property
    def spaces(self) -> list[dict[str, Any]]:
        """How the vectors of each space are made, the oldest first."""
        return [space.about for space in self._spaces()] if is_store(self.folder) else []

    @property
    def ids(self) -> Ids:
        """The ids of the entries of this space, in order. An id is never used again."""
        return self._ids

    @property
    def entries(self) -> list[Entry]:
        """What the vectors are of, in order."""
        found = self.read(self._ids.tolist())
        if len(found) < len(self._ids):
            raise UserError(f"another process has changed {self.folder}", hint="try again")
        return list(found.values())

    @property
    def vectors(self) -> Vectors:
        """All vectors that were not deleted, shape (n, d), in memory."""
        return np.asarray(self._table.vectors[self._rows])

    def read(self, ids: Sequence[int]) -> dict[int, Entry]:
        """Give entries by id, without those that another process has deleted.

        Raises: Damaged when one is not as it was written.
        """
        with speaking(self.folder):
            return entries.read(self._connected(), ids, self.folder) if len(ids) else {}

    def add(
        self, vectors: Vectors | None, things: Sequence[Entry], *, replace: bool = False
    ) -> None:
        """Add entries with their vectors, or without: all of them, or after an error none.

        replace: whether what had one of their names before goes: in this space, in none, and where
        the same run or way has made other vectors of it.

        Raises: UserError for NaN, infinity or another width than before, and when the disk refuses.
        """
        if vectors is not None:
            vectors = np.ascontiguousarray(vectors, dtype=np.float32)
            entries.check(vectors, things, self._space.width)
        with speaking(self.folder):
            make_folder(self.folder)
        connection = self._connected()
        with writing(connection, self.folder):
            if self._replaces:
                database.clear(connection)
            space = None
            if vectors is not None:
                width = vectors.shape[1]
                space = spaces.current_space(connection, self.folder, self._space, width)
            if replace:
                places = [None] if space is None else spaces.replaced_by(connection, space)
                names = [thing.name for thing in things]
                old = [id for place in places for id in entries.named(connection, names, place)]
                entries.delete(connection, old, self.folder)
            if space is None or vectors is None:
                entries.insert(connection, things, None, 0)
            else:
                spaces.write_rows(connection, self.folder, space, vectors)
                entries.insert(connection, things, space.id, space.n_rows)
                spaces.drop_empty(connection)
        self._replaces = False
        self._look_again()
        self._sweep()

    def delete(self, ids: Sequence[int]) -> int:
        """Take entries out; give how many there were. No search finds them from here on."""
        connection = self._connected()
        with writing(connection, self.folder):
            ids = [id for id in ids if id <= LARGEST]
            there = [id for id in ids if self._fetch("SELECT 1 FROM entries WHERE id = ?", id)]
            entries.delete(connection, there, self.folder)
            spaces.drop_empty(connection)
        self._look_again()
        self._sweep()
        return len(there)

    def texts_named(self, names: Sequence[str]) -> list[int]:
        """Give the ids of the texts, of any space, that have one of these names."""
        with speaking(self.folder):
            return entries.named_anywhere(self._connected(), names, "text")

    def rename(self, names: Mapping[str, str]) -> None:
        """Give entries, of any space, the names that go by their old ones."""
        connection, old = self._connected(), list(names)
        if not entries.named_anywhere(connection, old):
            return
        with writing(connection, self.folder):
            for id, entry in self.read(entries.named_anywhere(connection, old)).items():
                entries.rename(connection, id, entry, names[entry.name])

    def renew(self, vectors: Vectors, state: bytes) -> None:
        """Put other vectors, in the order of `entries`, in the place of all of this space.

        state: what the maker of these has to remember.

        Raises: UserError when another process has changed the store meanwhile; nothing has then.
        """
        old, ids = self._space, self._ids.tolist()
        connection = self._connected()
        with writing(connection, self.folder):
            self._look()
            if (self._space.id, self._space.state, self._ids.tolist()) != (old.id, old.state, ids):
                raise UserError(f"another process has changed {self.folder}", hint="try again")
            spaces.rewrite(connection, self.folder, replace(old, state=state), ids, vectors)
        self._look_again()
        self._sweep()

    def compact(self, *, only_much: bool = False) -> None:
        """Write the vectors that were not deleted into new files, and free the room of the old.

        All spaces with deleted vectors are; only_much: those where more are deleted than not.

        Raises: UserError when the disk refuses; the store is then as it was.
        """
        connection = self._connected()
        with writing(connection, self.folder):
            is_anew = spaces.compact(connection, self.folder, only_much=only_much)
        if is_anew:
            self._look_again()
        self._sweep()

    def matching(self, conditions: Sequence[Condition]) -> list[int]:
        """Give the ids of the entries, of any space, that meet all conditions."""
        text, values = where(conditions)
        return [id for (id,) in self._fetch(f"SELECT id FROM entries WHERE {text}", *values)]

    def search(
        self,
        query: Float[Array, " d"],
        n: int = 10,
        *,
        among: Bool[Array, " n"] | None = None,
        centering: Centering | None = None,
    ) -> list[Hit]:
        """Give the n vectors with the largest cosine to the query, best first; of equals the older.

        Every vector is compared, or, where there is an index, those that it names, exactly.
        among: which vectors may be given; None is all.  centering: what is taken off both first.

        Raises: UserError for a query of another width.
        """
        ranked = self._nearest(query, n, among, centering)
        found = self.read([id for id, _ in ranked])
        return [Hit(found[id], score, id) for id, score in ranked if id in found]

    def nearest(
        self, query: Float[Array, " d"], n: int = 10, *, conditions: Sequence[Condition] = ()
    ) -> list[tuple[int, float]]:
        """Give ids and cosines as `search` ranks them, with no entry read, and raise as it does."""
        among = np.isin(self._ids, self.matching(conditions)) if conditions else None
        return self._nearest(query, n, among, None)

    def _nearest(
        self,
        query: Float[Array, " d"],
        n: int,
        among: Bool[Array, " n"] | None,
        centering: Centering | None,
    ) -> list[tuple[int, float]]:
        if self._space.width and query.shape != (self._space.width,):
            raise UserError(
                f"the query has {query.shape[0]} numbers, the store's vectors {self._space.width}",
                hint="embed it as the store was embedded",
            )
        if not len(self._ids):
            return []
        rows = self._rows if among is None else self._rows[among]
        query = query.astype(np.float32)
        best, scores = self._table.best(query, rows, n, is_all=among is None, centering=centering)
        ids = self._ids[np.searchsorted(self._rows, best)].tolist()
        return list(zip(ids, scores.tolist(), strict=True))

    def by_letters(
        self, text: str, n: int = 10, *, conditions: Sequence[Condition] = ()
    ) -> list[Hit]:
        """Give the n entries whose letters fit a text best, over all spaces: see `ranking.py`.

        What stands in several spaces is given once: as the entry of this one, if it has one.
        """
        ranked = self.ranked_by_letters(text, n, conditions=conditions)
        found = self.read([id for id, _ in ranked])
        return [Hit(found[id], worth, id) for id, worth in ranked if id in found]

    def ranked_by_letters(
        self, text: str, n: int = 10, *, conditions: Sequence[Condition] = ()
    ) -> list[tuple[int, float]]:
        """Give ids and worth as `by_letters` does, with no entry read if all are of one space."""
        if not self.n_entries:
            return []
        is_alone = self.n_entries == len(self._ids)
        depth = n if is_alone else n * (1 + len(self.spaces))
        with reading(self._connected(), self.folder):
            found = self._ranking.best(self._connected(), text, depth, conditions)
        if is_alone:
            return found
        ids = [id for id, _ in found]
        ours = set(np.array(ids)[np.isin(ids, self._ids)].tolist())
        return each_once(found, self.read(ids), ours)[:n]

    def make_index(self) -> str | None:
        """Bring the index up to date where there are rows enough; say what came of it."""
        if self._space.id is None:
            return None
        path = self._index_path()
        said, self._table.index = approximate.update(path, self._table.vectors, self._rows)
        return said

    def _look_again(self) -> None:
        """Take in what is on disk, as it is at one moment."""
        with reading(self._connected(), self.folder):
            self._look()

    def _look(self) -> None:
        fitting = self._spaces()
        if self.about:
            fitting = [space for space in fitting if space.about == self.about]
        self._space = fitting[0] if fitting else replace(self._space, id=None, n_rows=0)
        space = self._space
        found = self._fetch(
            "SELECT id, row FROM entries WHERE space IS ? ORDER BY row, id", space.id
        )
        self._ids = np.array([id for id, _ in found], dtype=np.int64)
        self._rows = np.array([row or 0 for _, row in found], dtype=np.int64)
        self._table = Table(np.zeros((0, 0), dtype=np.float32))
        if space.id is not None:
            vectors = spaces.read_rows(self._connected(), self.folder, space)
            index = approximate.open_index(self._index_path(), *vectors.shape)
            self._table = Table(vectors, index)

    def _sweep(self) -> None:
        """Remove files of spaces that are no more; nothing here is an error, all is kept by now.

        Under the lock: a file of no known space may be one that another process is writing.
        """
        if row_file.leftover(self.folder, {space.id for space in self._spaces()}):
            with suppress(UserError), writing(self._connected(), self.folder):
                known = {space.id for space in read_spaces(self._connected())}
                row_file.sweep(self.folder, known)

    def _spaces(self) -> list[Space]:
        with speaking(self.folder):
            return read_spaces(self._connected())

    def _fetch(self, statement: str, *values: Any) -> list[Any]:
        with speaking(self.folder):
            return self._connected().execute(statement, values).fetchall()

    def _connected(self) -> sqlite3.Connection:
        if self._database is None:
            self._database = database.connect(self.folder)
        return self._database

    def _index_path(self) -> Path:
        return self.folder / f"index-{self._space.id}.usearch"
