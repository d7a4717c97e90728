"""Dropout and what autograd keeps, against torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from naepo.concepts.dropout import average, dropout, kept_by_feed_forward


@pytest.mark.parametrize("p", [0.0, 0.2, 0.9])
def test_what_is_kept_is_as_large_as_torch_makes_it(p):
    torch.manual_seed(1)
    known = F.dropout(torch.full((200,), 3.0, dtype=torch.float64), p, training=True)
    found = dropout(np.full(200, 3.0), p, seed=1)
    assert set(np.unique(known.numpy()).round(9)) <= {0.0, round(3 / (1 - p), 9)}
    assert set(np.unique(found.y).round(9)) == set(np.unique(known.numpy()).round(9))


def test_the_slopes_are_those_of_torch_for_the_same_mask():
    found = dropout([4, -2, 6, 2], 0.2, seed=3)
    x = torch.tensor(found.x, requires_grad=True)
    (x * torch.tensor(found.kept) / 0.8).sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(found.slopes, x.grad.numpy())


def test_the_mean_over_all_masks_is_the_mean_of_many_draws():
    x = [4.0, -2.0, 6.0]
    drawn = np.mean([dropout(x, 0.3, seed).y for seed in range(4000)], axis=0)
    np.testing.assert_allclose(drawn, average(x, 0.3).enlarged, atol=0.2)
    np.testing.assert_allclose(average(x, 0.3).enlarged, x)


@pytest.mark.parametrize("drops", [True, False])
def test_torch_keeps_what_is_said(drops):
    n_tokens, width, wide = 5, 4, 6
    up, down = torch.nn.Linear(width, wide, False), torch.nn.Linear(wide, width, False)
    weights = {each.data_ptr() for each in (up.weight, down.weight)}
    seen = {}

    def note(kept):
        seen[kept.data_ptr()] = kept
        return kept

    x = torch.randn(n_tokens, width, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda kept: kept):
        down(F.dropout(F.relu(up(x)), 0.2, training=drops))
    sizes = [kept.numel() for place, kept in seen.items() if place not in weights]
    known = kept_by_feed_forward(n_tokens, width, wide, drops=drops)
    assert sorted(sizes) == sorted(each.numbers for each in known)


def test_torch_keeps_nothing_in_inference_mode():
    layer = torch.nn.Linear(4, 4)
    with torch.inference_mode():
        assert layer(torch.randn(2, 4)).grad_fn is None
