"""Chapter 4: linear or not, by the test of superposition; and why layers need an activation."""

from functools import partial
from typing import Any

import numpy as np

from naepo.concepts.superposition import (
    DELIVERY,
    LESS,
    MANY,
    RULES,
    Function,
    gaps,
    superposition,
    two_layers,
)
from naepo.learn.blocks import Chart, Equation, Matrix, Table
from naepo.learn.chapter import Chapter, Check, Knob, Place, See, Step
from naepo.learn.fields import Choice, Given, Number
from naepo.learn.formulas import num, plain
from naepo.learn.questions import Asked, Question
from naepo.learn.words import Word, w

FIRST = ((1.0, -1.0), (2.0, 1.0))
SECOND = ((1.0, 2.0), (1.0, -1.0))
PLACES = tuple(range(-20, 25, 5))
FORMULAS = {
    "jump": "f(x) = {price} · x ~ (x < {many})|f(x) = {less} · x ~ (x ≥ {many})",
    "proportional": "f(x) = {price} · x",
    "fee": "f(x) = {price} · x + {fee}",
    "square": "f(x) = {price} · x^2",
    "relu": 'f(x) = {price} · "max"(x, 0)',
}
TAXI, PER_KM, FAR = 4800.0, 1000.0, 3.0
LEFT, RIGHT = ((1.0, 1.0), (0.0, 1.0)), ((2.0, 0.0), (0.0, 3.0))
BENDS: dict[str, Function] = {
    "nothing": np.array,
    "twice": partial(np.multiply, 2),
    "bias": partial(np.add, 1),
    "relu": partial(np.maximum, 0),
    "tanh": np.tanh,
    "square": np.square,
}
"""What may stand between two layers."""


def chosen(given: Given) -> Function:
    """Give the rule that the reader chose, at their price."""
    return partial(RULES[given.rule], price=given.price)


def rule(given: Given, name: str = "") -> Word:
    """Say a rule of the shop in words."""
    said = {"price": given.price, "less": LESS * given.price, "many": MANY, "fee": DELIVERY}
    return w(f"rule_{name or given.rule}", **said)


def steps(given: Given) -> tuple[Step, ...]:
    """In proportion; the chosen rule; both tests; all places; a fee; two layers; a bend."""
    return (
        _proportional(given),
        _curve(given),
        _added(given),
        _multiplied(given),
        _everywhere(given),
        _fee(given),
        _collapsed(given),
        _bent(given),
    )


def _proportional(given: Given) -> Step:
    found = superposition(partial(RULES["proportional"], price=given.price), *_places(given))
    a, b, price = num(given.a), num(given.b), num(given.price)
    together = f"{price} · ({a} + {b}) = {plain(found.at_sum)}"
    apart = f"{price} · {a} + {price} · {b} = {plain(found.at_a)} + {num(found.at_b)}"
    return Step(
        key="proportional",
        formulas=(together, f"{apart} = {plain(found.sum_of)}"),
        checks=(
            Check(key="add", error=found.gap, bound=1e-6),
            Check(key="multiply", error=found.multiple_gap, bound=1e-6),
        ),
        says={"rule": rule(given, "proportional"), "k": given.k},
    )


def _places(given: Given) -> tuple[float, float, float]:
    return given.a, given.b, given.k


def _curve(given: Given) -> Step:
    """Draw the chosen rule, and what it would be if f(a) were true in proportion."""
    f, a = chosen(given), given.a
    known = superposition(f, *_places(given))
    ends = (a, given.b, a + given.b, 0.0)
    low, high = int(min(ends)) - 3, int(max(ends)) + 3
    x = np.sort([*np.arange(low, high + 0.25, 0.5), MANY - 1e-6])
    x = x[(x >= low) & (x <= high)]
    series: list[Any] = [("f(x)", list(zip(x, f(x), strict=True)))]
    if a:
        slope = known.at_a / a
        series.append((w("in_proportion"), [(low, slope * low), (high, slope * high)]))
    fee, less = num(DELIVERY), num(LESS * given.price)
    numbers = {"price": num(given.price), "less": less, "many": num(MANY), "fee": fee}
    return Step(
        key="curve",
        formulas=tuple(FORMULAS[given.rule].format(**numbers).split("|")),
        shows=(Chart(series=series, x="x", y="f(x)"),),
        says={"rule": rule(given), "a": a},
    )


