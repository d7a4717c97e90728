"""The rules a shape must keep, and what a person reads when it does not."""

import pytest

from naepo.config import UserError, from_table, to_table
from naepo.model.settings import ModelSettings, PartSettings

WRONG_SIZES = {
    "vocab_size must be at least 1, got 0": {"vocab_size": 0},
    "n_layers must be at least 1, got -2": {"n_layers": -2},
    "d_ff must be at least 1, got 0": {"d_ff": 0},
    "n_kv_heads must divide n_heads, got n_kv_heads=3 and n_heads=4": {"n_kv_heads": 3},
    "d_head must be even for rotary positions, got 5": {"d_head": 5},
    "d_model must be even for sinusoidal positions, got 9": {
        "d_model": 9,
        "parts": PartSettings(position="sinusoidal"),
    },
    "n_layers must be at most 1,024, got 10,000": {"n_layers": 10_000},
    "vocab_size × d_model must be at most 2,147,483,648, got 1,000,000,000 × 128": {
        "vocab_size": 10**9
    },
    "context_length × d_model must be at most": {"context_length": 10**9},
    "context_length × d_head must be at most": {
        "context_length": 2**24,
        "d_head": 256,
        "d_model": 1,
    },
    "d_ff × d_model must be at most": {"d_ff": 10**9},
    "d_model × n_heads · d_head must be at most": {"d_head": 10**8, "context_length": 1},
}
WRONG_PARTS = {
    "dropout must be at least 0 and below 1, got 1.0": {"dropout": 1.0},
    "dropout must be at least 0 and below 1, got -0.1": {"dropout": -0.1},
    "attention_dropout must be at least 0 and below 1, got 1.0": {"attention_dropout": 1.0},
    "window must be at least 1 position, got 0": {"window": 0},
    "norm_eps must be a finite number above 0, got 0.0": {"norm_eps": 0.0},
    "rope_theta must be a finite number above 0, got nan": {"rope_theta": float("nan")},
    "rope_theta must be a finite number above 0, got inf": {"rope_theta": float("inf")},
}


@pytest.mark.parametrize("message", WRONG_SIZES)
def test_a_wrong_size_says_what_is_wrong(message):
    with pytest.raises(UserError) as caught:
        ModelSettings(**({"vocab_size": 65} | WRONG_SIZES[message]))
    assert message in caught.value.message


@pytest.mark.parametrize("message", WRONG_PARTS)
def test_a_wrong_part_says_what_is_wrong(message):
    with pytest.raises(UserError) as caught:
        PartSettings(**WRONG_PARTS[message])
    assert message in caught.value.message


def test_key_heads_that_do_not_fit_are_answered_with_those_that_do():
    with pytest.raises(UserError) as caught:
        ModelSettings(vocab_size=65, n_heads=12, n_kv_heads=5)
    assert caught.value.hint == "use 1, 2, 3, 4, 6, 12"


def test_settings_survive_the_way_through_a_table():
    for settings in (
        ModelSettings(vocab_size=65),
        ModelSettings(vocab_size=9, parts=PartSettings(window=7, norm="layer", mlp="relu2")),
    ):
        assert from_table(ModelSettings, to_table(settings), "a.toml", "model") == settings
