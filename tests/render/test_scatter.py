"""A map on paper: every point in its place and colour, and no word of a person taken for markup."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from naepo.render.scatter import COLOURS, OTHER, scatter

POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])


def circles(picture):
    tree = ET.fromstring(picture.svg())
    return [node for node in tree.iter() if node.tag.endswith("circle")]


def test_points_stand_as_on_the_map_with_up_being_up():
    found = circles(scatter(POINTS, title="t"))
    x, y = ([float(node.get(axis)) for node in found] for axis in ("cx", "cy"))
    assert x[0] == x[2] < x[1] and y[0] == y[1] > y[2]
    assert (y[0] - y[2]) == pytest.approx(2 * (x[1] - x[0]), rel=1e-4)  # one scale for both axes


def test_each_mark_has_a_colour_and_a_line_in_the_legend_and_rare_ones_share_one():
    many = [f"kind {n}" for n in range(12) for _ in range(2)]
    picture = scatter(np.random.default_rng(0).normal(size=(24, 2)), title="t", marks=many)
    fills = [node.get("fill") for node in circles(picture)]
    assert set(fills) == {*COLOURS, OTHER}
    assert "kind 0 (2)" in picture.svg() and "other (4)" in picture.svg()


def test_many_numbers_get_a_scale_and_few_get_colours():
    points = np.random.default_rng(0).normal(size=(30, 2))
    scale = scatter(points, title="t", marks=[str(n) for n in range(30)]).svg()
    assert ">0<" in scale and ">29<" in scale
    assert "0 (15)" in scatter(points, title="t", marks=["0", "1"] * 15).svg()


def test_names_and_marks_are_text_and_one_point_or_none_is_a_map_too(tmp_path):
    sly = "</title><script>alert(1)</script>"
    picture = scatter(POINTS, title=sly, marks=[sly, "", "나"], names=[sly, "", "b"], notes=[sly])
    assert "<script>" not in picture.svg() and circles(picture)
    ET.fromstring(picture.svg())
    for n in (0, 1):
        ET.fromstring(scatter(np.zeros((n, 2)), title="t").svg())
    pytest.importorskip("PIL")
    picture.write_png(tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes()[:4] == b"\x89PNG"
