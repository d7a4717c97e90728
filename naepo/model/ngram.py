"""Counting: an interpolated Witten-Bell n-gram over ids, the floor that a network has to beat.

In: ids. Out: nats for each id, or whole next-id distributions. It knows numpy and no tensors; it
counts a million ids in a second, and exactly.

The recursion, with `h` the last `o` ids, `c(h, x)` how often `x` followed `h`, `N(h)` how often
anything did and `T(h)` how many different ids did (Witten & Bell 1991, method C, interpolated):

    p(x) = 1 / vocab_size, then for o = 0 .. order:  p(x) <- (c(h, x) + T(h) p(x)) / (N(h) + T(h))

and it stops at the first `h` that was never followed by anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Float64, Integer
from numpy.typing import NDArray

from naepo.model.counts import Level, count_levels

Array = np.ndarray


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
    n_folds: int = 0

    @classmethod
    def count(
        cls,
        ids: Integer[Array, " n"],
        vocab_size: int,
        order: int,
        folds: int | Integer[Array, " n"] = 0,
    ) -> "WittenBell":
        """Count every run of up to `order + 1` ids. Ids lie in [0, vocab_size).

        folds: cut the ids into so many equal stretches, or name the fold of each id; 0 cuts none.
        A run belongs to the fold of its last id, and `log_probs` can leave one fold's counts out.
        """
        _check(ids, vocab_size, lowest=0)
        if isinstance(folds, int):
            folds = even_folds(len(ids), folds)
        _check(folds, len(ids) + 1, lowest=0)
        n_folds = int(folds.max()) + 1 if len(folds) else 0
        fold_of = folds.astype(np.int64) if n_folds else None
        levels = count_levels(ids.astype(np.int64), vocab_size, order + 1, fold_of)
        return cls(vocab_size, order, levels, n_folds)

    def nats(self, ids: Integer[Array, " n"], order: int | None = None) -> Float64[Array, " n"]:
        """Give -ln p of each id after the ids before it in this same sequence.

        order: look back at most this far; none is as far as was counted.
        """
        _check(ids, self.vocab_size, lowest=0)
        ids = ids.astype(np.int64)
        probs = np.full(len(ids), 1 / self.vocab_size)
        contexts = np.zeros(len(ids), dtype=np.int64)
        for length, level in enumerate(self.levels[: None if order is None else order + 1]):
            places = level.find(contexts, ids[length:])
            totals, types = level.totals[contexts], level.types[contexts]
            lower = probs[length:]
            mixed = (level.seen[places] + types * lower) / np.maximum(totals + types, 1)
            probs[length:] = np.where(totals > 0, mixed, lower)
            contexts = places[:-1]
        return -np.log(probs)

    def log_probs(
        self,
        contexts: Integer[Array, "n order"],
        leave_out: Integer[Array, " n"] | None = None,
    ) -> Float32[Array, "n vocab"]:
        """Give ln p of every id after each context, oldest id first.

        Where there is less to look back at (the start of a text), the columns on the left are -1:
        nothing at or before a -1 is looked at.

        leave_out: for each context, the fold whose counts are not used; -1 uses all. With the fold
        that a training position lies in, the model has not seen the id it is asked for.
        """
        if contexts.shape[1] != self.order:
            raise ValueError(f"contexts must hold {self.order} ids, got {contexts.shape[1]}")
        _check(contexts, self.vocab_size, lowest=-1)
        if leave_out is not None:
            _check(leave_out, self.n_folds, lowest=-1)
            leave_out = leave_out.astype(np.int64)
        # p is a sum over orders: what a context adds, times what the longer ones leave to it.
        weight = np.ones(len(contexts))
        added = []
        nodes = self._nodes(contexts.astype(np.int64))
        for level, node in zip(self.levels[:0:-1], nodes[:0:-1], strict=True):
            rows, next_ids, counts, totals, types = level.followers(node, leave_out)
            scale = weight / np.maximum(totals + types, 1)
            added.append((rows * self.vocab_size + next_ids, counts * scale[rows]))
            weight = np.where(totals > 0, types * scale, weight)
        unigrams = self._unigrams[-1] if leave_out is None else self._unigrams[leave_out]
        probs = (weight[:, None] * unigrams).astype(np.float32)
        flat = probs.reshape(-1)
        for cells, amounts in reversed(added):
            flat[cells] += amounts.astype(np.float32)
        return np.log(probs, out=probs)

    def to_arrays(self) -> dict[str, NDArray[np.int32]]:
        """Give what was counted as plain arrays, for a file; folds are not among them."""
        arrays = {"vocab_size": np.array([self.vocab_size], dtype=np.int32)}
        for length, level in enumerate(self.levels):
            arrays[f"{length}.next_ids"] = level.next_ids
            arrays[f"{length}.counts"] = level.counts
            arrays[f"{length}.n_next"] = level.n_next
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.int32]]) -> "WittenBell":
        """Rebuild what `to_arrays` gave.

        Raises: KeyError or ValueError when the arrays are not such ones.
        """
        vocab_size = int(arrays["vocab_size"].item())
        n_levels = sum(name.endswith(".counts") for name in arrays)
        levels = [
            Level(
                vocab_size,
                next_ids=arrays[f"{length}.next_ids"],
                counts=arrays[f"{length}.counts"],
                n_next=arrays[f"{length}.n_next"],
            )
            for length in range(n_levels)
        ]
        n_contexts = 1
        for level in levels:
            level.check(n_contexts)
            n_contexts = len(level.counts)
        return cls(vocab_size, n_levels - 1, tuple(levels))

    @cached_property
    def _unigrams(self) -> NDArray[np.float64]:
        """p of every id with nothing to look back at: without each fold, and last with all."""
        level = self.levels[0]
        folds = np.append(np.arange(self.n_folds), -1)
        found = level.followers(np.zeros(len(folds), dtype=np.int64), folds)
        counts = np.zeros((len(folds), self.vocab_size))
        counts[found.rows, found.next_ids] = found.counts
        types, totals = found.types[:, None], found.totals[:, None]
        even = np.where(totals > 0, types, 1) / self.vocab_size
        return (counts + even) / np.maximum(totals + types, 1)

    def _nodes(self, contexts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Name each context at each order, shape (order + 1, n): a place in the level below."""
        recent_first = contexts.T[::-1]
        nodes = np.zeros((self.order + 1, len(contexts)), dtype=np.int64)
        for length, level in enumerate(self.levels[:-1]):
            # The context of o ids is read oldest first: its id number `length` is o - length back.
            ids = recent_first[: self.order - length]
            nodes[length + 1 :] = level.find(nodes[length + 1 :], ids)
        return nodes


def even_folds(n: int, n_folds: int) -> NDArray[np.int64]:
    """Give the fold of each of n ids cut into equal stretches; empty for no folds.

    >>> even_folds(5, 2)
    array([0, 0, 0, 1, 1])
    """
    return np.arange(n if n_folds else 0) * n_folds // max(1, n)


def _check(ids: NDArray[np.integer], vocab_size: int, lowest: int) -> None:
    if ids.size and (ids.min() < lowest or ids.max() >= vocab_size):
        raise ValueError(
            f"ids must lie in [{lowest}, {vocab_size}), got {ids.min()} to {ids.max()}"
        )
