"""Search by letters in SQLite: the entries whose grams fit a text best, by BM25.

    worth = sum over grams of  idf · f (k1 + 1) / (f + k1 (1 - b + b · length / mean length))

Robertson and Zaragoza 2009 (doi:10.1561/1500000019), k1 = 1.2, b = 0.75, on grams of letters in
place of words, and with a floor for idf, as FTS5's `bm25` has it. That looks up the length of every
text that has a gram, one after the other; where many have one, lengths and counts are read at once.
"""

import sqlite3
from collections.abc import Mapping, Sequence, Set

import numpy as np
from jaxtyping import Float, Int

from naepo.embed.entries import Entry
from naepo.embed.filters import Condition, where
from naepo.embed.letters import query_grams, to_tokens
from naepo.embed.table import first_of

Array = np.ndarray
Found = list[tuple[int, float]]
Worth = tuple[Int[Array, " having"], Float[Array, " having"]]
K1, B = 1.2, 0.75
LEAST_IDF = 1e-6
"""What a gram is worth that most texts have."""
FEW = 2_000
"""Texts that FTS5 ranks itself: their lengths are looked up sooner than all are read."""
REMEMBERED = 4_000_000
"""Texts of all remembered grams together: 48 MB."""
_GRAMS = """CREATE VIRTUAL TABLE IF NOT EXISTS
    temp.grams USING fts5vocab('main', 'letters', 'instance')"""


class Ranking:
    """The search by letters of an open store.

    It remembers how long the texts are, and of frequent grams what they add to the worth of each
    text, as long as nobody has changed the store.
    """

    def __init__(self) -> None:
        self._seen: tuple[int, int] | None = None
        self._ids: Int[Array, " texts"] | None = None
        self._lengths: Float[Array, " texts"] = np.zeros(0)
        self._known: dict[str, Worth] = {}

    def best(
        self,
        connection: sqlite3.Connection,
        text: str,
        n: int,
        conditions: Sequence[Condition] = (),
        *,
        few: int = FEW,
    ) -> Found:
        """Give the ids of the n entries that fit best, of those that meet all conditions.

        Inside one reading of the database. Of equals the older comes first.
        few: up to how many matches FTS5 ranks itself; it changes the speed, not what is found.
        """
        self._forget_what_has_changed(connection)
        tokens = [to_tokens([gram]) for gram in query_grams(text)]
        n_having = {token: self._n_having(connection, token) for token in tokens}
        if sum(n_having.values()) <= few:
            return _by_fts5(connection, tokens, n, conditions) if any(n_having.values()) else []
        ids = self._texts(connection)
        worth = np.zeros(len(ids))
        for token in tokens:
            if n_having[token]:
                places, added = self._worth(connection, token)
                worth[places] += added
        found = np.flatnonzero(worth)
        if conditions:
            narrowed, values = where(conditions)
            asked = connection.execute(f"SELECT id FROM entries WHERE {narrowed}", values)
            allowed = np.array([id for (id,) in asked], dtype=np.int64)
            found = found[np.isin(ids[found], allowed)]
        best, scores = first_of(found, worth[found], n)
        return list(zip(ids[best].tolist(), scores.tolist(), strict=True))

    def _forget_what_has_changed(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        seen = (version, connection.total_changes)
        if seen != self._seen:
            self._seen, self._ids, self._known = seen, None, {}

    def _n_having(self, connection: sqlite3.Connection, token: str) -> int:
        if token in self._known:
            return len(self._known[token][0])
        asked = "SELECT count(*) FROM letters WHERE letters MATCH ?"
        return connection.execute(asked, (token,)).fetchone()[0]

    def _texts(self, connection: sqlite3.Connection) -> Int[Array, " texts"]:
        """Give the ids of all texts; read them with their lengths where they are not known."""
        if self._ids is None:
            # as one value: a row for each would take longer than the search
            asked = "SELECT group_concat(id), CAST(group_concat(sz, '') AS BLOB) FROM "
            asked += "(SELECT id, sz FROM letters_docsize ORDER BY id)"
            told, sizes = connection.execute(asked).fetchone()
            self._ids, self._lengths = _numbers(told), _varints(sizes)
        return self._ids

    def _worth(self, connection: sqlite3.Connection, token: str) -> Worth:
        """Give the places of the texts that have a gram, and what it adds to the worth of each."""
        if token in self._known:
            return self._known[token]
        connection.execute(_GRAMS)
        asked = "SELECT group_concat(doc) FROM temp.grams WHERE term = ?"
        every = _numbers(connection.execute(asked, (token,)).fetchone()[0])
        begins = np.flatnonzero(np.diff(every, prepend=-1))
        counts = np.diff(begins, append=len(every))
        ids = self._texts(connection)
        places = np.searchsorted(ids, every[begins])
        idf = np.log((len(ids) - len(places) + 0.5) / (len(places) + 0.5))
        relative = self._lengths[places] / self._lengths.mean()
        added = counts * (K1 + 1) / (counts + K1 * (1 - B + B * relative))
        found = places.astype(np.int32), (idf if idf > 0 else LEAST_IDF) * added
        self._remember(token, found)
        return found

    def _remember(self, token: str, found: Worth) -> None:
        """Keep what a gram adds; what was asked for first goes where it is too much."""
        self._known[token] = found
        n = sum(len(places) for places, _ in self._known.values())
        while n > REMEMBERED and len(self._known) > 1:
            n -= len(self._known.pop(next(iter(self._known)))[0])


def each_once(found: Found, read: Mapping[int, Entry], ours: Set[int]) -> Found:
    """Give what stands in several spaces once, in its first place: as one of ours, if it is there.

    read: the entries; an id without one is gone.
    """
    once: dict[tuple[Entry, str], tuple[int, float]] = {}
    for id, worth in found:
        if id in read:
            key = read[id], read[id].text
            if key not in once or id in ours:
                once[key] = id, worth
    return list(once.values())


def _numbers(told: str) -> Int[Array, " n"]:
    return np.fromstring(told, dtype=np.int64, sep=",")


def _varints(content: bytes) -> Float[Array, " n"]:
    """Read numbers as FTS5 writes them: seven bits a byte, the last one below 128."""
    row = np.frombuffer(content, dtype=np.uint8)
    ends = np.flatnonzero(row < 128)
    begins = np.concatenate([[0], ends[:-1] + 1])
    places = np.repeat(ends, ends - begins + 1) - np.arange(len(row))
    return np.add.reduceat((row & 127) * 128.0**places, begins)


def _by_fts5(
    connection: sqlite3.Connection, tokens: Sequence[str], n: int, conditions: Sequence[Condition]
) -> Found:
    narrowed, values = where(conditions)
    limited = f"AND rowid IN (SELECT id FROM entries WHERE {narrowed})" if conditions else ""
    asked = (
        f"SELECT rowid, -bm25(letters) AS worth FROM letters WHERE letters MATCH ? {limited} "
        "ORDER BY worth DESC, rowid LIMIT ?"
    )
    given = (" OR ".join(tokens), *(values if conditions else []), n)
    return connection.execute(asked, given).fetchall()
