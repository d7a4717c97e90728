"""Attention, against the arithmetic written out in full."""

import math
from dataclasses import replace

import pytest
import torch
from einops import rearrange
from torch.testing import assert_close

from naepo.model.attention import Attention, visible
from naepo.model.cache import LayerCache
from naepo.model.positions import Rotary
from naepo.model.settings import ModelSettings, PartSettings

SETTINGS = ModelSettings(
    vocab_size=5, context_length=16, d_model=12, n_heads=4, n_kv_heads=2, d_head=6
)
CPU = torch.device("cpu")


def stream(time: int = 7) -> torch.Tensor:
    return torch.randn(2, time, 12, generator=torch.Generator().manual_seed(0))


def loud_attention(settings: ModelSettings) -> Attention:
    attention = Attention(settings).eval()
    generator = torch.Generator().manual_seed(1)
    for weight in attention.parameters():
        weight.data = torch.randn(weight.shape, generator=generator)
    return attention


def written_out(attention: Attention, x: torch.Tensor, window: int | None) -> torch.Tensor:
    """Compute attention one query at a time, with Python's loops."""
    rotation = Rotary(16, 6, 10_000.0)(0, x.shape[1])
    q, k, v = attention.project(x)
    q, k = attention.normalise(q, k)
    mixed = torch.zeros_like(q)
    for b in range(q.shape[0]):
        for h in range(q.shape[1]):
            shared = h // (q.shape[1] // k.shape[1])
            for i in range(q.shape[2]):
                seen = range(0 if window is None else max(0, i - window + 1), i + 1)
                turned = turn(q[b, h, i], rotation, i)
                scores = torch.stack(
                    [turned @ turn(k[b, shared, j], rotation, j) / math.sqrt(6) for j in seen]
                )
                weights = scores.softmax(0)
                mixed[b, h, i] = sum(
                    w * v[b, shared, j] for w, j in zip(weights, seen, strict=True)
                )
    return attention.to_out(torch.cat([mixed[:, h] for h in range(q.shape[1])], dim=-1))


def turn(x: torch.Tensor, rotation, position: int) -> torch.Tensor:
    cos, sin = rotation.cos[position, :3], rotation.sin[position, 3:]
    first, second = x[:3], x[3:]
    return torch.cat((first * cos - second * sin, second * cos + first * sin))


@pytest.mark.parametrize("n_kv_heads", [1, 2, 4])
@pytest.mark.parametrize("window", [None, 1, 3, 20])
@pytest.mark.parametrize("has_qk_norm", [True, False])
def test_attention_is_the_arithmetic_written_out(n_kv_heads, window, has_qk_norm):
    parts = PartSettings(window=window, has_qk_norm=has_qk_norm, has_bias=n_kv_heads == 1)
    attention = loud_attention(replace(SETTINGS, n_kv_heads=n_kv_heads, parts=parts))
    x = stream()
    mask = visible(7, 0, window, CPU)
    got = attention(x, Rotary(16, 6, 10_000.0)(0, 7), mask)
    assert_close(got, written_out(attention, x, window), rtol=1e-4, atol=1e-4)


def test_shared_key_heads_are_the_same_as_copied_ones():
    few = loud_attention(SETTINGS)
    many = loud_attention(replace(SETTINGS, n_kv_heads=4))
    copied = {
        name: rearrange([weight] * 2, "copy (h d) m -> (h copy d) m", h=2)
        for name, weight in few.state_dict().items()
        if name in ("to_k.weight", "to_v.weight")
    }
    many.load_state_dict(few.state_dict() | copied)
    assert_close(many(stream()), few(stream()))


@pytest.mark.parametrize("window", [None, 1, 2, 5])
@pytest.mark.parametrize(("n_new", "n_seen"), [(1, 0), (6, 0), (1, 5), (3, 4), (2, 1)])
def test_what_is_visible_is_the_window_up_to_oneself(n_new, n_seen, window):
    got = visible(n_new, n_seen, window, CPU)
    wanted = [
        [j <= i and (window is None or i - j < window) for j in range(n_seen + n_new)]
        for i in range(n_seen, n_seen + n_new)
    ]
    if got is None:
        sees_all = n_seen > 0
        assert wanted == [[sees_all or j <= i for j in range(n_seen + n_new)] for i in range(n_new)]
    else:
        assert got.tolist() == wanted


def test_with_a_cache_new_queries_see_old_keys():
    attention, x, rotary = loud_attention(SETTINGS), stream(), Rotary(16, 6, 10_000.0)
    whole = attention(x, rotary(0, 7))
    cache = LayerCache(16)
    first = attention(x[:, :4], rotary(0, 4), None, cache)
    second = attention(x[:, 4:], rotary(4, 3), visible(3, 4, None, CPU), cache)
    assert_close(torch.cat((first, second), dim=1), whole)


def test_qk_norm_bounds_every_score():
    settings = replace(SETTINGS, parts=PartSettings(has_qk_norm=True))
    attention = Attention(settings)
    q, k = attention.normalise(*attention.project(1000 * stream())[:2])
    scores = torch.einsum("bhid,bhjd->bhij", q, k.repeat_interleave(2, 1)) / math.sqrt(6)
    assert scores.abs().max() <= math.sqrt(6) * (1 + 1e-5)


def test_dropout_of_attention_weights_only_in_training():
    attention = loud_attention(replace(SETTINGS, parts=PartSettings(attention_dropout=0.5)))
    assert torch.equal(attention(stream()), attention(stream()))
    attention.train()
    assert not torch.equal(attention(stream()), attention(stream()))


@pytest.mark.parametrize("n_kv_heads", [4, 2])
@pytest.mark.parametrize("kind", ["causal", "window", "padding"])
def test_in_bf16_on_a_cpu_it_is_the_same_but_for_rounding(n_kv_heads, kind):
    attention = Attention(replace(SETTINGS, n_kv_heads=n_kv_heads))
    q, k, v = attention.project(stream())
    mask = visible(7, 0, 3 if kind == "window" else None, CPU)
    if kind == "padding":
        is_read = torch.arange(7)[None, :] < torch.tensor([7, 4])[:, None]
        mask = is_read[:, None, None, :].expand(-1, -1, 7, -1)
    expected = attention.attend(q, k, v, mask)
    got = attention.attend(q.bfloat16(), k.bfloat16(), v.bfloat16(), mask)
    assert got.dtype == torch.bfloat16
    assert (got - expected).abs().max() < 0.02 * expected.abs().max()
