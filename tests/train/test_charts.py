import re
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from naepo.train.report.axes import Axis, axis_of, thin
from naepo.train.report.charts import Chart, Curve, Mark, draw, in_words, spread

numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
positive = st.floats(1e-6, 1e6)


@settings(max_examples=40)
@given(numbers, numbers, st.integers(2, 12))
def test_ticks_are_few_round_and_inside(low: float, high: float, n: int):
    assume(high - low > 1e-6 * max(abs(low), abs(high), 1))
    ticks = Axis(low, high).ticks(n)
    assert ticks == sorted(ticks)
    assert n // 3 <= len(ticks) <= 2 * n + 1
    slack = 1e-6 * (high - low)
    assert all(low - slack <= tick <= high + slack for tick in ticks)
    steps = {f"{b - a:.0e}"[0] for a, b in pairwise(ticks)}
    assert steps <= {"1", "2", "5"}


@settings(max_examples=40)
@given(positive, st.floats(20, 1e9), st.integers(2, 12))
def test_logarithmic_ticks_are_few_and_inside(low: float, ratio: float, n: int):
    axis = Axis(low, low * ratio, is_log=True)
    ticks = axis.ticks(n)
    assert 1 <= len(ticks) <= 2 * n
    assert all(-1e-9 <= axis.share(tick) <= 1 + 1e-9 for tick in ticks)


@settings(max_examples=40)
@given(st.lists(numbers, max_size=5), st.booleans(), st.booleans())
def test_an_axis_is_never_empty(values: list[float], is_log: bool, is_from_zero: bool):
    axis = axis_of(values, is_log=is_log, is_from_zero=is_from_zero and not is_log)
    assert axis.low < axis.high
    assert axis.low > 0 or not is_log


@settings(max_examples=40)
@given(st.lists(numbers, min_size=1, max_size=300), st.integers(1, 20), st.booleans())
def test_thinning_keeps_the_ends_the_extremes_and_the_order(
    values: list[float], n: int, is_log: bool
):
    points = list(enumerate(values, 1))
    means, band = thin(points, n, is_log=is_log)
    steps = [x for x, _ in means]
    assert len(means) <= n
    assert steps == sorted(set(steps))
    assert steps[-1] == len(values)
    assert min(low for _, low, _ in band) == min(values)
    assert max(high for *_, high in band) == max(values)
    assert all(
        low - 1e-6 <= y <= high + 1e-6 for (_, y), (_, low, high) in zip(means, band, strict=True)
    )


def test_the_first_steps_stand_alone_on_a_logarithmic_axis():
    means, _ = thin([(step, float(step)) for step in range(1, 1001)], 60, is_log=True)
    assert means[:3] == [(1, 1.0), (2, 2.0), (3, 3.0)]


@settings(max_examples=40)
@given(st.lists(st.floats(0, 300), max_size=10))
def test_labels_never_touch_and_stay_inside(places: list[float]):
    moved = spread(sorted(places), gap=16, height=320)
    assert all(b - a >= 16 - 1e-6 for a, b in pairwise(moved))
    assert all(-1e-6 <= place <= 320 for place in moved)


def chart(**over: object) -> Chart:
    curve = Curve("training", "training", [(1, 4.0), (10, 2.0)], [(1, 4.0, 4.0), (10, 1.5, 2.5)])
    return Chart(title="Loss", korean="손실", unit="nats", curves=[curve], **over)  # type: ignore[arg-type]


def test_a_picture_says_in_words_what_it_shows():
    said = in_words(chart(marks=[Mark("order-5 n-gram", 1.7)]))
    assert said == ("Loss, nats. training: 4.00 at step 1, 2.00 at step 10; order-5 n-gram: 1.70.")


def test_a_curve_ends_where_its_numbers_say():
    html = draw(chart(height=100))
    path = re.search(r'class="curve training" d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"', html)
    assert path is not None
    x0, y0, x1, y1 = map(float, path.groups())
    assert (x0, x1) == (0, 1000)
    assert y0 == pytest.approx(100 * 0.06 / 1.12, abs=0.1)  # the highest value, 6 % of room above
    assert y1 > y0


def test_what_lies_above_the_top_is_cut_off():
    axis = chart(top=3.0).y_axis
    assert axis.high == pytest.approx(3.0 + 0.06 * 1.5)


def test_a_value_that_a_logarithmic_axis_cannot_show_does_not_break_it():
    zero = Curve("pace", "single", [(1, 0.0), (2, 10.0), (3, 1.0)])
    html = draw(Chart(title="Pace", korean="속도", unit="", curves=[zero], is_log_y=True))
    assert "nan" not in html
    assert "inf" not in html


def test_one_point_is_a_dot():
    one = Curve("pace", "single", [(5, 3.0)])
    assert draw(Chart(title="Pace", korean="속도", unit="", curves=[one])).count("<circle") == 1
