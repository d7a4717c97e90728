"""Chapter 3: a linear transformation, entry by entry, as a picture, and one after another."""

import numpy as np

from naepo.concepts.linear import NAMED, SQUARE, apply, area, compose
from naepo.learn.blocks import Arrow, Equation, Plane, Shape
from naepo.learn.blocks import Matrix as Cells
from naepo.learn.chapter import Chapter, Check, Knob, Place, See, Step
from naepo.learn.fields import Given, Matrix, Vector
from naepo.learn.formulas import column, num, table
from naepo.learn.questions import Asked, Question
from naepo.learn.words import w

TURN, WIDEN = NAMED["rotate"], ((2.0, 0.0), (0.0, 1.0))
WRITTEN, TRIED = ((1.0, 2.0), (3.0, 4.0)), (5.0, 6.0)


def steps(given: Given) -> tuple[Step, ...]:
    """Entry by entry; the square; its area; columns; twice; fewer dimensions."""
    return (
        _entries(given),
        _square(given),
        _area(given),
        _columns(given),
        _twice(given),
        _fewer(given),
    )


def _entries(given: Given) -> Step:
    found = apply(given.A, given.x)
    lines = [
        f"y_{i + 1} = "
        + " + ".join(f"{num(a)} · {num(x)}" for a, x in zip(row, found.x, strict=True))
        + f" = {num(y)}"
        for i, (row, y) in enumerate(zip(found.matrix, found.y, strict=True))
    ]
    return Step(
        key="entries",
        formulas=(*lines, f"{table(found.matrix)} {column(found.x)} = {column(found.y)}"),
        says={"x": found.x, "y": found.y},
    )


def _square(given: Given) -> Step:
    return Step(
        key="square",
        shows=(picture(given.A, given.x, moves=True),),
        says={"first": given.A[:, 0], "second": given.A[:, 1]},
    )


def picture(matrix: np.ndarray, x: np.ndarray, *, moves: bool = False) -> Plane:
    """Draw the square before and after, the columns of the matrix, and where x goes."""
    found = area(matrix)
    columns = [
        Arrow(
            *map(float, matrix[:, j]),
            name="a₁a₂"[2 * j : 2 * j + 2],
            moves=f"A.{j}" if moves else None,
        )
        for j in range(2)
    ]
    y = apply(matrix, x).y
    seen = np.abs(np.concatenate([found.corners.ravel(), y, x, [1.0]]))
    return Plane(
        shapes=(Shape(SQUARE, w("before"), "before"), Shape(found.corners.tolist(), w("after"))),
        arrows=(
            Arrow(*map(float, x), name="x", kind="faint", moves="x" if moves else None),
            *columns,
            Arrow(*map(float, y), name="y", kind="result"),
        ),
        reach=float(np.ceil(seen.max())) + 1,
    )


def _area(given: Given) -> Step:
    found = area(given.A)
    (a, b), (c, d) = given.A
    det = found.determinant
    return Step(
        key="area",
        formulas=(f'"det" A = {num(a)} · {num(d)} − {num(b)} · {num(c)} = {num(det)}',),
        checks=(Check(key="walked", error=found.walked - det),),
        says={"area": abs(det), "det": det},
        variant="flat" if det == 0 else "over" if det < 0 else "",
    )


def _columns(given: Given) -> Step:
    first, second = given.A[:, 0], given.A[:, 1]
    y = apply(given.A, given.x).y
    x1, x2 = given.x
    return Step(
        key="columns",
        formulas=(f"{num(x1)} · {column(first)} + {num(x2)} · {column(second)} = {column(y)}",),
        says={"x1": x1, "x2": x2},
    )


def _twice(given: Given) -> Step:
    found = compose(given.A, given.A, given.x)
    error = float(np.abs(found.step_by_step - found.at_once).max())
    matrix = table(given.A)
    return Step(
        key="twice",
        formulas=(f"{matrix} {matrix} = {table(found.product)}",),
        checks=(Check(key="twice", error=error),),
        says={"y": found.at_once},
    )


