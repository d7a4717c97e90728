"""Chapter 5: feature maps, the kernel trick, activations, and maps for the eye."""

import math
from functools import cache
from typing import Any

import numpy as np

from naepo.concepts.activations import ACTIVATIONS
from naepo.concepts.maps import (
    Trick,
    exponential,
    kernel_trick,
    n_features,
    ring,
    separate,
    squares,
    squares_and_lines,
)
from naepo.concepts.perplexity import neighbourhood
from naepo.learn.blocks import Arrow, Chart, Dot, Plane, Shape, Table
from naepo.learn.chapter import Chapter, Check, Experiment, Knob, Place, See, Step
from naepo.learn.experiments.drawings import tsne_twice, umap_twice
from naepo.learn.experiments.machine import machine
from naepo.learn.fields import Given, Number, Vector
from naepo.learn.formulas import num, plain
from naepo.learn.questions import Asked, Question
from naepo.learn.words import w

INNER, OUTER, N_INNER, N_OUTER = 1.0, 2.0, 8, 12
LABELS = (1,) * N_INNER + (-1,) * N_OUTER
TERMS, LAYERS, SPREAD = 10, 10, 4.0
WIDTHS, DEGREES = (2, 10, 1000), (2, 3)
DISTANCES = tuple(range(1, 31))
MOST = 0.9
READINGS = ("near", "size", "far", "shape", "axis")
MAPS = {"none": np.array, "squares": squares, "both": squares_and_lines}
X, Z = (3.0, 1.0), (1.0, 3.0)


def rings(centre: float = 0.0) -> np.ndarray:
    """Give the points of the inner ring, then those of the outer one."""
    found = np.vstack([ring(INNER, N_INNER, centre), ring(OUTER, N_OUTER, centre)])
    return found.round(12) + 0.0  # without the last digit's noise, and without −0


def steps(given: Given) -> tuple[Step, ...]:
    """No line; a map; the trick; its price; attention; activations; perplexity; how to read."""
    trick = kernel_trick(given.x, given.z)
    return (
        _no_line(given),
        _mapped(),
        _trick(given, trick),
        _price(),
        _attention(given),
        _activations(given),
        _perplexity(given),
        Step(
            key="reading",
            shows=(
                Table(
                    head=(w("you_see"), w("you_may")),
                    rows=[[w(f"see_{each}"), w(f"may_{each}")] for each in READINGS],
                ),
            ),
        ),
    )


def _dots(points: np.ndarray) -> list[Dot]:
    return [Dot(x, y, int(label < 0)) for (x, y), label in zip(points, LABELS, strict=True)]


def _no_line(given: Given) -> Step:
    points = rings()
    inner, outer = points[:N_INNER], points[N_INNER:]
    apart = float(np.abs(inner.mean(axis=0) - outer.mean(axis=0)).max())
    return Step(
        key="no_line",
        shows=(Plane(dots=_dots(points), reach=2.5),),
        checks=(Check(key="middle", error=apart),),
        says={"n": len(points)},
    )


def _mapped() -> Step:
    points = rings()
    mapped = squares(points)
    middle = (INNER**2 + OUTER**2) / 2
    line = Shape(((middle, 0), (0, middle)), w("line"), "line")
    dots = _dots(mapped[:, [0, 2]])
    inner = mapped[:N_INNER, [0, 2]].sum(axis=1)
    outer = mapped[N_INNER:, [0, 2]].sum(axis=1)
    return Step(
        key="mapped",
        formulas=("φ(x) = [ x_1^2, ~ sqrt{2} x_1 x_2, ~ x_2^2 ]",),
        shows=(Plane(dots=dots, shapes=(line,), reach=4.5, axes=("x₁²", "x₂²")),),
        checks=(
            Check(key="inner", error=float(np.abs(inner - INNER**2).max())),
            Check(key="outer", error=float(np.abs(outer - OUTER**2).max())),
        ),
        says={
            "inner": INNER**2,
            "outer": OUTER**2,
            "middle": middle,
            "wrong": len(separate(mapped, LABELS).wrong),
        },
    )


