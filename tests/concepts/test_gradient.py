"""The line, its gradient and the way down, against torch and scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression

from naepo.concepts.gradient import best_line, curvature, descend, regression, secants
from naepo.concepts.spread import spread

APPLES, PRICES = [200, 300, 150, 250], [11, 15, 9, 13]


def loss_of(x, y, place):
    x, y = torch.tensor(x, dtype=torch.float64), torch.tensor(y, dtype=torch.float64)
    return ((place[0] * x + place[1] - y) ** 2).mean()


def test_the_gradient_is_the_one_that_torch_finds():
    place = torch.tensor([0.3, -2.0], dtype=torch.float64, requires_grad=True)
    loss = loss_of(APPLES, PRICES, place)
    loss.backward()
    found = regression(APPLES, PRICES, 0.3, -2.0)
    assert place.grad is not None
    np.testing.assert_allclose([found.slope_w, found.slope_b], place.grad.numpy(), rtol=1e-12)
    assert found.loss == pytest.approx(loss.item(), rel=1e-12)


def test_the_descent_is_that_of_torchs_sgd():
    place = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    sgd = torch.optim.SGD([place], lr=1e-5)
    for _ in range(20):
        sgd.zero_grad()
        loss_of(APPLES, PRICES, place).backward()
        sgd.step()
    down = descend(APPLES, PRICES, 1e-5, 20)
    np.testing.assert_allclose([down.w[-1], down.b[-1]], place.detach().numpy(), rtol=1e-10)


def test_the_best_line_is_that_of_scikit_learn():
    y = [11, 16, 9, 12]
    known = LinearRegression().fit(np.array(APPLES)[:, None], y)
    found = best_line(APPLES, y)
    assert found.w == pytest.approx(known.coef_[0])
    assert found.b == pytest.approx(known.intercept_)
    assert abs(found.slope_w) < 1e-9 and abs(found.slope_b) < 1e-9


def test_the_curvature_is_torchs_hessian():
    hessian = torch.autograd.functional.hessian(
        lambda place: loss_of(APPLES, PRICES, place), torch.zeros(2, dtype=torch.float64)
    )
    found = curvature(APPLES)
    np.testing.assert_allclose(found.matrix, hessian, rtol=1e-12)
    known = np.linalg.eigvalsh(found.matrix)
    assert (found.flattest, found.steepest) == pytest.approx(tuple(known), rel=1e-6)


@pytest.mark.parametrize("x", [APPLES, [1, 2, 5], spread(APPLES).standardised])
def test_a_step_below_the_limit_goes_down_and_one_above_goes_up(x):
    y = [float(i) for i in range(len(x))]
    limit = curvature(x).limit
    assert descend(x, y, 0.98 * limit, 400).verdict != "diverges"
    assert descend(x, y, 1.02 * limit, 4000).verdict == "diverges"


def test_standardised_points_are_reached_in_one_step_of_a_half():
    x = spread(APPLES).standardised
    assert curvature(x).condition == pytest.approx(1)
    assert descend(x, PRICES, 0.5, 1).losses[-1] == pytest.approx(0, abs=1e-20)


def test_a_lost_descent_is_not_followed_for_ever():
    down = descend(APPLES, PRICES, 1.0, 1000)
    assert len(down.losses) < 10 and np.isfinite(down.losses).all()
    assert down.verdict == "diverges"


def test_points_on_one_spot_have_no_slope_of_their_own():
    assert best_line([2, 2], [1, 3]).w == 0
    assert curvature([2, 2]).condition == float("inf")


def test_secants_become_the_derivative():
    found = secants(np.sin, 0.0, (0.1, 1e-4))
    assert abs(found[1].slope - 1) < abs(found[0].slope - 1) < 0.01