def _fewer(given: Given) -> Step:
    row = given.A[:1]
    y = apply(row, given.x).y
    return Step(
        key="fewer",
        shows=(
            Equation(
                parts=(
                    Cells(values=row, name="W", caption=w("kept", out=1, into=2)),
                    "·",
                    Cells(values=given.x[:, None], name="x"),
                    "=",
                    Cells(values=y[:, None], name="y"),
                )
            ),
        ),
        says={"y": y[0], "out": 1, "into": 2},
    )


def named(given: Given, name: str) -> Step:
    """Show a map that has a name."""
    matrix = np.array(NAMED[name])
    return Step(
        key="named",
        formulas=(f"A = {table(matrix)}", f'"det" A = {num(area(matrix).determinant)}'),
        shows=(picture(matrix, given.x),),
        says={"kind": w(f"knob_is_{name}"), "det": area(matrix).determinant},
        variant=name,
    )


def is_flat(given: Given, name: str) -> bool:
    """Whether a map presses the square flat, so that nothing leads back."""
    return area(NAMED[name]).determinant == 0


def guess(given: Given) -> Asked:
    """Ask for the area of the square after the map."""
    found = area(given.A)
    sides = np.linalg.norm(given.A, axis=0)
    return Asked(
        answer=abs(found.determinant),
        mistakes={
            "sum": float(np.abs(np.diag(given.A)).sum()),
            "round": float(2 * sides.sum()),
        },
        says={"matrix": str_of(given.A)},
    )


def str_of(matrix: np.ndarray) -> list[list[float]]:
    """Give a matrix as rows, to be said in a text."""
    return [list(map(float, row)) for row in matrix]


def entries(given: Given) -> Asked:
    """Ask for y = A x by hand."""
    y = apply(WRITTEN, TRIED).y
    products = np.array(WRITTEN) * np.array(TRIED)
    return Asked(
        answer=tuple(y),
        mistakes={
            "transposed": tuple(apply(np.array(WRITTEN).T, TRIED).y),
            "swapped": tuple(y[::-1]),
            "diagonal": tuple(np.diag(products)),
        },
        says={"matrix": str_of(np.array(WRITTEN)), "x": TRIED, "products": str_of(products)},
    )


def order(given: Given) -> Asked:
    """Ask where (1, 0) goes: first a quarter turn, then a stretch."""
    found = compose(WIDEN, TURN, (1, 0))
    back = np.array(TURN).T
    return Asked(
        answer=tuple(found.at_once),
        mistakes={
            "order": tuple(found.other_order @ (1, 0)),
            "clockwise": tuple(np.array(WIDEN) @ back @ (1, 0)),
            "no_turn": tuple(apply(WIDEN, (1, 0)).y),
        },
        says={
            "turn": str_of(np.array(TURN)),
            "widen": str_of(np.array(WIDEN)),
            "x": (1, 0),
            "turned": tuple(apply(TURN, (1, 0)).y),
        },
    )


CHAPTER = Chapter(
    key="linear",
    number=3,
    fields=(
        Matrix(key="A", default=((2, 0), (0, 3)), low=-10, high=10),
        Vector(key="x", default=(1, 1), low=-10, high=10, step=0.5, most=2),
    ),
    guess=Question("guess", guess),
    steps=steps,
    knob=Knob(values=tuple(NAMED), start=0, show=named, breaks=is_flat),
    exercises=(Question("entries", entries), Question("order", order)),
    sees=(
        See(kind="linear", name="to_q"),
        See(kind="linear", name="up"),
        See(kind="linear", name="output"),
    ),
    places=(
        Place("model/attention.py", "Attention.project", "self.to_q(x)"),
        Place("look/linear.py", "Opened.error", "y = x @ exact(self.weight[part]).T"),
    ),
)
