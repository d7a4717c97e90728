"""Chapter 3: the square of one metre becomes two by three; order counts; a projection is final."""

import pytest

from tests.learn.reading import read, rows, step, verdict


def test_one_metre_by_one_becomes_two_by_three():
    found = read("linear")
    corners = [row[1:] for row in rows(step(found, "square")) if row[0] == "after"]
    assert corners == [["0", "0"], ["2", "0"], ["2", "3"], ["0", "3"]]
    assert step(found, "area")["formulas"] == ['"det" A = "2" · "3" − "0" · "0" = "6"']
    assert "So [1, 1] goes to [2, 3]." in step(found, "entries")["says"]


def test_a_dragged_column_changes_area_and_sign():
    flat = step(read("linear", fields={"A": "1,2;2,4"}), "area")
    assert "pressed flat" in flat["says"] and '= "0"' in flat["formulas"][0]
    over = step(read("linear", fields={"A": "0,1;1,0"}), "area")
    assert "The determinant is −1: the area is 1 m²" in over["says"]


@pytest.mark.parametrize(
    ("key", "typed", "words"),
    [
        ("guess", "5", "a sum of the diagonal"),
        ("guess", "10", "the way round"),
        ("entries", "23 34", "that is Aᵀ x"),
        ("order", "0 2", "stretched first"),
    ],
)
def test_a_mistake_has_a_name(key, typed, words):
    said = verdict("linear", key, typed)
    assert said["state"] == "mistake" and words in said["text"]
