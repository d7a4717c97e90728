"""Settings: what a recipe may say, and what is answered when it says something else."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naepo.config import (
    UserError,
    from_table,
    merge,
    overrides_of,
    read_recipe,
    recipe_names,
    to_table,
    to_toml,
)
from naepo.encode import DataSettings
from naepo.model import ModelSettings
from naepo.train.settings import TrainSettings

PLAIN = st.one_of(
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
NAMES = st.text("abcdefgh_", min_size=1, max_size=6)


@given(st.dictionaries(NAMES, st.one_of(PLAIN, st.lists(PLAIN), st.dictionaries(NAMES, PLAIN))))
def test_tables_written_as_toml_read_back_the_same(table):
    assert tomllib.loads(to_toml(table)) == table


def test_a_file_name_that_is_no_text_is_refused_before_anything_is_written():
    with pytest.raises(UserError, match="no Unicode text"):
        to_toml({"sources": ["caf\udce9.txt"]})


@pytest.mark.parametrize(
    "settings",
    [DataSettings(sources=("a", "b")), ModelSettings(vocab_size=9), TrainSettings(steps=3)],
)
def test_settings_survive_the_way_through_toml(settings):
    again = from_table(type(settings), tomllib.loads(to_toml(to_table(settings))), "a.toml")
    assert again == settings


@pytest.mark.parametrize(
    ("table", "says", "hint"),
    [
        ({"step": 3}, "unknown key `step` in a.toml [train]", "did you mean `steps`?"),
        ({}, "missing key `steps` in a.toml [train]", None),
        ({"steps": "3"}, "`train.steps` must be a whole number, got '3' (a.toml)", None),
        ({"steps": True}, "`train.steps` must be a whole number", None),
        ({"steps": 0}, "steps must be at least 1, got 0 (a.toml [train])", None),
        (
            {"steps": 1, "optimizer": {"kind": "moun"}},
            '`train.optimizer.kind` must be one of "muon", "adamw"',
            "did you mean `muon`?",
        ),
        (
            {"steps": 1, "optimizer": {"momentums": 1.0}},
            "unknown key `momentums` in a.toml [train.optimizer]",
            "did you mean `momentum`?",
        ),
        ({"steps": 1, "schedule": 3}, "`train.schedule` must be a table, got 3", None),
    ],
)
def test_a_mistake_in_a_recipe_is_named_with_its_place(table, says, hint):
    with pytest.raises(UserError) as caught:
        from_table(TrainSettings, table, "a.toml", "train")
    assert says in caught.value.message
    assert caught.value.hint == hint


def test_a_whole_number_may_stand_for_a_number():
    train = from_table(TrainSettings, {"steps": 1, "optimizer": {"lr": 1}}, "a.toml")
    assert train.optimizer.lr == 1.0
    assert isinstance(train.optimizer.lr, float)


def test_what_was_not_said_leaves_the_recipe_as_it_was():
    said = to_table(overrides_of(TrainSettings)(steps=7))
    recipe = {"steps": 3, "optimizer": {"lr": 0.1}}
    assert merge(recipe, said) == {"steps": 7, "optimizer": {"lr": 0.1}}


def test_a_recipe_that_is_not_toml_is_refused_with_the_place(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("[train\nsteps = 3")
    with pytest.raises(UserError, match="not a TOML file"):
        read_recipe(str(path))
    with pytest.raises(UserError, match="no such file"):
        read_recipe(str(tmp_path / "absent.toml"))


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_is_made_of_known_keys(name):
    tables, _ = read_recipe(name)
    known = {"data": DataSettings, "model": ModelSettings, "train": TrainSettings}
    needed = {"data": {"sources": ["x"]}, "model": {"vocab_size": 9}, "train": {"steps": 1}}
    assert tables.keys() <= known.keys()
    for table, settings in known.items():
        from_table(settings, merge(needed[table], tables.get(table, {})), name, table)
