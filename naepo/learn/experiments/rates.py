"""The same tiny transformer, trained here and now with several learning rates."""

import math

from naepo.learn.blocks import Chart, Table
from naepo.learn.chapter import Step
from naepo.learn.experiments.steady import train
from naepo.learn.fields import Given
from naepo.learn.words import say, w

RATES, UPDATES = (0.001, 0.2, 3.0), 40


def rates(given: Given) -> Step:
    """Train it once for each rate, and draw the losses."""
    courses = {rate: train(True, UPDATES, rate) for rate in RATES}
    lines = [
        (f"η = {say(rate)}", [(i, loss) for i, loss in enumerate(course.losses) if loss < 1e6])
        for rate, course in courses.items()
    ]
    rows = [
        [f"η = {say(rate)}", course.losses[0], course.losses[-1], min(course.losses)]
        for rate, course in courses.items()
    ]
    head = ("", w("first_loss"), w("last_loss"), w("least_loss"))
    last = [courses[rate].losses[-1] for rate in RATES]
    return Step(
        key="rates",
        shows=(
            Chart(series=lines, x=w("step"), y=w("nats"), is_log=True),
            Table(head=head, rows=rows),
        ),
        says={
            "n": UPDATES,
            "best": min(RATES, key=lambda rate: _or_lost(courses[rate].losses[-1])),
            "lowest": min(map(_or_lost, last)),
            "slow": last[0],
            "most": max(filter(math.isfinite, courses[RATES[-1]].losses)),
            "lost": last[-1],
        },
    )


def _or_lost(loss: float) -> float:
    """Give a loss that can be compared: NaN is worse than any."""
    return loss if math.isfinite(loss) else math.inf
