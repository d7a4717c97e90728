"""The arithmetic of normalising, against scikit-learn and against our own normalisers."""

import numpy as np
import pytest

from naepo.concepts.normalisation import divided_twice, fewest, min_max, robust, standard_score
from naepo.concepts.spread import spread
from naepo.reduce import MinMax, Standard

CITIES = [10_000, 350_000, 500_000, 640_000, 1_000_000]


@pytest.fixture(scope="module")
def preprocessing():
    return pytest.importorskip("sklearn.preprocessing")


def test_min_max_agrees_with_scikit_learn_and_with_reduce(preprocessing):
    rows = np.array(CITIES, dtype=float)[:, None]
    ours = min_max(CITIES).y
    assert np.abs(ours - preprocessing.MinMaxScaler().fit_transform(rows)[:, 0]).max() < 1e-15
    assert np.abs(ours - MinMax.fit(rows).transform(rows)[:, 0]).max() < 1e-15


def test_standardising_agrees_with_scikit_learn_and_with_reduce(preprocessing):
    rows = np.array(CITIES, dtype=float)[:, None]
    ours = spread(CITIES)
    assert np.allclose(standard_score(CITIES, ours.mean, ours.deviation), ours.standardised)
    theirs = preprocessing.StandardScaler().fit_transform(rows)[:, 0]
    assert np.abs(ours.standardised - theirs).max() < 1e-14
    assert np.abs(ours.standardised - Standard.fit(rows).transform(rows)[:, 0]).max() < 1e-14


@pytest.mark.parametrize("x", [CITIES, [1, 2, 3, 4, 500], [3, 1, 4, 1, 5, 9, 2, 6]])
def test_robust_agrees_with_scikit_learn(preprocessing, x):
    theirs = preprocessing.RobustScaler().fit_transform(np.array(x, dtype=float)[:, None])
    assert np.abs(robust(x).y - theirs[:, 0]).max() < 1e-12


def test_dividing_twice_depends_on_the_unit_and_min_max_does_not():
    thousands = [x / 1000 for x in CITIES]
    assert np.allclose(min_max(CITIES).y, min_max(thousands).y, rtol=1e-14)
    assert np.allclose(divided_twice(CITIES).y * 1000, divided_twice(thousands).y, rtol=1e-14)


def test_equal_numbers_have_no_place_in_their_range():
    assert np.isnan(min_max([5, 5, 5]).y).all()
    assert np.isnan(robust([5, 5, 5]).y).all()


@pytest.mark.parametrize("n", [2, 3, 10, 50])
def test_no_fewer_numbers_have_that_range_and_deviation(n):
    """The least deviation of n numbers with a range: both ends, and all others in the middle."""
    numbers = [0.0, 990.0, *[495.0] * (n - 2)]
    least = spread(numbers).deviation
    assert fewest(990, least) == n
    assert fewest(990, least * 1.001) <= n < fewest(990, least * 0.98) or n == 2
