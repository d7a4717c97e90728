"""Chapter 6: min-max and standardisation of city populations, an outlier, and which to use when."""

from typing import Any

import numpy as np

from naepo.concepts.normalisation import (
    divided_twice,
    fewest,
    min_max,
    robust,
    standard_score,
)
from naepo.concepts.spread import spread
from naepo.learn.blocks import Line, Mark, Table
from naepo.learn.chapter import Chapter, Check, Knob, Place, See, Step
from naepo.learn.fields import Given, Number, Vector
from naepo.learn.formulas import frac, num, plain
from naepo.learn.questions import Asked, Question
from naepo.learn.words import Label, w

CITIES = (10_000, 350_000, 500_000, 640_000, 1_000_000)
"""People. The mean of these is 500,000."""
AGES = (20.0, 35.0, 60.0, 40.0)
CITY, MEAN, DEVIATION = 350_000.0, 500_000.0, 100_000.0
THOUSAND = 1000
SQUEEZED = 0.1
"""A share of the range so small that those who lie in it can hardly be told apart."""
SITUATIONS = ("bounded", "bell", "outliers", "token")
"""When which normaliser is used; the texts `when_<one>` and `use_<one>`."""


def names(x: np.ndarray) -> list[str]:
    """Name cities: A, B, C, ..."""
    return list("ABCDEFGH"[: len(x)])


def steps(given: Given) -> tuple[Step, ...]:
    """Range, min-max, the mistake, the deviation, standardising, figures of others, which when."""
    found = min_max(given.x)
    return (
        Step(
            key="range",
            formulas=(f"{num(found.most)} − {num(found.least)} = {num(found.range)}",),
            shows=(_line(given.x),),
            says={"least": found.least, "most": found.most, "range": found.range},
        ),
        _min_max(given),
        _twice(given),
        _spread(given),
        _standardised(given),
        _figures(given),
        Step(
            key="which",
            shows=(
                Table(
                    head=(w("when"), w("use")),
                    rows=[[w(f"when_{each}"), w(f"use_{each}")] for each in SITUATIONS],
                ),
            ),
        ),
    )


def _line(x: np.ndarray) -> Line:
    return Line(marks=[Mark(each, name) for each, name in zip(x, names(x), strict=True)])


def _min_max(given: Given) -> Step:
    found = min_max(given.x)
    last, is_flat = found.x[1], found.range == 0
    shown = (
        frac(f"{num(last)} − {num(found.least)}", f"{num(found.most)} − {num(found.least)}"),
        frac(num(found.above[1]), num(found.range)),
        plain(found.y[1]),
    )
    head = ("", "x", w("above"), w("min_max"))
    sides = Check(key="sides", error=float(max(abs(found.y.min()), abs(found.y.max() - 1))))
    return Step(
        key="min_max",
        formulas=(f'"B": ~ {" = ".join(shown)}',),
        shows=(Table(head=head, rows=_columns(names(found.x), found.x, found.above, found.y)),),
        checks=() if is_flat else (sides,),
        says={"range": found.range, "b": found.y[1]},
        variant="flat" if is_flat else "",
    )


def _twice(given: Given) -> Step:
    """Divide by the least and then by the most, in people and in thousands of people."""
    people, thousands = divided_twice(given.x), divided_twice(given.x / THOUSAND)
    right = min_max(given.x).y
    head = ("", w("over_least"), w("over_both"), w("over_both_thousands"), w("min_max"))
    parts = (people.over_least, people.y, thousands.y, right)
    says = {
        "first": people.y.min(),
        "last": people.y.max(),
        "right_first": right.min(),
        "right_last": right.max(),
        "thousand": THOUSAND,
    }
    return Step(
        key="twice",
        formulas=(f"{frac('x − min', 'max − min')} ~ ≠ ~ {frac('x', 'min · max')}",),
        shows=(Table(head=head, rows=_columns(names(given.x), *parts)),),
        says=says,
    )


def _spread(given: Given) -> Step:
    found = spread(given.x)
    n = len(found.x)
    return Step(
        key="spread",
        formulas=(
            f"μ = {num(found.mean)}",
            f"σ = sqrt{{{frac(num(found.sum_of_squares), num(n))}}} = "
            f"{plain(_short(found.deviation))}",
        ),
        shows=(
            Table(
                head=("", "x", w("less_mean"), w("squared")),
                rows=_columns(names(found.x), found.x, found.deviations, found.squares),
            ),
        ),
        says={
            "mean": found.mean,
            "deviation": _short(found.deviation),
            "n": n,
            "sample": _short(spread(given.x, is_sample=True).deviation),
        },
    )


def _standardised(given: Given) -> Step:
    found = spread(given.x)
    z, is_flat = found.standardised, found.deviation == 0
    own = (
        Check(key="mean", error=float(z.mean())),
        Check(key="one", error=float(z.std() - 1)),
    )
    shown = frac(f"{num(found.x[0])} − {num(found.mean)}", num(_short(found.deviation)))
    return Step(
        key="standardised",
        formulas=(f'"A": ~ {shown} = {plain(z[0])}',),
        shows=(
            Table(head=("", "x", "z"), rows=_columns(names(found.x), found.x, z)),
            Line(marks=[Mark(each, name) for each, name in zip(z, names(z), strict=True)]),
        ),
        checks=() if is_flat else own,
        says={"first": z[0], "last": z[-1]},
        variant="flat" if is_flat else "",
    )


