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
