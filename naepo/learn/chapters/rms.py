"""Chapter 7: RMS and RMSNorm, beside the two things they are mistaken for."""

from typing import Any

import numpy as np

from naepo.concepts.rms import (
    RMSNormed,
    layer_norm,
    rms_gradient,
    rms_norm,
    rms_norm_in_half,
)
from naepo.concepts.spread import spread
from naepo.learn.blocks import Bars, Line, Mark, Table
from naepo.learn.chapter import Chapter, Check, Experiment, Knob, Place, See, Step
from naepo.learn.experiments.steady import steady
from naepo.learn.fields import Given, Vector
from naepo.learn.formulas import frac, num, root, total
from naepo.learn.questions import Asked, Question
from naepo.learn.words import w

APPLES = (200.0, 300.0, 150.0, 250.0)
"""Grams."""
HANDOUT_SQUARE, HANDOUT_DEVIATION = 2025.0, 47.23
"""What a course handout has for 75² and for √2,225."""
NAEPO_EPS = 1e-6
LARGEST_HALF = 65504
"""The largest 16-bit float."""
GRADIENT = (
    'frac{∂L}{∂x} = frac{1}{"RMS"} (g ⊙ frac{∂L}{∂y} − "x̂" · frac{1}{n} ∑_j "x̂"_j g_j '
    "frac{∂L}{∂y_j})"
)


def opened(given: Given) -> RMSNormed:
    """Normalise the reader's vector, with a gain of 1 where none is given."""
    gain = [*given.gain, *np.ones(len(given.x))][: len(given.x)]
    return rms_norm(given.x, gain=gain)


def names(count: int, letter: str = "x") -> list[str]:
    """Name components: x₁, x₂, ..."""
    return [letter + "₁₂₃₄₅₆₇₈"[j] for j in range(count)]


def steps(given: Given) -> tuple[Step, ...]:
    """Square, mean, root, divide, gain; then what it is not, and the way back."""
    found = opened(given)
    x, n = found.x, len(found.x)
    squares = total(f"{num(each)}^2" for each in x)
    return (
        Step(
            key="square",
            formulas=(f"{squares} = {num(found.sum_of_squares)}",),
            shows=(Table(head=("", "x", "x²"), rows=_columns(names(n), x, found.squares)),),
            says={"sum": found.sum_of_squares},
        ),
        Step(
            key="mean_square",
            formulas=(f"{frac(num(found.sum_of_squares), num(n))} = {num(found.mean_square)}",),
            says={"n": n, "mean_square": found.mean_square},
        ),
        Step(
            key="root",
            formulas=(f'"RMS" = {root(num(found.mean_square))} = {num(found.rms)}',),
            shows=(_line(found),),
            says={"rms": found.rms, "mean": x.mean()},
        ),
        _divide(found),
        Step(
            key="gain",
            formulas=('y_j = g_j "x̂"_j',),
            shows=(
                Table(
                    head=("", "x̂", "g", "y"),
                    rows=_columns(names(n), found.normalised, found.gain, found.y),
                ),
            ),
        ),
        _others(found),
        _way_back(found),
    )


def _line(found: RMSNormed) -> Line:
    points = [Mark(x, name) for x, name in zip(found.x, names(len(found.x)), strict=True)]
    marks = [Mark(float(found.x.mean()), w("mean"), "mark"), Mark(found.rms, "RMS", "mark")]
    return Line(marks=[*points, *marks])


def _divide(found: RMSNormed) -> Step:
    divided = [f"{frac(num(x), num(found.divisor))} = {num(y)}" for x, y in _pairs(found)]
    after = rms_norm(found.normalised).rms
    is_zero = found.rms == 0
    return Step(
        key="divide",
        formulas=tuple(divided),
        shows=(Bars(names=names(len(found.x), "x̂"), values=found.normalised),),
        checks=() if is_zero else (Check(key="one", error=after - 1),),
        says={"rms": found.rms, "normalised": found.normalised},
        variant="zero" if is_zero else "",
    )


def _pairs(found: RMSNormed) -> Any:
    return zip(found.x, found.normalised, strict=True)


def _others(found: RMSNormed) -> Step:
    """Standardise the same vector, both ways, and LayerNorm it."""
    population, sample = spread(found.x), spread(found.x, is_sample=True)
    layer = layer_norm(found.x, eps=NAEPO_EPS).y
    parts = (found.x, found.normalised, population.standardised, sample.standardised, layer)
    head = ("", "x", "RMSNorm", w("population"), w("sample"), "LayerNorm")
    return Step(
        key="others",
        shows=(Table(head=head, rows=_columns(names(len(found.x)), *parts)),),
        says={
            "mean": population.mean,
            "population": population.deviation,
            "sample": sample.deviation,
        },
    )


