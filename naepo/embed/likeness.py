"""Which pieces are like one piece, and where: whole vectors rank, moments tell the place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from naepo.embed.pooling import Centering, Vectors
from naepo.embed.store import Entry, Store


@dataclass(frozen=True)
class Likeness:
    """A piece that was found. score: cosine of the wholes, -1 to 1.

    here, there: the two moments that are most alike, in the query and in the piece.
    moment_score: their cosine.
    """

    name: str
    score: float
    here: str
    there: str
    moment_score: float

    def line(self) -> str:
        """Give it in one line, the score first."""
        return (
            f"{self.score:6.3f}  {self.name}  "
            f"({self.there}, like {self.here} here: {self.moment_score:.3f})"
        )


def alike(store: Store, vectors: Vectors, entries: Sequence[Entry], n: int) -> list[Likeness]:
    """Give the n pieces of a store that are most like one piece, best first.

    vectors, entries: of the query, the whole first, then its moments. Of every vector the mean of
    the store's whole pieces is taken off first.
    """
    wholes = np.array([entry.place == "" for entry in store.entries])
    table = store.vectors
    centering = Centering.fit(table[wholes])
    hits = store.search(vectors[0], n, among=wholes, centering=centering)
    rows = _rows_of(store, {hit.entry.name for hit in hits})
    ours = _unit(centering.transform(vectors[1:]))
    found = []
    for hit in hits:
        moments = rows[hit.entry.name]
        scores = ours @ _unit(centering.transform(table[moments])).T
        here, there = np.unravel_index(int(scores.argmax()), scores.shape)
        places = entries[1 + int(here)].place, store.entries[moments[int(there)]].place
        found.append(Likeness(hit.entry.name, hit.score, *places, float(scores[here, there])))
    return found


def _rows_of(store: Store, names: set[str]) -> dict[str, list[int]]:
    """Give the rows of the moments of pieces."""
    rows: dict[str, list[int]] = {name: [] for name in names}
    for row, entry in enumerate(store.entries):
        if entry.place and entry.name in names:
            rows[entry.name].append(row)
    return rows


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)
