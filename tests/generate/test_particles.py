"""Particles against the exact answer: all texts of a small model, counted out one by one."""

import math
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from naepo.config import UserError
from naepo.generate import Sampling
from naepo.generate.constraint import Plan
from naepo.generate.particles import Particles, effective_sample_size, systematic
from naepo.model import ModelSettings, PartSettings, build
from naepo.model.cache import State

A, B, C, END = range(4)
NO_BARS = np.zeros(4, dtype=np.bool_)


class Chain(nn.Module):
    """Each id is drawn given the one before: ids A, B, C and an end."""

    def __init__(self, seed: int = 0, context_length: int = 100, sharpness: float = 1.0) -> None:
        super().__init__()
        self.settings = ModelSettings(vocab_size=4, context_length=context_length)
        generator = torch.Generator().manual_seed(seed)
        self.table = torch.randn(4, 4, generator=generator) * sharpness

    def forward(self, ids):
        return self.table[ids]

    def hidden(self, ids):
        return []

    def start(self, batch_size=1):
        return State(batch_size, [])

    def step(self, ids, state):
        return self.table[ids], state

    def log_p(self, text: tuple[int, ...]) -> float:
        """Give the log-probability of a text that begins after an end id."""
        steps = self.table.double().log_softmax(-1)
        return sum(float(steps[a, b]) for a, b in zip((END, *text), text, strict=False))


class Anything:
    """Rules that forbid nothing but an end, and a C after a C."""

    def __init__(self) -> None:
        self.last = END

    def allowed(self):
        return np.array([True, True, self.last != C, False])

    def advance(self, id):
        assert self.allowed()[id]
        self.last = id

    def copy(self):
        twin = Anything()
        twin.last = self.last
        return twin


def plan(*demands) -> Plan:
    return Plan(Anything(), end_id=END, bar_marks=NO_BARS, demands=demands)


def grown(model, demands, n_particles: int, seed: int = 1, **more) -> Particles:
    sampling = more.pop("sampling", Sampling(seed=seed))
    particles = Particles(
        model,
        [END],
        plan(*demands),
        n_particles=n_particles,
        sampling=sampling,
        n_ids=4,
        **more,
    )
    particles.grow(100)
    return particles


def exact(model: Chain, demands) -> dict[tuple[int, ...], float]:
    """Give the probability of every text given the demands and the rules, by counting them out."""
    choices = [demand or (A, B, C) for demand in demands]
    texts = [text for text in product(*choices) if (C, C) not in pairwise(text)]
    weights = {text: math.exp(model.log_p(text)) for text in texts}
    total = sum(weights.values())
    return {text: weight / total for text, weight in weights.items()}


def distance(particles: Particles, truth: dict[tuple[int, ...], float], weights=None) -> float:
    """Give the total variation between what the particles stand for and the truth, 0 to 1."""
    weights = particles.weights() if weights is None else weights
    found = dict.fromkeys(truth, 0.0)
    for text, weight in zip(particles.texts.tolist(), weights.tolist(), strict=True):
        if weight > 0:
            found[tuple(text)] += weight
    return sum(abs(found[text] - truth[text]) for text in truth) / 2


DEMANDS = [
    (None, (B,), None, None, (C,)),
    (None, None, None, None, (A,)),
    ((C,), None, (C,), None, (B,), (A,)),
    (None, None, (A, B), None, (C,)),
]


