"""What a step can show. Each block holds its numbers, and knows the table that says the same.

The page draws a block by its `kind` and computes nothing: labels are words, numbers are final.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from naepo.learn.words import Label, Real, Speaker, full, say, w

Cell = Real | Label | None
Grid = Sequence[Sequence[Cell]]
Numbers = Sequence[Real] | np.ndarray
Rows = Sequence[Sequence[Real]] | Sequence[np.ndarray] | np.ndarray


@dataclass(frozen=True, kw_only=True)
class Block:
    """Something to see; `caption` stands above it."""

    kind: ClassVar[str]
    caption: Label = ""

    def table(self) -> tuple[Sequence[Label], Grid]:
        """Give the same numbers as a table: the names of its columns, and its rows."""
        raise NotImplementedError

    def drawn(self, speaker: Speaker) -> dict[str, Any]:
        """Give what the page needs for the picture, as JSON can hold it."""
        raise NotImplementedError

    def sent(self, speaker: Speaker) -> dict[str, Any]:
        """Give the picture and its table, in the speaker's language."""
        head, rows = self.table()
        table = {
            "head": [speaker.say(name) for name in head],
            "rows": [[_cell(cell, speaker) for cell in row] for row in rows],
        }
        caption = speaker.say(self.caption)
        return {"kind": self.kind, "caption": caption, "table": table} | self.drawn(speaker)


@dataclass(frozen=True, kw_only=True)
class Table(Block):
    """Numbers in rows and columns, open to sight. `marks`: cells (row, column) that stand out."""

    kind = "table"
    head: Sequence[Label]
    rows: Grid
    marks: Sequence[tuple[int, int]] = ()

    def table(self) -> tuple[Sequence[Label], Grid]:
        return self.head, self.rows

    def drawn(self, speaker: Speaker) -> dict[str, Any]:
        return {"marks": [list(mark) for mark in self.marks]}


@dataclass(frozen=True, kw_only=True)
class Bars(Block):
    """Signed bars, one a name. `others`: second values, each a line across its bar."""

    kind = "bars"
    names: Sequence[Label]
    values: Numbers
    others: Numbers | None = None
    is_share: bool = False
    """Whether they are shares: all of one tone."""
    head: tuple[Label, ...] = (w("name"), w("value"), w("before"))

    def table(self) -> tuple[Sequence[Label], Grid]:
        columns = [self.names, self.values] + ([] if self.others is None else [self.others])
        return self.head[: len(columns)], list(zip(*columns, strict=True))

    def drawn(self, speaker: Speaker) -> dict[str, Any]:
        others = [None] * len(self.values) if self.others is None else map(_float, self.others)
        bars = [
            {"name": speaker.say(name), "value": _float(value), "other": other, "text": say(value)}
            for name, value, other in zip(self.names, self.values, others, strict=True)
        ]
        return {"bars": bars, "plain": self.is_share}


@dataclass(frozen=True)
class Mark:
    """A place on a number line. kind: point (a number), mark (mean, limit), faint (before)."""

    x: Real
    name: Label
    kind: str = "point"


@dataclass(frozen=True, kw_only=True)
class Line(Block):
    """A number line with its marks; `spans` are stretches (from, to, name) under it."""

    kind = "line"
    marks: Sequence[Mark]
    spans: Sequence[tuple[Real, Real, Label]] = ()

    def table(self) -> tuple[Sequence[Label], Grid]:
        rows: list[list[Cell]] = [[mark.name, mark.x] for mark in self.marks]
        rows += [[name, say((low, high))] for low, high, name in self.spans]
        return (w("name"), w("value")), rows

    def drawn(self, speaker: Speaker) -> dict[str, Any]:
        marks = [
            {"x": _float(m.x), "name": speaker.say(m.name), "kind": m.kind, "text": say(m.x)}
            for m in self.marks
        ]
        spans = [[_float(low), _float(high), speaker.say(name)] for low, high, name in self.spans]
        return {"marks": marks, "spans": spans}


