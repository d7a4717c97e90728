"""Line charts as inline SVG that stretch with the page while their letters stay as they are.

In: points. Out: one HTML figure: the picture, and under it the table of its numbers. The plot has
no fixed width: places along x are percentages, and only the curves lie in an inner, stretched SVG.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from naepo.train.readable import Real, number
from naepo.train.report.axes import Axis, Point, Span, axis_of
from naepo.train.report.page import korean, text

WIDTH = 1000
"""Units along x of the inner, stretched picture."""
LABEL_GAP = 16
"""At least this many pixels from one label at the right end to the next."""


@dataclass(frozen=True)
class Curve:
    """A line through points in order of x.

    kind: its class in the style sheet.  band: shaded behind the line.
    """

    name: str
    kind: str
    points: Sequence[Point]
    band: Sequence[Span] = ()
    has_dots: bool = False


@dataclass(frozen=True)
class Mark:
    """A horizontal line with a name: something to stay below."""

    name: str
    value: Real


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture of curves over training steps.

    title, korean, unit: its caption.  top: what lies higher is cut off.  has_labels: whether each
    line is named at its right end, as it must be where there is more than one.
    """

    title: str
    korean: str
    unit: str
    curves: Sequence[Curve]
    marks: Sequence[Mark] = ()
    is_log_x: bool = False
    is_log_y: bool = False
    is_from_zero: bool = False
    top: Real | None = None
    height: int = 128
    has_labels: bool = False

    @property
    def x_axis(self) -> Axis:
        """The steps, from the first to the last."""
        return axis_of((x for curve in self.curves for x, _ in curve.points), is_log=self.is_log_x)

    @property
    def y_axis(self) -> Axis:
        """The values of all lines, with a little room above and below."""
        values = [y for curve in self.curves for _, y in curve.points]
        values += [y for curve in self.curves for _, *span in curve.band for y in span]
        values += [mark.value for mark in self.marks]
        if self.top is not None:
            values = [min(value, self.top) for value in values]
        axis = axis_of(values, is_log=self.is_log_y, is_from_zero=self.is_from_zero)
        if axis.is_log:
            return Axis(axis.low / 1.06, axis.high * 1.06, is_log=True)
        room = 0.06 * (axis.high - axis.low)
        return Axis(axis.low - (0 if self.is_from_zero else room), axis.high + room)


def draw(chart: Chart) -> str:
    """Give a chart as an HTML figure."""
    x_axis = chart.x_axis
    scale = "log" if x_axis.is_log else "linear"
    unit = f" <small>{text(chart.unit)}</small>"
    end = f"{number(chart.curves[-1].points[-1][1])} at the end"
    kind, beside, below = "chart", unit, end
    if chart.has_labels:
        kind, beside, below = "chart labelled", "", text(chart.unit)
    return (
        f'<figure class="{kind}" data-scale="{scale}" data-low="{x_axis.low}" '
        f'data-high="{x_axis.high}"><figcaption><b>{text(chart.title)}</b> '
        f'{korean(chart.korean)}{beside}</figcaption><p class="readout">{below}</p>'
        f'<div class="frame"><svg class="plot" height="{chart.height}" role="img" '
        f'aria-label="{text(in_words(chart))}">{_picture(chart)}</svg></div>'
        f"<details><summary>its numbers</summary>{_table(chart)}</details></figure>"
    )


def in_words(chart: Chart) -> str:
    """Say what the picture shows, for those who do not see it."""
    parts = []
    for curve in chart.curves:
        (first, start), (last, end) = curve.points[0], curve.points[-1]
        parts.append(
            f"{curve.name}: {number(start)} at step {first:,}, {number(end)} at step {last:,}"
        )
    parts += [f"{mark.name}: {number(mark.value)}" for mark in chart.marks]
    return f"{chart.title}, {chart.unit}. " + "; ".join(parts) + "."


