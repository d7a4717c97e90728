"""Counting: an interpolated Witten-Bell n-gram over ids, the floor that a network has to beat.

In: ids. Out: nats for each id, or whole next-id distributions. Its sums are numpy; it trains in a
second and it is exact.

The recursion, with `h` the last `o` ids, `c(h, x)` how often `x` followed `h`, `N(h)` how often
anything did and `T(h)` how many different ids did (Witten & Bell 1991, method C, interpolated):

    p(x) = 1 / vocab_size, then for o = 0 .. order:  p(x) <- (c(h, x) + T(h) p(x)) / (N(h) + T(h))

and it stops at the first `h` that was never followed by anything.

How it is kept: level `o` holds every distinct run of `o + 1` ids, sorted, as pairs (context, next
id). A context of `o` ids is itself a run of level `o - 1`, so the place of a run in its level is
the name of that run as a context in the level above: one search a level, no hashing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Float64, Integer
from numpy.typing import NDArray

Array = np.ndarray


@dataclass(frozen=True)
class Level:
    """The runs of one length: sorted by context, then by next id.

    next_ids: last id of each run.  counts: how often the run was seen.
    n_next: for each context (a run of the level below), how many different ids followed it.
    """

    vocab_size: int
    next_ids: NDArray[np.int32]
    counts: NDArray[np.int32]
    n_next: NDArray[np.int32]

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """Where the runs of each context begin, shape (n_contexts + 1,)."""
        return np.concatenate([[0], np.cumsum(self.n_next, dtype=np.int64)])

    @cached_property
    def keys(self) -> NDArray[np.int64]:
        """One sorted number a run: context * vocab_size + next id."""
        contexts = np.repeat(np.arange(len(self.n_next), dtype=np.int64), self.n_next)
        return contexts * self.vocab_size + self.next_ids

    @cached_property
    def types(self) -> NDArray[np.float64]:
        """T(h) of each context, and a last 0 so that index -1 means "never seen"."""
        return np.append(self.n_next, 0).astype(np.float64)

    @cached_property
    def totals(self) -> NDArray[np.float64]:
        """N(h) of each context, and a last 0 so that index -1 means "never seen"."""
        sums = np.concatenate([[0], np.cumsum(self.counts, dtype=np.int64)])
        return np.append(np.diff(sums[self.first]), 0).astype(np.float64)

    @cached_property
    def seen(self) -> NDArray[np.float64]:
        """c(h, x) of each run, and a last 0 so that index -1 means "never seen"."""
        return np.append(self.counts, 0).astype(np.float64)

    def find(self, contexts: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the place of each run (context, id), or -1; a context or id of -1 is never found."""
        if not len(self.keys):
            return np.full(contexts.shape, -1, dtype=np.int64)
        wanted = np.where(ids < 0, -1, contexts * self.vocab_size + ids)
        place = np.searchsorted(self.keys, wanted)
        place[place == len(self.keys)] = 0
        return np.where(self.keys[place] == wanted, place, -1)


