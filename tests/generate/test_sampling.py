"""Each filter against a table made by hand, and each setting against what it must refuse."""

import math

import pytest
import torch

from naepo.config import UserError
from naepo.generate.sampling import (
    Sampling,
    filtered,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    new_generator,
    penalise_repetition,
    sample,
)

INF = math.inf
GREEDY = Sampling(temperature=0.0)


def logits_of(*probabilities: float) -> torch.Tensor:
    """One row of logits whose softmax is these probabilities (which sum to 1)."""
    return torch.tensor([probabilities]).log()


def kept(logits: torch.Tensor) -> list[int]:
    assert len(logits) == 1
    return logits[0].isfinite().nonzero().flatten().tolist()


@pytest.mark.parametrize(
    ("k", "ids"), [(1, [1]), (2, [1, 3]), (3, [0, 1, 3]), (4, [0, 1, 2, 3]), (99, [0, 1, 2, 3])]
)
def test_top_k_keeps_the_k_likeliest_where_they_were(k, ids):
    logits = logits_of(0.15, 0.5, 0.05, 0.3)
    filtered_logits = keep_top_k(logits, k)
    assert kept(filtered_logits) == ids
    assert torch.equal(filtered_logits[0, ids], logits[0, ids])


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_top_k_keeps_exactly_k_even_when_all_are_equal(k):
    assert len(kept(keep_top_k(torch.zeros(1, 5), k))) == k


def test_top_k_brings_nothing_back_that_was_ruled_out():
    assert kept(keep_top_k(torch.tensor([[-INF, 1.0, -INF, 2.0]]), 3)) == [1, 3]


@pytest.mark.parametrize(
    ("p", "ids"),
    [(0.0, [1]), (0.49, [1]), (0.6, [1, 3]), (0.7, [1, 3]), (0.89, [0, 1, 3]), (1.0, [0, 1, 2, 3])],
)
def test_top_p_keeps_the_fewest_ids_that_hold_p_and_gathers_them_home(p, ids):
    logits = logits_of(0.1, 0.5, 0.1, 0.3)
    assert kept(keep_top_p(logits, p)) == ids


def test_top_p_laid_over_the_ids_without_the_gather_would_be_wrong():
    logits = logits_of(0.1, 0.5, 0.1, 0.3)
    by_rank = logits.sort(descending=True).values.softmax(-1).cumsum(-1)
    without_gather = (by_rank <= 0.81)[0].nonzero().flatten().tolist()
    assert without_gather == [0, 1] != kept(keep_top_p(logits, 0.7))


def test_top_p_keeps_at_least_one_even_when_all_are_equal():
    assert len(kept(keep_top_p(torch.zeros(1, 7), 0.0))) == 1


def test_top_p_is_decided_row_by_row():
    logits = torch.cat([logits_of(0.1, 0.6, 0.3), logits_of(0.3, 0.1, 0.6)])
    assert keep_top_p(logits, 0.5).isfinite().tolist() == [
        [False, True, False],
        [False, False, True],
    ]


@pytest.mark.parametrize(
    ("p", "ids"), [(0.0, [0, 1, 2, 3]), (0.15, [0, 1, 3]), (0.5, [1, 3]), (0.75, [1]), (1.0, [1])]
)
def test_min_p_keeps_ids_by_their_share_of_the_likeliest(p, ids):
    assert kept(keep_min_p(logits_of(0.1, 0.5, 0.05, 0.35), p)) == ids


def test_the_repetition_penalty_makes_seen_ids_less_likely_on_both_sides_of_zero():
    logits = torch.tensor([[2.0, -2.0, 2.0, -2.0, -INF]])
    seen = torch.tensor([[True, True, False, False, True]])
    assert penalise_repetition(logits, seen, 2.0).tolist() == [[1.0, -4.0, 2.0, -2.0, -INF]]


