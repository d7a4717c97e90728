"""Nearest neighbours, against the plain way of computing them."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from naepo.config import UserError
from naepo.reduce import nearest


@pytest.fixture
def rows():
    """Give 90 rows of 7 numbers, far from the origin, where differences lose digits."""
    return (np.random.default_rng(4).standard_normal((90, 7)) + 100).astype(np.float32)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("cells", [1 << 24, 700])
def test_they_are_those_of_the_full_table_of_distances(rows, metric, cells, monkeypatch):
    monkeypatch.setattr("naepo.reduce.neighbours.CELLS", cells)
    centred = rows - 100
    table = cdist(centred, centred, metric)
    np.fill_diagonal(table, np.inf)
    found = nearest(centred, 5, metric=metric)
    np.testing.assert_array_equal(found.indices, np.argsort(table, axis=1)[:, :5])
    np.testing.assert_allclose(found.distances, np.sort(table, axis=1)[:, :5], atol=1e-5)


def test_rows_far_from_the_origin_lose_no_digits(rows):
    table = cdist(rows.astype(np.float64), rows.astype(np.float64))
    np.fill_diagonal(table, np.inf)
    np.testing.assert_array_equal(nearest(rows, 3).indices, np.argsort(table, axis=1)[:, :3])


def test_asking_about_some_rows_gives_their_part_of_the_whole(rows):
    some = np.array([70, 3, 3])
    assert np.array_equal(nearest(rows, 4, of=some).indices, nearest(rows, 4).indices[some])


def test_equal_rows_are_neighbours_of_each_other_in_their_order_but_never_of_themselves():
    rows = np.tile([[1.0, 2.0]], (5, 1))
    found = nearest(rows, 3)
    assert found.indices.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]
    assert not found.distances.any()


def test_a_row_of_zeros_has_cosine_0_with_every_other_and_1_with_its_like():
    rows = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [-1.0, 0.0]])
    found = nearest(rows, 3, metric="cosine")
    assert found.indices[0].tolist() == [2, 1, 3]
    np.testing.assert_allclose(found.distances[0], [0, 1, 1], atol=1e-12)
    np.testing.assert_allclose(found.distances[1], [1, 1, 2], atol=1e-12)


@pytest.mark.parametrize("k", [0, 90])
def test_a_row_has_no_more_neighbours_than_there_are_others(rows, k):
    with pytest.raises(UserError, match="1 to 89 neighbours"):
        nearest(rows, k)
