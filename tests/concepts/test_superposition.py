"""The test of superposition, and layers that are one: against torch's own."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from naepo.concepts.superposition import RULES, gaps, superposition, two_layers

whole = st.integers(-20, 20)
PLACES = range(-20, 25, 5)


@given(a=whole, b=whole, k=whole, price=st.integers(1, 5000))
@settings(max_examples=25, deadline=None)
def test_in_proportion_is_linear_everywhere(a, b, k, price):
    found = superposition(lambda x: RULES["proportional"](x, price), a, b, k)
    assert found.gap == found.multiple_gap == found.at_zero == 0


@pytest.mark.parametrize("rule", ["jump", "fee", "square", "relu"])
def test_every_other_rule_fails_somewhere(rule):
    assert np.abs(gaps(lambda x: RULES[rule](x, 1000), PLACES)).max() > 0


def test_a_grid_of_gaps_is_the_gap_of_each_pair():
    f = lambda x: RULES["jump"](x, 7)  # noqa: E731
    found = gaps(f, PLACES)
    for i, a in enumerate(PLACES):
        for j, b in enumerate(PLACES):
            assert found[i, j] == pytest.approx(superposition(f, a, b, 2).gap, abs=1e-9)


@pytest.mark.parametrize("bend", [None, nn.ReLU(), nn.Tanh()])
def test_two_layers_agree_with_torch(bend):
    draw = np.random.default_rng(0)
    first, second, x = draw.normal(size=(3, 2)), draw.normal(size=(2, 3)), draw.normal(size=2)
    layers = [nn.Linear(2, 3, bias=False), nn.Linear(3, 2, bias=False)]
    for layer, weight in zip(layers, (first, second), strict=True):
        layer.weight = nn.Parameter(torch.tensor(weight))
    net = nn.Sequential(layers[0], bend or nn.Identity(), layers[1])
    known = {nn.ReLU: lambda h: np.maximum(h, 0), nn.Tanh: np.tanh}
    found = two_layers(first, second, x, known.get(type(bend)))
    assert np.abs(found.y - net(torch.tensor(x)).detach().numpy()).max() < 1e-15
    assert (np.abs(found.gap).max() < 1e-15) == (bend is None)


def test_a_bias_is_no_linear_map_and_torch_says_so_too():
    layer = nn.Linear(1, 1, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.fill_(1000)
        layer.bias.fill_(3000)
    f = lambda x: layer(torch.tensor(x)[:, None]).detach().numpy()[:, 0]  # noqa: E731
    assert superposition(f, 6, 8, 2) == superposition(lambda x: RULES["fee"](x, 1000), 6, 8, 2)