@pytest.mark.parametrize("demands", DEMANDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_many_particles_are_distributed_as_the_model_given_the_demands(demands, seed):
    model = Chain(seed)
    particles = grown(model, demands, 3000)
    assert distance(particles, exact(model, demands)) < 0.08  # by chance alone: 0.02 to 0.06


def test_without_the_weights_the_distribution_would_be_another(monkeypatch):
    model, demands = Chain(0), DEMANDS[1]
    monkeypatch.setattr(Particles, "_resample", lambda self: None)
    particles = grown(model, demands, 3000)
    truth = exact(model, demands)
    assert distance(particles, truth) < 0.08
    assert distance(particles, truth, weights=torch.full((3000,), 1 / 3000)) > 0.2


@pytest.mark.parametrize("demands", DEMANDS)
def test_the_evidence_is_the_probability_that_the_demands_are_met(demands):
    model = Chain(0)
    choices = [demand or (A, B, C) for demand in demands]
    texts = [text for text in product(*choices) if (C, C) not in pairwise(text)]
    truth = math.log(sum(math.exp(model.log_p(text)) for text in texts))
    assert grown(model, demands, 3000).choose().log_evidence == pytest.approx(truth, abs=0.1)


def test_chosen_texts_are_distributed_as_the_model_given_the_demands():
    model, demands = Chain(0), DEMANDS[0]
    truth = exact(model, demands)
    particles = grown(model, demands, 1000)
    found = dict.fromkeys(truth, 0.0)
    for _ in range(500):
        found[tuple(particles.choose().ids)] += 1 / 500
    assert sum(abs(found[text] - truth[text]) for text in truth) / 2 < 0.12


@pytest.mark.parametrize("demands", DEMANDS)
def test_every_text_holds_what_was_demanded(demands):
    for text in grown(Chain(), demands, 50).texts.tolist():
        assert all(demand is None or id in demand for id, demand in zip(text, demands, strict=True))


def test_the_log_probability_of_the_chosen_text_is_the_models_own():
    model = Chain()
    sampling = Sampling(seed=3, temperature=0.5, top_k=2)
    chosen = grown(model, DEMANDS[0], 20, sampling=sampling).choose()
    assert chosen.log_probability == pytest.approx(model.log_p(tuple(chosen.ids)))


def test_one_seed_gives_one_text_and_other_seeds_others():
    texts = [tuple(grown(Chain(), [None] * 30, 8, seed).choose().ids) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_without_demands_and_without_rules_broken_nothing_is_drawn_anew():
    class Free(Anything):
        def allowed(self):
            return np.ones(4, dtype=np.bool_)

        def copy(self):
            return Free()

    free = Plan(Free(), end_id=END, bar_marks=NO_BARS, n_bars=None)
    particles = Particles(Chain(), [END], free, n_particles=8, sampling=Sampling(seed=0), n_ids=4)
    particles.grow(50)
    assert particles.n_resamplings == 0
    assert particles.ess_min == pytest.approx(8)
    assert particles.choose().log_evidence == pytest.approx(0)


def test_what_cannot_be_is_refused():
    with pytest.raises(UserError, match="no text is left"):
        grown(Chain(), ((C,), (C,)), 8)


@pytest.mark.parametrize("n_particles", [0, -1, 5000])
def test_a_number_of_particles_that_is_none_is_refused(n_particles):
    with pytest.raises(UserError, match="particles must be 1 to"):
        grown(Chain(), (None,), n_particles)


def transformer(context_length: int):
    sizes = ModelSettings(
        vocab_size=4, context_length=context_length, d_model=16, n_layers=2, n_heads=2,
        n_kv_heads=1, d_head=8, d_ff=32, parts=PartSettings(),
    )  # fmt: skip
    model = build(sizes, seed=0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.copy_(torch.randn(weight.shape, generator=generator))
    return model


@pytest.mark.parametrize("context_length", [6, 100])
def test_with_a_cache_the_particles_are_the_same_as_without_also_beyond_the_context(
    context_length,
):
    demands = [None, None, (A,)] * 8
    texts = []
    for use_cache in (True, False):
        particles = Particles(
            transformer(context_length), [END, A], plan(*demands), n_particles=6,
            sampling=Sampling(seed=5), n_ids=4,
        )  # fmt: skip
        particles.decoding.use_cache = use_cache
        particles.decoding.state = None
        particles.grow(100)
        texts.append(particles.texts)
        assert particles.n_resamplings > 0
    assert torch.equal(*texts)


def test_texts_of_unlike_length_meet_their_demands_each_in_its_own_time():
    """One free bar that B ends, then C and A: the bar is long or short, what follows is not."""
    is_b = np.array([False, True, False, False])
    free = Plan(Anything(), end_id=END, bar_marks=is_b, n_bars=1, demands=[(C,), (A,)])
    particles = Particles(Chain(), [END], free, n_particles=400, sampling=Sampling(seed=0), n_ids=4)
    particles.grow(200)
    texts = [particles.written(row) for row in range(400)]
    assert len({len(text) for text in texts}) > 1
    assert all(text[-3:] == [B, C, A] and B not in text[:-3] for text in texts)


@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=40), st.integers(0, 99))
def test_systematic_draws_come_as_often_as_their_weights_say_up_to_one(weights, seed):
    shares = torch.tensor(weights, dtype=torch.float64)
    shares = shares / shares.sum()
    rows = systematic(shares, torch.Generator().manual_seed(seed))
    counts = torch.bincount(rows, minlength=len(weights))
    assert int(counts.sum()) == len(weights)
    assert ((counts - len(weights) * shares).abs() < 1 + 1e-9).all()


@settings(max_examples=30)
@given(st.lists(st.floats(-50.0, 50.0), min_size=1, max_size=40))
def test_the_effective_sample_size_is_between_one_and_all(log_weights):
    size = effective_sample_size(torch.tensor(log_weights, dtype=torch.float64))
    assert 1 - 1e-9 <= size <= len(log_weights) + 1e-9
