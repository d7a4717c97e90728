"""Chapter 8: the gradient of a loss, and the size of the step: diverging, crawling, converging."""

from functools import partial
from typing import Any

import numpy as np

from naepo.concepts.gradient import (
    Descent,
    Regression,
    curvature,
    descend,
    regression,
    secants,
)
from naepo.concepts.spread import spread
from naepo.learn.blocks import Chart, Table
from naepo.learn.chapter import Chapter, Check, Experiment, Knob, Place, See, Step
from naepo.learn.experiments.rates import rates
from naepo.learn.fields import Given, Number, Vector
from naepo.learn.formulas import frac, num, plain, total
from naepo.learn.questions import Asked, Question
from naepo.learn.words import say, w

PRICES = (11.0, 15.0, 9.0, 13.0)
"""What the apples cost, in hundreds of won."""
STEPS = 60
WIDTHS = (0.1, 0.01, 0.001, 1e-4)
TINY = 1e-4
"""Half the width of the difference that checks the gradient, as a share of what is moved."""
SEEN = (1e-6, 1e6)
"""Losses that are drawn."""
VERDICTS = ("diverges", "crawls", "converges")
PAPER_X, PAPER_Y, PAPER_RATE = (1.0, 3.0), (3.0, 5.0), 0.1


def here(given: Given) -> Regression:
    """Measure the line at the reader's w and b."""
    return regression(given.x, PRICES, given.w, given.b)


def loss_at(given: Given, w: float) -> float:
    """Give the loss when w alone is another."""
    return regression(given.x, PRICES, w, given.b).loss


def steps(given: Given) -> tuple[Step, ...]:
    """Errors, slope of one weight, both slopes, one step, many, and the same with other units."""
    found = here(given)
    return (
        _errors(found),
        _slope(given, found),
        _partial(given, found),
        _one_step(given, found),
        _many(given),
        _units(given),
    )


def _errors(found: Regression) -> Step:
    parts = (found.x, found.y, found.predicted, found.errors, found.squares)
    head = (w("apple"), w("grams"), w("price"), "ŷ = w x + b", "e = ŷ − y", "e²")
    rows: list[list[Any]] = [[str(i + 1), *row] for i, row in enumerate(zip(*parts, strict=True))]
    summed = total(num(each) for each in found.squares)
    return Step(
        key="errors",
        formulas=(f"L = {frac(summed, plain(len(found.x)))} = {plain(found.loss)}",),
        shows=(Table(head=head, rows=rows), _line(found)),
        says={"w": found.w, "b": found.b, "loss": found.loss},
    )


def _line(found: Regression) -> Chart:
    """Draw what the apples cost, and what the line says."""
    order = np.argsort(found.x)
    paid, said = ([(found.x[i], y[i]) for i in order] for y in (found.y, found.predicted))
    series = [(w("price"), paid), ("ŷ = w x + b", said)]
    return Chart(series=series, x=w("grams"), y=w("price"), has_dots=True)


def _slope(given: Given, found: Regression) -> Step:
    """Let w alone move: the slope between two points, ever nearer, becomes the derivative."""
    reach = 0.06
    places = np.linspace(found.w - reach, found.w + reach, 41)
    curve = [(float(place), loss_at(given, float(place))) for place in places]
    tangent = [
        (float(place), found.loss + found.slope_w * float(place - found.w))
        for place in places[10:31]
    ]
    near = secants(partial(loss_at, given), found.w, WIDTHS)
    head = ("h", "L(w + h) − L(w)", w("slope"))
    rows = [[each.h, each.rise, each.slope] for each in near]
    return Step(
        key="slope",
        formulas=('frac{∂L}{∂w} = "lim"_{h → 0} frac{L(w + h) − L(w)}{h}',),
        shows=(
            Table(head=head, rows=rows),
            Chart(series=[("L(w)", curve), (w("tangent"), tangent)], x="w", y=w("loss")),
        ),
        says={"w": found.w, "b": found.b, "slope": found.slope_w, "h": near[-1].h},
    )


