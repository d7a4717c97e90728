"""Positions: rotations that know only distance, waves as the paper draws them."""

import copy
import math
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from naepo.model.positions import (
    LearnedPositions,
    Rotary,
    SinusoidalPositions,
    angles,
    rotary_table,
    rotate,
)

ROTARY = Rotary(context_length=64, d_head=8, theta=100.0)


def heads(time: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(1, 2, time, 8, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=20, deadline=None)
@given(i=st.integers(0, 30), j=st.integers(0, 30), shift=st.integers(0, 30))
def test_a_dot_product_knows_the_distance_and_nothing_else(i, j, shift):
    q, k = heads(1, seed=1), heads(1, seed=2)

    def score(at: int, other: int) -> torch.Tensor:
        return (rotate(q, ROTARY(at, 1)) * rotate(k, ROTARY(other, 1))).sum(-1)

    assert_close(score(i, j), score(i + shift, j + shift), rtol=1e-5, atol=1e-5)


def test_different_distances_score_differently():
    q = heads(1)
    scores = [float((q * rotate(q, ROTARY(i, 1))).sum()) for i in range(6)]
    assert len({round(score, 3) for score in scores}) == 6


def test_a_rotation_keeps_every_length_and_position_zero_turns_nothing():
    x = heads(5)
    turned = rotate(x, ROTARY(0, 5))
    assert_close(turned.norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(turned[:, :, 0], x[:, :, 0])


def test_a_pair_half_a_head_apart_turns_by_its_angle():
    x = torch.zeros(1, 1, 4, 8)
    x[..., 1] = 1.0
    turned = rotate(x, ROTARY(0, 4))
    for p in range(4):
        a = p * 100.0 ** (-1 / 4)
        wanted = torch.zeros(8)
        wanted[1], wanted[5] = math.cos(a), math.sin(a)
        assert_close(turned[0, 0, p], wanted)


def test_rotating_from_the_middle_is_rotating_from_the_start():
    x = heads(9)
    assert torch.equal(rotate(x, ROTARY(0, 9))[:, :, 4:], rotate(x[:, :, 4:], ROTARY(4, 5)))


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_a_narrow_model_keeps_full_angles(kind):
    rotary = Rotary(context_length=2048, d_head=8, theta=10_000.0).to(kind)
    assert rotary.table.dtype == torch.float32
    assert_close(rotary.table.double(), rotary_table(2048, 8, 10_000.0), rtol=0, atol=1e-7)
    assert rotate(heads(3).to(kind), rotary(2000, 3)).dtype == kind


def test_a_wide_model_has_wide_angles():
    rotary = Rotary(context_length=2048, d_head=8, theta=10_000.0).double()
    assert torch.equal(rotary.table, rotary_table(2048, 8, 10_000.0))


def test_sinusoids_are_those_of_the_paper():
    positions = SinusoidalPositions(context_length=50, d_model=6, is_tied=False)
    waves = positions(torch.zeros(1, 50, 6), 0)[0]
    for p, i in ((0, 0), (7, 1), (49, 2)):
        a = p / 10_000 ** (2 * i / 6)
        assert float(waves[p, 2 * i]) == pytest.approx(math.sin(a), abs=1e-6)
        assert float(waves[p, 2 * i + 1]) == pytest.approx(math.cos(a), abs=1e-6)


def test_a_short_embedding_is_lengthened_before_the_waves_are_added():
    x = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    plain, tied = (SinusoidalPositions(9, 4, is_tied=tied) for tied in (False, True))
    waves = plain(torch.zeros_like(x), 5)
    assert_close(plain(x, 5), x + waves)
    assert_close(tied(x, 5), 2 * x + waves)


def test_angles_grow_with_the_position_and_slow_down_along_the_pairs():
    a = angles(5, 4, theta=16.0)
    assert_close(a[:, 0], torch.arange(5.0, dtype=torch.float64))
    assert_close(a[1], torch.tensor([1, 1 / 2, 1 / 4, 1 / 8], dtype=torch.float64))


def test_fixed_tables_are_not_saved_and_survive_copies():
    for module in (ROTARY, SinusoidalPositions(5, 4, is_tied=False)):
        assert not module.state_dict() and not list(module.parameters())
        for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
            assert torch.equal(twin.table, module.table)


def test_learned_positions_are_rows_of_a_weight():
    positions = LearnedPositions(6, 4)
    positions.weight.data = torch.arange(24.0).reshape(6, 4)
    x = torch.ones(2, 3, 4)
    assert torch.equal(positions(x, 2), x + positions.weight[2:5])
