"""The nearest of many vectors by cosine: exactly, all of them, or those that an index names."""

import numpy as np
from jaxtyping import Float, Int

from naepo.embed.approximate import Approximate
from naepo.embed.pooling import Centering, Vectors

Array = np.ndarray
Rows = Int[Array, " _"]
Scores = Float[Array, " _"]
ROWS_AT_ONCE = 65_536
"""Vectors compared in one product: 64 MB at 256 numbers each."""


class Table:
    """Vectors where they lie, shape (n_rows, width), and the index over them, if there is one."""

    def __init__(self, vectors: Vectors, index: Approximate | None = None) -> None:
        self.vectors, self.index = vectors, index
        self._lengths: Float[Array, " n_rows"] | None = None

    def best(
        self,
        query: Float[Array, " width"],
        rows: Rows,
        n: int,
        *,
        is_all: bool = False,
        centering: Centering | None = None,
    ) -> tuple[Rows, Scores]:
        """Give the n of some rows (in order) with the largest cosine, best and first row first.

        is_all: whether these are all that were not deleted, so that the index may be asked.
        centering: what is taken off both first.
        """
        if self.index is not None and is_all and centering is None:
            named, scores = self._named(self.index, query, rows, n)
            if len(named) >= n:
                return first_of(named, scores, n)
        return first_of(rows, self._scores(query, centering)[rows], n)

    def _named(
        self, index: Approximate, query: Float[Array, " width"], rows: Rows, n: int
    ) -> tuple[Rows, Scores]:
        """Give the rows that the index names, and all that came after it was made, with cosines."""
        named = index.candidates(query, n)
        near = named[rows[np.minimum(np.searchsorted(rows, named), len(rows) - 1)] == named]
        late = rows[np.searchsorted(rows, index.n_covered) :]
        tail, lengths = slice(index.n_covered, None), self.lengths()
        scores = cosines(self.vectors[near], query, lengths=lengths[near])
        after = cosines(self.vectors[tail], query, lengths=lengths[tail])
        both = np.concatenate([scores, after[late - index.n_covered]])
        return np.concatenate([near, late]), both

    def lengths(self) -> Float[Array, " n_rows"]:
        """Give the euclidean length of each row; measured once."""
        if self._lengths is None:
            squares = np.einsum("nd,nd->n", self.vectors, self.vectors)
            self._lengths = np.sqrt(np.asarray(squares))
        return self._lengths

    def _scores(self, query: Float[Array, " width"], centering: Centering | None) -> Scores:
        lengths = self.lengths() if centering is None else None
        found = []
        for start in range(0, len(self.vectors), ROWS_AT_ONCE):
            block = slice(start, start + ROWS_AT_ONCE)
            known = None if lengths is None else lengths[block]
            found.append(cosines(self.vectors[block], query, centering, lengths=known))
        return np.concatenate(found)


def cosines(
    rows: Vectors,
    query: Float[Array, " width"],
    centering: Centering | None = None,
    *,
    lengths: Float[Array, " n"] | None = None,
) -> Scores:
    """Give the cosine of each row to the query; 0 where a vector has no direction.

    lengths: of the rows, where they are known.
    """
    if centering is not None:
        rows, query = rows - centering.mean, query - centering.mean
    known = np.linalg.norm(rows, axis=1) if lengths is None else lengths
    both = np.asarray(known) * np.linalg.norm(query)
    return (rows @ query) / np.where(both > 0, both, 1)


def first_of(rows: Rows, scores: Scores, n: int) -> tuple[Rows, Scores]:
    """Give the n rows with the largest scores, best first; of equals the first row."""
    if 0 < n < len(scores):
        least = np.partition(scores, len(scores) - n)[len(scores) - n]
        rows, scores = rows[scores >= least], scores[scores >= least]
    order = np.lexsort((rows, -scores))[: max(0, n)]
    return rows[order], scores[order]