def _figures(given: Given) -> Step:
    """Use a mean and a deviation that come from elsewhere, as a model does with new data."""
    z = standard_score(given.x, given.mean, given.deviation)
    width = min_max(given.x).range
    needed = fewest(width, given.deviation)
    shown = frac(f"{num(given.x[0])} − {num(given.mean)}", num(given.deviation))
    return Step(
        key="figures",
        formulas=(f'"A": ~ {shown} = {plain(z[0])}',),
        shows=(Table(head=("", "x", "z"), rows=_columns(names(given.x), given.x, z)),),
        says={
            "mean": given.mean,
            "deviation": given.deviation,
            "range": width,
            "fewest": needed,
            "n": len(given.x),
        },
        variant="possible" if needed <= len(given.x) else "",
    )


def _short(x: float) -> float:
    """Leave six digits of a large number: people are not counted in fractions."""
    return float(f"{x:.6g}")


def _columns(labels: list[str], *parts: np.ndarray) -> list[list[Any]]:
    return [list(row) for row in zip(labels, *parts, strict=True)]


def guess(given: Given) -> Asked:
    """Ask for the min-max of the second city."""
    found = min_max(given.x)
    return Asked(
        answer=found.y[1],
        mistakes={
            "twice": divided_twice(given.x).y[1],
            "over_least": divided_twice(given.x).over_least[1],
            "over_most": found.x[1] / found.most if found.most else np.nan,
            "score": spread(given.x).standardised[1],
        },
        says={"x": found.x, "b": found.x[1], "least": found.least, "most": found.most},
    )


def ages(given: Given) -> Asked:
    """Ask for the min-max of four ages."""
    found = min_max(AGES)
    return Asked(
        answer=tuple(found.y),
        mistakes={
            "twice": tuple(divided_twice(AGES).y),
            "over_least": tuple(divided_twice(AGES).over_least),
            "over_most": tuple(found.x / found.most),
            "not_above": tuple(found.x / found.range),
            "not_below": tuple(found.above / found.most),
            "score": tuple(spread(AGES).standardised),
        },
        says={"ages": AGES, "least": found.least, "most": found.most, "range": found.range},
    )


def score(given: Given) -> Asked:
    """Ask for the standard score of a city, by figures of the country."""
    z = float(standard_score([CITY], MEAN, DEVIATION)[0])
    return Asked(
        answer=z,
        mistakes={
            "sign": -z,
            "not_less": CITY / DEVIATION,
            "over_mean": (CITY - MEAN) / MEAN,
            "variance": (CITY - MEAN) / DEVIATION**2,
            "not_divided": CITY - MEAN,
            "share": float(min_max(CITIES).y[1]),
        },
        says={"x": CITY, "mean": MEAN, "deviation": DEVIATION, "less": CITY - MEAN},
    )


def stretched(given: Given, by: str | float | int) -> Step:
    """Let the largest city grow, or make all cities alike; look at what becomes of the others."""
    x = _cities(given, by)
    found, scores, middle = min_max(x), spread(x), robust(x)
    head = ("", "x", w("min_max"), w("score"), w("robust"))
    parts = (x, found.y, scores.standardised, middle.y)
    is_flat = found.range == 0
    return Step(
        key="stretched",
        shows=(
            Table(head=head, rows=_columns(names(x), *parts)),
            Line(marks=[Mark(each, name) for each, name in zip(found.y, names(x), strict=True)]),
        ),
        says={"by": _said(by), "part": _part(x), "robust": _width(middle.y, x)},
        variant="flat" if is_flat else "" if _part(x) >= SQUEEZED else "squeezed",
    )


def is_broken(given: Given, by: str | float | int) -> bool:
    """Whether min-max gives no number, or leaves the others less than a tenth of the range."""
    return not _part(_cities(given, by)) >= SQUEEZED


def _said(by: str | float | int) -> Label | float:
    return w(f"knob_is_{by}") if isinstance(by, str) else by


def _cities(given: Given, by: str | float | int) -> np.ndarray:
    x = np.array(given.x, dtype=float)
    if isinstance(by, str):
        return np.full_like(x, x[0])
    x[x.argmax()] *= by
    return x


def _part(x: np.ndarray) -> float:
    """How much of the range is left to all but the largest."""
    return _width(min_max(x).y, x)


def _width(y: np.ndarray, x: np.ndarray) -> float:
    rest = np.delete(y, x.argmax())
    return float(rest.max() - rest.min())


CHAPTER = Chapter(
    key="normalisation",
    number=6,
    fields=(
        Vector(key="x", default=CITIES, low=1, high=100_000_000, step=1, least=3, most=6),
        Number(key="mean", default=500_000, low=0, high=100_000_000, step=1),
        Number(key="deviation", default=100_000, low=1, high=100_000_000, step=1),
    ),
    guess=Question("guess", guess),
    steps=steps,
    knob=Knob(
        values=("equal", 1.0, 2.0, 5.0, 10.0, 100.0), start=1, show=stretched, breaks=is_broken
    ),
    exercises=(Question("ages", ages), Question("city", score)),
    sees=(See(kind="norm", name="norm_1"), See(kind="norm", name="norm")),
    places=(
        Place("reduce/normalise.py", "MinMax.transform", "share = (table - self.least)"),
        Place("reduce/normalise.py", "Standard.transform", "(table - self.mean) / self.deviation"),
        Place("model/norms.py", "LayerNorm.forward", "F.layer_norm("),
    ),
)
