"""How long a map takes and what it keeps, ours and scikit-learn's in one run.

python -m benchmarks.reduce: PCA of 50,257 × 768, and t-SNE of 10,000 × 256 in 40 groups, three
seeds. Both maps are measured by the same two figures, on all rows that the sample draws. The two
libraries take turns, so that a busy moment meets both.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.decomposition import PCA as TheirPCA
from sklearn.manifold import TSNE as TheirTSNE

from benchmarks.record import spread, write
from naepo.reduce import PCA, measure
from naepo.reduce.tsne import tsne

SEEDS = (0, 1, 2)
Table = Float[np.ndarray, "n width"]


def main() -> None:
    """Measure both, and write results/reduce.json."""
    write(
        "reduce",
        "seconds, trustworthiness and kept neighbours of maps, ours and scikit-learn's",
        {
            "pca_50257_by_768": _compare(
                [_table(seed, 50_257, 768) for seed in SEEDS],
                lambda rows, seed: PCA.fit(rows, seed=seed).transform(rows),
                lambda rows, seed: TheirPCA(2, random_state=seed).fit_transform(rows),
            ),
            "tsne_10000_by_256": _compare(
                [_table(seed, 10_000, 256) for seed in SEEDS],
                lambda rows, seed: tsne(rows, seed=seed),
                lambda rows, seed: TheirTSNE(random_state=seed, n_jobs=-1).fit_transform(rows),
            ),
        },
    )


def _compare(
    tables: list[Table],
    ours: Callable[[Table, int], Table],
    theirs: Callable[[Table, int], Table],
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, draw in (("ours", ours), ("scikit_learn", theirs)):
        found[name] = {"seconds": [], "trustworthiness": [], "overlap": []}
        draw(tables[0][:200], 0)  # what is imported on first use is not the time of a map
    for seed, rows in zip(SEEDS, tables, strict=True):
        for name, draw in (("ours", ours), ("scikit_learn", theirs)):
            began = time.perf_counter()
            points = draw(rows, seed)
            found[name]["seconds"].append(time.perf_counter() - began)
            kept = measure(rows, points, seed=seed)
            found[name]["trustworthiness"].append(kept.trustworthiness)
            found[name]["overlap"].append(kept.overlap)
    return {
        name: {figure: spread(values) for figure, values in figures.items()}
        for name, figures in found.items()
    }


def _table(seed: int, n: int, width: int) -> Table:
    """Give rows round 40 middles, as float32."""
    draw = np.random.default_rng(seed)
    middles = draw.standard_normal((40, width))
    rows = middles[draw.integers(40, size=n)] + 0.8 * draw.standard_normal((n, width))
    return rows.astype(np.float32)


if __name__ == "__main__":
    main()