def _partial(given: Given, found: Regression) -> Step:
    parts = (found.errors, found.x, found.pulls_w, found.pulls_b)
    rows: list[list[Any]] = [[str(i + 1), *row] for i, row in enumerate(zip(*parts, strict=True))]
    rows.append([w("mean"), "", "", found.slope_w, found.slope_b])
    wide = TINY * max(1.0, abs(found.w))
    high = regression(found.x, found.y, found.w + wide, found.b).loss
    low = regression(found.x, found.y, found.w - wide, found.b).loss
    off = (high - low) / (2 * wide) - found.slope_w
    return Step(
        key="partial",
        formulas=(
            f"frac{{∂L}}{{∂w}} = frac{{1}}{{n}} ∑_i 2 e_i x_i = {plain(found.slope_w)}, ~ "
            f"frac{{∂L}}{{∂b}} = frac{{1}}{{n}} ∑_i 2 e_i = {plain(found.slope_b)}",
        ),
        shows=(Table(head=(w("apple"), "e", "x", "2 e x", "2 e"), rows=rows),),
        checks=(Check(key="difference", error=off / max(1.0, abs(found.slope_w)), bound=1e-6),),
        says={"slope_w": found.slope_w, "slope_b": found.slope_b},
    )


def _one_step(given: Given, found: Regression) -> Step:
    """Step once, and see whether the loss fell."""
    rate = given.rate
    new_w, new_b = found.w - rate * found.slope_w, found.b - rate * found.slope_b
    after = regression(found.x, found.y, new_w, new_b)
    variant = "up" if after.loss > found.loss else ""
    return Step(
        key="one",
        formulas=(
            f"w ← {plain(found.w)} − {plain(rate)} · {num(found.slope_w)} = {plain(new_w)}",
            f"b ← {plain(found.b)} − {plain(rate)} · {num(found.slope_b)} = {plain(new_b)}",
        ),
        shows=(
            Table(
                head=("", "w", "b", "L"),
                rows=[
                    [w("before"), found.w, found.b, found.loss],
                    [w("after"), new_w, new_b, after.loss],
                ],
            ),
        ),
        says={"rate": rate, "before": found.loss, "after": after.loss},
        variant=variant,
    )


def _course(given: Given, rate: float, n_steps: int = STEPS) -> Descent:
    return descend(given.x, PRICES, rate, n_steps, w=given.w, b=given.b)


def _many(given: Given) -> Step:
    down, bent = _course(given, given.rate), curvature(given.x)
    return Step(
        key="many",
        shows=(_drawn([(w("raw"), down)]),),
        formulas=(f'η < frac{{2}}{{"{say(bent.steepest)}"}} = {plain(bent.limit)}',),
        says={
            "n": len(down.losses) - 1,
            "w": float(down.w[-1]),
            "b": float(down.b[-1]),
            "loss": float(down.losses[-1]),
            "lowest": down.lowest,
            "limit": bent.limit,
            "rate": given.rate,
            "condition": bent.condition,
        },
        variant=down.verdict,
    )


def _drawn(courses: list[tuple[Any, Descent]]) -> Chart:
    """Draw losses above the lowest one, step by step, as far as they fit on the paper."""
    low, high = SEEN
    series = [
        (
            name,
            [
                (i, max(float(loss) - down.lowest, low))
                for i, loss in enumerate(down.losses)
                if loss - down.lowest <= high
            ],
        )
        for name, down in courses
    ]
    return Chart(series=series, x=w("step"), y=w("above"), is_log=True)


def _normalised(given: Given) -> np.ndarray:
    """Standardise the apples; where all weigh the same, nothing is left of them."""
    found = spread(given.x)
    return found.standardised if found.deviation else np.zeros(len(given.x))


def _units(given: Given) -> Step:
    """Standardise the apples, and walk again, each with half of the largest step it can bear."""
    z = _normalised(given)
    raw, fair = curvature(given.x), curvature(z)
    half_raw, half_fair = raw.limit / 2, fair.limit / 2
    walks = [(w("raw"), _course(given, half_raw)), (w("normalised"), _walk(z, half_fair))]
    head = ("", w("limit"), w("condition"), w("half_limit"), w("left"))
    rows = [
        [name, each.limit, each.condition, rate, down.left]
        for (name, down), each, rate in zip(walks, (raw, fair), (half_raw, half_fair), strict=True)
    ]
    return Step(
        key="units",
        formulas=('z = frac{x − "x̄"}{σ}',),
        shows=(Table(head=head, rows=rows), _drawn(walks)),
        says={
            "x": given.x,
            "z": z,
            "condition": raw.condition,
            "fair": fair.condition,
            "rate": half_fair,
            "n": STEPS,
            "left": walks[0][1].left,
        },
    )


