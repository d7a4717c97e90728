"""Search by letters in SQLite: the entries whose grams fit a text best."""

import sqlite3
from collections.abc import Sequence

from naepo.embed.filters import Condition, where
from naepo.embed.letters import query_grams, to_tokens


def by_letters(
    connection: sqlite3.Connection, text: str, n: int, conditions: Sequence[Condition] = ()
) -> list[tuple[int, float]]:
    """Give the ids of the n entries that fit best, of those that meet all conditions, by BM25.

    Robertson and Zaragoza 2009 (doi:10.1561/1500000019), k1 = 1.2, b = 0.75, on grams of letters in
    place of words; as SQLite's FTS5 computes it. Of equals the older comes first.
    """
    looked_up = query_grams(text)
    if not looked_up:
        return []
    narrowed, values = where(conditions)
    limited = f"AND rowid IN (SELECT id FROM entries WHERE {narrowed})" if conditions else ""
    asked = (
        f"SELECT rowid, -bm25(letters) AS worth FROM letters WHERE letters MATCH ? {limited} "
        "ORDER BY worth DESC, rowid LIMIT ?"
    )
    tokens = " OR ".join(to_tokens([gram]) for gram in looked_up)
    return connection.execute(asked, (tokens, *(values if conditions else []), n)).fetchall()
