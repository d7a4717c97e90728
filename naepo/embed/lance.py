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
from naepo.embed.entries import Entry
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
    """Entries and vectors in a LanceDB folder or address. It has one space."""

    def __init__(self, place: str | Path, about: Mapping[str, Any] | None = None) -> None:
        """place: a folder, or an address that LanceDB knows, such as s3://bucket/notes.

        Raises: UserError when lancedb is not installed.
        """
        try:
            import lancedb  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise UserError(
                "a store of LanceDB needs lancedb, which is not installed",
                hint='pip install "naepo[scale]"',
            ) from error
        self.about = dict(about or {})
        self._database = lancedb.connect(str(place))
        self._table: Any = None
        if TABLE in self._database.table_names():
            self._table = self._database.open_table(TABLE)

    def __len__(self) -> int:
        return 0 if self._table is None else self._table.count_rows()

    def add(self, vectors: Vectors, things: Sequence[Entry]) -> None:
        """Add entries with their vectors: all of them, or after an error none.

        Raises: UserError for NaN or infinity, or when there are not as many as entries.
        """
        if vectors.ndim != 2 or len(vectors) != len(things) or not len(things):
            raise UserError(f"{vectors.shape} vectors for {len(things)} entries")
        if not np.isfinite(vectors).all():
            raise UserError("a vector holds NaN or infinity")
        first = 1 + max(self._ids(), default=0)
        rows = [
            {
                "id": first + n,
                "name": thing.name,
                "place": thing.place,
                "kind": thing.kind,
                "text": thing.text,
                "marks": json.dumps(dict(thing.marks), ensure_ascii=False),
                "letters": to_tokens(grams(thing.text or thing.name)),
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
        named = {column for index in self._table.list_indices() for column in index.columns}
        if "letters" not in named:
            self._table.create_fts_index(
                "letters",
                base_tokenizer="whitespace",
                stem=False,
                remove_stop_words=False,
                max_token_length=None,
            )
        if "vector" not in named and len(self) >= MANY:
            self._table.create_index(metric="cosine", vector_column_name="vector")
        self._table.optimize()

    def _ids(self) -> list[int]:
        if self._table is None:
            return []
        return self._table.to_arrow().column("id").to_pylist()


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
