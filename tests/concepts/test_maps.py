"""Kernels, activations and perplexity, against scikit-learn and torch."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.concepts.activations import ACTIVATIONS
from naepo.concepts.maps import (
    exponential,
    kernel_trick,
    n_features,
    ring,
    separate,
    squares,
    squares_and_lines,
)
from naepo.concepts.perplexity import at_width, neighbourhood

number = st.floats(-10, 10)
LABELS = [1] * 8 + [-1] * 12


@given(x=st.tuples(number, number), z=st.tuples(number, number))
@settings(max_examples=25, deadline=None)
def test_the_kernel_is_the_product_of_the_maps(x, z):
    found = kernel_trick(x, z)
    assert found.mapped == pytest.approx(found.squared, abs=1e-9, rel=1e-9)
    more = squares_and_lines([x, z])
    assert 1 + more[0] @ more[1] == pytest.approx((found.product + 1) ** 2, abs=1e-9, rel=1e-9)


def test_kernels_are_those_of_scikit_learn():
    pairwise = pytest.importorskip("sklearn.metrics.pairwise")
    draw = np.random.default_rng(0).normal(size=(6, 2))
    theirs = pairwise.polynomial_kernel(draw, degree=2, gamma=1, coef0=0)
    assert np.abs(squares(draw) @ squares(draw).T - theirs).max() < 1e-12
    features = pytest.importorskip("sklearn.preprocessing").PolynomialFeatures
    for width, degree in ((2, 2), (4, 3), (7, 2)):
        made = features(degree, include_bias=False).fit(np.zeros((1, width)))
        assert (made.powers_.sum(axis=1) == degree).sum() == n_features(width, degree)


def test_terms_of_every_degree_add_up_to_the_exponential_of_a_score():
    q, k = [1.0, 2.0, -1.0, 0.5], [3.0, 1.0, 0.0, -2.0]
    found = exponential(q, k, 30)
    score = float(torch.tensor(q) @ torch.tensor(k)) / math.sqrt(4)
    assert found.score == score
    assert found.sums[-1] == pytest.approx(found.value) == pytest.approx(math.exp(score))


@pytest.mark.parametrize(
    ("centre", "lines", "second", "both"),
    [
        (0, False, True, True),
        (0.25, False, True, True),
        (0.5, False, False, True),
        (1, False, False, True),
        (2, False, False, True),
    ],
)
def test_rings_are_separable_where_a_linear_program_says_so(centre, lines, second, both):
    """Infeasible or not, by scipy: is there w with y (w · x + b) ≥ 1 for all points?"""
    linprog = pytest.importorskip("scipy.optimize").linprog
    points = np.vstack([ring(1, 8, centre), ring(2, 12, centre)])
    for rows, expected in (
        (points, lines),
        (squares(points), second),
        (squares_and_lines(points), both),
    ):
        system = -np.column_stack([rows, np.ones(len(rows))]) * np.array(LABELS)[:, None]
        there_is = linprog(
            np.zeros(system.shape[1]), system, -np.ones(len(rows)), bounds=(None, None)
        ).success
        found = separate(rows, LABELS)
        assert (len(found.wrong) == 0) == there_is == expected
        if expected:
            scores = rows @ found.weights + found.bias
            assert (np.sign(scores) == LABELS).all()


@pytest.mark.parametrize("x", [-3.0, -0.7, 0.3, 1.0, 4.0])
def test_activations_and_their_slopes_are_torchs(x):
    theirs = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "ReLU": F.relu,
        "GELU": F.gelu,
        "SiLU": F.silu,
    }
    assert sorted(theirs) == sorted(ACTIVATIONS)
    for name, bend in theirs.items():
        at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        value = bend(at)
        (slope,) = torch.autograd.grad(value, at)
        found = ACTIVATIONS[name](x)
        assert found.value == pytest.approx(value.item(), abs=1e-12)
        assert found.slope == pytest.approx(slope.item(), abs=1e-12)


@pytest.mark.parametrize("perplexity", [1.5, 5, 20])
def test_the_width_for_a_perplexity_is_that_of_scikit_learn(perplexity):
    search = pytest.importorskip("sklearn.manifold._utils")._binary_search_perplexity
    distances = np.arange(1, 31)
    squared = np.tile((distances**2).astype(np.float32), (len(distances) + 1, 1))
    theirs = search(squared, perplexity, 0)[0]
    found = neighbourhood(distances, perplexity)
    assert found.perplexity == pytest.approx(perplexity)
    assert np.abs(found.shares - theirs).max() < 1e-4
    assert at_width(distances, found.sigma).perplexity == found.perplexity
