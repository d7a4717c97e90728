"""The same store over LanceDB, for what outgrows one machine: millions of rows, S3, SQL.

Three of its defaults are not ours. An IVF_PQ index is asked with more probes and its candidates are
scored again with the exact vectors; letters are looked up by grams, since its own tokenizer finds
no part of a Korean word; and the index is brought up to date when something is added.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from naepo.config import UserError
from naepo.embed.entries import Entry, check
from naepo.embed.filters import Condition
from naepo.embed.letters import grams, query_grams, to_tokens
from naepo.embed.pooling import Vectors
from naepo.embed.store import Hit

Array = np.ndarray
TABLE = "entries"
MANY = 50_000
"""Rows from which on an index is made; below, every vector is compared."""
PROBES = 64
"""Parts of the index that are looked into; 20 is LanceDB's own, with a recall of a fifth."""
REFINE = 10
"""So many times as many candidates as wanted are scored with exact vectors."""


class LanceStore:
    """Entries and vectors in a LanceDB folder or address: one space, searched by `finding.search`.

    about: what the vectors are made by, kept with them.
    """

    def __init__(self, place: str | Path, about: Mapping[str, Any] | None = None) -> None:
        """place: a folder, or an address that LanceDB knows, such as s3://bucket/notes.

        about: what the vectors are made by; None takes what is kept.

        Raises: UserError when lancedb is not installed, or the vectors are made by something else.
        """
        try:
            import lancedb  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise UserError(
                "a store of LanceDB needs lancedb, which is not installed",
                hint='pip install "naepo[scale]"',
            ) from error
        self._database = lancedb.connect(str(place))
        self._table: Any = None
        kept: dict[str, Any] | None = None
        if TABLE in _tables(self._database):
            self._table = self._database.open_table(TABLE)
            kept = _about(self._table)
        if about is not None and kept is not None and dict(about) != kept:
            raise UserError(
                f"the vectors in {place} are made by {kept}, not by {dict(about)}",
                hint="take another place for these",
            )
        self.about = dict(about or {}) if kept is None else kept

    def __len__(self) -> int:
        return 0 if self._table is None else self._table.count_rows()

    def add(self, vectors: Vectors, things: Sequence[Entry]) -> None:
        """Add entries with their vectors: all of them, or after an error none.

        Raises: UserError for NaN or infinity, or when there are not as many as entries.
        """
        check(vectors, things)
        first = 1 + max(self.ids, default=0)
        rows = [
            {
                "id": first + n,
                "name": thing.name,
                "place": thing.place,
                "kind": thing.kind,
                "text": thing.text,
                "marks": json.dumps(dict(thing.marks), ensure_ascii=False),
                "letters": to_tokens(grams(thing.text or thing.name)),
                "about": json.dumps(self.about, ensure_ascii=False, sort_keys=True),
                "vector": vector.astype(np.float32).tolist(),
            }
            for n, (thing, vector) in enumerate(zip(things, vectors, strict=True))
        ]
        if self._table is None:
            self._table = self._database.create_table(TABLE, rows)
        else:
            self._table.add(rows)
        self._index()

    def delete(self, ids: Sequence[int]) -> int:
        """Take entries out; give how many there were."""
        before = len(self)
        if self._table is not None and ids:
            self._table.delete(f"id IN ({', '.join(str(int(id)) for id in ids)})")
        return before - len(self)

    def read(self, ids: Sequence[int]) -> dict[int, Entry]:
        """Give entries by id, without those that are gone."""
        if self._table is None or not len(ids):
            return {}
        asked = self._table.search().where(f"id IN ({', '.join(str(int(id)) for id in ids)})")
        found = {row["id"]: _entry(row) for row in asked.limit(len(ids)).to_list()}
        return {id: found[id] for id in ids if id in found}

    def nearest(
        self, query: Float[Array, " d"], n: int = 10, *, conditions: Sequence[Condition] = ()
    ) -> list[tuple[int, float]]:
        """Give ids and cosines, as `search` ranks them."""
        return [(hit.id, hit.score) for hit in self.search(query, n, conditions=conditions)]

    def ranked_by_letters(
        self, text: str, n: int = 10, *, conditions: Sequence[Condition] = ()
    ) -> list[tuple[int, float]]:
        """Give ids and their worth, as `by_letters` ranks them."""
        return [(hit.id, hit.score) for hit in self.by_letters(text, n, conditions=conditions)]

    def search(
        self,
        query: Float[Array, " d"],
        n: int = 10,
        *,
        conditions: Sequence[Condition] = (),
    ) -> list[Hit]:
        """Give the n vectors with the largest cosine to the query, best first."""
        if self._table is None:
            return []
        asked = self._table.search(query.astype(np.float32)).distance_type("cosine")
        asked = asked.nprobes(PROBES).refine_factor(REFINE)
        found = _narrowed(asked, conditions).limit(n).to_list()
        return [Hit(_entry(row), 1 - row["_distance"], row["id"]) for row in found]

    def by_letters(
        self, text: str, n: int = 10, *, conditions: Sequence[Condition] = ()
    ) -> list[Hit]:
        """Give the n entries whose letters fit a text best, by BM25 on grams."""
        looked_up = query_grams(text)
        if self._table is None or not looked_up:
            return []
        words = " ".join(to_tokens([gram]) for gram in looked_up)
        asked = _narrowed(self._table.search(words, query_type="fts"), conditions)
        return [Hit(_entry(row), row["_score"], row["id"]) for row in asked.limit(n).to_list()]

    def _index(self) -> None:
        """Bring both indices up to date: what is added is not in them by itself."""
        from lancedb.index import FTS, IvfPq  # pyright: ignore[reportMissingImports]

        named = {column for index in self._table.list_indices() for column in index.columns}
        if "letters" not in named:
            by_grams = FTS(
                base_tokenizer="whitespace",
                stem=False,
                remove_stop_words=False,
                max_token_length=None,
            )
            self._table.create_index("letters", config=by_grams)
        if "vector" not in named and len(self) >= MANY:
            self._table.create_index("vector", config=IvfPq(distance_type="cosine"))
        self._table.optimize()

    @property
    def ids(self) -> list[int]:
        """The ids of all entries."""
        if self._table is None:
            return []
        asked = self._table.search().select(["id"]).limit(len(self))
        return asked.to_arrow().column("id").to_pylist()


def _tables(database: Any) -> list[str]:
    """Name the tables: the older of the two calls is all that an older LanceDB has."""
    if hasattr(database, "list_tables"):
        return list(database.list_tables().tables)
    return list(database.table_names())


def _about(table: Any) -> dict[str, Any] | None:
    """Tell what the vectors of a table are made by; None where it has no row, or is of before."""
    if "about" not in table.schema.names:
        return None
    rows = table.search().select(["about"]).limit(1).to_list()
    return json.loads(rows[0]["about"]) if rows else None


def _narrowed(asked: Any, conditions: Sequence[Condition]) -> Any:
    """Narrow a question down before it is answered; what a person typed is a quoted text."""
    if not conditions:
        return asked
    return asked.where(" AND ".join(_sql(each) for each in conditions), prefilter=True)


def _sql(condition: Condition) -> str:
    if condition.key not in ("name", "place", "kind") or condition.sign not in ("=", "!="):
        raise UserError(
            f"a store of LanceDB is narrowed by name, place and kind alone, got {condition.key}"
        )
    quoted = condition.value.replace("'", "''")
    return f"{condition.key} {condition.sign} '{quoted}'"


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(row["name"], row["place"], row["kind"], row["text"], json.loads(row["marks"]))