@dataclass(frozen=True)
class Arrow:
    """A vector from the origin. `moves` names the field that a hand changes by dragging its tip:
    "x" for a vector of two, "A.0" for the first column of a matrix. kind: own, result or faint."""

    x: Real
    y: Real
    name: Label
    kind: str = "own"
    moves: str | None = None


@dataclass(frozen=True)
class Shape:
    """A closed outline. kind: before, after or line (open, drawn thin)."""

    corners: Sequence[Sequence[Real]]
    name: Label
    kind: str = "after"


@dataclass(frozen=True)
class Dot:
    """A point of a class (0 a circle, 1 a square, 2 a triangle, ...)."""

    x: Real
    y: Real
    group: int = 0
    name: Label = ""


@dataclass(frozen=True, kw_only=True)
class Plane(Block):
    """The plane: vectors, outlines and dots, on a grid from −reach to reach."""

    kind = "plane"
    arrows: Sequence[Arrow] = ()
    shapes: Sequence[Shape] = ()
    dots: Sequence[Dot] = ()
    reach: Real = 4
    axes: tuple[Label, Label] = ("x₁", "x₂")
    step: Real = 0.5
    """How far an arrow key moves a tip, and what a dragged tip is rounded to."""

    def table(self) -> tuple[Sequence[Label], Grid]:
        rows: list[list[Cell]] = [[a.name, a.x, a.y] for a in self.arrows]
        rows += [[s.name, *map(float, corner)] for s in self.shapes for corner in s.corners]
        rows += [[d.name or str(d.group), d.x, d.y] for d in self.dots]
        return (w("name"), *self.axes), rows

    def drawn(self, speaker: Speaker) -> dict[str, Any]:
        return {
            "arrows": [
                _point(a, speaker) | {"kind": a.kind, "moves": a.moves, "text": say((a.x, a.y))}
                for a in self.arrows
            ],
            "shapes": [
                {"corners": _floats(s.corners), "name": speaker.say(s.name), "kind": s.kind}
                for s in self.shapes
            ],
            "dots": [_point(d, speaker) | {"group": d.group} for d in self.dots],
            "reach": float(self.reach),
            "axes": [speaker.say(axis) for axis in self.axes],
            "step": self.step,
        }


@dataclass(frozen=True, kw_only=True)
class Matrix(Block):
    """A matrix of coloured cells, with names of rows and columns. A vector is a matrix of one row.

    is_share: whether the numbers are shares (0 … 1). mark: a (row, column) that is framed; None for
    the whole row or column.
    """

    kind = "matrix"
    values: Rows
    rows: Sequence[Label] | None = None
    cols: Sequence[Label] | None = None
    name: str = ""
    is_share: bool = False
    limit: Real | None = None
    mark: tuple[int | None, int | None] | None = None

    def table(self) -> tuple[Sequence[Label], Grid]:
        width = len(self.values[0])
        cols = self.cols or [str(j) for j in range(width)]
        rows = self.rows or [str(i) for i in range(len(self.values))]
        cells = [[name, *values] for name, values in zip(rows, self.values, strict=True)]
        return [self.name, *cols], cells

    def drawn(self, speaker: Speaker) -> dict[str, Any]:
        return {
            "values": _floats(self.values),
            "rows": _names(self.rows, speaker),
            "cols": _names(self.cols, speaker),
            "name": self.name,
            "share": self.is_share,
            "limit": self.limit,
            "mark": None if self.mark is None else list(self.mark),
        }


@dataclass(frozen=True, kw_only=True)
class Equation(Block):
    """Matrices and signs in a row: `parts=(Matrix(...), "·", Matrix(...), "=", Matrix(...))`."""

    kind = "equation"
    parts: Sequence[Matrix | str]

    def table(self) -> tuple[Sequence[Label], Grid]:
        rows: list[list[Cell]] = []
        for part in self.parts:
            if isinstance(part, Matrix):
                head, cells = part.table()
                rows += [[part.caption or part.name, *head[1:]], *map(list, cells)]
            else:
                rows.append([part])
        width = max(map(len, rows))
        return ["", *[""] * (width - 1)], [row + [""] * (width - len(row)) for row in rows]

    def drawn(self, speaker: Speaker) -> dict[str, Any]:
        parts = [p if isinstance(p, str) else p.sent(speaker) for p in self.parts]
        return {"parts": parts}


