"""Every value that a chapter prints, against the file beside: nothing changes unseen."""

import pytest

from naepo.learn import NAMES
from tests.learn.printed import HOME, printed


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_prints_what_it_printed(name):
    assert printed(name) == (HOME / f"{name}.txt").read_text(encoding="utf-8")


def test_no_chapter_is_missing_and_none_is_left_over():
    assert sorted(NAMES) == sorted(path.stem for path in HOME.glob("*.txt"))