def _way_back(found: RMSNormed) -> Step:
    """Send a gradient of 1 at the first component back."""
    arriving = np.eye(len(found.x))[0]
    back = rms_gradient(found, arriving)
    parts = (back.arriving, back.scaled, back.along, back.leaving)
    head = ("", "∂L/∂y", "g · ∂L/∂y", w("along"), "∂L/∂x")
    lengths = {"before": _length(back.scaled), "after": _length(back.leaving)}
    is_zero = found.rms == 0
    return Step(
        key="gradient",
        formulas=(GRADIENT,),
        shows=(Table(head=head, rows=_columns(names(len(found.x)), *parts)),),
        checks=() if is_zero else (Check(key="across", error=back.dot),),
        says=lengths | {"rms": found.rms, "half": 2 * found.rms},
    )


def _length(vector: np.ndarray) -> float:
    return float(np.linalg.norm(vector))


def _columns(labels: list[str], *parts: np.ndarray) -> list[list[Any]]:
    return [list(row) for row in zip(labels, *parts, strict=True)]


def guess(given: Given) -> Asked:
    """Ask for the RMS itself."""
    found, population = opened(given), spread(given.x)
    return Asked(
        answer=found.rms,
        mistakes={
            "mean": population.mean,
            "deviation": population.deviation,
            "no_root": found.mean_square,
            "no_mean": float(np.sqrt(found.sum_of_squares)),
        },
        says={"x": given.x, "n": len(given.x)},
    )


def handout(given: Given) -> Asked:
    """Ask for the deviation of the apples; the handout has two slips on the way."""
    apples = spread(APPLES)
    slipped = [*apples.squares[[0, 1]], HANDOUT_SQUARE, apples.squares[3]]
    return Asked(
        answer=apples.deviation,
        mistakes={
            "handout": HANDOUT_DEVIATION,
            "one_slip": float(np.sqrt(np.mean(slipped))),
            "sample": spread(APPLES, is_sample=True).deviation,
            "rms": rms_norm(APPLES).rms,
            "variance": apples.variance,
        },
        says={
            "apples": APPLES,
            "mean": apples.mean,
            "squares": slipped,
            "handout": HANDOUT_DEVIATION,
            "slip": HANDOUT_SQUARE,
            "slipped": float(np.sqrt(np.mean(slipped))),
            "deviations": apples.deviations,
            "far": apples.deviations[1],
            "third": apples.squares[2],
            "slipped_variance": float(np.mean(slipped)),
            "variance": apples.variance,
        },
    )


def apples(given: Given) -> Asked:
    """Ask for RMSNorm of the apples."""
    found, population = rms_norm(APPLES), spread(APPLES)
    return Asked(
        answer=tuple(found.normalised),
        mistakes={
            "population": tuple(population.standardised),
            "sample": tuple(spread(APPLES, is_sample=True).standardised),
            "mean": tuple(found.x / population.mean),
            "length": tuple(found.x / np.linalg.norm(found.x)),
            "sum": tuple(found.x / found.x.sum()),
        },
        says={"apples": APPLES, "rms": found.rms},
    )


def scaled(given: Given, factor: float) -> Step:
    """Multiply the vector by a factor: nothing changes, until eps or the format counts."""
    x = given.x * factor
    exact, safe, half = _three(given, factor)
    head = ("", "k · x", w("without_eps"), w("with_eps", eps=NAEPO_EPS), w("half"))
    variant = "zero" if factor == 0 else "large" if factor > 1 else "small" if factor < 1 else ""
    return Step(
        key="scale",
        shows=(Table(head=head, rows=_columns(names(len(x)), x, exact, safe, half)),),
        says={"k": factor, "eps": NAEPO_EPS, "rms": rms_norm(x).rms, "largest": LARGEST_HALF},
        variant=variant,
    )


def is_broken(given: Given, factor: float) -> bool:
    """Whether one of the three is no longer what it was before the factor."""
    plain = rms_norm(given.x).normalised
    return not all(np.allclose(each, plain, atol=0.02) for each in _three(given, factor))


def _three(given: Given, factor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = given.x * factor
    return rms_norm(x).normalised, rms_norm(x, eps=NAEPO_EPS).normalised, rms_norm_in_half(x)


CHAPTER = Chapter(
    key="rms",
    number=7,
    fields=(
        Vector(key="x", default=(2, 4, 6, 8)),
        Vector(key="gain", default=(1, 1, 1, 1), low=-10, high=10, step=0.1),
    ),
    guess=Question("guess", guess),
    steps=steps,
    knob=Knob(
        values=(0.0, 1e-5, 0.01, 1.0, 10.0, 100.0, 1e4), start=3, show=scaled, breaks=is_broken
    ),
    exercises=(Question("handout", handout), Question("apples", apples)),
    sees=(See(kind="norm"), See(kind="head_norm")),
    places=(
        Place("model/norms.py", "RMSNorm.forward", "F.rms_norm("),
        Place("model/norms.py", "LayerNorm.forward", "F.layer_norm("),
        Place("look/norms.py", "_norm", "mean_square ="),
    ),
    experiments=(Experiment(key="steady", run=steady),),
)
