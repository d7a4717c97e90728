"""Vectors learned from what stands beside what: skip-gram with negative sampling, and GloVe.

In: sequences of ids, of words, events, chords or codes of sound; the learner never knows which.
Out: `WordVectors` with both tables. The same seed gives the same vectors.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from naepo.config import UserError
from naepo.embed.vectors import WordVectors
from naepo.encode.explain import IdsLike, check_ids

__all__ = ["WordVectors", "glove", "skip_gram"]

Direction = Literal["both", "after"]
"""Which neighbours are contexts: those on both sides, or those that follow alone."""

PAIRS_AT_ONCE = (16, 1024)
"""Fewest and most pairs that an update is made from: the most when they are many."""
UPDATES_A_PASS = 100
"""So many updates at least are wanted of one reading of a small text."""
SHARED_NEGATIVES = 64
"""Words drawn for an update, against which all its pairs are held."""
POSITIONS_AT_ONCE = 1 << 18
"""Positions whose pairs are listed and shuffled together."""
FLATTENED = 0.75
"""Negatives are drawn by count ** 0.75 (Mikolov et al. 2013, section 2.2)."""


class _Stream(NamedTuple):
    """All sequences one after another; `piece` tells at each position which one it is."""

    ids: Int[Tensor, " positions"]
    piece: Int[Tensor, " positions"]


def skip_gram(
    sequences: Iterable[IdsLike],
    vocab_size: int,
    *,
    d: int = 64,
    window: int = 4,
    negatives: int = 5,
    epochs: int = 10,
    learning_rate: float = 0.1,
    subsample: float | None = None,
    direction: Direction = "both",
    words: Sequence[str] | None = None,
    seed: int = 0,
) -> WordVectors:
    """Learn vectors with which a word tells its neighbours from words drawn by chance.

    For a word c and a neighbour o, at most `window` away (the reach is drawn anew for each word):
        maximise  log σ(v_c · u_o) + Σ_{n of `negatives`} log σ(-v_c · u_n)
    Mikolov et al. 2013 (arXiv:1310.4546), sections 2.2 and 2.3. Departs from it in two ways, for
    the sake of speed: 64 negatives are drawn for 1,024 pairs together and weighted as `negatives`
    each (Ji et al. 2016, arXiv:1604.04661), so that the work is a few products of matrices; and
    the rates are AdaGrad's.

    subsample: words with a share of f are kept with probability sqrt(subsample / f); None keeps
    all. For large vocabularies (1e-3): with a few hundred words, next to nothing would be left.
    words: the name of each id; None for the id itself. An id that never occurs gets zeros.

    Raises: UserError for an id outside the vocabulary, nothing to learn from, or a wrong setting.
    """
    _check(d=d, window=window, epochs=epochs, negatives=negatives)
    stream = _flatten(sequences, vocab_size)
    counts = torch.bincount(stream.ids, minlength=vocab_size)
    draw = Generator().manual_seed(seed)
    inner = _Table(vocab_size, d, learning_rate, draw)
    outer = _Table(vocab_size, d, learning_rate, draw)
    chances = counts.double() ** FLATTENED
    for _ in range(epochs):
        kept = stream if subsample is None else _thinned(stream, counts, subsample, draw)
        reach = torch.randint(1, window + 1, (len(kept.ids),), generator=draw)
        for pairs in _pairs(kept, reach, window, direction):
            for batch in _shuffled(len(pairs), draw):
                drawn = torch.multinomial(chances, SHARED_NEGATIVES, True, generator=draw)
                _tell_apart(inner, outer, pairs[batch], drawn, negatives / SHARED_NEGATIVES)
    return _named(words, inner, outer, counts)


def glove(
    sequences: Iterable[IdsLike],
    vocab_size: int,
    *,
    d: int = 64,
    window: int = 4,
    epochs: int = 50,
    learning_rate: float = 0.05,
    x_max: float | int = 100,
    alpha: float = 0.75,
    direction: Direction = "both",
    words: Sequence[str] | None = None,
    seed: int = 0,
) -> WordVectors:
    """Learn vectors whose products are the logarithms of how often words stand together.

        minimise  Σ_ij f(X_ij) (w_i · w̃_j + b_i + b̃_j - log X_ij)²,  f(x) = min(1, x/x_max)^alpha
    X_ij counts j at most `window` from i, each by 1 / distance. Pennington, Socher and Manning
    2014 (EMNLP, doi:10.3115/v1/D14-1162), equations 8 and 9, by AdaGrad as there. The paper's own
    vectors are w + w̃: `.summed()`.

    words: the name of each id; None for the id itself. An id that never occurs gets zeros.

    Raises: UserError for an id outside the vocabulary, nothing to learn from, or a wrong setting.
    """
    _check(d=d, window=window, epochs=epochs)
    stream = _flatten(sequences, vocab_size)
    cells, together = _co_occurrences(stream, vocab_size, window, direction)
    draw = Generator().manual_seed(seed)
    inner, outer, inner_bias, outer_bias = (
        _Table(vocab_size, width, learning_rate, draw) for width in (d, d, 1, 1)
    )
    wanted, weights = together.log(), (together / x_max).clamp_max(1) ** alpha
    for _ in range(epochs):
        for batch in _shuffled(len(cells), draw):
            i, j = cells[batch].unbind(dim=1)
            w, c = inner.rows[i], outer.rows[j]
            bias = (inner_bias.rows[i] + outer_bias.rows[j]).squeeze(1)
            error = ((w * c).sum(dim=1) + bias - wanted[batch]) * weights[batch]
            slope = error[:, None]
            inner.descend(i, slope * c)
            outer.descend(j, slope * w)
            inner_bias.descend(i, slope)
            outer_bias.descend(j, slope)
    return _named(words, inner, outer, torch.bincount(stream.ids, minlength=vocab_size))


class _Table:
    """Rows that learn: each number goes down its slope, less for each step it has made (AdaGrad).

    Duchi, Hazan and Singer 2011 (JMLR 12).
    """

    def __init__(self, n: int, d: int, learning_rate: float, draw: Generator) -> None:
        self.rows = (torch.rand(n, d, generator=draw) - 0.5) / d
        self._squares = torch.full((n, d), 1e-8)
        self._rate = learning_rate

    def descend(self, ids: Int[Tensor, " batch"], slopes: Float[Tensor, "batch d"]) -> None:
        """Move the rows of ids against their slopes; those of one id are added first."""
        n = len(self.rows)
        if n <= 4 * len(ids):  # all rows at once: the others have no slope and do not move
            total = torch.zeros_like(self.rows).index_add_(0, ids, slopes)
            self._squares.addcmul_(total, total)
            self.rows.addcdiv_(total, self._squares.sqrt(), value=-self._rate)
            return
        moved, place = torch.unique(ids, return_inverse=True)
        total = torch.zeros(len(moved), slopes.shape[1]).index_add_(0, place, slopes)
        squares = self._squares[moved].addcmul_(total, total)
        self._squares[moved] = squares
        self.rows[moved] -= self._rate * total / squares.sqrt()


def _shuffled(n: int, draw: Generator) -> Sequence[Int[Tensor, " batch"]]:
    """Give the numbers below n in random order, as many at once as an update is made from."""
    fewest, most = PAIRS_AT_ONCE
    return torch.randperm(n, generator=draw).split(min(most, max(fewest, n // UPDATES_A_PASS)))


def _tell_apart(
    inner: _Table,
    outer: _Table,
    pairs: Int[Tensor, "batch 2"],
    drawn: Int[Tensor, " negatives"],
    weight: float,
) -> None:
    """Make one update: neighbours more alike, drawn words less, each of them by `weight`."""
    words, contexts = pairs.unbind(dim=1)
    v, u, others = inner.rows[words], outer.rows[contexts], outer.rows[drawn]
    pull = (v * u).sum(dim=1, keepdim=True).sigmoid() - 1
    push = (v @ others.T).sigmoid() * weight
    push.masked_fill_(contexts[:, None] == drawn, 0)  # the neighbour itself is no counterexample
    inner.descend(words, pull * u + push @ others)
    outer.descend(torch.cat([contexts, drawn]), torch.cat([pull * v, push.T @ v]))


def _pairs(
    stream: _Stream, reach: Int[Tensor, " positions"], window: int, direction: Direction
) -> Iterator[Int[Tensor, "pairs 2"]]:
    """Give (word, context) for all words and those within their reach, a stretch at a time."""
    for start in range(0, len(stream.ids), POSITIONS_AT_ONCE):
        stretch = slice(start, start + POSITIONS_AT_ONCE + window)
        ids, piece, near = stream.ids[stretch], stream.piece[stretch], reach[stretch]
        found = []
        for k in range(1, window + 1):
            n = min(len(ids) - k, POSITIONS_AT_ONCE)
            if n <= 0:
                break
            here, there = slice(0, n), slice(k, k + n)
            together = piece[here] == piece[there]
            pair = torch.stack([ids[here], ids[there]], dim=1)
            found.append(pair[together & (near[here] >= k)])
            if direction == "both":
                found.append(pair[together & (near[there] >= k)].flip(1))
        if found:
            yield torch.cat(found)


def _co_occurrences(
    stream: _Stream, vocab_size: int, window: int, direction: Direction
) -> tuple[Int[Tensor, "cells 2"], Float[Tensor, " cells"]]:
    """Count which ids stand together, each time by 1 / distance: the cells that are not 0."""
    keys, sums = np.empty(0, dtype=np.int64), np.empty(0)
    for k in range(1, window + 1):
        left, right = stream.ids[:-k], stream.ids[k:]
        together = (stream.piece[:-k] == stream.piece[k:]).numpy()
        key = (left * vocab_size + right).numpy()[together]
        if direction == "both":
            key = np.concatenate([key, (right * vocab_size + left).numpy()[together]])
        new, counts = np.unique(key, return_counts=True)
        keys, place = np.unique(np.concatenate([keys, new]), return_inverse=True)
        sums = np.bincount(place, np.concatenate([sums, counts / k]), len(keys))
    if not len(keys):
        raise UserError("no word has a neighbour: every sequence holds a single one")
    cells = np.stack([keys // vocab_size, keys % vocab_size], axis=1)
    return torch.from_numpy(cells), torch.from_numpy(sums).float()


def _thinned(
    stream: _Stream, counts: Int[Tensor, " vocab"], subsample: float, draw: Generator
) -> _Stream:
    """Leave frequent words out by chance, so that rare ones come nearer to each other."""
    share = counts.double() / counts.sum()
    chance = (subsample / share.clamp_min(1e-12)).sqrt()
    kept = torch.rand(len(stream.ids), generator=draw, dtype=torch.float64) < chance[stream.ids]
    return _Stream(stream.ids[kept], stream.piece[kept])


def _flatten(sequences: Iterable[IdsLike], vocab_size: int) -> _Stream:
    known = [check_ids(sequence, vocab_size) for sequence in sequences]
    n = sum(len(sequence) > 1 for sequence in known)
    if not n:
        raise UserError(
            f"nothing to learn from: {len(known)} sequences, none with two ids",
            hint="give a list of sequences, each a list of ids",
        )
    lengths = torch.tensor([len(sequence) for sequence in known])
    ids = torch.from_numpy(np.concatenate(known))
    return _Stream(ids, torch.arange(len(known)).repeat_interleave(lengths))


def _named(
    words: Sequence[str] | None, inner: _Table, outer: _Table, counts: Int[Tensor, " vocab"]
) -> WordVectors:
    names = tuple(words) if words is not None else tuple(map(str, range(len(counts))))
    occurs = (counts > 0)[:, None]
    return WordVectors(names, (inner.rows * occurs).numpy(), (outer.rows * occurs).numpy())


def _check(**settings: int) -> None:
    for name, value in settings.items():
        if value < 1:
            raise UserError(f"{name} must be at least 1, got {value}")
