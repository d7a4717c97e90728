"""New points come onto an old map where they belong, and move nobody."""

import numpy as np
import pytest

from naepo.config import UserError
from naepo.reduce import reduce
from naepo.reduce.adding import KeptMap


def groups(n, seed):
    draw = np.random.default_rng(seed)
    centres = np.eye(3, 8) * 20
    return np.concatenate([draw.normal(centre, 1, (n, 8)) for centre in centres])


def kept(method):
    rows = groups(20, 0)
    return KeptMap(rows, reduce(rows, method).points, method, 0, {"names": ["x"]})


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_a_new_point_lands_among_its_own(method):
    if method == "tsne":
        pytest.importorskip("openTSNE")
    old = kept(method)
    places = old.place(groups(5, 1))
    group = np.arange(60) // 20
    distances = np.linalg.norm(places[:, None] - old.points[None], axis=-1)
    nearest = group[distances.argmin(axis=1)]
    assert (nearest == np.arange(15) // 5).all()


def test_what_was_added_does_not_turn_the_plane(tmp_path):
    draw = np.random.default_rng(0)
    first = draw.normal(size=(100, 5)) * [5, 2, 1, 0.5, 0.1]
    more = draw.normal(size=(100, 5)) * [0.1, 0.5, 1, 2, 5] + [0, 0, 0, 0, 30]
    old = KeptMap(first, reduce(first, "pca").points, "pca", 0, {})
    points = np.concatenate([old.points, old.place(more)])
    KeptMap(np.concatenate([first, more]), points, "pca", 0, {}, 100).save(tmp_path / "m.npz")
    larger = KeptMap.load(tmp_path / "m.npz")
    np.testing.assert_allclose(larger.place(larger.rows), points, atol=1e-4)


def test_a_larger_map_of_an_older_naepo_is_refused_where_its_plane_is_lost():
    draw = np.random.default_rng(0)
    first, more = draw.normal(size=(50, 4)) * [5, 2, 1, 0], draw.normal(size=(50, 4)) * [0, 0, 0, 9]
    old = KeptMap(first, reduce(first, "pca").points, "pca", 0, {})
    points = np.concatenate([old.points, old.place(more)])
    with pytest.raises(UserError, match="its plane is not known"):
        KeptMap(np.concatenate([first, more]), points, "pca", 0, {}).place(first)


def test_numbers_beyond_float32_find_their_place_on_a_map_of_float32():
    rows = np.arange(30, dtype=np.float32).reshape(10, 3)
    old = KeptMap(rows, rows[:, :2], "tsne", 0, {})
    assert np.isfinite(old.place(np.array([[1e60, 1e60, 1e60]]))).all()


def test_far_from_nought_the_nearest_are_still_told_apart():
    draw = np.random.default_rng(0)
    near = np.concatenate([draw.normal(size=(50, 3)) * 0.1 + [i, 0, 0] for i in range(4)])
    rows = (near + 1e5).astype(np.float32)
    points = np.repeat(np.arange(4), 50)[:, None] * np.array([[10.0, 0.0]], dtype=np.float32)
    old = KeptMap(rows, points, "tsne", 0, {})
    for group in range(4):
        places = old.place(rows[50 * group : 50 * group + 50])
        assert places[:, 0].mean() == pytest.approx(10 * group, abs=0.5)


def test_an_old_row_lands_exactly_where_the_plane_has_it_and_a_map_comes_back(tmp_path):
    old = kept("pca")
    np.testing.assert_allclose(old.place(old.rows), old.points, atol=1e-4)
    old.save(tmp_path / "map.npz")
    again = KeptMap.load(tmp_path / "map.npz")
    np.testing.assert_array_equal(again.points, old.points)
    assert (again.method, again.seed, again.about) == ("pca", 0, {"names": ["x"]})
    np.testing.assert_array_equal(again.place(groups(2, 3)), old.place(groups(2, 3)))


def test_what_is_no_map_or_does_not_fit_is_said(tmp_path):
    with pytest.raises(UserError, match="rows of 8 numbers, got 3"):
        kept("pca").place(np.zeros((1, 3)))
    with pytest.raises(UserError, match="no such map"):
        KeptMap.load(tmp_path / "none.npz")
    (tmp_path / "bad.npz").write_bytes(b"PK nothing")
    with pytest.raises(UserError, match="not a map"):
        KeptMap.load(tmp_path / "bad.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(UserError, match="not a map"):
        KeptMap.load(tmp_path / "other.npz")
