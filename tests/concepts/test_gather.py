"""gather by hand, against torch: the values, the loss, and the very words of its errors."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from naepo.concepts.gather import NOT_A_TENSOR, gather, outside, target_loss, top_p


@pytest.mark.parametrize("dim", [0, 1])
def test_both_dimensions_are_those_of_torch(dim):
    source = np.arange(12.0).reshape(3, 4)
    index = np.array([[2, 0], [1, 1], [0, 2]])
    expected = torch.tensor(source).gather(dim, torch.tensor(index))
    np.testing.assert_array_equal(gather(source, index, dim).values, expected.numpy())


@pytest.mark.parametrize("place", [-1, 4, 7])
def test_torch_says_the_same_of_a_place_that_is_not_there(place):
    with pytest.raises(RuntimeError) as error:
        torch.arange(4).gather(0, torch.tensor([place]))
    assert outside([0, place], 4) == f"RuntimeError: {error.value}"


def test_torch_says_the_same_of_a_list_of_strings():
    with pytest.raises(TypeError) as error:
        torch.gather(["apple"], 0, torch.tensor([0]))  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert f"TypeError: {error.value}" == NOT_A_TENSOR


def test_the_loss_is_cross_entropy():
    logits, targets = np.array([[0.5, 2.0, -1.0], [3.0, -40.0, 0.0]]), [2, 1]
    expected = F.cross_entropy(torch.tensor(logits), torch.tensor(targets))
    assert target_loss(logits, targets).loss == pytest.approx(expected.item(), abs=1e-12)


def test_top_p_keeps_the_likeliest_until_the_share_is_reached_and_names_their_ids():
    found = top_p([0.5, 2.0, -1.0, 1.0], share=0.9, place=9)
    assert found.order.tolist() == [1, 3, 0, 2]
    assert (found.n_kept, found.place, found.id) == (3, 2, 0)
    assert found.sorted[:2].sum() < 0.9 <= found.sorted[:3].sum()
