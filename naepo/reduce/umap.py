"""UMAP by umap-learn: near rows near, and groups that touch drawn side by side.

McInnes, Healy and Melville 2018 (arXiv:1802.03426); begun from the principal plane, as Kobak and
Linderman 2021 advise (doi:10.1038/s41587-020-00809-z), on the exact nearest neighbours. The first
one in a process takes half a minute more: umap-learn compiles itself.
"""

import warnings
from typing import Any

import numpy as np

from naepo.config import UserError
from naepo.reduce.neighbours import nearest
from naepo.reduce.pca import PCA
from naepo.reduce.rows import SEVERAL, Array, Map, Rows, to_rows
from naepo.reduce.tsne import INSTALL

NEIGHBOURS = 15
"""How many neighbours are drawn near, unless said otherwise."""
SIDE = 10.0
"""Of the square in which the plane lies that it begins from; umap-learn's own."""
JITTER = 1e-3
"""What the seed adds to that plane, so that equal rows come apart."""


def umap(rows: Rows, *, seed: int = 0, n_neighbours: int | None = None) -> Map:
    """Draw the map. The same rows, seed and number of neighbours give the same map.

    n_neighbours: from 2 to n − 1: small ones draw fine detail, large ones the whole. None for 15,
    or the most there are.

    Raises: UserError for a number that does not fit, or when umap-learn is not installed.
    """
    rows = to_rows(rows, SEVERAL)
    k = fitting_neighbours(len(rows), n_neighbours)
    found = nearest(rows, k)
    itself = np.arange(len(rows))[:, None]  # umap-learn counts a row among its own neighbours
    indices = np.hstack([itself, found.indices]).astype(np.int64)
    distances = np.hstack([np.zeros_like(itself), found.distances]).astype(np.float32)
    with warnings.catch_warnings():
        # It speaks of tensorflow, of its threads and of a search index, none of which is used here.
        warnings.simplefilter("ignore")
        try:
            from umap import UMAP
        except ImportError as error:
            raise UserError("UMAP needs umap-learn, which is missing", hint=INSTALL) from error
        beginning: Any = _beginning(rows, seed)
        drawing = UMAP(
            n_neighbors=k + 1,
            init=beginning,
            precomputed_knn=(indices, distances),
            random_state=seed % 2**32,  # its generator takes no more
            n_jobs=1,
        )
        return np.asarray(drawing.fit_transform(rows.astype(np.float32)), dtype=np.float64)


def fitting_neighbours(n: int, wanted: int | None = None) -> int:
    """Give the number of neighbours for n rows: the wanted one, or 15, or all others.

    Raises: UserError when the wanted one does not fit.
    """
    if wanted is None:
        return min(NEIGHBOURS, n - 1)
    if not 2 <= wanted < n:
        raise UserError(f"neighbours must be from 2 to {n - 1:,} for {n:,} rows, got {wanted}")
    return wanted


def _beginning(rows: Rows, seed: int) -> Array:
    plane = np.asarray(PCA.fit(rows, seed=seed).transform(rows), dtype=np.float64)
    plane *= SIDE / (np.ptp(plane) or 1.0)
    draw = np.random.default_rng(seed)
    return (plane + draw.normal(0, JITTER, plane.shape)).astype(np.float32)