def _trick(given: Given, trick: Trick) -> Step:
    (a, b), (c, d) = given.x, given.z
    shorter = f"(x · z)^2 = ({num(a)} · {num(c)} + {num(b)} · {num(d)})^2 = {num(trick.product)}^2"
    reach = max(4.0, float(np.abs([*given.x, *given.z]).max()) * 1.3)
    arrows = (Arrow(a, b, "x", moves="x"), Arrow(c, d, "z", "result", moves="z"))
    parts = (trick.mapped_x, trick.mapped_z, trick.products)
    rows = zip(("x₁²", "√2 x₁x₂", "x₂²"), *parts, strict=True)
    size, products = max(1.0, trick.squared), map(_clean, trick.products)
    return Step(
        key="trick",
        formulas=(
            f"{shorter} = {plain(trick.squared)}",
            f"φ(x) · φ(z) = {' + '.join(map(num, products))} = {plain(_clean(trick.mapped))}",
        ),
        shows=(
            Plane(arrows=arrows, reach=reach),
            Table(head=("", "φ(x)", "φ(z)", w("product")), rows=[list(row) for row in rows]),
        ),
        checks=(Check(key="trick", error=(trick.mapped - trick.squared) / size),),
        says={"product": trick.product, "squared": trick.squared},
    )


def _clean(x: float) -> float:
    """Leave out the last digit's noise: √2 · √2 is not quite 2 in a machine."""
    return round(float(x), 9) + 0.0


def _price() -> Step:
    rows = [
        [f"{width:,}", *[n_features(width, degree) for degree in DEGREES], width]
        for width in WIDTHS
    ]
    head = (
        w("width_of_x"),
        *[w("features", degree=degree) for degree in DEGREES],
        w("kernel_work"),
    )
    width, degree = WIDTHS[-1], DEGREES[0]
    return Step(
        key="price",
        formulas=("k(x, z) = e^{−γ |x − z|^2}",),
        shows=(Table(head=head, rows=rows),),
        says={"width": width, "features": n_features(width, degree)},
    )


def _attention(given: Given) -> Step:
    """Open exp(q · k / √d) into polynomial kernels, and weigh two keys by it."""
    found = exponential(given.x, given.z, TERMS)
    itself = exponential(given.x, given.x, TERMS)
    total = found.value + itself.value
    score = f"frac{{q · k}}{{sqrt{{2}}}} = {plain(found.score)}"
    keys = [[name, e.score, e.value, e.value / total] for name, e in (("z", found), ("x", itself))]
    terms = [[str(j), t, s] for j, (t, s) in enumerate(zip(found.terms, found.sums, strict=True))]
    return Step(
        key="attention",
        formulas=(score, "e^s = 1 + s + frac{s^2}{2!} + frac{s^3}{3!} + …"),
        shows=(
            Table(head=("j", "sʲ / j!", w("sum")), rows=terms),
            Table(head=(w("key"), "s", "eˢ", w("weight")), rows=keys),
        ),
        says={
            "value": found.value,
            "terms": TERMS,
            "left": found.value - float(found.sums[-1]),
        },
    )


def _activations(given: Given) -> Step:
    """Draw every slope, and raise the one at x₁ to the tenth power: ten layers."""
    at = float(given.x[0])
    rows = [
        [name, f(at).value, f(at).slope, f(at).slope ** LAYERS] for name, f in ACTIVATIONS.items()
    ]
    return Step(
        key="activations",
        shows=(
            Chart(series=_slopes(), x="s", y=w("slope")),
            Table(head=("", "f(x₁)", "f′(x₁)", w("slope_of_layers", layers=LAYERS)), rows=rows),
        ),
        says={
            "at": at,
            "layers": LAYERS,
            "sigmoid": ACTIVATIONS["sigmoid"](0.0).slope,
            "vanished": ACTIVATIONS["sigmoid"](0.0).slope ** LAYERS,
        },
    )


@cache
def _slopes() -> list[tuple[str, list[tuple[float, float]]]]:
    places = [float(x) for x in np.linspace(-SPREAD, SPREAD, 41)]
    return [(name, [(x, f(x).slope) for x in places]) for name, f in ACTIVATIONS.items()]


def _perplexity(given: Given) -> Step:
    found = neighbourhood(DISTANCES, given.perplexity)
    needed = int(np.searchsorted(found.shares.cumsum(), MOST)) + 1
    series = [(w("share"), list(zip(DISTANCES, found.shares, strict=True)))]
    return Step(
        key="perplexity",
        formulas=(
            "p_j = frac{e^{−d_j^2 / 2σ^2}}{∑_i e^{−d_i^2 / 2σ^2}}, ~ "
            '"perplexity" = 2^{−∑ p_j log_2 p_j}',
        ),
        shows=(Chart(series=series, x=w("distance"), y=w("share"), has_dots=True),),
        checks=(Check(key="perplexity", error=found.perplexity - given.perplexity, bound=1e-6),),
        says={
            "n": len(DISTANCES),
            "perplexity": given.perplexity,
            "sigma": found.sigma,
            "first": found.shares[0],
            "needed": needed,
            "most": MOST * 100,
        },
    )