def _added(given: Given) -> Step:
    found = superposition(chosen(given), *_places(given))
    a, b, both = plain(given.a), plain(given.b), plain(given.a + given.b)
    return Step(
        key="added",
        formulas=(
            f"f({a}) + f({b}) = {plain(found.at_a)} + {num(found.at_b)} = {plain(found.sum_of)}",
            f"f({a} + {num(given.b)}) = f({both}) = {plain(found.at_sum)}",
        ),
        says={"gap": found.gap, "a": given.a, "b": given.b},
        variant="holds" if _is_none(found.gap, found.sum_of) else "",
    )


def _is_none(gap: float, size: float) -> bool:
    return abs(gap) <= 1e-9 * max(1.0, abs(size))


def _multiplied(given: Given) -> Step:
    found = superposition(chosen(given), *_places(given))
    a, k = num(given.a), num(given.k)
    return Step(
        key="multiplied",
        formulas=(
            f"{k} · f({plain(given.a)}) = {k} · {num(found.at_a)} = {plain(found.multiple_of)}",
            f"f({k} · {a}) = f({plain(given.k * given.a)}) = {plain(found.at_multiple)}",
        ),
        says={"gap": found.multiple_gap, "k": given.k},
        variant="holds" if _is_none(found.multiple_gap, found.multiple_of) else "",
    )


def _everywhere(given: Given) -> Step:
    """Try all pairs of a grid: one that fails is enough."""
    found = gaps(chosen(given), PLACES)
    failing = int((np.abs(found) > 1e-6).sum())
    names = [str(each).replace("-", "−") for each in PLACES]
    return Step(
        key="everywhere",
        shows=(Matrix(values=found, rows=names, cols=names, caption=w("gap_of_pairs")),),
        says={"failing": failing, "pairs": found.size},
        variant="" if failing else "none",
    )


def _fee(given: Given) -> Step:
    found = superposition(partial(RULES["fee"], price=given.price), *_places(given))
    return Step(
        key="fee",
        formulas=(f"f(0) = {num(given.price)} · 0 + {num(DELIVERY)} = {plain(found.at_zero)}",),
        shows=(
            Table(
                head=("", "f"),
                rows=[
                    ["f(a)", found.at_a],
                    ["f(b)", found.at_b],
                    ["f(a) + f(b)", found.sum_of],
                    ["f(a + b)", found.at_sum],
                    [w("gap"), found.gap],
                ],
            ),
        ),
        says={"rule": rule(given, "fee"), "fee": DELIVERY, "gap": found.gap},
    )


def _collapsed(given: Given) -> Step:
    found = two_layers(FIRST, SECOND, (given.a, given.b))
    shown = (_matrix(SECOND, "W₂"), "·", _matrix(FIRST, "W₁"), "=", _matrix(found.product, "W"))
    return Step(
        key="collapsed",
        formulas=("W_2 (W_1 x) = (W_2 W_1) x = W x",),
        shows=(
            Equation(parts=shown),
            Table(
                head=("", "x", "h = W₁ x", "W₂ h", "W x"),
                rows=_rows((given.a, given.b), found.hidden, found.y, found.direct),
            ),
        ),
        checks=(Check(key="one", error=float(np.abs(found.gap).max())),),
        says={"y": found.y, "n": found.product.size},
    )


def _matrix(values: Any, name: str) -> Matrix:
    return Matrix(values=np.array(values), name=name)


def _rows(*parts: Any) -> list[list[Any]]:
    return [[str(i), *row] for i, row in enumerate(zip(*parts, strict=True), 1)]


def _bent(given: Given) -> Step:
    """Put a ReLU between, and try x and its opposite: together they are 0, their results not."""
    x = np.array([given.a, given.b])
    one, other = (two_layers(FIRST, SECOND, v, BENDS["relu"]) for v in (x, -x))
    added = one.y + other.y
    head = ("", "x", "h = W₁ x", "max(h, 0)", "F(x)", "F(−x)", "F(x) + F(−x)")
    return Step(
        key="bent",
        formulas=('F(x) = W_2 ~ "max"(W_1 x, 0)',),
        shows=(Table(head=head, rows=_rows(x, one.hidden, one.bent, one.y, other.y, added)),),
        says={"added": added, "without": one.direct, "y": one.y},
    )


