"""Two rankings into one: reciprocal rank fusion."""

from collections.abc import Hashable, Sequence
from typing import TypeVar

Thing = TypeVar("Thing", bound=Hashable)
SMOOTHING = 60
"""How little the first places count more than the next; the paper's own."""


def fuse(*rankings: Sequence[Thing], smoothing: int = SMOOTHING) -> list[tuple[Thing, float]]:
    """Give everything that is in a ranking, best first, with its score; of equals the earlier.

        score(thing) = sum over the rankings that have it of 1 / (smoothing + place)

    Cormack, Clarke and Buettcher 2009 (SIGIR). Only places count: the scores that made the
    rankings need not be of one scale.

    >>> fuse(["a", "b"], ["b", "c"], smoothing=0)
    [('b', 1.5), ('a', 1.0), ('c', 0.5)]
    """
    scores: dict[Thing, float] = {}
    for ranking in rankings:
        for place, thing in enumerate(ranking, 1):
            scores[thing] = scores.get(thing, 0.0) + 1 / (smoothing + place)
    return sorted(scores.items(), key=lambda pair: -pair[1])
