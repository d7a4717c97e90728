"""t-SNE and UMAP of the same three groups, drawn twice: what stays, and what does not."""

from collections.abc import Callable
from typing import Any

import numpy as np

from naepo.config import UserError
from naepo.learn.blocks import Dot, Plane, Table
from naepo.learn.chapter import Step
from naepo.learn.fields import Given
from naepo.learn.words import w
from naepo.reduce import measure, reduce
from naepo.reduce.reduction import available
from naepo.reduce.tsne import INSTALL

EACH, WIDTH = 30, 10
CENTRES, DEVIATIONS = (0.0, 10.0, 40.0), (2.0, 0.2, 0.2)
"""Groups A, B, C along one axis: A is ten times as wide as B, C three times as far from B as A."""
NAMES = ("A", "B", "C")


def groups() -> np.ndarray:
    """Give the points, in ten dimensions: the same ones each time."""
    draw = np.random.default_rng(0)
    parts = [draw.normal(0, deviation, (EACH, WIDTH)) for deviation in DEVIATIONS]
    for part, centre in zip(parts, CENTRES, strict=True):
        part[:, 0] += centre
    return np.vstack(parts)


def tsne_twice(given: Given) -> Step:
    """Draw by t-SNE from two random beginnings.  Raises: UserError when openTSNE is missing."""
    if not available()["tsne"]:
        raise UserError("t-SNE needs openTSNE, which is not installed", hint=INSTALL)
    return _step("tsne", given, lambda rows, seed: _tsne(rows, given.perplexity, seed))


def umap_twice(given: Given) -> Step:
    """Draw by UMAP with two seeds.  Raises: UserError when umap-learn is missing."""
    near = max(2, int(given.perplexity))
    return _step("umap", given, lambda rows, seed: _umap(rows, near, seed))


def _tsne(rows: np.ndarray, perplexity: float, seed: int) -> np.ndarray:
    from openTSNE import TSNE

    options: dict[str, Any] = {"perplexity": perplexity}  # declared whole there, used as any number
    drawing = TSNE(
        **options,
        initialization="random",
        random_state=seed,
        neighbors="exact",
        negative_gradient_method="bh",
        n_jobs=1,
    )
    return np.asarray(drawing.fit(rows), dtype=float)


def _umap(rows: np.ndarray, n_neighbours: int, seed: int) -> np.ndarray:
    return reduce(rows, "umap", seed, n_neighbours=n_neighbours).points.astype(float)


def _step(key: str, given: Given, draw: Callable[[np.ndarray, int], np.ndarray]) -> Step:
    rows, seeds = groups(), (int(given.seed), int(given.seed) + 1)
    drawn = [draw(rows, seed) for seed in seeds]
    head = ("", w("true_figure"), *[w("on_map", seed=seed) for seed in seeds])
    figures = [_figures(points) for points in (rows, *drawn)]
    names = (w("width_ratio"), w("distance_ratio"), w("trust"))
    trust = [None, *[measure(rows, points).trustworthiness for points in drawn]]
    cells = [*zip(*figures, strict=True), trust]
    shown = [[name, *values] for name, values in zip(names, cells, strict=True)]
    planes = [
        Plane(
            dots=_dots(points),
            reach=float(np.abs(points - points.mean(axis=0)).max() * 1.1),
            caption=w("map_of_seed", seed=seed),
        )
        for points, seed in zip(drawn, seeds, strict=True)
    ]
    true, first = figures[0], figures[1]
    return Step(
        key=key,
        shows=(Table(head=head, rows=shown), *planes),
        says={
            "n": len(rows),
            "width": WIDTH,
            "perplexity": given.perplexity,
            "first": seeds[0],
            "second": seeds[1],
            "true_width": true[0],
            "map_width": first[0],
            "true_distance": true[1],
            "map_distance": first[1],
        },
    )


def _dots(points: np.ndarray) -> list[Dot]:
    around = points - points.mean(axis=0)
    return [Dot(x, y, i // EACH) for i, (x, y) in enumerate(around)]


def _figures(points: np.ndarray) -> tuple[float, float]:
    """Give how many times as wide A is as B, and how many times as far C lies from B as A does."""
    parts = points.reshape(len(NAMES), EACH, -1)
    a, b, c = parts.mean(axis=1)
    wide_a, wide_b, _ = (float(np.sqrt(part.var(axis=0).sum())) for part in parts)
    return wide_a / wide_b, float(np.linalg.norm(c - b) / np.linalg.norm(a - b))
