"""t-SNE by openTSNE: near rows near, far rows anywhere.

van der Maaten and Hinton 2008 (JMLR 9); begun from the principal plane, as Kobak and Berens 2019
advise (doi:10.1038/s41467-019-13056-x), on the exact nearest neighbours.
"""

from typing import Any

import numpy as np

from naepo.config import UserError
from naepo.reduce.neighbours import nearest
from naepo.reduce.pca import PCA
from naepo.reduce.rows import SEVERAL, Map, Rows, to_rows

PERPLEXITY = 30.0
"""How many neighbours a row roughly has, unless said otherwise."""
BEGINNING = 1e-4
"""Spread along the first axis of the plane it begins from."""
JITTER = 0.01
"""Of that spread: what the seed draws, so that equal rows come apart."""
MANY = 8_000
"""Rows above which forces are interpolated on a grid (Linderman et al. 2019, arXiv:1712.09005),
because a tree (Barnes and Hut 1986) is then slower."""
EARLY: dict[str, Any] = {"n_iter": 250, "exaggeration": 12, "momentum": 0.5}
LATE: dict[str, Any] = {"n_iter": 500, "momentum": 0.8}
"""The two phases that openTSNE advises; rows gather into groups in the first one."""
INSTALL = 'pip install "naepo[embed]"'


def tsne(rows: Rows, *, seed: int = 0, perplexity: float | int | None = None) -> Map:
    """Draw the map. The same rows, seed and perplexity give the same map.

    perplexity: from 1 to (n − 1) / 3, because three times as many neighbours are looked at; None
    for 30, or the most that fits.

    Raises: UserError for a perplexity that does not fit, or when openTSNE is not installed.
    """
    rows = to_rows(rows, SEVERAL)
    chosen = fitting_perplexity(len(rows), perplexity)
    try:
        import torch
        from openTSNE import TSNEEmbedding, affinity, nearest_neighbors
    except ImportError as error:
        raise UserError("t-SNE needs openTSNE, which is not installed", hint=INSTALL) from error
    found = nearest(rows, min(len(rows) - 1, round(3 * chosen)))
    index = nearest_neighbors.PrecomputedNeighbors(found.indices, found.distances)
    options: dict[str, Any] = {"perplexity": chosen, "n_jobs": torch.get_num_threads()}
    likeness = affinity.PerplexityBasedNN(knn_index=index, **options)
    points = TSNEEmbedding(
        _beginning(rows, seed),
        likeness,
        random_state=seed,
        n_jobs=torch.get_num_threads(),
        negative_gradient_method="fft" if len(rows) > MANY else "bh",
    )
    for phase in (EARLY, LATE):
        points = points.optimize(**phase, learning_rate="auto")
    return np.array(points, dtype=np.float64)


def fitting_perplexity(n: int, wanted: float | int | None = None) -> float:
    """Give the perplexity for n rows: the wanted one, or 30, or the most that fits.

    Raises: UserError when the wanted one does not fit.
    """
    most = (n - 1) / 3
    if wanted is None:
        return min(PERPLEXITY, most)
    if not 1 <= wanted <= most:
        raise UserError(
            f"perplexity must be from 1 to {most:.4g} for {n:,} rows, got {wanted:g}",
            hint="a third of the number of rows at most: so many neighbours are looked at",
        )
    return float(wanted)


def _beginning(rows: Rows, seed: int) -> Map:
    pca = PCA.fit(rows, seed=seed)
    plane = np.asarray(pca.transform(rows), dtype=np.float64)
    plane *= BEGINNING / (plane[:, 0].std() or 1.0)
    draw = np.random.default_rng(seed)
    return plane + draw.normal(0, JITTER * BEGINNING, plane.shape)
