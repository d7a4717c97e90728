"""An approximate index over many vectors: a cache beside them, checked, and made again at will.

Malkov and Yashunin 2018 (arXiv:1603.09320), by usearch, in float16. What it names is scored again
with the exact vectors. It counts only while it finds 99 % of the true ten nearest of a sample.

    index-1.usearch     the graph
    index-1.json        what it was made of, its sha256, and the recall that was measured
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from naepo.embed.pooling import Vectors

Array = np.ndarray
MANY = 50_000
"""Rows from which on an index is made; below, the exact search takes milliseconds."""
LEAST_RECALL = 0.99
SAMPLE = 100
"""Rows by which the recall is measured."""
NEAREST = 10
"""Neighbours of each that must be found."""
EXPANSIONS = (64, 128, 256, 512)
"""How far a search looks around in the graph: the first that is good enough is kept."""


class Approximate:
    """An index over the first `n_covered` rows of a table; later rows are all looked at."""

    def __init__(self, index: Any, n_covered: int, recall: float) -> None:
        self.index, self.n_covered, self.recall = index, n_covered, recall

    def candidates(self, query: Float[Array, " width"], n: int) -> Int[Array, " some"]:
        """Give covered rows, in order, among which the n nearest are, all but surely."""
        return np.sort(self.index.search(query, 4 * n + 16).keys.astype(np.int64))


def open_index(path: Path, n_rows: int, width: int) -> Approximate | None:
    """Open what `update` wrote; None where there is none, or it does not fit, or is damaged."""
    try:
        about = json.loads(path.with_suffix(".json").read_text())
        fits = about["width"] == width and about["n_covered"] <= n_rows
        if not fits or about["sha256"] != _sha256(path):
            return None
        index = _empty(width, about["expansion"])
        index.view(str(path))
        return Approximate(index, about["n_covered"], about["recall"])
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError):
        return None


def update(
    path: Path, vectors: Vectors, rows: Int[Array, " live"]
) -> tuple[str | None, Approximate | None]:
    """Make or extend the index of a table so that it covers all rows, and measure it.

    rows: those that were not deleted. Gives one line for a person, and the index, or None where
    there are too few rows, usearch is missing, or the recall is too low: the search is then exact.
    """
    if len(rows) < MANY:
        return None, None
    try:
        index, n_covered = _begun(path, vectors)
    except ImportError:
        return (
            f'{len(rows):,} vectors are searched exactly; for an index: pip install "naepo[embed]"',
            None,
        )
    fresh = rows[rows >= n_covered]
    index.add(fresh.astype(np.uint64), np.asarray(vectors[fresh]))
    recall, expansion = _measured(index, vectors, rows)
    if recall < LEAST_RECALL:
        path.with_suffix(".json").unlink(missing_ok=True)
        return f"an index finds {recall:.1%} of the nearest, too few: the search is exact", None
    _save(
        path,
        index,
        {
            "width": vectors.shape[1],
            "n_covered": len(vectors),
            "recall": recall,
            "expansion": expansion,
        },
    )
    found = Approximate(index, len(vectors), recall)
    return f"index of {len(rows):,} vectors: recall {recall:.1%} of {NEAREST}", found


def _begun(path: Path, vectors: Vectors) -> tuple[Any, int]:
    """Load the index that there is, to add to it, or begin one."""
    before = open_index(path, *vectors.shape)
    index = _empty(vectors.shape[1], EXPANSIONS[0])
    if before is None:
        return index, 0
    index.load(str(path))
    return index, before.n_covered


def _empty(width: int, expansion: int) -> Any:
    from usearch.index import Index

    return Index(ndim=width, metric="cos", dtype="f16", expansion_search=expansion)


def _measured(index: Any, vectors: Vectors, rows: Int[Array, " live"]) -> tuple[float, int]:
    """Give the recall on a sample, and the smallest expansion that is good enough."""
    drawn = np.random.default_rng(0).choice(rows, min(SAMPLE, len(rows)), replace=False)
    truth = _truly_nearest(vectors, rows, drawn)
    recall = 0.0
    for expansion in EXPANSIONS:
        index.expansion_search = expansion
        found = [
            set(index.search(np.asarray(vectors[row]), 4 * NEAREST + 16).keys.tolist())
            for row in drawn
        ]
        shares = [len(near & named) / len(near) for near, named in zip(truth, found, strict=True)]
        recall = float(np.mean(shares))
        if recall >= LEAST_RECALL:
            return recall, expansion
    return recall, EXPANSIONS[-1]


def _truly_nearest(
    vectors: Vectors, rows: Int[Array, " live"], drawn: Int[Array, " sample"]
) -> list[set[int]]:
    """Give the rows that are nearest to each of a sample, without itself, by all cosines."""
    from naepo.embed.table import Table

    table = Table(vectors)
    found = []
    for row in drawn:
        best, _ = table.best(np.asarray(vectors[row]), rows, NEAREST + 1)
        found.append(set(best.tolist()) - {int(row)})
    return found


def _save(path: Path, index: Any, about: dict[str, Any]) -> None:
    """Write the graph, then what is known of it: without that it does not count."""
    temporary = path.with_name(f".tmp-{path.name}-{os.getpid()}")
    path.with_suffix(".json").unlink(missing_ok=True)
    index.save(str(temporary))
    about["sha256"] = _sha256(temporary)
    temporary.replace(path)
    path.with_suffix(".json").write_text(json.dumps(about))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
