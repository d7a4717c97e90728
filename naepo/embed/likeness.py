"""Which pieces are like one piece, and where: whole vectors rank, moments tell the place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from naepo.embed.names import from_here
from naepo.embed.pooling import Centering, Vectors
from naepo.embed.store import Entry, Store

ROUNDING = 1e-6
"""How far two cosines of float32 that should be equal may lie apart."""


@dataclass(frozen=True)
class Likeness:
    """A piece that was found. score: cosine of the wholes, -1 to 1.

    here, there: the two moments that are most alike, in the query and in the piece.
    moment_score: their cosine.  semitones: how far the query was transposed for it.
    """

    name: str
    score: float
    here: str
    there: str
    moment_score: float
    semitones: int = 0

    def line(self) -> str:
        """Give it in one line, the score first."""
        key = f", {self.semitones:+d} semitones" if self.semitones else ""
        return (
            f"{self.score:6.3f}  {from_here(self.name)}  "
            f"({self.there}, like {self.here} here: {self.moment_score:.3f}{key})"
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


def best_of_keys(found: Mapping[int, Sequence[Likeness]], n: int) -> list[Likeness]:
    """Give the n best of what was found in several keys, each piece once, in the key it is best in.

    Of scores that are equal but for rounding, the one of the smaller move is the better.

    found: for each number of semitones that the query was transposed by, what was found.
    """
    best: dict[str, Likeness] = {}
    for semitones in sorted(found, key=abs):
        for one in found[semitones]:
            if one.name not in best or one.score > best[one.name].score + ROUNDING:
                best[one.name] = replace(one, semitones=semitones)
    return sorted(best.values(), key=lambda one: abs(one.semitones) * ROUNDING - one.score)[:n]


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