def _walk(z: np.ndarray, rate: float, n_steps: int = STEPS) -> Descent:
    return descend(z, PRICES, rate, n_steps)


def guess(given: Given) -> Asked:
    """Ask how it will go with this step."""
    down = _course(given, given.rate)
    return Asked(
        answer=down.verdict,
        options=VERDICTS,
        says={
            "rate": given.rate,
            "n": STEPS,
            "x": given.x,
            "limit": curvature(given.x).limit,
        },
    )


def by_hand(given: Given) -> Asked:
    """Ask for one step on paper."""
    found = regression(PAPER_X, PAPER_Y, w=1, b=0)
    slopes = np.array([found.slope_w, found.slope_b])
    start = np.array([1.0, 0.0])
    after = start - PAPER_RATE * slopes
    return Asked(
        answer=tuple(after),
        mistakes={
            "uphill": tuple(start + PAPER_RATE * slopes),
            "no_two": tuple(start - PAPER_RATE * slopes / 2),
            "no_mean": tuple(start - PAPER_RATE * slopes * len(PAPER_X)),
            "no_rate": tuple(start - slopes),
            "slopes": tuple(slopes),
        },
        says={
            "x": PAPER_X,
            "y": PAPER_Y,
            "rate": PAPER_RATE,
            "slopes": slopes,
            "errors": found.errors,
            "n": len(PAPER_X),
            "loss": found.loss,
            "lower": regression(PAPER_X, PAPER_Y, *map(float, after)).loss,
        },
    )


def bound(given: Given) -> Asked:
    """Ask for the largest step that L = 3 w² can bear."""
    return Asked(
        answer=2 / 6,
        mistakes={"arrives": 1 / 6, "no_two": 2 / 3, "inverse": 6.0},
        says={"curve": 6, "rate": 1 / 6},
    )


def turned(given: Given, rate: float) -> Step:
    """Walk raw and normalised apples with the same step."""
    raw, fair = _course(given, rate), _walk(_normalised(given), rate)
    head = ("", "w", "b", w("above"), w("left"))
    rows = [
        [name, float(d.w[-1]), float(d.b[-1]), d.left * float(d.losses[0] - d.lowest), d.left]
        for name, d in ((w("raw"), raw), (w("normalised"), fair))
    ]
    lost = (raw.verdict == "diverges") + (fair.verdict == "diverges")
    return Step(
        key="turned",
        shows=(_drawn([(w("raw"), raw), (w("normalised"), fair)]), Table(head=head, rows=rows)),
        says={
            "rate": rate,
            "raw": w(f"guess_is_{raw.verdict}"),
            "fair": w(f"guess_is_{fair.verdict}"),
        },
        variant=("", "one", "both")[lost],
    )


def is_broken(given: Given, rate: float) -> bool:
    """Whether either of the two walks is worse off than where it began."""
    walks = (_course(given, rate), _walk(_normalised(given), rate))
    return any(down.verdict == "diverges" for down in walks)


CHAPTER = Chapter(
    key="gradient",
    number=8,
    fields=(
        Vector(key="x", default=(200, 300, 150, 250), least=4, most=4, step=10),
        Number(key="w", default=0, low=-1, high=1, step=0.01),
        Number(key="b", default=0, low=-50, high=50, step=1),
        Number(key="rate", default=1e-5, low=0, high=2, step=1e-6),
    ),
    guess=Question("guess", guess),
    steps=steps,
    knob=Knob(
        values=(1e-6, 1e-5, 1.8e-5, 2e-5, 1e-3, 0.1, 0.5, 0.9, 1.1),
        start=1,
        show=turned,
        breaks=is_broken,
    ),
    exercises=(Question("by_hand", by_hand), Question("bound", bound)),
    sees=(
        See(kind="linear", name="output", view="training"),
        See(kind="linear", name="to_q"),
        See(kind="embedding"),
    ),
    places=(
        Place("train/gradients.py", "", "loss.backward()"),
        Place("train/optimizers.py", "Muon._update_batch", "parameter.add_("),
        Place("train/trainer.py", "Trainer.step", "self.optimizers.step(share)"),
    ),
    experiments=(Experiment(key="rates", run=rates),),
)
