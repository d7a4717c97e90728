"""Attention in four plain steps, each with a result that can be looked at.

`model.attention` does them in one fused call that keeps none of them. `trace` goes this way
instead, and `identities` shows on every trace that both ways agree.
"""

import math

import torch
from einops import einsum, repeat
from jaxtyping import Bool, Float
from torch import Tensor

from naepo.model.attention import visible


def compare(
    q: Float[Tensor, "n_heads time d_head"], k: Float[Tensor, "n_kv_heads seen d_head"]
) -> Float[Tensor, "n_heads time seen"]:
    """Give q·k / √d_head for every query and every key, also for those it may not look at."""
    keys = for_each_query_head(k, q.shape[0])
    return einsum(q, keys, "h t d, h s d -> h t s") / math.sqrt(q.shape[-1])


def hide(
    scores: Float[Tensor, "n_heads time seen"], seen: Bool[Tensor, "time seen"]
) -> Float[Tensor, "n_heads time seen"]:
    """Put −∞ where a position may not look."""
    return scores.masked_fill(~seen, -math.inf)


def share(scores: Float[Tensor, "... n"]) -> Float[Tensor, "... n"]:
    """Turn scores into shares that sum to 1: softmax(s) = exp(s) / Σ exp(s). −∞ gets exactly 0."""
    return scores.softmax(-1)


def gather(
    weights: Float[Tensor, "n_heads time seen"], v: Float[Tensor, "n_kv_heads seen d_head"]
) -> Float[Tensor, "n_heads time d_head"]:
    """Give what each head takes from the values: Σ over seen positions of weight · value."""
    return einsum(weights, for_each_query_head(v, weights.shape[0]), "h t s, h s d -> h t d")


def for_each_query_head(
    x: Float[Tensor, "n_kv_heads seen d_head"], n_heads: int
) -> Float[Tensor, "n_heads seen d_head"]:
    """Give each query head the key/value head it shares: head h uses h // (n_heads / n_kv_heads).

    Ainslie et al. 2023 (arXiv:2305.13245), section 2.2.
    """
    return repeat(x, "g s d -> (g shared) s d", shared=n_heads // x.shape[0])


def looks_at(time: int, window: int | None, device: torch.device) -> Bool[Tensor, "time seen"]:
    """Say which positions each position may look at: itself and those before, in its window."""
    table = visible(time, 0, window, device)
    if table is not None:
        return table
    return torch.ones(time, time, dtype=torch.bool, device=device).tril()