def test_the_repetition_penalty_is_part_of_the_draw_and_greedy_obeys_it():
    logits, seen = torch.tensor([[2.0, 1.5]]), torch.tensor([[True, False]])
    chosen = sample(logits, Sampling(temperature=0.0, repetition_penalty=2.0), [], seen)
    assert chosen.tolist() == [1]
    assert sample(logits, GREEDY, [], seen).tolist() == [0]


def test_the_filters_act_in_the_order_min_p_top_k_top_p_on_cooled_logits():
    logits = logits_of(0.4, 0.3, 0.2, 0.1)
    # At temperature 0.5 the shares are 16 : 9 : 4 : 1. min-p 0.2 drops the last; of the rest
    # (16 : 9 : 4) top-k keeps two; of these (0.64, 0.36) top-p 0.6 keeps the first.
    assert kept(filtered(logits, Sampling(temperature=0.5, min_p=0.2))) == [0, 1, 2]
    assert kept(filtered(logits, Sampling(temperature=0.5, min_p=0.2, top_k=2))) == [0, 1]
    settings = Sampling(temperature=0.5, min_p=0.2, top_k=2, top_p=0.6)
    assert kept(filtered(logits, settings)) == [0]
    assert kept(filtered(logits, Sampling(temperature=0.5, top_p=0.6))) == [0, 1]


@pytest.mark.parametrize("temperature", [1e-4, 1e-5, 100.0])
def test_no_temperature_overflows(temperature):
    logits = torch.tensor([[3e38, -3e38, 1.0, -INF]])
    probabilities = filtered(logits, Sampling(temperature=temperature)).softmax(-1)
    assert probabilities.tolist() == [[1.0, 0.0, 0.0, 0.0]]


def test_temperatures_too_small_to_divide_by_are_greedy():
    near_tie = torch.tensor([[1.0, 1.0 + 1e-6, 0.0]]).expand(1000, 3)
    assert set(sample(near_tie, Sampling(temperature=1e-9), []).tolist()) == {1}


def test_half_precision_logits_are_sampled_in_float32():
    logits = torch.tensor([[1.0, 2.0]], dtype=torch.bfloat16)
    assert sample(logits, GREEDY, []).tolist() == [1]
    assert sample(logits, Sampling(seed=0), new_generator(Sampling(seed=0))).shape == (1,)


@pytest.mark.parametrize(
    "row", [[math.nan, 1.0], [INF, 1.0], [-INF, -INF]], ids=["nan", "inf", "nothing"]
)
@pytest.mark.parametrize("settings", [GREEDY, Sampling(seed=0)], ids=["greedy", "drawn"])
def test_logits_that_are_no_numbers_are_refused(row, settings):
    with pytest.raises(UserError, match="not finite"):
        sample(torch.tensor([[0.0, 0.0], row]), settings, new_generator(settings))


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -0.1},
        {"temperature": math.nan},
        {"temperature": INF},
        {"top_k": 0},
        {"top_k": -1},
        {"top_p": -0.1},
        {"top_p": 1.1},
        {"top_p": math.nan},
        {"min_p": math.nan},
        {"min_p": 2.0},
        {"repetition_penalty": 0.0},
        {"repetition_penalty": math.nan},
        {"repetition_penalty": 11.0},
        {"seed": -1},
        {"seed": 2**63},
    ],
    ids=str,
)
def test_a_setting_out_of_range_is_named_with_its_value(wrong):
    [(name, value)] = wrong.items()
    with pytest.raises(UserError, match=name) as refused:
        Sampling(**wrong)
    assert str(value) in refused.value.message


def test_settings_at_the_ends_of_their_ranges_are_accepted():
    Sampling(temperature=0.0, top_k=1, top_p=0.0, min_p=0.0, repetition_penalty=10.0, seed=0)
    Sampling(temperature=100.0, top_k=10**9, top_p=1.0, min_p=1.0, seed=2**63 - 1)


def test_without_a_seed_every_generator_is_another():
    seeds = {new_generator(Sampling()).initial_seed() for _ in range(8)}
    assert len(seeds) == 8
    assert new_generator(Sampling(seed=5), offset=2).initial_seed() == 7