@dataclass(frozen=True)
class WittenBell:
    """An n-gram model that looks back at most `order` ids.

    >>> model = WittenBell.count(np.array([0, 1, 0, 1, 0]), vocab_size=2, order=1)
    >>> np.exp(model.log_probs(np.array([[0]]))).round(3)  # after 0 came 1, twice of twice
    array([[0.19, 0.81]], dtype=float32)
    """

    vocab_size: int
    order: int
    levels: tuple[Level, ...]

    @classmethod
    def count(cls, ids: Integer[Array, " n"], vocab_size: int, order: int) -> "WittenBell":
        """Count every run of up to `order + 1` ids. Ids lie in [0, vocab_size)."""
        _check_ids(ids, vocab_size, lowest=0)
        ids = ids.astype(np.int64)
        contexts, n_contexts = np.zeros(len(ids), dtype=np.int64), 1
        levels = []
        for length in range(order + 1):
            keys = contexts * vocab_size + ids[length:]
            keys, places, counts = _distinct(keys, n_contexts * vocab_size)
            owners, next_ids = np.divmod(keys, vocab_size)
            n_next = np.bincount(owners, minlength=n_contexts).astype(np.int32)
            levels.append(
                Level(vocab_size, next_ids.astype(np.int32), counts.astype(np.int32), n_next)
            )
            contexts, n_contexts = places[:-1], len(keys)
        return cls(vocab_size, order, tuple(levels))

    def nats(self, ids: Integer[Array, " n"], order: int | None = None) -> Float64[Array, " n"]:
        """Give -ln p of each id after the ids before it in this same sequence.

        order: look back at most this far; none is as far as was counted.
        """
        _check_ids(ids, self.vocab_size, lowest=0)
        ids = ids.astype(np.int64)
        probs = np.full(len(ids), 1 / self.vocab_size)
        contexts = np.zeros(len(ids), dtype=np.int64)
        for length, level in enumerate(self.levels[: None if order is None else order + 1]):
            places = level.find(contexts, ids[length:])
            totals, types = level.totals[contexts], level.types[contexts]
            counts = level.seen[places]
            lower = probs[length:]
            mixed = (counts + types * lower) / np.maximum(totals + types, 1)
            probs[length:] = np.where(totals > 0, mixed, lower)
            contexts = places[:-1]
        return -np.log(probs)

    def log_probs(self, contexts: Integer[Array, "n order"]) -> Float32[Array, "n vocab"]:
        """Give ln p of every id after each context, oldest id first.

        Where there is less to look back at (the start of a text), the columns on the left are -1:
        nothing at or before a -1 is looked at.
        """
        if contexts.shape[1] != self.order:
            raise ValueError(f"contexts must hold {self.order} ids, got {contexts.shape[1]}")
        _check_ids(contexts, self.vocab_size, lowest=-1)
        weight = np.ones(len(contexts))
        added = []
        nodes = self._nodes(contexts.astype(np.int64))
        for level, node in zip(self.levels[:0:-1], nodes[:0:-1], strict=True):
            totals, types = level.totals[node], level.types[node]
            scale = weight / np.maximum(totals + types, 1)
            added.append(_spread(level, node, scale))
            weight = np.where(totals > 0, types * scale, weight)
        probs = np.outer(weight, self._unigram).astype(np.float32)
        flat = probs.reshape(-1)
        for cells, amounts in reversed(added):
            flat[cells] += amounts
        return np.log(probs, out=probs)

    def to_arrays(self) -> dict[str, NDArray[np.int32]]:
        """Give all that was counted as plain arrays, for a file; `from_arrays` reads them back."""
        arrays = {"vocab_size": np.array([self.vocab_size], dtype=np.int32)}
        for length, level in enumerate(self.levels):
            arrays[f"{length}.next_ids"] = level.next_ids
            arrays[f"{length}.counts"] = level.counts
            arrays[f"{length}.n_next"] = level.n_next
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.int32]]) -> "WittenBell":
        """Rebuild what `to_arrays` gave."""
        vocab_size = int(arrays["vocab_size"][0])
        n_levels = sum(name.endswith(".counts") for name in arrays)
        parts = ("next_ids", "counts", "n_next")
        levels = [
            Level(vocab_size, *(arrays[f"{length}.{part}"] for part in parts))
            for length in range(n_levels)
        ]
        return cls(vocab_size, n_levels - 1, tuple(levels))

    @cached_property
    def _unigram(self) -> NDArray[np.float64]:
        """p of every id where there is nothing to look back at, shape (vocab_size,)."""
        level = self.levels[0]
        counts = np.zeros(self.vocab_size)
        counts[level.next_ids] = level.counts
        types, total = level.types[0], max(level.totals[0] + level.types[0], 1)
        return (counts + (types or 1) / self.vocab_size) / total

    def _nodes(self, contexts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Name each context at each order, shape (order + 1, n): a place in the level below."""
        recent_first = contexts.T[::-1]
        nodes = np.zeros((self.order + 1, len(contexts)), dtype=np.int64)
        for length, level in enumerate(self.levels[:-1]):
            # The context of o ids is read oldest first: its id number `length` is o - length back.
            ids = recent_first[: self.order - length]
            nodes[length + 1 :] = level.find(nodes[length + 1 :], ids)
        return nodes


def _distinct(
    keys: NDArray[np.int64], n_possible: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give the distinct keys in order, the place of each key among them, and how often each is.

    np.unique does the same, slower: keys that are few are counted in a table.
    """
    if n_possible <= 2 * len(keys):
        table = np.bincount(keys, minlength=n_possible)
        found = np.flatnonzero(table)
        place_of = np.zeros(n_possible, dtype=np.int64)
        place_of[found] = np.arange(len(found))
        return found, place_of[keys], table[found]
    order = np.argsort(keys)
    ranked = keys[order]
    is_new = np.append(True, ranked[1:] != ranked[:-1])[: len(keys)]
    places = np.empty(len(keys), dtype=np.int64)
    places[order] = np.cumsum(is_new) - 1
    starts = np.flatnonzero(is_new)
    return ranked[starts], places, np.diff(np.append(starts, len(keys)))


def _spread(
    level: Level, nodes: NDArray[np.int64], scale: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Give the cells (row * vocab_size + id) that each context's counts fall in, and how much."""
    rows = np.flatnonzero(nodes >= 0)
    nodes = nodes[rows]
    n_each = level.n_next[nodes]
    begins = level.first[nodes] - (np.cumsum(n_each) - n_each)
    runs = np.arange(n_each.sum()) + np.repeat(begins, n_each)
    cells = np.repeat(rows * level.vocab_size, n_each) + level.next_ids[runs]
    return cells, (level.counts[runs] * np.repeat(scale[rows], n_each)).astype(np.float32)


def _check_ids(ids: NDArray[np.integer], vocab_size: int, lowest: int) -> None:
    if ids.size and (ids.min() < lowest or ids.max() >= vocab_size):
        raise ValueError(
            f"ids must lie in [{lowest}, {vocab_size}), got {ids.min()} to {ids.max()}"
        )
