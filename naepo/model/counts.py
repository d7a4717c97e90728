"""The table under counting: every distinct run of ids of one length, and what followed what.

In: ids. Out: counts, found by binary search over sorted numbers; no hashing, no loop over ids.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Followers(NamedTuple):
    """What followed each of `n` contexts: one entry for each context and id that was seen after it.

    rows: which context (0 .. n - 1) an entry belongs to.  next_ids, counts: what followed, and how
    often.  totals, types: N(h) and T(h) of each of the n contexts.
    """

    rows: NDArray[np.int64]
    next_ids: NDArray[np.int32]
    counts: NDArray[np.float64]
    totals: NDArray[np.float64]
    types: NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """The runs of one length: sorted by context, then by next id.

    next_ids: last id of each run.  counts: how often the run was seen.
    n_next: for each context (a run of the level below), how many different ids followed it.
    fold_keys, fold_counts: the same counts by fold, as sorted numbers fold * n_runs + place of the
    run; empty where nothing was counted by fold.
    """

    vocab_size: int
    next_ids: NDArray[np.int32]
    counts: NDArray[np.int32]
    n_next: NDArray[np.int32]
    fold_keys: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    fold_counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

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

    def check(self, n_contexts: int) -> None:
        """Raise a ValueError when this is not the table of runs after so many contexts."""
        n_runs = len(self.counts)
        is_whole = len(self.n_next) == n_contexts and len(self.next_ids) == n_runs
        if not is_whole or (self.n_next < 0).any() or self.n_next.sum(dtype=np.int64) != n_runs:
            raise ValueError("its tables are of different lengths")
        if (self.next_ids < 0).any() or (self.next_ids >= self.vocab_size).any():
            raise ValueError(f"its ids are not all in [0, {self.vocab_size})")
        if (self.counts < 1).any() or (np.diff(self.keys) <= 0).any():
            raise ValueError("its runs are not counted, or not in order")

    def find(self, contexts: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the place of each run (context, id), or -1; a context or id of -1 is never found."""
        if not len(self.keys):
            return np.full(contexts.shape, -1, dtype=np.int64)
        wanted = np.where(ids < 0, -1, contexts * self.vocab_size + ids)
        place = np.searchsorted(self.keys, wanted)
        place[place == len(self.keys)] = 0
        return np.where(self.keys[place] == wanted, place, -1)

    def followers(
        self, contexts: NDArray[np.int64], leave_out: NDArray[np.int64] | None = None
    ) -> Followers:
        """Give what followed each context; nothing for a context of -1.

        leave_out: for each context, the fold whose counts are taken off; -1 takes off none.
        """
        rows = np.flatnonzero(contexts >= 0)
        held = contexts[rows]
        n_each = self.n_next[held]
        shift = self.first[held] - (np.cumsum(n_each) - n_each)
        places = np.arange(n_each.sum()) + np.repeat(shift, n_each)
        counts = self.counts[places].astype(np.float64)
        owners, next_ids = np.repeat(rows, n_each), self.next_ids[places]
        if leave_out is None:
            totals, types = self.totals[contexts], self.types[contexts]
            return Followers(owners, next_ids, counts, totals, types)
        base = leave_out[rows] * len(self.counts)
        begin = np.searchsorted(self.fold_keys, base + self.first[held])
        n_off = np.searchsorted(self.fold_keys, base + self.first[held + 1]) - begin
        taken = np.arange(n_off.sum()) + np.repeat(begin - (np.cumsum(n_off) - n_off), n_off)
        counts[self.fold_keys[taken] - np.repeat(base + shift, n_off)] -= self.fold_counts[taken]
        totals = np.bincount(owners, counts, len(contexts)).astype(np.float64)
        types = np.bincount(owners[counts > 0], minlength=len(contexts)).astype(np.float64)
        return Followers(owners, next_ids, counts, totals, types)


def count_levels(
    ids: NDArray[np.int64], vocab_size: int, n_levels: int, folds: NDArray[np.int64] | None
) -> tuple[Level, ...]:
    """Count the runs of 1 .. n_levels ids.

    The place of a run in its level is its name as a context in the level above, so that a level
    needs only pairs (context, next id).
    """
    contexts, n_contexts = np.zeros(len(ids), dtype=np.int64), 1
    levels = []
    for length in range(n_levels):
        keys = contexts * vocab_size + ids[length:]
        keys, places, counts = distinct(keys, n_contexts * vocab_size)
        owners, next_ids = np.divmod(keys, vocab_size)
        n_next = np.bincount(owners, minlength=n_contexts).astype(np.int32)
        table = (vocab_size, next_ids.astype(np.int32), counts.astype(np.int32), n_next)
        if folds is None:
            levels.append(Level(*table))
        else:
            by_fold = folds[length:] * len(keys) + places
            levels.append(Level(*table, *np.unique(by_fold, return_counts=True)))
        contexts, n_contexts = places[:-1], len(keys)
    return tuple(levels)


def distinct(
    keys: NDArray[np.int64], n_possible: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give the distinct keys in order, the place of each key among them, and how often each is.

    Keys lie in [0, n_possible). np.unique does the same, slower: few possible keys are counted in
    a table.

    >>> distinct(np.array([5, 2, 5]), n_possible=6)
    (array([2, 5]), array([1, 0, 1]), array([1, 2]))
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