def guess(given: Given) -> Asked:
    """Ask for f(a + b)."""
    found = superposition(chosen(given), *_places(given))
    says = {"a": given.a, "b": given.b, "sum": given.a + given.b, "rule": rule(given)}
    return Asked(
        answer=found.at_sum,
        mistakes={"added": found.sum_of},
        says=says | {"at_a": found.at_a, "at_b": found.at_b, "gap": found.gap},
    )


def taxi(given: Given) -> Asked:
    """Ask for the fare of twice the way."""
    fare = TAXI + PER_KM * FAR
    return Asked(
        answer=TAXI + PER_KM * 2 * FAR,
        mistakes={
            "doubled": 2 * fare,
            "no_fee": PER_KM * 2 * FAR,
            "one_more": fare + PER_KM,
            "once": fare,
        },
        says={
            "base": TAXI,
            "per": PER_KM,
            "far": FAR,
            "fare": fare,
            "twice": 2 * FAR,
            "more": PER_KM * FAR,
        },
    )


def one_layer(given: Given) -> Asked:
    """Ask for the one matrix that stands for two."""
    found = two_layers(RIGHT, LEFT, (0, 0)).product
    other = two_layers(LEFT, RIGHT, (0, 0)).product
    left, right = np.array(LEFT), np.array(RIGHT)
    return Asked(
        answer=tuple(found.ravel()),
        mistakes={
            "order": tuple(other.ravel()),
            "entries": tuple((left * right).ravel()),
            "sum": tuple((left + right).ravel()),
            "turned": tuple(found.T.ravel()),
        },
        says={"first": RIGHT, "second": LEFT},
    )


def between(given: Given, name: str) -> Step:
    """Put something between two layers and try superposition on u = (a, b) and v = (b, a)."""
    u, v = np.array([given.a, given.b]), np.array([given.b, given.a])
    at_u, at_v, at_sum = (two_layers(FIRST, SECOND, x, BENDS[name]).y for x in (u, v, u + v))
    head = ("", "F(u)", "F(v)", "F(u) + F(v)", "F(u + v)", w("gap"))
    parts = (at_u, at_v, at_u + at_v, at_sum, at_sum - at_u - at_v)
    return Step(
        key="between",
        formulas=("F(x) = W_2 ~ φ(W_1 x)",),
        shows=(Table(head=head, rows=_rows(*parts)),),
        says={"name": w(f"knob_is_{name}"), "u": u, "v": v},
        variant=name if name in ("nothing", "twice", "bias") else "",
    )


def is_broken(given: Given, name: str) -> bool:
    """Whether the two layers with this between them fail the test."""
    u, v = np.array([given.a, given.b]), np.array([given.b, given.a])
    at_u, at_v, at_sum = (two_layers(FIRST, SECOND, x, BENDS[name]).y for x in (u, v, u + v))
    return not np.allclose(at_sum, at_u + at_v)


CHAPTER = Chapter(
    key="superposition",
    number=4,
    fields=(
        Choice(key="rule", options=tuple(RULES)),
        Number(key="price", default=1000, low=1, high=100_000, step=100),
        Number(key="a", default=6, low=-20, high=20, step=1, slides=True),
        Number(key="b", default=8, low=-20, high=20, step=1, slides=True),
        Number(key="k", default=2, low=-5, high=5, step=0.5, slides=True),
    ),
    guess=Question("guess", guess),
    steps=steps,
    knob=Knob(values=tuple(BENDS), start=0, show=between, breaks=is_broken),
    exercises=(Question("taxi", taxi), Question("one_layer", one_layer)),
    sees=(See(kind="activation"), See(kind="linear", name="up"), See(kind="linear", name="down")),
    places=(
        Place("model/mlp.py", "SwiGLU.forward", "F.silu(self.gate(x))"),
        Place("model/mlp.py", "ReLU2.forward", "F.relu("),
        Place("look/linear.py", "Opened.error", "y = x @ exact("),
    ),
)
