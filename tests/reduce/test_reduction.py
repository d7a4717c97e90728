"""Maps by every method: what they keep, that they repeat, and what they say of odd tables."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from naepo.config import UserError
from naepo.reduce import PCA, available, reduce
from naepo.reduce.tsne import fitting_perplexity

SLOW = pytest.param("umap", marks=pytest.mark.slow)  # it compiles for 15 s
METHODS = ["pca", "tsne", SLOW]


@pytest.fixture(scope="module")
def groups():
    """Give 120 rows in three groups of 40, far apart in 20 dimensions."""
    random = np.random.default_rng(6)
    middles = 8 * np.eye(20)[:3]
    return np.concatenate([middle + random.standard_normal((40, 20)) for middle in middles])


@pytest.mark.parametrize("method", METHODS)
def test_groups_stay_groups(groups, method):
    found = reduce(groups, method)
    middles = found.points.reshape(3, 40, 2).mean(axis=1)
    gaps = np.linalg.norm(found.points[:, None] - middles, axis=-1)
    assert np.array_equal(gaps.argmin(axis=1), np.repeat([0, 1, 2], 40))
    assert found.trustworthiness is not None and found.trustworthiness > 0.8
    assert (found.points.dtype, found.points.shape) == (np.float32, (120, 2))


@pytest.mark.parametrize("method", METHODS)
def test_the_same_call_gives_the_same_map_whatever_was_drawn_between(groups, method):
    first = reduce(groups, method, seed=3)
    np.random.random(7)  # noqa: NPY002 - other people's code may draw from it
    again = reduce(torch.tensor(groups), method, seed=3)
    assert np.array_equal(first.points, again.points)
    assert (first.method, first.seed, first.overlap) == (method, 3, again.overlap)


@pytest.mark.parametrize("method", ["tsne", SLOW])
def test_another_seed_gives_another_map(groups, method):
    assert not np.array_equal(reduce(groups, method).points, reduce(groups, method, seed=1).points)


@pytest.mark.parametrize("method", ["tsne", SLOW])
def test_the_global_dice_are_not_turned(groups, method):
    np.random.seed(5)  # noqa: NPY002
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    reduce(groups, method)
    assert np.random.random() == expected  # noqa: NPY002


def test_pca_is_the_plane_and_says_how_much_of_the_variance_it_holds(groups):
    found = reduce(groups, "pca")
    pca = PCA.fit(groups)
    np.testing.assert_allclose(found.points, pca.transform(groups), atol=1e-5)
    assert found.notes[0].startswith(f"{pca.shares[0]:.1%} and {pca.shares[1]:.1%} of the variance")


def test_tsne_keeps_neighbours_as_well_as_scikit_learns():
    from sklearn.datasets import load_digits
    from sklearn.manifold import TSNE

    from naepo.reduce import measure

    digits = load_digits().data[:400]
    ours = reduce(digits, "tsne")
    theirs = measure(digits, TSNE(random_state=0, max_iter=500).fit_transform(digits))
    assert ours.trustworthiness is not None and theirs.trustworthiness is not None
    assert ours.trustworthiness > theirs.trustworthiness - 0.01
    assert ours.overlap is not None and theirs.overlap is not None
    assert ours.overlap > theirs.overlap - 0.03
    assert ours.overlap > 2 * (reduce(digits, "pca").overlap or 0)


def test_forces_on_a_grid_draw_as_good_a_map_as_those_of_a_tree(groups, monkeypatch):
    monkeypatch.setattr("naepo.reduce.tsne.EARLY", {"n_iter": 60, "exaggeration": 12})
    monkeypatch.setattr("naepo.reduce.tsne.LATE", {"n_iter": 20})
    tree = reduce(groups, "tsne")
    monkeypatch.setattr("naepo.reduce.tsne.MANY", 10)
    grid, again = reduce(groups, "tsne"), reduce(groups, "tsne")
    assert np.array_equal(grid.points, again.points)
    assert not np.array_equal(grid.points, tree.points)
    assert grid.trustworthiness == pytest.approx(tree.trustworthiness, abs=0.05)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "rows",
    [
        np.random.default_rng(0).standard_normal((4, 3)),
        np.random.default_rng(0).standard_normal((40, 2)),
        np.random.default_rng(0).standard_normal((40, 1)),
        np.pad(np.random.default_rng(0).standard_normal((40, 4)), ((0, 0), (2, 2))),
        np.repeat(np.random.default_rng(0).standard_normal((5, 4)), 12, axis=0),
        np.eye(60)[:50],
        1e-20 * np.random.default_rng(0).standard_normal((40, 4)).astype(np.float32),
    ],
    ids=["4 rows", "2 columns", "1 column", "constant columns", "twins", "all as far", "tiny"],
)
def test_an_odd_table_has_a_finite_map(rows, method):
    found = reduce(rows, method)
    assert found.points.shape == (len(rows), 2)
    assert np.isfinite(found.points).all()


@pytest.mark.parametrize("method", METHODS)
def test_equal_rows_lie_in_one_place_and_that_is_said(method):
    found = reduce(np.full((6, 3), 2.0), method)
    assert not found.points.any()
    assert found.notes[0] == "all rows are equal: there is nothing to tell apart"


@pytest.mark.parametrize(
    ("method", "rows", "said"),
    [
        ("pca", [[1.0, 2.0]], "at least 2 rows"),
        ("tsne", [[1.0, 2.0]] * 3, "at least 4 rows"),
        ("umap", [[1.0, 2.0]] * 3, "at least 4 rows"),
        ("tsne", [[1.0, float("nan")]] * 9, "9 rows hold NaN or infinity, first row 0"),
        ("tnse", [[1.0, 2.0]] * 9, "did you mean `tsne`"),
    ],
)
def test_what_cannot_be_drawn_is_answered_in_words(method, rows, said):
    with pytest.raises(UserError, match=said):
        reduce(rows, method)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_that_is_none_is_refused(groups, seed):
    with pytest.raises(UserError, match=f"from 0 to 2\\^63 - 1, got {seed}"):
        reduce(groups, "tsne", seed=seed)


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_may_be_larger_than_the_generators_of_others_take(groups, method):
    assert np.isfinite(reduce(groups, method, seed=2**32 + 5).points).all()


def test_perplexity_is_30_or_the_most_that_fits():
    assert fitting_perplexity(1_000) == 30
    assert fitting_perplexity(31) == 10
    assert fitting_perplexity(31, 2.5) == 2.5


@pytest.mark.parametrize("wanted", [0.5, 10.1, float("nan")])
def test_a_perplexity_that_does_not_fit_is_refused_with_those_that_do(wanted):
    with pytest.raises(UserError, match="from 1 to 10 for 31 rows"):
        reduce(np.random.default_rng(0).standard_normal((31, 3)), "tsne", perplexity=wanted)


@pytest.mark.parametrize("wanted", [1, 31])
def test_a_number_of_neighbours_that_does_not_fit_is_refused(wanted):
    with pytest.raises(UserError, match="from 2 to 30 for 31 rows"):
        reduce(np.random.default_rng(0).standard_normal((31, 3)), "umap", n_neighbours=wanted)


def test_a_library_that_is_missing_is_named_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr("naepo.reduce.reduction.find_spec", lambda name: None)
    assert available() == {"pca": True, "tsne": False, "umap": False}
    with pytest.raises(UserError, match="openTSNE") as told:
        reduce(np.eye(9), "tsne")
    assert told.value.hint == 'pip install "naepo[embed]"'


def test_nothing_heavy_is_imported_before_it_is_needed():
    heavy = "torch", "sklearn", "scipy", "openTSNE", "umap", "numba"
    look = f"import sys, naepo.reduce; print([m for m in {heavy} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
