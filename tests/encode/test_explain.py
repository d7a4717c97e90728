import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.encode.explain import check_ids, name_character, place, printable


@given(st.lists(st.text("ab\n"), min_size=1), st.data())
def test_a_place_is_found_where_splitting_finds_it(texts, data):
    text = "".join(texts) + "!"
    position = data.draw(st.integers(0, len(text) - 1))
    before = text[:position].split("\n")
    assert place(text, position) == f"line {len(before)}, column {len(before[-1]) + 1}"


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"the", "the"),
        (b" the", "␣the"),
        (b"\n\t", "\\n\\t"),
        (b"\\n", "\\\\n"),
        ("␣".encode(), "\\u2423"),
        ("가".encode(), "가"),
        ("가".encode()[1:], "\\xb0\\x80"),
        ("\u202e\u2028\ufeff".encode(), "\\u202e\\u2028\\ufeff"),
        ("\U000e0001".encode(), "\\U000e0001"),
        (b"\x00\xff", "\\x00\\xff"),
        (b"\x85", "\\x85"),
        ("\x85\u00a0".encode(), "\\u0085\\u00a0"),
        (b"=" * 200, "=" * 59 + "…"),
    ],
)
def test_bytes_are_shown_on_one_line(content, shown):
    assert printable(content) == shown


SHORT = st.binary(max_size=6) | st.text("\x7f\x85\xadé\\ux␣ \n", max_size=4).map(str.encode)


@given(SHORT, SHORT)
def test_what_is_shown_is_printable_and_tells_bytes_apart(first, second):
    assert printable(first).isprintable()
    assert (printable(first) == printable(second)) == (first == second)


def test_a_character_without_a_name_is_still_named_by_its_code_point():
    assert name_character("\x00") == "U+0000"
    assert name_character("a") == "'a' (U+0061 LATIN SMALL LETTER A)"


@pytest.mark.parametrize("ids", [[2, 0], (2, 0), iter([2, 0]), np.array([2, 0], dtype=np.uint16)])
def test_ids_are_taken_in_any_form(ids):
    checked = check_ids(ids, 3)
    assert checked.dtype == np.int64
    assert checked.tolist() == [2, 0]


def test_no_ids_are_fine():
    assert check_ids([], 3).tolist() == []


def test_the_first_wrong_id_is_named_with_its_position():
    with pytest.raises(UserError, match="got 3 at position 2, expected 0 to 2"):
        check_ids([0, 2, 3, -1], 3)
