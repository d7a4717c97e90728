"""The honest number: every token once, in windows that do not overlap."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from naepo.encode import Split
from naepo.model import ModelSettings, build
from naepo.model.initialise import BEGIN_AT_ZERO
from naepo.train.evaluation import evaluate, total_nats

SETTINGS = ModelSettings(
    vocab_size=11, context_length=6, d_model=16, n_layers=1, n_heads=2, n_kv_heads=2, d_head=8,
    d_ff=32,
)  # fmt: skip


@pytest.fixture(scope="module")
def model():
    model = build(SETTINGS)
    generator = torch.Generator().manual_seed(1)
    for name, weight in model.named_parameters():
        if any(part in name for part in BEGIN_AT_ZERO):
            weight.data = torch.randn(weight.shape, generator=generator) * 0.3
    return model


def by_hand(model, ids) -> float:
    """Score token by token: each sees the tokens of its own window before it."""
    total = math.log(SETTINGS.vocab_size)
    for place in range(1, len(ids)):
        begin = (place - 1) // SETTINGS.context_length * SETTINGS.context_length
        with torch.no_grad():
            logits = model(torch.tensor([ids[begin:place]]))[0, -1]
        total -= float(torch.log_softmax(logits, -1)[ids[place]])
    return total


@given(st.integers(1, 40))
def test_it_is_the_sum_over_all_tokens_each_scored_once(n):
    model = build(SETTINGS, seed=3)
    torch.nn.init.normal_(model.output.weight, std=0.5)
    ids = np.random.default_rng(n).integers(0, SETTINGS.vocab_size, n)
    assert total_nats(model, ids) == pytest.approx(by_hand(model, ids.tolist()), rel=1e-5)


def test_the_units_follow_from_one_total(model, tmp_path):
    ids = np.random.default_rng(0).integers(0, SETTINGS.vocab_size, 50)
    split = Split(ids=ids.astype(np.uint16), n_characters=80, n_bytes=120, text_file=Path("x"))
    found = evaluate(model, split)
    total = total_nats(model, ids)
    assert found.nats_per_token == pytest.approx(total / 50)
    assert found.nats_per_character == pytest.approx(total / 80)
    assert found.bits_per_byte == pytest.approx(total / 120 / math.log(2))
    assert found.perplexity == pytest.approx(math.exp(total / 50))


def test_training_mode_comes_back_and_an_empty_text_costs_nothing(model):
    model.train()
    assert total_nats(model, np.array([], dtype=np.int64)) == 0.0
    total_nats(model, np.arange(9))
    assert model.training
