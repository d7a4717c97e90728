"""How a run went, step by step: loss, learning rate, gradient norm, pace."""

from statistics import median

from naepo.train.floors import Floors
from naepo.train.readable import number
from naepo.train.report.axes import thin
from naepo.train.report.charts import Chart, Curve, Mark, draw
from naepo.train.report.measured import Measured, points
from naepo.train.report.page import heading

N_POINTS = 120
"""A curve of many steps is drawn through at most this many means."""
MAX_STEP_RATIO = 3_000
"""On a logarithmic axis, steps before the last one divided by this are left out of the picture."""


def loss_section(floors: Floors | None, measured: Measured) -> str:
    """Give the curves as HTML; nothing when nothing was measured."""
    small = [
        _small(measured, "lr", "Learning rate", "학습률", "by step", is_from_zero=True),
        _small(measured, "grad_norm", "Gradient norm", "기울기 크기", "before clipping"),
        _small(measured, "tokens_per_second", "Pace", "속도", "tokens a second", is_from_zero=True),
    ]
    parts = [_loss(floors, measured), f'<div class="trio">{"".join(small)}</div>']
    if not parts[0] and not any(small):
        return ""
    return heading("How it learned", "학습 과정") + "".join(parts)


def _loss(floors: Floors | None, measured: Measured) -> str:
    ratio = measured.characters_per_token
    training = points(measured.steps, "loss", divisor=ratio)
    looks = points(measured.looks, "nats_per_character")
    if not training and not looks:
        return ""
    first = max(step for step, _ in training + looks) / MAX_STEP_RATIO
    means, band = thin([p for p in training if p[0] >= first], N_POINTS, is_log=True)
    curves = [Curve("training", "training", means, band)] if means else []
    if looks:
        curves.append(Curve("validation", "validation", looks, has_dots=True))
    counted = (floors.unigram, floors.order_5) if floors else ()
    chart = Chart(
        title="Loss",
        korean="손실",
        unit=f"{floors.per_unit if floors else 'nats'}, by step; both logarithmic",
        curves=curves,
        marks=[Mark(floor.name, floor.nats_per_character) for floor in counted],
        is_log_x=True,
        is_log_y=True,
        top=1.5 * floors.unigram.nats_per_character if floors else None,
        height=320,
        has_labels=True,
    )
    scaled = f" It is counted per token and divided by {number(ratio)} {_units(floors)} a token."
    dashed = " Dashed: what counting reaches." if counted else ""
    return (
        f"{draw(chart)}<p><small>Validation is the whole held-out text, each token once. Training "
        "is the mean of the steps since the last point, the shade their lowest and highest."
        f"{scaled if abs(ratio - 1) > 0.01 else ''}{dashed}</small></p>"
    )


def _units(floors: Floors | None) -> str:
    return f"{floors.unit}s" if floors else "characters"


def _small(
    measured: Measured, name: str, title: str, term: str, unit: str, *, is_from_zero: bool = False
) -> str:
    means, band = thin(points(measured.steps, name), N_POINTS, is_log=False)
    if not means:
        return ""
    lowest, highest = min(low for _, low, _ in band), max(high for *_, high in band)
    is_steep = lowest > 0 and highest > 10 * median(mean for _, mean in means)
    chart = Chart(
        title=title,
        korean=term,
        unit=unit,
        curves=[Curve(title.lower(), "single", means, band)],
        is_from_zero=is_from_zero,
        is_log_y=is_steep and not is_from_zero,
    )
    return draw(chart)
