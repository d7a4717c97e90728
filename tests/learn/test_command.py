"""What `naepo learn` opens: a chapter by name or number, or what a teacher has sent."""

import pytest

from naepo.cli.learn import found_runs, fragment
from naepo.config import UserError


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("", ""),
        ("rms", "chapter=rms"),
        ("7", "chapter=rms"),
        ("chapter=rms&x=3,4", "chapter=rms&x=3,4"),
        ("http://127.0.0.1:1/learn.html#chapter=gpt&dice=0.7", "chapter=gpt&dice=0.7"),
    ],
)
def test_a_chapter_is_named_in_many_ways(said, state):
    assert fragment(said) == state


def test_a_chapter_that_is_not_there_is_answered_with_the_nearest():
    with pytest.raises(UserError, match="no chapter is called `lineer`") as error:
        fragment("lineer")
    assert error.value.hint == "did you mean `linear`?"


def test_runs_are_found_where_they_lie_and_only_those_with_a_checkpoint(tmp_path):
    for name in ("a", "b", "empty"):
        (tmp_path / name / "checkpoints").mkdir(parents=True)
    for name in ("a", "b"):
        (tmp_path / name / "checkpoints/step-1").mkdir()
    assert {run.name for run in found_runs(tmp_path)} == {"a", "b"}
    assert found_runs(tmp_path / "nowhere") == ()
