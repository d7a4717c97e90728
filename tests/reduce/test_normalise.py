"""Normalisers: against scikit-learn and torch, against their own laws, and on awkward tables."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.covariance import ledoit_wolf
from sklearn.decomposition import PCA as TheirPCA
from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from naepo.config import UserError
from naepo.reduce.covariance import covariance, shrunk
from naepo.reduce.for_pipelines import NormaliserStep
from naepo.reduce.normalise import L2, NORMALISERS, RMS, MinMax, Normaliser, Standard, Whitening

COLUMNWISE = (MinMax, Standard)
ROWWISE = (L2, RMS)
TABLES = arrays(
    np.float64,
    st.tuples(st.integers(1, 12), st.integers(1, 5)),
    elements=st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3)),
)


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    return random.standard_normal((60, 5)) @ random.standard_normal((5, 5)) + 3


@pytest.mark.parametrize("kind", NORMALISERS)
def test_every_one_of_the_family_is_a_normaliser_and_keeps_the_type_of_numbers(kind, rows):
    for dtype in (np.float32, np.float64):
        fitted = NORMALISERS[kind].fit(rows.astype(dtype))
        assert isinstance(fitted, Normaliser)
        assert fitted.transform(rows.astype(dtype)).dtype == dtype


@settings(max_examples=25)
@given(TABLES)
@pytest.mark.parametrize("kind", [MinMax, Standard, Whitening])
def test_the_inverse_gives_back_what_was_transformed(kind, table):
    fitted = kind.fit(table)
    size = max(1.0, float(np.abs(table).max()))
    np.testing.assert_allclose(fitted.inverse(fitted.transform(table)), table, atol=1e-9 * size)
    other = table * 0.5 + 1
    np.testing.assert_allclose(fitted.inverse(fitted.transform(other)), other, atol=1e-7 * size)


@settings(max_examples=25)
@given(TABLES)
def test_rows_have_length_one_or_are_zeros_and_doing_it_twice_changes_nothing(table):
    once = L2.fit(table).transform(table)
    length = np.linalg.norm(once, axis=1)
    np.testing.assert_allclose(length, np.abs(table).any(axis=1).astype(float), atol=1e-12)
    np.testing.assert_allclose(L2.fit(once).transform(once), once, atol=1e-12)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(MinMax, MinMaxScaler()), (Standard, StandardScaler()), (L2, Normalizer())],
)
def test_it_is_the_same_as_scikit_learns(ours, theirs, rows):
    rows[:, 2] = 0.1  # constant
    rows[4] = 0
    rows[4, 2] = 0.1
    expected = theirs.fit(rows).transform(rows + 1)
    np.testing.assert_allclose(ours.fit(rows).transform(rows + 1), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("ours", "theirs"), [(MinMax, MinMaxScaler()), (Standard, StandardScaler())]
)
def test_gaps_are_left_out_of_what_is_fitted_and_stay(ours, theirs, rows):
    rows[::7, 1] = np.nan
    expected = theirs.fit(rows).transform(rows)
    found = ours.fit(rows).transform(rows)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.isnan(found[::7, 1]).all() and not np.isnan(np.delete(found, 1, axis=1)).any()


@pytest.mark.parametrize("kind", COLUMNWISE)
def test_a_column_without_any_number_stays_so_and_disturbs_no_other(kind, rows):
    holed = rows.copy()
    holed[:, 3] = np.nan
    found = kind.fit(holed).transform(holed)
    assert np.isnan(found[:, 3]).all()
    expected = kind.fit(rows).transform(rows)
    np.testing.assert_array_equal(np.delete(found, 3, axis=1), np.delete(expected, 3, axis=1))
    assert np.isfinite(kind.fit(holed).transform(rows)).all()


@pytest.mark.parametrize("value", [0.1, 1e-30, 1e30, -7.0, 0.0])
@pytest.mark.parametrize("kind", COLUMNWISE)
def test_a_constant_column_becomes_exactly_zero_whatever_its_value(kind, value):
    table = np.full((1001, 2), value)
    fitted = kind.fit(table)
    assert not fitted.transform(table).any()
    np.testing.assert_array_equal(fitted.inverse(fitted.transform(table)), table)


@pytest.mark.parametrize("kind", NORMALISERS)
def test_one_row_is_enough_and_comes_out_finite(kind):
    table = np.array([[3.0, 0.0, -4.0]])
    found = NORMALISERS[kind].fit(table).transform(table)
    assert found.shape == (1, 3) and np.isfinite(found).all()
    if kind == "l2":
        np.testing.assert_allclose(found, [[0.6, 0.0, -0.8]])


def test_rms_is_the_norm_of_the_transformer():
    table = np.random.default_rng(1).standard_normal((7, 6)).astype(np.float32)
    table[3] = 0
    gain = np.linspace(0.5, 2, 6)
    expected = torch.nn.functional.rms_norm(
        torch.tensor(table), (6,), torch.tensor(gain, dtype=torch.float32), 1e-6
    )
    np.testing.assert_allclose(RMS(gain).transform(table), expected.numpy(), atol=1e-6)
    assert np.isfinite(RMS.fit(table, eps=0.0).transform(table)).all()


def test_whitened_columns_have_variance_one_and_do_not_vary_together(rows):
    found = Whitening.fit(rows, shrinkage=0.0).transform(rows)
    np.testing.assert_allclose(covariance(found), np.eye(5), atol=1e-10)


def test_whitening_without_shrinkage_is_the_whitened_pca_of_scikit_learn(rows):
    theirs = TheirPCA(3, whiten=True, svd_solver="full").fit_transform(rows)
    ours = Whitening.fit(rows, n_components=3, shrinkage=0.0).transform(rows)
    over_n = np.sqrt(len(rows) / (len(rows) - 1))  # theirs counts n − 1
    signs = np.sign((ours * theirs).sum(axis=0))
    np.testing.assert_allclose(ours, theirs * signs * over_n, atol=1e-9)


@pytest.mark.parametrize("n", [3, 20, 500])
def test_the_covariance_is_shrunk_as_far_as_scikit_learn_shrinks_it(n):
    table = np.random.default_rng(2).standard_normal((n, 8)) * np.linspace(1, 4, 8) + 5
    expected, share = ledoit_wolf(table)
    found, ours = shrunk(table)
    assert ours == pytest.approx(share)
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_with_fewer_rows_than_columns_whitening_still_has_an_inverse():
    table = np.random.default_rng(3).standard_normal((4, 9))
    for shrinkage in (None, 0.0):
        fitted = Whitening.fit(table, shrinkage=shrinkage)
        other = np.random.default_rng(4).standard_normal((6, 9))
        np.testing.assert_allclose(fitted.inverse(fitted.transform(other)), other, atol=1e-9)


def test_cut_to_few_components_the_inverse_is_the_nearest_that_they_can_say(rows):
    fitted = Whitening.fit(rows, n_components=2, shrinkage=0.0)
    back = fitted.inverse(fitted.transform(rows))
    theirs = TheirPCA(2, svd_solver="full").fit(rows)
    np.testing.assert_allclose(back, theirs.inverse_transform(theirs.transform(rows)), atol=1e-9)


@pytest.mark.parametrize("kind", ROWWISE)
def test_what_divides_a_row_by_its_own_size_says_that_it_cannot_be_undone(kind, rows):
    with pytest.raises(UserError, match=f"divided by its {kind.lost}"):
        kind.fit(rows).inverse(rows)


@pytest.mark.parametrize("kind", NORMALISERS)
@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([1.0, 2.0], "got shape"),
        (np.zeros((0, 3)), "got shape"),
        ([[1.0, np.inf], [0.0, 1.0]], "1 rows hold .*infinity, first row 0"),
        ([[0.0, 1e200]], "too large"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused(kind, table, said):
    with pytest.raises(UserError, match=said):
        NORMALISERS[kind].fit(table)


@pytest.mark.parametrize("kind", NORMALISERS)
def test_rows_of_another_width_are_refused(kind, rows):
    with pytest.raises(UserError, match="rows of 5 numbers, got rows of 4"):
        NORMALISERS[kind].fit(rows).transform(rows[:, :4])


@pytest.mark.parametrize("kind", ["l2", "rms", "whitening"])
def test_a_row_that_is_taken_as_a_whole_may_have_no_gap(kind):
    with pytest.raises(UserError, match="NaN or infinity, first row 1"):
        NORMALISERS[kind].fit([[1.0, 2.0], [np.nan, 1.0]])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda rows: MinMax.fit(rows, low=1, high=1), "low must be below high"),
        (lambda rows: RMS.fit(rows, eps=-1.0), "eps must be at least 0"),
        (lambda rows: Whitening.fit(rows, n_components=6), "n_components must be from 1 to 5"),
        (lambda rows: Whitening.fit(rows, shrinkage=1.5), "shrinkage must be from 0 to 1"),
        (lambda rows: NormaliserStep("standart").fit(rows), "did you mean `standard`"),
        (lambda rows: NormaliserStep(3).fit(rows), "no normaliser is called 3"),
        (lambda rows: NormaliserStep(None).fit(rows), "no normaliser is called None"),
    ],
)
def test_an_option_out_of_its_range_is_said(make, said, rows):
    with pytest.raises(UserError, match=said):
        make(rows)


def test_min_and_max_can_be_laid_over_another_range(rows):
    found = MinMax.fit(rows, low=-1, high=1).transform(rows)
    assert found.min(axis=0) == pytest.approx(-1) and found.max(axis=0) == pytest.approx(1)


@parametrize_with_checks([NormaliserStep("standard"), NormaliserStep("whitening")])
def test_as_a_step_of_a_pipeline_it_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([NormaliserStep(kind) for kind in ("minmax", "l2", "rms")])
def test_every_other_normaliser_keeps_the_contract_too(estimator, check):
    check(estimator)


def test_the_step_names_its_columns_and_undoes_what_can_be_undone(rows):
    step = NormaliserStep("whitening", n_components=2).fit(rows)
    assert step.get_feature_names_out().tolist() == ["normaliserstep0", "normaliserstep1"]
    again = NormaliserStep("minmax").fit(rows)
    np.testing.assert_allclose(again.inverse_transform(again.transform(rows)), rows, atol=1e-12)


def test_what_never_varied_keeps_its_scale_in_whitening_too():
    rows = np.random.default_rng(0).normal(size=(12, 5))
    rows[:, 4] = 7
    white = Whitening.fit(rows)
    assert white.shrinkage > 0.1
    np.testing.assert_allclose(white.scales[-1], 1.0)
    np.testing.assert_allclose(np.abs(white.axes[-1]), [0, 0, 0, 0, 1], atol=1e-12)
    same = np.full((1001, 2), 0.1)
    np.testing.assert_allclose(Whitening.fit(same).transform(same), 0.0, atol=1e-12)


def test_with_few_rows_directions_that_cannot_vary_have_the_scale_of_the_round_covariance():
    rows = 100 * np.random.default_rng(0).normal(size=(6, 10))
    scales = Whitening.fit(rows).scales
    assert 10 < scales[-1] < 100  # and not 1, by which a new row would be all there is


def test_drawn_all_the_way_to_round_the_widest_directions_are_still_kept_first():
    rows = np.random.default_rng(0).normal(size=(200, 3)) * [0.1, 5, 1]
    white = Whitening.fit(rows, n_components=1, shrinkage=1)
    np.testing.assert_allclose(np.abs(white.axes[0]), [0, 1, 0], atol=0.05)