def _picture(chart: Chart) -> str:
    x_axis, y_axis, height = chart.x_axis, chart.y_axis, chart.height
    plot = _Plot(x_axis, y_axis, height)
    parts = [_grid(plot, n_x=6 if chart.has_labels else 3, n_y=height // 40)]
    parts += [
        f'<svg viewBox="0 0 {WIDTH} {height}" preserveAspectRatio="none" width="100%" '
        f'height="{height}">{"".join(_curve(plot, curve) for curve in chart.curves)}</svg>'
    ]
    for curve in chart.curves:
        is_dotted = curve.has_dots or len(curve.points) == 1
        shown = [(x, y) for x, y in curve.points if is_dotted and y <= y_axis.high]
        parts += [_dot(plot, point, curve.kind) for point in shown]
    parts += [_mark(plot, mark) for mark in chart.marks]
    if chart.has_labels:
        parts.append(_labels(plot, chart))
    parts.append(f'<line class="cross" y2="{height}"/>')
    return "".join(parts)


@dataclass(frozen=True)
class _Plot:
    """Where values lie in the picture."""

    x_axis: Axis
    y_axis: Axis
    height: int

    def x(self, value: Real) -> float:
        return self.x_axis.share(value)

    def y(self, value: Real) -> float:
        """Pixels from the top. What an axis cannot show (0 on a logarithmic one) lies far below."""
        if self.y_axis.is_log and value <= 0:
            return 2.0 * self.height
        return self.height * (1 - self.y_axis.share(value))


def _grid(plot: _Plot, n_x: int, n_y: int) -> str:
    rows = plot.y_axis.ticks(n_y)
    parts = []
    for tick in rows:
        y = f"{plot.y(tick):.1f}"
        parts.append(f'<line class="grid" x2="100%" y1="{y}" y2="{y}"/>')
        value = _tick(tick, plot.y_axis, rows)
        parts.append(f'<text class="tick" x="0" dx="-8" y="{y}" dy="4">{value}</text>')
    columns = plot.x_axis.ticks(n_x)
    for place, tick in enumerate(columns):
        x = f"{100 * plot.x(tick):.2f}%"
        often = "" if place % 2 == 0 else " seldom"
        parts.append(
            f'<text class="step{often}" x="{x}" y="{plot.height}" dy="20">'
            f"{_tick(tick, plot.x_axis, columns)}</text>"
        )
    return "".join(parts)


def _tick(value: Real, axis: Axis, ticks: Sequence[Real]) -> str:
    """Write one tick with as many decimals as the finest of them needs, thousands as k."""
    if value == 0:
        return "0"
    if max(ticks) >= 10_000:
        return f"{value / 1000:g} k" if value >= 1000 else f"{value:g}"
    alike = [value] if axis.is_log else ticks
    decimals = max(len(f"{tick:.8f}".rstrip("0").partition(".")[2]) for tick in alike)
    return f"{value:,.{decimals}f}"


def _curve(plot: _Plot, curve: Curve) -> str:
    line = "L".join(f"{WIDTH * plot.x(x):.1f} {plot.y(y):.1f}" for x, y in curve.points)
    shade = ""
    if any(low < high for _, low, high in curve.band):
        above = [f"{WIDTH * plot.x(x):.1f} {plot.y(high):.1f}" for x, _, high in curve.band]
        below = [f"{WIDTH * plot.x(x):.1f} {plot.y(low):.1f}" for x, low, _ in curve.band]
        shade = f'<path class="band {curve.kind}" d="M{"L".join(above + below[::-1])}Z"/>'
    return f'{shade}<path class="curve {curve.kind}" d="M{line}"/>'


def _dot(plot: _Plot, point: Point, kind: str) -> str:
    x, y = 100 * plot.x(point[0]), plot.y(point[1])
    return f'<circle class="dot {kind}" cx="{x:.2f}%" cy="{y:.1f}" r="2.5"/>'


def _mark(plot: _Plot, mark: Mark) -> str:
    y = f"{plot.y(mark.value):.1f}"
    return f'<line class="mark" x2="100%" y1="{y}" y2="{y}"/>'


def _labels(plot: _Plot, chart: Chart) -> str:
    """Name every line at its right end, moved apart where they would touch.

    On a narrow page the names stand inside the picture: the low ones at the left, where a falling
    curve leaves room, the high ones at the right.
    """
    named = [(plot.y(mark.value), mark.name, mark.value, "floor") for mark in chart.marks]
    for curve in chart.curves:
        last = curve.points[-1][1]
        named.append((plot.y(last), curve.name, last, curve.kind))
    named.sort()
    places = spread([y for y, *_ in named], LABEL_GAP, plot.height)
    return "".join(
        f'<text class="label {kind}{" high" if y < plot.height / 2 else ""}" x="100%" '
        f'y="{y:.1f}">{text(name)} '
        f'<tspan class="value">{number(value)}</tspan></text>'
        for y, (_, name, value, kind) in zip(places, named, strict=True)
    )


def spread(places: Sequence[Real], gap: Real, height: Real) -> list[Real]:
    """Move sorted places as little as needed until each is `gap` from the next, inside `height`.

    >>> spread([10.0, 12.0, 95.0], gap=16, height=100)
    [10.0, 26.0, 95.0]
    >>> spread([90, 99], gap=16, height=100)
    [84, 100]
    """
    moved: list[Real] = []
    for place in places:
        moved.append(max(place, moved[-1] + gap) if moved else max(0.0, place))
    limit = height
    for index in range(len(moved) - 1, -1, -1):
        moved[index] = min(moved[index], limit)
        limit = moved[index] - gap
    return moved


def _table(chart: Chart) -> str:
    """Write the numbers behind a picture, a row a step; plain digits, which the page reads too."""
    columns: list[dict[Real, str]] = [
        {x: f"{y:.6g}" for x, y in curve.points} for curve in chart.curves
    ]
    steps = sorted({step for column in columns for step in column})
    head = _row(["step", *(curve.name for curve in chart.curves)], "th")
    rows = "".join(
        _row([f"{step}", *(column.get(step, "") for column in columns)], "td") for step in steps
    )
    return f'<div class="scroll"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def _row(cells: Iterable[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{text(cell)}</{tag}>" for cell in cells) + "</tr>"
