"""Search of a store by meaning, by letters, or by both at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from naepo.embed.entries import Entry
from naepo.embed.filters import Condition
from naepo.embed.fusion import fuse
from naepo.embed.pooling import Vectors


@runtime_checkable
class TextModel(Protocol):
    """What turns texts into vectors of length 1; a text that says nothing to it gives zeros."""

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Give one vector for each text, float32, shape (n, d)."""
        ...


@runtime_checkable
class Searched(Protocol):
    """What can be searched: a `Store`, or a `LanceStore`. Both give ids, the best one first."""

    def nearest(
        self, query: Float[np.ndarray, " d"], n: int = 10, *, conditions: Sequence[Condition] = ()
    ) -> list[tuple[int, float]]:
        """Give the n ids whose vectors have the largest cosine to a query, and the cosines."""
        ...

    def ranked_by_letters(
        self, text: str, n: int = 10, *, conditions: Sequence[Condition] = ()
    ) -> list[tuple[int, float]]:
        """Give the n ids whose letters fit a text best, and what they are worth."""
        ...

    def read(self, ids: Sequence[int]) -> dict[int, Entry]:
        """Give the entries of ids, without those that are gone."""
        ...


By = Literal["meaning", "letters", "both"]
DEPTH = 100
"""How deep both rankings are read before they are made one."""


@dataclass(frozen=True)
class Found:
    """Something that was found. cosine, letters: what each search gave it; None where it did not.

    score: what it was ranked by.
    """

    id: int
    entry: Entry
    score: float
    cosine: float | None = None
    letters: float | None = None


def search(
    store: Searched,
    words: str,
    n: int = 10,
    *,
    model: TextModel | None = None,
    by: By = "both",
    conditions: Sequence[Condition] = (),
) -> list[Found]:
    """Give the n entries that fit some words best, best first.

    model: what made the vectors of the space that the store is seen through; without one, letters
    alone decide.  by: of both, places count and not scores (`fusion.py`).
    """
    depth = max(n, DEPTH) if by == "both" else n
    by_meaning = (
        {} if model is None or by == "letters" else _meaning(store, words, depth, model, conditions)
    )
    by_letters = {}
    if by != "meaning" or model is None:
        by_letters = dict(store.ranked_by_letters(words, depth, conditions=conditions))
    fused = fuse(*(list(ranking) for ranking in (by_letters, by_meaning) if ranking))[:n]
    entries = store.read([id for id, _ in fused])
    return [
        Found(id, entries[id], score, by_meaning.get(id), by_letters.get(id))
        for id, score in fused
        if id in entries
    ]


def _meaning(
    store: Searched, words: str, n: int, model: TextModel, conditions: Sequence[Condition]
) -> dict[int, float]:
    vector = model.vectors([words])[0]
    if not vector.any():  # not one sign that the model knows
        return {}
    return dict(store.nearest(vector, n, conditions=conditions))
