"""The GPT on paper, against torch: every weight's gradient, and the forward pass."""

from dataclasses import fields

import numpy as np
import torch
import torch.nn.functional as F

from naepo.concepts.tiny_gpt import EPS, Weights, draw, forward, paper_weights, softmax, update


def logits_of(w: dict[str, torch.Tensor], ids: torch.Tensor, has_norm: bool = True) -> torch.Tensor:
    def norm(x):
        return F.rms_norm(x, x.shape[-1:], eps=EPS) if has_norm else x

    x = w["embedding"][ids] + w["position"][: len(ids)]
    q, k, v = (norm(x) @ w[f"to_{letter}"].T for letter in "qkv")
    mixed = F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
    x = x + mixed @ w["to_out"].T
    x = x + F.relu(norm(x) @ w["up"].T) @ w["down"].T
    return norm(x) @ w["output"].T


def tensors(weights: Weights) -> dict[str, torch.Tensor]:
    names = [each.name for each in fields(Weights)]
    return {n: torch.tensor(getattr(weights, n), requires_grad=True) for n in names}


def test_the_forward_pass_is_that_of_torch_with_and_without_norms():
    ids = [0, 1, 2, 3]
    for has_norm in (True, False):
        expected = logits_of(tensors(paper_weights()), torch.tensor(ids), has_norm)
        found = forward(ids, paper_weights(), has_norm=has_norm).logits
        np.testing.assert_allclose(found, expected.detach().numpy(), atol=1e-12)


def test_the_gradient_of_every_weight_is_that_of_autograd():
    ids = [2, 1, 3, 0]
    own, given = update(ids, paper_weights(), rate=0.1), tensors(paper_weights())
    logits = logits_of(given, torch.tensor(ids[:-1]))
    loss = F.cross_entropy(logits, torch.tensor(ids[1:]))
    loss.backward()
    np.testing.assert_allclose(own.loss, loss.item(), atol=1e-12)
    for name, weight in given.items():
        assert weight.grad is not None
        np.testing.assert_allclose(
            getattr(own.gradient, name), weight.grad.numpy(), atol=1e-12, err_msg=name
        )


def test_the_future_cannot_change_the_past():
    long, short = (forward(ids, paper_weights()).logits for ids in ([0, 1, 2, 3], [0, 1]))
    np.testing.assert_allclose(long[:2], short, atol=1e-12)


def test_a_draw_falls_as_often_as_its_probability_says():
    logits, dice = [0.0, 1.0, 2.0, -1.0], (np.arange(1000) + 0.5) / 1000
    drawn = [draw(logits, 0.7, float(each)).id for each in dice]
    shares = np.bincount(drawn, minlength=4) / 1000
    np.testing.assert_allclose(shares, softmax(np.array(logits) / 0.7), atol=2e-3)
