"""A plain product of mapped rows is the kernel of the rows: that is the trick."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.reduce.features import RandomFourier, polynomial, polynomial_kernel, rbf_kernel

ROWS = np.random.default_rng(0).normal(size=(6, 4))


@settings(max_examples=20)
@given(st.integers(1, 4), st.floats(0, 3), st.integers(0, 99))
def test_the_polynomial_kernel_is_the_product_of_mapped_rows(degree, c, seed):
    rows = np.random.default_rng(seed).normal(size=(5, 3))
    mapped = polynomial(rows, degree, c)
    np.testing.assert_allclose(
        mapped @ mapped.T, polynomial_kernel(rows, rows, degree, c), rtol=1e-9, atol=1e-9
    )


def test_random_waves_come_nearer_to_the_rbf_kernel_the_more_there_are():
    true = rbf_kernel(ROWS, ROWS, gamma=0.3)
    errors = []
    for n_features in (100, 40_000):
        mapped = RandomFourier.draw(4, n_features, gamma=0.3).transform(ROWS)
        errors.append(np.abs(mapped @ mapped.T - true).max())
    assert errors[1] < 0.02 < errors[0]
    again = RandomFourier.draw(4, 100, gamma=0.3).transform(ROWS)
    assert np.array_equal(again, RandomFourier.draw(4, 100, gamma=0.3).transform(ROWS))


def test_a_circle_is_cut_from_its_surroundings_by_a_plane_only_when_mapped():
    angle = np.linspace(0, 6, 40)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rows, sides = np.concatenate([0.5 * ring, 2 * ring]), np.repeat([-1.0, 1.0], 40)

    def right(table):
        table = np.hstack([table, np.ones((len(table), 1))])
        return np.mean(np.sign(table @ np.linalg.lstsq(table, sides)[0]) == sides)

    assert right(polynomial(rows, 2)) == 1.0 and right(rows) < 0.8


def test_what_cannot_be_mapped_is_said():
    with pytest.raises(UserError, match="use the kernel"):
        polynomial(np.zeros((1, 400)), 4)
    with pytest.raises(UserError, match="drawn for rows of 3"):
        RandomFourier.draw(3).transform(ROWS)
    for wrong in ({"degree": 0}, {"c": -1.0}):
        with pytest.raises(UserError, match="at least"):
            polynomial(ROWS, **wrong)
    with pytest.raises(UserError, match="above 0"):
        RandomFourier.draw(3, gamma=0.0)
