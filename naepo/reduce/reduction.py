"""One function from many dimensions to two, whichever way is chosen."""

import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Literal, get_args

import numpy as np

from naepo.config import UserError, check_seed, did_you_mean
from naepo.reduce.pca import PCA
from naepo.reduce.quality import measure
from naepo.reduce.rows import SEVERAL, Map, Rows, are_all_equal, to_rows
from naepo.reduce.tsne import INSTALL, tsne
from naepo.reduce.umap import umap

Method = Literal["pca", "tsne", "umap"]

_NEEDED = {"tsne": "openTSNE", "umap": "umap"}


@dataclass(frozen=True, eq=False)
class Reduction:
    """A map, and how far it can be trusted."""

    points: Map = field(repr=False)
    """One row for each row that came in; float32."""
    method: str
    seed: int
    seconds: float
    """Of drawing it, without measuring it."""
    trustworthiness: float | None
    """1 when whoever is near on the map is near in the full space; see `Quality`."""
    overlap: float | None
    """The share of the 10 nearest in the full space that are among the 10 nearest on the map."""
    notes: tuple[str, ...] = ()
    """What a person should know of these figures."""


def available() -> dict[str, bool]:
    """Say which methods can be used here. Nothing is imported."""
    return {
        method: method not in _NEEDED or find_spec(_NEEDED[method]) is not None
        for method in get_args(Method)
    }


def reduce(
    array: Any,
    method: str = "pca",
    seed: int = 0,
    *,
    perplexity: float | int | None = None,
    n_neighbours: int | None = None,
) -> Reduction:
    """Draw a map of rows, and measure it. The same call gives the same map.

    array: of shape (n, width), numpy or torch.  seed: from 0 to 2^63 − 1.
    perplexity: of t-SNE.  n_neighbours: of UMAP.

    Raises: UserError for no such method, a library that is missing, a seed out of range, NaN or
    infinity, too few rows, or a perplexity or number of neighbours that does not fit them.
    """
    check_seed(seed)
    if method not in get_args(Method):
        raise UserError(
            f"no reduction is called {method}", hint=did_you_mean(method, get_args(Method))
        )
    if not available()[method]:
        raise UserError(f"{_NEEDED[method]}, which {method} needs, is missing", hint=INSTALL)
    rows = to_rows(array, 2 if method == "pca" else SEVERAL)
    began, notes = time.perf_counter(), []
    if are_all_equal(rows):
        notes.append("all rows are equal: there is nothing to tell apart")
        points = np.zeros((len(rows), 2))
    elif method == "pca":
        points, said = _plane(rows, seed)
        notes.append(said)
    elif method == "tsne":
        points = tsne(rows, seed=seed, perplexity=perplexity)
    else:
        points = umap(rows, seed=seed, n_neighbours=n_neighbours)
    seconds = time.perf_counter() - began
    measured = measure(rows, points, seed=seed)
    notes += [] if measured.note is None else [measured.note]
    return Reduction(
        points=points.astype(np.float32),
        method=method,
        seed=seed,
        seconds=seconds,
        trustworthiness=measured.trustworthiness,
        overlap=measured.overlap,
        notes=tuple(notes),
    )


def _plane(rows: Rows, seed: int) -> tuple[Map, str]:
    pca = PCA.fit(rows, seed=seed)
    first, second = pca.shares
    return pca.transform(rows), f"{first:.1%} and {second:.1%} of the variance lie along the axes"
