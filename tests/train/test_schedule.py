"""The learning rate climbs, stays, falls: in any run, however long."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.train.schedule import rate
from naepo.train.settings import ScheduleSettings

shares = st.tuples(st.floats(0, 1), st.floats(0, 1)).filter(lambda s: s[0] + s[1] <= 1)


@given(shares, st.floats(0, 1), st.integers(1, 500))
def test_the_rate_is_above_zero_and_at_most_one(shares, floor, steps):
    schedule = ScheduleSettings(warmup=shares[0], decay=shares[1], floor=floor)
    assert all(0 < rate(step, steps, schedule) <= 1 for step in range(steps))


@given(shares, st.integers(1, 500))
def test_after_the_warm_up_it_never_rises(shares, steps):
    schedule = ScheduleSettings(warmup=shares[0], decay=shares[1])
    rates = [rate(step, steps, schedule) for step in range(int(shares[0] * steps) + 1, steps)]
    assert all(later <= earlier for earlier, later in pairwise(rates))


def test_warm_up_and_decay_may_not_exceed_the_run():
    with pytest.raises(UserError, match=r"may not exceed 1 together, got 0\.6 and 0\.5"):
        ScheduleSettings(warmup=0.6, decay=0.5)
