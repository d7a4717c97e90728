"""Linear maps of the plane, against numpy's own algebra."""

import numpy as np
import pytest

from naepo.concepts.linear import NAMED, apply, area, compose


@pytest.mark.parametrize("name", NAMED)
def test_area_and_product_are_those_of_numpy(name):
    matrix, other, x = np.array(NAMED[name]), np.array([[1.0, 2.0], [-3.0, 0.5]]), [2.0, -1.0]
    assert area(matrix).determinant == pytest.approx(np.linalg.det(matrix))
    assert area(matrix).walked == pytest.approx(np.linalg.det(matrix))
    np.testing.assert_allclose(apply(matrix, x).y, matrix @ x)
    found = compose(other, matrix, x)
    np.testing.assert_allclose(found.at_once, other @ (matrix @ x))
    np.testing.assert_allclose(found.other_order, matrix @ other)


def test_one_metre_by_one_becomes_two_by_three():
    found = area([[2, 0], [0, 3]])
    assert found.corners.tolist() == [[0, 0], [2, 0], [2, 3], [0, 3]]
    assert found.determinant == 6


def test_a_map_is_linear():
    a, b, matrix = np.array([1.0, 2.0]), np.array([-3.0, 0.5]), [[2, 1], [0, 3]]
    both = apply(matrix, a).y + apply(matrix, b).y
    np.testing.assert_allclose(apply(matrix, a + b).y, both)
    np.testing.assert_allclose(apply(matrix, 5 * a).y, 5 * apply(matrix, a).y)
