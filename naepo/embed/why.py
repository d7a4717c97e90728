"""Why two sentences are alike: their cosine, taken apart into pairs of words, exactly.

Both vectors are sums over tokens, so their product is a sum over pairs of tokens,

    s(a, b) = sum over i, j of a_i · b_j

and nothing is left over. Tokens are added up to words first, which changes no sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from naepo.embed.sentences import Part

Array = np.ndarray


@runtime_checkable
class Parted(Protocol):
    """What knows what each token adds to the vector of a text."""

    def parts(self, text: str) -> list[Part]:
        """Give what each token adds: together they are the vector, of length 1."""
        ...


@dataclass(frozen=True)
class Pair:
    """A word of each sentence. share: what both together add to the cosine, below 0 too."""

    ours: str
    theirs: str
    share: float


@dataclass(frozen=True, eq=False)
class Why:
    """The cosine of two sentences as a table: a row for each word of the one.

    shares: `shares.sum()` is the cosine.
    """

    ours: list[str]
    theirs: list[str]
    shares: Float[Array, "ours theirs"]

    @property
    def score(self) -> float:
        """The cosine."""
        return float(self.shares.sum())

    def top(self, n: int = 5) -> list[Pair]:
        """Give the pairs that say most, for or against, the largest first."""
        order = np.argsort(-np.abs(self.shares), axis=None, kind="stable")[:n]
        places = [np.unravel_index(int(place), self.shares.shape) for place in order]
        return [Pair(self.ours[i], self.theirs[j], float(self.shares[i, j])) for i, j in places]


def why(model: Parted, ours: str, theirs: str) -> Why:
    """Take the cosine of two sentences apart."""
    our_words, our_rows = words_of(model.parts(ours))
    their_words, their_rows = words_of(model.parts(theirs))
    if not our_words or not their_words:
        return Why(our_words, their_words, np.zeros((len(our_words), len(their_words))))
    return Why(our_words, their_words, our_rows @ their_rows.T)


def words_of(parts: Sequence[Part]) -> tuple[list[str], Float[Array, "words width"]]:
    """Add up the tokens of each word: a word begins after white space, or with it."""
    contents: list[bytes] = []
    rows: list[Float[Array, " width"]] = []
    for part in parts:
        if not contents or _is_over(contents[-1], part.content):
            contents.append(part.content)
            rows.append(part.vector)
        else:
            contents[-1] += part.content
            rows[-1] = rows[-1] + part.vector
    words = [content.decode("utf-8", "replace").strip() for content in contents]
    return words, np.stack(rows) if rows else np.zeros((0, 0))


def _is_over(word: bytes, more: bytes) -> bool:
    return bool(word.strip()) and (word[-1:].isspace() or more[:1].isspace())
