"""Principal components, against scikit-learn and against their own laws."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA as Theirs

from naepo.config import UserError
from naepo.reduce import PCA


@pytest.fixture
def draw():
    """Give rows that vary in some directions more than in others."""

    def rows(n, width, seed=0, dtype=np.float64):
        random = np.random.default_rng(seed)
        table = random.standard_normal((n, width)) * np.linspace(3, 0.2, width)
        turn = np.linalg.qr(random.standard_normal((width, width)))[0]
        return (table @ turn + 5).astype(dtype)

    return rows


@pytest.mark.parametrize(("n", "width"), [(400, 12), (12, 40), (30, 30), (5, 2)])
def test_it_is_the_same_as_scikit_learns(draw, n, width):
    rows = draw(n, width)
    ours, theirs = PCA.fit(rows), Theirs(2, svd_solver="full").fit(rows)
    np.testing.assert_allclose(ours.axes, theirs.components_, atol=1e-9)
    np.testing.assert_allclose(ours.variances, theirs.explained_variance_, rtol=1e-9)
    np.testing.assert_allclose(ours.shares, theirs.explained_variance_ratio_, rtol=1e-9)
    np.testing.assert_allclose(ours.transform(rows), theirs.transform(rows), atol=1e-8)


def test_more_rows_than_one_block_holds_are_the_same_as_scikit_learns(draw):
    rows = draw(9_000, 6, dtype=np.float32)
    ours, theirs = PCA.fit(rows, 3), Theirs(3, svd_solver="full").fit(rows.astype(np.float64))
    np.testing.assert_allclose(ours.transform(rows), theirs.transform(rows), atol=1e-4)


def test_the_randomised_way_agrees_with_the_exact_one(draw, monkeypatch):
    rows = draw(120, 90)
    exact = PCA.fit(rows)
    monkeypatch.setattr("naepo.reduce.pca.EXACT", 50)
    found = PCA.fit(rows, seed=3)
    assert not np.array_equal(found.axes, exact.axes), "the randomised way was not taken"
    np.testing.assert_allclose(found.axes, exact.axes, atol=0.02)
    np.testing.assert_allclose(found.variances, exact.variances, rtol=1e-3)
    assert np.array_equal(PCA.fit(rows, seed=3).axes, found.axes)


def test_mirrored_rows_have_the_same_axes(draw):
    rows = draw(50, 8)
    np.testing.assert_allclose(PCA.fit(-rows).axes, PCA.fit(rows).axes, atol=1e-12)


def test_with_all_components_inverse_gives_the_rows_back(draw):
    rows = draw(30, 6)
    pca = PCA.fit(rows, 6)
    np.testing.assert_allclose(pca.inverse(pca.transform(rows)), rows, atol=1e-12)
    assert pca.shares.sum() == pytest.approx(1)


def test_other_rows_fall_on_the_fitted_plane_and_are_not_centred_anew(draw):
    rows = draw(60, 7)
    pca = PCA.fit(rows)
    moved = pca.transform(rows + 2 * pca.axes[0]) - pca.transform(rows)
    np.testing.assert_allclose(moved, np.tile([2.0, 0.0], (60, 1)), atol=1e-12)


def test_rows_on_a_line_have_one_axis_and_a_second_of_zeros():
    rows = np.outer(np.arange(9.0), [3.0, 4.0, 0.0])
    pca = PCA.fit(rows)
    np.testing.assert_allclose(pca.axes, [[0.6, 0.8, 0], [0, 0, 0]], atol=1e-12)
    assert pca.shares.tolist() == [pytest.approx(1.0), 0.0]


def test_equal_rows_have_no_axes_and_all_lie_at_the_origin():
    pca = PCA.fit(np.full((4, 3), 7.0))
    assert not pca.axes.any()
    assert not pca.shares.any()
    assert not pca.transform(np.full((4, 3), 7.0)).any()


def test_one_row_and_one_column_are_no_error():
    assert PCA.fit([[1.0, 2.0, 3.0]]).transform([[1.0, 2.0, 3.0]]).tolist() == [[0.0, 0.0]]
    assert PCA.fit([[1.0], [3.0]]).transform([[1.0], [3.0]]).tolist() == [[-1.0, 0.0], [1.0, 0.0]]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_a_tensor_of_any_type_that_still_has_its_gradient_is_taken(draw, dtype):
    rows = torch.tensor(draw(40, 5), dtype=dtype, requires_grad=True)
    expected = PCA.fit(rows.detach().double().numpy())
    np.testing.assert_allclose(PCA.fit(rows).axes, expected.axes, atol=1e-4)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_numbers_whose_squares_leave_float32_are_still_counted(draw, scale):
    rows = draw(40, 5, dtype=np.float32)
    found = PCA.fit(rows * np.float32(scale))
    np.testing.assert_allclose(found.axes, PCA.fit(rows).axes, atol=1e-4)
    assert found.variances[0] == pytest.approx(PCA.fit(rows).variances[0] * scale**2, rel=1e-4)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([[1.0, float("nan")], [0.0, 1.0]], "1 rows hold NaN or infinity, first row 0"),
        ([[1.0, 0.0], [0.0, float("inf")]], "first row 1"),
        ([1.0, 2.0], "got shape"),
        (np.zeros((0, 3)), "got 0 rows of 3 numbers"),
        (np.zeros((3, 0)), "got 3 rows of 0 numbers"),
        ([[1e200, 0.0], [0.0, 1.0]], "too large"),
    ],
)
def test_what_is_no_table_of_finite_numbers_is_refused(rows, said):
    with pytest.raises(UserError, match=said):
        PCA.fit(rows)


def test_rows_of_another_width_are_refused(draw):
    with pytest.raises(UserError, match="rows of 5 numbers, got 4"):
        PCA.fit(draw(9, 5)).transform(draw(9, 4))
