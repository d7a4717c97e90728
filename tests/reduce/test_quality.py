"""How far a map can be trusted, against scikit-learn and against what the figures mean."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from naepo.config import UserError
from naepo.reduce import measure


@pytest.fixture
def rows():
    """Give 150 rows of 8 numbers."""
    return np.random.default_rng(5).standard_normal((150, 8))


@pytest.mark.parametrize("k", [1, 5, 20])
def test_trustworthiness_is_that_of_scikit_learn(rows, k):
    points = rows[:, :2]
    found = measure(rows, points, n_neighbours=k)
    assert found.trustworthiness == pytest.approx(trustworthiness(rows, points, n_neighbors=k))
    assert (found.n_neighbours, found.n_measured, found.note) == (k, 150, None)


def test_a_map_that_keeps_everything_has_1_and_1(rows):
    flat = np.pad(rows[:, :2], ((0, 0), (0, 6)))
    found = measure(flat, 3 * flat[:, :2])
    assert (found.trustworthiness, found.overlap) == (1.0, 1.0)


def test_overlap_is_the_share_of_the_nearest_that_stay_nearest():
    line = np.arange(9.0)[:, None]
    swapped = line.copy()
    swapped[[0, 8]] = swapped[[8, 0]]  # the ends change places
    found = measure(line, swapped, n_neighbours=1)
    # 2 to 6 keep the one before them. 0 and 8 find another, and so do those that stood beside them:
    # 1 had 0 and now has 2; 7 had 6, and of 6 and 0, equally near, the first row counts.
    assert found.overlap == pytest.approx(5 / 9)


def test_a_shuffled_map_is_no_better_than_chance(rows):
    points = np.random.default_rng(0).permutation(rows[:, :2])
    found = measure(rows, points)
    assert found.trustworthiness == pytest.approx(0.5, abs=0.05)
    assert found.overlap == pytest.approx(10 / 149, abs=0.03)


def test_a_large_table_is_measured_on_a_sample_near_the_whole_and_says_so(rows, monkeypatch):
    whole = measure(rows, rows[:, :2])
    monkeypatch.setattr("naepo.reduce.quality.EXACT", 100)
    found = measure(rows, rows[:, :2], sample=80, seed=1)
    assert found.note == "measured on 80 of 150 rows, drawn from the seed"
    assert found.trustworthiness == pytest.approx(whole.trustworthiness, abs=0.02)
    assert found.overlap == pytest.approx(whole.overlap, abs=0.05)
    assert found == measure(rows, rows[:, :2], sample=80, seed=1)
    assert found != measure(rows, rows[:, :2], sample=80, seed=2)


def test_all_rows_in_the_sample_are_the_whole(rows, monkeypatch):
    whole = measure(rows, rows[:, :2])
    monkeypatch.setattr("naepo.reduce.quality.EXACT", 100)
    assert measure(rows, rows[:, :2]) == whole


def test_fewer_neighbours_are_looked_at_where_there_are_not_twice_as_many_rows(rows):
    assert measure(rows[:9], rows[:9, :2]).n_neighbours == 4
    nothing = measure(rows[:2], rows[:2, :2])
    assert (nothing.trustworthiness, nothing.overlap) == (None, None)
    assert nothing.note == "too few rows to speak of neighbours"


def test_twins_are_no_lie_whichever_of_them_the_map_shows_first():
    rows = np.repeat(np.random.default_rng(0).standard_normal((30, 4)), 4, axis=0)
    found = measure(rows, rows, n_neighbours=3)
    assert (found.trustworthiness, found.overlap) == (1.0, 1.0)


def test_another_number_of_points_is_refused(rows):
    with pytest.raises(UserError, match="150 rows, but 149 points"):
        measure(rows, rows[1:, :2])
