"""RMSNorm, LayerNorm and spread, against torch, scikit-learn and the standard library."""

import statistics

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from naepo.concepts.rms import layer_norm, rms_gradient, rms_norm, rms_norm_in_half
from naepo.concepts.spread import spread

vectors = st.lists(st.floats(-100, 100).map(lambda x: round(x, 2)), min_size=2, max_size=6).filter(
    lambda x: max(map(abs, x)) > 0.1
)


@settings(max_examples=20, deadline=None)
@given(vectors)
def test_rms_norm_is_that_of_torch_and_does_not_feel_the_scale(x):
    found = rms_norm(x, eps=1e-6, gain=2.0)
    wide = torch.tensor(x, dtype=torch.float64)
    expected = F.rms_norm(wide, (len(x),), torch.full_like(wide, 2), eps=1e-6)
    np.testing.assert_allclose(found.y, expected.numpy(), atol=1e-9)
    np.testing.assert_allclose(
        rms_norm(np.array(x) * 7).normalised, rms_norm(x).normalised, atol=1e-9
    )


def test_layer_norm_is_that_of_torch():
    x = [2.0, 4.0, 6.0, 8.0]
    expected = F.layer_norm(torch.tensor(x, dtype=torch.float64), (4,), eps=1e-5)
    np.testing.assert_allclose(layer_norm(x, eps=1e-5).y, expected.numpy(), atol=1e-12)


@pytest.mark.parametrize("component", range(3))
def test_the_gradient_is_that_of_autograd(component):
    x = torch.tensor([3.0, -1.0, 2.0], dtype=torch.float64, requires_grad=True)
    gain = torch.tensor([1.0, 0.5, -2.0], dtype=torch.float64)
    F.rms_norm(x, (3,), gain, eps=1e-12)[component].backward()
    found = rms_norm([3, -1, 2], gain=gain.numpy())
    back = rms_gradient(found, np.eye(3)[component])
    assert x.grad is not None
    np.testing.assert_allclose(back.leaving, x.grad.numpy(), atol=1e-9)


def test_sixteen_bits_lose_what_is_large_and_what_is_small():
    assert rms_norm_in_half([300, 400]).tolist() == [0, 0]
    assert np.isinf(rms_norm_in_half([1e-5, 2e-5])).all()
    np.testing.assert_allclose(rms_norm_in_half([3, 4]), rms_norm([3, 4]).normalised, atol=1e-3)


def test_a_spread_is_that_of_the_standard_library_and_of_scikit_learn():
    apples = [200, 300, 150, 250]
    population, sample = spread(apples), spread(apples, is_sample=True)
    assert population.deviation == pytest.approx(statistics.pstdev(apples))
    assert sample.deviation == pytest.approx(statistics.stdev(apples))
    column = np.array(apples, dtype=float)[:, None]
    expected = StandardScaler().fit_transform(column)[:, 0]
    np.testing.assert_allclose(population.standardised, expected)


def test_equal_numbers_cannot_be_standardised():
    assert np.isnan(spread([3, 3, 3]).standardised).all()