@dataclass(frozen=True, kw_only=True)
class Links(Block):
    """Arrows from where each result was taken: `taken[i]` is the place in `source` of result i.

    A place outside the source is drawn as a mistake.
    """

    kind = "links"
    source: Sequence[Label]
    taken: Sequence[int]
    results: Sequence[Label]
    names: tuple[Label, Label, Label] = (w("source"), w("index"), w("result"))

    def table(self) -> tuple[Sequence[Label], Grid]:
        rows: list[list[Cell]] = []
        for i, (place, result) in enumerate(zip(self.taken, self.results, strict=True)):
            is_there = 0 <= place < len(self.source)
            rows.append([str(i), say(place), self.source[place] if is_there else "?", result])
        return (w("place"), self.names[1], self.names[0], self.names[2]), rows

    def drawn(self, speaker: Speaker) -> dict[str, Any]:
        return {
            "source": [speaker.say(label) for label in self.source],
            "taken": list(map(int, self.taken)),
            "results": [speaker.say(label) for label in self.results],
            "names": [speaker.say(label) for label in self.names],
        }


@dataclass(frozen=True, kw_only=True)
class Chart(Block):
    """Lines over a common axis: `series` are (name, [(x, y), ...])."""

    kind = "chart"
    series: Sequence[tuple[Label, Sequence[tuple[Real, Real]]]]
    x: Label
    y: Label
    is_log: bool = False
    has_dots: bool = False

    def table(self) -> tuple[Sequence[Label], Grid]:
        places = sorted({float(x) for _, points in self.series for x, _ in points})
        known = [{float(x): y for x, y in points} for _, points in self.series]
        rows = [[x, *[values.get(x) for values in known]] for x in places]
        return [self.x, *[name for name, _ in self.series]], rows

    def drawn(self, speaker: Speaker) -> dict[str, Any]:
        series = [
            {"name": speaker.say(name), "points": _floats(points), "dots": self.has_dots}
            for name, points in self.series
        ]
        axes = {"x": speaker.say(self.x), "y": speaker.say(self.y)}
        return {"series": series, "log": self.is_log} | axes


@dataclass(frozen=True, kw_only=True)
class Sound(Block):
    """Notes that can be heard: (onset, duration, pitch) in quarter notes and MIDI numbers."""

    kind = "sound"
    notes: Sequence[tuple[Real, Real, int]]
    tempo: Real = 120
    """Quarter notes a minute."""

    def table(self) -> tuple[Sequence[Label], Grid]:
        return (w("onset"), w("duration"), w("pitch")), self.notes

    def drawn(self, speaker: Speaker) -> dict[str, Any]:
        return {"notes": _floats(self.notes), "tempo": self.tempo}


@dataclass(frozen=True, kw_only=True)
class Code(Block):
    """Lines as a terminal shows them: code, or the words of an error."""

    kind = "code"
    text: str

    def table(self) -> tuple[Sequence[Label], Grid]:
        return (), ()

    def drawn(self, speaker: Speaker) -> dict[str, Any]:
        return {"text": self.text}


def _point(p: Arrow | Dot, speaker: Speaker) -> dict[str, Any]:
    return {"x": _float(p.x), "y": _float(p.y), "name": speaker.say(p.name)}


def _names(labels: Sequence[Label] | None, speaker: Speaker) -> list[str] | None:
    return None if labels is None else [speaker.say(label) for label in labels]


def _cell(cell: Cell, speaker: Speaker) -> str | list[str]:
    """Give a cell's text, with all its digits where it has more than it shows."""
    if cell is None:
        return ""
    if not isinstance(cell, int | float):
        return speaker.say(cell)
    text = say(cell)
    return text if text.replace(",", "") == full(cell).removesuffix(".0") else [text, full(cell)]


def _float(x: Any) -> float | None:
    """Give a number as JSON can hold it: NaN and infinity are null, the table says which."""
    return float(x) if math.isfinite(x) else None


def _floats(rows: Iterable[Iterable[Any]]) -> list[list[float | None]]:
    return [[_float(x) for x in row] for row in rows]
