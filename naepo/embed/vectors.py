"""Words and their vectors: which are near, which completes a proportion.

A word is whatever a vector belongs to: a word of a text, a chord, an event, the name of a piece.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32

from naepo.config import UserError, did_you_mean

MOST_SHOWN = 50_000
"""Words among which a mistyped one is looked for."""


@dataclass(frozen=True, eq=False)
class WordVectors:
    """A vector for each word, and, where it was trained here, the vector it has as a context.

    vectors[i] belongs to words[i].  contexts: the second table of skip-gram and GloVe, what a word
    is when it stands beside another one ("out"); None when only one table is known.

    Raises: UserError when there are no words, a word stands twice, or a table does not fit.
    """

    words: tuple[str, ...]
    vectors: Float32[np.ndarray, "n d"]
    contexts: Float32[np.ndarray, "n d"] | None = None

    def __post_init__(self) -> None:
        if not self.words or not self.vectors.shape[1]:
            raise UserError(
                f"no vectors: {len(self.words)} words of {self.vectors.shape[1]} numbers"
            )
        for table in (self.vectors, self.contexts):
            if table is not None and len(table) != len(self.words):
                raise UserError(f"{len(self.words):,} words have {len(table):,} vectors")
        if len(self.index) != len(self.words):
            twice = next(word for i, word in enumerate(self.words) if self.index[word] != i)
            raise UserError(f"the word `{twice}` stands twice")

    @cached_property
    def index(self) -> dict[str, int]:
        """Give the row of each word."""
        return {word: row for row, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self.index

    def __getitem__(self, word: str) -> Float32[np.ndarray, " d"]:
        """Give the vector of a word. Raises: UserError for a word that has none."""
        if word not in self.index:
            choices = self.words[:MOST_SHOWN] if len(self) > 20 else self.words
            raise UserError(f"no vector for `{word}`", hint=did_you_mean(word, choices)[:200])
        return self.vectors[self.index[word]]

    def similarity(self, word: str, other: str) -> float:
        """Give the cosine of two words' vectors, -1 to 1; 0 with a vector of zeros."""
        one, two = _direction(self[word]), _direction(self[other])
        return float(one @ two)

    def nearest(self, word: str, k: int = 10) -> list[tuple[str, float]]:
        """Give the k other words with the largest cosine, largest first, each with its cosine."""
        return self._closest(self[word], k, {word})

    def analogy(self, a: str, b: str, c: str, k: int = 5) -> list[tuple[str, float]]:
        """Give the words that are to `c` what `b` is to `a`, best first, each with its cosine.

        The nearest to b - a + c, each of length 1; a, b and c themselves are no answers.
        Mikolov, Yih and Zweig 2013 (NAACL, "Linguistic regularities"), section 4.

        >>> square = np.array([[0, 1], [1, 1], [0, 2], [1, 2], [-3, 1]], dtype=np.float32)
        >>> words = WordVectors(("man", "woman", "king", "queen", "stone"), square)
        >>> words.analogy("man", "woman", "king")[0][0]
        'queen'
        """
        target = _direction(self[b]) - _direction(self[a]) + _direction(self[c])
        return self._closest(target, k, {a, b, c})

    def summed(self) -> "WordVectors":
        """Give vector + context as the vector of each word (Pennington et al. 2014, section 4.2).

        Raises: UserError when no contexts are known.
        """
        if self.contexts is None:
            raise UserError("these vectors have no contexts to be summed with")
        return WordVectors(self.words, self.vectors + self.contexts)

    def _closest(
        self, target: Float32[np.ndarray, " d"], k: int, without: Collection[str]
    ) -> list[tuple[str, float]]:
        cosines = self._directions @ _direction(target)
        cosines[[self.index[word] for word in without]] = -np.inf
        k = min(k, len(self) - len(without))
        order = np.argsort(-cosines, kind="stable")[: max(k, 0)]
        return [(self.words[row], float(cosines[row])) for row in order]

    @cached_property
    def _directions(self) -> Float32[np.ndarray, "n d"]:
        lengths = np.linalg.norm(self.vectors, axis=1, keepdims=True)
        return self.vectors / np.where(lengths > 0, lengths, 1)


def _direction(vector: Float32[np.ndarray, " d"]) -> Float32[np.ndarray, " d"]:
    return vector / (np.linalg.norm(vector) or np.float32(1))
