"""Laws of sampling: what is drawn follows the probabilities, and only what may be drawn is."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.generate.sampling import (
    Sampling,
    filtered,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    new_generator,
    sample,
)

N_DRAWS = 100_000
LOGITS = torch.tensor([[1.0, 0.5, 0.5, -1.0, 2.0, -math.inf, 0.0, -3.0]])

rows = st.lists(
    st.one_of(st.sampled_from([-math.inf, 0.0, 1.0]), st.floats(-30, 30, width=32)),
    min_size=1,
    max_size=12,
).filter(lambda row: max(row) > -math.inf)
seeds = st.integers(0, 2**63 - 1)


def tensor(row: list[float]) -> torch.Tensor:
    return torch.tensor([row], dtype=torch.float32)


def chi_squared(ids: torch.Tensor, probabilities: torch.Tensor) -> float:
    """Pearson's statistic of the counts; ids of probability 0 must not occur at all."""
    counts = ids.bincount(minlength=len(probabilities))
    assert counts[probabilities == 0].sum() == 0
    possible = probabilities > 0
    expected = probabilities[possible] * len(ids)
    return float(((counts[possible] - expected) ** 2 / expected).sum())


def surely_different(n_possible: int) -> float:
    """The χ² that chance exceeds once in a million (Wilson & Hilferty 1931)."""
    degrees = max(1, n_possible - 1)
    spread = 2 / (9 * degrees)
    return degrees * (1 - spread + 4.75 * math.sqrt(spread)) ** 3


few = settings(max_examples=40, deadline=None)

SAMPLINGS = [
    Sampling(),
    Sampling(temperature=0.5),
    Sampling(temperature=3.0),
    Sampling(top_k=3),
    Sampling(top_p=0.8),
    Sampling(min_p=0.1),
    Sampling(temperature=1.3, min_p=0.02, top_k=5, top_p=0.9),
]


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=repr)
def test_a_hundred_thousand_draws_follow_the_probabilities(sampling):
    probabilities = filtered(LOGITS, sampling).softmax(-1)[0].double()
    ids = sample(LOGITS.expand(N_DRAWS, -1), sampling, torch.Generator().manual_seed(1))
    n_possible = int((probabilities > 0).sum())
    assert chi_squared(ids, probabilities) < surely_different(n_possible)


def test_the_chi_squared_test_can_fail():
    ids = sample(LOGITS.expand(N_DRAWS, -1), Sampling(), torch.Generator().manual_seed(1))
    warmer = filtered(LOGITS, Sampling(temperature=1.05)).softmax(-1)[0].double()
    assert chi_squared(ids, warmer) > surely_different(7)


@few
@given(rows, st.integers(1, 20))
def test_top_k_keeps_exactly_k_and_never_a_less_likely_id(row, k):
    logits = tensor(row)
    result = keep_top_k(logits, k)
    possible, is_kept = logits[0].isfinite(), result[0].isfinite()
    assert is_kept.sum() == min(k, int(possible.sum()))
    assert torch.equal(result[0][is_kept], logits[0][is_kept])
    if (~is_kept).any():
        assert logits[0][is_kept].min() >= logits[0][~is_kept].max()


@few
@given(rows, st.floats(0, 1))
def test_top_p_keeps_the_smallest_set_that_holds_p(row, p):
    logits = tensor(row)
    is_kept = keep_top_p(logits, p)[0].isfinite()
    probabilities = logits[0].softmax(-1)
    mass = float(probabilities[is_kept].sum())
    assert is_kept.any()
    assert mass >= p - 1e-5
    if is_kept.sum() > 1 and p < 1:
        assert mass - float(probabilities[is_kept].min()) <= p + 1e-5


@few
@given(rows, st.floats(0, 1))
def test_min_p_keeps_the_likeliest_and_all_that_come_near(row, p):
    logits = tensor(row)
    is_kept = keep_min_p(logits, p)[0].isfinite()
    probabilities = logits[0].softmax(-1)
    assert is_kept[logits[0].argmax()]
    assert (probabilities[is_kept] >= probabilities.max() * p * (1 - 1e-4)).all()


@few
@given(rows, seeds, st.sampled_from(SAMPLINGS))
def test_only_what_the_filters_keep_is_drawn(row, seed, sampling):
    logits = tensor(row)
    [id] = sample(logits, sampling, torch.Generator().manual_seed(seed)).tolist()
    assert filtered(logits, sampling)[0, id].isfinite()


@few
@given(rows)
def test_greedy_is_the_argmax(row):
    logits = tensor(row)
    assert sample(logits, Sampling(temperature=0.0), []).equal(logits.argmax(-1))


@few
@given(rows, seeds)
def test_one_candidate_left_is_greedy(row, seed):
    logits = tensor(row)
    best = logits.max()
    for sampling in (Sampling(top_k=1), Sampling(top_p=0.0), Sampling(min_p=1.0)):
        [id] = sample(logits, sampling, torch.Generator().manual_seed(seed)).tolist()
        assert logits[0, id] == best


@few
@given(st.lists(seeds, min_size=1, max_size=6), st.integers(2, 40))
def test_a_row_with_its_own_generator_draws_alone_as_in_company(some_seeds, vocab_size):
    fresh = torch.Generator().manual_seed(0)
    logits = torch.randn(len(some_seeds), vocab_size, generator=fresh)

    def generators() -> list[torch.Generator]:
        return [new_generator(Sampling(seed=seed)) for seed in some_seeds]

    together = sample(logits, Sampling(), generators())
    alone = [
        sample(row[None], Sampling(), [own]).item()
        for row, own in zip(logits, generators(), strict=True)
    ]
    assert together.tolist() == alone


def test_adding_a_constant_to_the_logits_changes_no_draw():
    sampling = Sampling(temperature=0.9, top_p=0.9)
    ids = [
        sample((LOGITS + shift).expand(500, -1), sampling, torch.Generator().manual_seed(3))
        for shift in (0.0, 64.0)
    ]
    assert ids[0].equal(ids[1])
