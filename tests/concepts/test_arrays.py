"""Arrays and the matrices of a network, against NumPy's own rules and torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from naepo.concepts.arrays import broadcast, layout, products, split_heads
from naepo.concepts.matrices import convolution, layer, recurrent_step, softmax, update


def tensor(array):
    return torch.tensor(np.asarray(array), dtype=torch.float64)


def test_both_products_are_torchs():
    a, b = torch.randn(3, 3, dtype=torch.float64), torch.randn(3, 3, dtype=torch.float64)
    found = products(a.numpy(), b.numpy())
    assert found.star is not None
    np.testing.assert_array_equal(found.star, (a * b).numpy())
    np.testing.assert_allclose(found.at, (a @ b).numpy(), atol=1e-12)
    np.testing.assert_allclose(found.terms.sum(-1), found.at)


def test_matrices_that_only_fit_as_matrices_have_no_star():
    assert products(np.ones((2, 3)), np.ones((3, 4))).star is None


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_a_place_in_memory_holds_the_entry_and_strides_are_torchs(axes):
    array = np.arange(24).reshape(2, 3, 4)
    turned = array.transpose(axes)
    found = layout(turned)
    assert found.strides == torch.from_numpy(array).permute(axes).stride()
    for index in np.ndindex(turned.shape):
        assert array.ravel()[found.place(index)] == turned[index]


def test_shapes_fit_exactly_where_torch_lets_them():
    sizes = [(), (1,), (2,), (3,), (1, 3), (3, 1), (2, 3), (4, 1, 1), (4, 2, 3)]
    for left in sizes:
        for right in sizes:
            try:
                known = tuple(torch.broadcast_shapes(left, right))
            except RuntimeError:
                known = None
            assert broadcast(left, right).shape == known, (left, right)


def test_heads_are_those_of_einops():
    from einops import rearrange

    x = np.arange(24.0).reshape(3, 8)
    np.testing.assert_array_equal(split_heads(x, 4), rearrange(x, "t (h d) -> h t d", h=4))


def test_a_layer_is_nn_linear():
    linear = torch.nn.Linear(3, 2, dtype=torch.float64)
    x = torch.randn(5, 3, dtype=torch.float64)
    weight, bias = linear.weight.detach().numpy(), linear.bias.detach().numpy()
    np.testing.assert_allclose(layer(x.numpy(), weight, bias).y, linear(x).detach(), atol=1e-12)


@pytest.mark.parametrize("scores", [[1, 2, 3], [1e4, 0, -1e4], [0.0]])
def test_softmax_is_torchs_and_adds_up_to_one(scores):
    found = softmax(scores)
    np.testing.assert_allclose(found.shares, tensor(scores).softmax(0), atol=1e-15)
    assert found.shares.sum() == pytest.approx(1)


def test_an_update_is_a_step_of_sgd():
    weight = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    x, arriving = torch.randn(4, 3, dtype=torch.float64), torch.randn(4, 2, dtype=torch.float64)
    before = weight.detach().numpy().copy()
    found = update(before, x.numpy(), arriving.numpy(), 0.1)
    (x @ weight.mT).backward(arriving)
    torch.optim.SGD([weight], lr=0.1).step()
    np.testing.assert_allclose(found.after, weight.detach(), atol=1e-12)


def test_a_recurrent_step_is_torchs_cell():
    cell = torch.nn.RNNCell(3, 2, bias=False, dtype=torch.float64)
    x, h = torch.randn(3, dtype=torch.float64), torch.randn(2, dtype=torch.float64)
    found = recurrent_step(
        cell.weight_ih.detach().numpy(), cell.weight_hh.detach().numpy(), x.numpy(), h.numpy()
    )
    np.testing.assert_allclose(found.h, cell(x, h).detach(), atol=1e-12)


def test_a_convolution_is_torchs_conv1d():
    signal, kernel = [1.0, 4.0, -2.0, 0.5, 3.0], [2.0, -1.0, 0.5]
    known = F.conv1d(tensor(signal)[None, None], tensor(kernel)[None, None])
    np.testing.assert_allclose(convolution(signal, kernel).y, known[0, 0], atol=1e-12)
