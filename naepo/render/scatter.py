"""A map: points on paper, coloured by what they are marked with, with a legend."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from naepo.render.picture import INK, LINE, MUTED, Circle, Number, Picture, Rectangle, Text

Array = np.ndarray
COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"),
    *("#56b4e9", "#7a5195", "#8c6d31", "#555555", "#882255"),
)
"""Told apart by most of those who see few colours: Okabe and Ito 2008, and four more."""
OTHER, NONE = "#b8b5ac", "#1f6f8b"
"""Of what is too rare for a colour of its own, and of all points where nothing is asked for."""
LOW, HIGH = (0xDD, 0xE8, 0xF0), (0x08, 0x30, 0x6B)
"""The ends of a scale of numbers."""
SIDE, MARGIN, LEGEND = 640, 24, 170
HEAD, LINES = 40, 16
STEPS = 5
"""Samples of a scale in its legend."""
MOST = 24
"""Characters of a name in the legend."""


def scatter(
    points: Float[Array, "n 2"],
    *,
    title: str,
    notes: Sequence[str] = (),
    marks: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    rings: Sequence[bool] | None = None,
) -> Picture:
    """Draw points, both axes to one scale.

    notes: lines under the title.  marks: what each is coloured by, "" for unknown; numbers, if they
    all are and are many, get a scale.  names: what a pointer on a point is told.
    rings: which ones stand out, because they were added to an older map.
    """
    colours, legend = _coloured(marks) if marks is not None else ([NONE] * len(points), [])
    top = HEAD + LINES * len(notes)
    width = SIDE + 2 * MARGIN + (LEGEND if legend else 0)
    said = "; ".join([f"{len(points):,} points", *notes])
    picture = Picture(width, SIDE + top + MARGIN, title, said)
    picture.shapes += [Text(MARGIN, 24, title, 15, INK)]
    for number, note in enumerate(notes):
        picture.shapes.append(Text(MARGIN, HEAD + 4 + LINES * number, note, 11, MUTED))
    picture.shapes += _frame(MARGIN, top, SIDE)
    radius = max(1.5, min(4.0, 90 / max(1, len(points)) ** 0.5))
    for number, (x, y) in enumerate(_laid(points, MARGIN, top)):
        name = names[number] if names is not None else ""
        if rings is not None and rings[number]:
            picture.shapes.append(Circle(x, y, radius + 2, INK))
        picture.shapes.append(Circle(x, y, radius, colours[number], name))
    for number, (name, colour) in enumerate(legend):
        y = top + 10 + 18 * number
        picture.shapes.append(Circle(SIDE + 2 * MARGIN, y, 5, colour))
        shown = name if len(name) <= MOST else name[: MOST - 1] + "…"
        picture.shapes.append(Text(SIDE + 2 * MARGIN + 12, y, shown, 11, INK))
    return picture


def _laid(points: Float[Array, "n 2"], left: Number, top: Number) -> list[tuple[float, float]]:
    """Give the place of each point on paper; y goes up on a map, and down on paper."""
    if not len(points):
        return []
    low = points.min(axis=0)
    span = float((points.max(axis=0) - low).max()) or 1.0
    inner = SIDE - 24
    centred = (points - low - (points.max(axis=0) - low) / 2) / span * inner
    middle = left + SIDE / 2, top + SIDE / 2
    return [(float(middle[0] + x), float(middle[1] - y)) for x, y in centred]


def _frame(left: Number, top: Number, side: Number) -> list[Rectangle]:
    return [
        Rectangle(left, top, side, 1, LINE),
        Rectangle(left, top + side - 1, side, 1, LINE),
        Rectangle(left, top, 1, side, LINE),
        Rectangle(left + side - 1, top, 1, side, LINE),
    ]


def _coloured(marks: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Give a colour for each mark, and the legend."""
    counts = Counter(mark for mark in marks if mark)
    numbers = _numbers(counts)
    if numbers is not None and len(counts) > len(COLOURS):
        return _scaled(marks, min(numbers), max(numbers))
    frequent = sorted(mark for mark, _ in counts.most_common(len(COLOURS)))
    colour_of = dict(zip(frequent, COLOURS, strict=False))
    legend = [(f"{mark} ({counts[mark]:,})", colour) for mark, colour in colour_of.items()]
    n_others = len(marks) - sum(counts[mark] for mark in frequent)
    if n_others:
        legend.append((f"other ({n_others:,})", OTHER))
    return [colour_of.get(mark, OTHER) for mark in marks], legend


def _scaled(
    marks: Sequence[str], least: float, most: float
) -> tuple[list[str], list[tuple[str, str]]]:
    span = (most - least) or 1.0

    def shade(share: float) -> str:
        mixed = (round(a + (b - a) * share) for a, b in zip(LOW, HIGH, strict=True))
        return "#" + "".join(f"{channel:02x}" for channel in mixed)

    colours = [shade((float(mark) - least) / span) if mark else OTHER for mark in marks]
    shares = [step / (STEPS - 1) for step in range(STEPS)]
    return colours, [(f"{least + share * span:.4g}", shade(share)) for share in shares]


def _numbers(marks: Counter[str]) -> list[float] | None:
    try:
        numbers = [float(mark) for mark in marks]
    except ValueError:
        return None
    return numbers if numbers and np.isfinite(numbers).all() else None