def guess(given: Given) -> Asked:
    """Ask for φ(x) · φ(z)."""
    trick = kernel_trick(given.x, given.z)
    (a, b), (c, d) = given.x, given.z
    return Asked(
        answer=trick.squared,
        mistakes={
            "not_squared": trick.product,
            "no_root": float((a * c) ** 2 + a * b * c * d + (b * d) ** 2),
            "lengths": float((given.x @ given.x) * (given.z @ given.z)),
            "no_middle": float((a * c) ** 2 + (b * d) ** 2),
        },
        says={"x": given.x, "z": given.z, "product": trick.product},
    )


def mapped(given: Given) -> Asked:
    """Ask for φ of a point."""
    a, b = X
    root = math.sqrt(2)
    return Asked(
        answer=(a * a, root * a * b, b * b),
        mistakes={
            "no_root": (a * a, a * b, b * b),
            "twice": (a * a, 2 * a * b, b * b),
            "not_squared": (a, root * a * b, b),
            "order": (a * a, b * b, root * a * b),
        },
        says={"x": X, "z": Z, "kernel": kernel_trick(X, Z).squared},
    )


def read_map(given: Given) -> Asked:
    """Ask what follows from a map by t-SNE."""
    return Asked(
        answer="neighbours",
        options=("wider", "farther", "neighbours", "axis"),
        mistakes={each: each for each in ("wider", "farther", "axis")},
    )


def shifted(given: Given, centre: float) -> Step:
    """Move both rings to the right, and look which map still makes them separable."""
    points = rings(centre)
    rows: list[list[Any]] = []
    for name, feature_map in MAPS.items():
        said = w("yes" if is_separable(name, centre) else "no")
        rows.append([w(f"map_{name}"), feature_map(points).shape[1], said])
    return Step(
        key="shifted",
        shows=(
            Plane(dots=_dots(points), reach=max(2.5, centre + 2.5)),
            Table(head=(w("map"), w("numbers"), w("separable")), rows=rows),
        ),
        says={"centre": centre, "n": len(points)},
        variant="broken" if is_broken(given, centre) else "",
    )


def is_broken(given: Given, centre: float) -> bool:
    """Whether the squares alone no longer separate the rings."""
    return not is_separable("squares", centre)


@cache
def is_separable(name: str, centre: float) -> bool:
    """Whether a plane separates the rings behind a map; the search is made once."""
    return not len(separate(MAPS[name](rings(centre)), LABELS).wrong)


CHAPTER = Chapter(
    key="maps",
    number=5,
    fields=(
        Vector(key="x", default=(1, 2), low=-10, high=10, step=0.5, most=2),
        Vector(key="z", default=(2, 1), low=-10, high=10, step=0.5, most=2),
        Number(key="gamma", default=0.5, low=0.01, high=50, step=0.01),
        Number(key="perplexity", default=10, low=2, high=25, step=1, slides=True),
        Number(key="seed", default=0, low=0, high=1000, step=1),
    ),
    guess=Question("guess", guess),
    steps=steps,
    knob=Knob(values=(0.0, 0.25, 0.5, 1.0, 2.0), start=0, show=shifted, breaks=is_broken),
    exercises=(Question("mapped", mapped), Question("read_map", read_map)),
    sees=(
        See(kind="activation"),
        See(kind="scores"),
        See(kind="softmax"),
        See(kind="embedding", view="map"),
    ),
    places=(
        Place("classify/kernels.py", "rbf", "np.exp(-gamma"),
        Place("model/mlp.py", "SwiGLU.forward", "F.silu(self.gate(x))"),
        Place("look/eager.py", "share", "scores.softmax("),
        Place("reduce/tsne.py", "tsne", "affinity.PerplexityBasedNN("),
        Place("reduce/umap.py", "umap", "drawing = UMAP("),
    ),
    experiments=(
        Experiment(key="machine", run=machine),
        Experiment(key="tsne", run=tsne_twice),
        Experiment(key="umap", run=umap_twice),
    ),
)
