"""Self-attention: every position looks back and takes what it needs."""

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn

from naepo.model.cache import LayerCache
from naepo.model.norms import RMSNorm
from naepo.model.positions import Rotation, rotate
from naepo.model.settings import ModelSettings

FEW_SEEN = 256
"""On a CPU, the fused attention of torch takes 3 to 7 times as long in bf16 as plain products do;
up to so many positions their table of scores is small."""


class Attention(nn.Module):
    """Each head asks a question of all positions so far and mixes their answers:

        attention(q, k, v) = softmax(q kᵀ / √d_head + mask) v

    Vaswani et al. 2017 (arXiv:1706.03762), section 3.2. Several query heads may share one key/value
    head (Ainslie et al. 2023, arXiv:2305.13245). With QK-norm, queries and keys are normalised
    before they are compared, so that no score can run away (Henry et al. 2020, arXiv:2010.04245;
    departs from it in that the norm is an RMSNorm with a gain, as in Qwen3).
    """

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        parts, d_model, d_head = settings.parts, settings.d_model, settings.d_head
        d_query, d_key = settings.n_heads * d_head, settings.n_kv_heads * d_head
        self.d_head = d_head
        self.is_grouped = settings.n_kv_heads != settings.n_heads
        self.dropout = parts.attention_dropout
        self.to_q = nn.Linear(d_model, d_query, bias=parts.has_bias)
        self.to_k = nn.Linear(d_model, d_key, bias=parts.has_bias)
        self.to_v = nn.Linear(d_model, d_key, bias=parts.has_bias)
        self.q_norm = RMSNorm(d_head, parts.norm_eps) if parts.has_qk_norm else None
        self.k_norm = RMSNorm(d_head, parts.norm_eps) if parts.has_qk_norm else None
        self.to_out = nn.Linear(d_query, d_model, bias=parts.has_bias)

    def forward(
        self,
        x: Float[Tensor, "batch time d_model"],
        rotation: Rotation | None = None,
        mask: Bool[Tensor, "*texts time seen"] | None = None,
        cache: LayerCache | None = None,
    ) -> Float[Tensor, "batch time d_model"]:
        """Mix into each position what it finds in those it may see.

        rotation: of these positions, when positions are rotary.  mask: from `visible`.
        cache: remembers the keys and values of the positions before, and takes these.
        """
        q, k, v = self.project(x)
        q, k = self.normalise(q, k)
        if rotation is not None:
            q, k = rotate(q, rotation), rotate(k, rotation)
        if cache is not None:
            k, v = cache.append(k, v)
        return self.merge(self.attend(q, k, v, mask))

    def project(
        self, x: Float[Tensor, "batch time d_model"]
    ) -> tuple[
        Float[Tensor, "batch n_heads time d_head"],
        Float[Tensor, "batch n_kv_heads time d_head"],
        Float[Tensor, "batch n_kv_heads time d_head"],
    ]:
        """Give queries (what I look for), keys (what I offer) and values (what I hand over)."""
        q, k, v = self.to_q(x), self.to_k(x), self.to_v(x)
        return self._split(q), self._split(k), self._split(v)

    def normalise(
        self,
        q: Float[Tensor, "batch n_heads time d_head"],
        k: Float[Tensor, "batch n_kv_heads time d_head"],
    ) -> tuple[
        Float[Tensor, "batch n_heads time d_head"], Float[Tensor, "batch n_kv_heads time d_head"]
    ]:
        """Bring queries and keys to a common length, when the model has QK-norm."""
        if self.q_norm is None or self.k_norm is None:
            return q, k
        return self.q_norm(q), self.k_norm(k)

    def attend(
        self,
        q: Float[Tensor, "batch n_heads time d_head"],
        k: Float[Tensor, "batch n_kv_heads seen d_head"],
        v: Float[Tensor, "batch n_kv_heads seen d_head"],
        mask: Bool[Tensor, "*texts time seen"] | None = None,
    ) -> Float[Tensor, "batch n_heads time d_head"]:
        """Compare each query with the keys it may see, and average their values accordingly."""
        dropout = self.dropout if self.training else 0.0
        is_causal = mask is None and q.shape[2] == k.shape[2]
        if q.device.type == "cpu" and q.dtype == torch.bfloat16 and k.shape[2] <= FEW_SEEN:
            if is_causal:
                mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool).tril()
            return _attend_by_products(q, k, v, mask, dropout)
        return F.scaled_dot_product_attention(
            q,
            k,
            v,
            attn_mask=mask,
            dropout_p=dropout,
            is_causal=is_causal,
            enable_gqa=self.is_grouped,
        )

    def merge(
        self, mixed: Float[Tensor, "batch n_heads time d_head"]
    ) -> Float[Tensor, "batch time d_model"]:
        """Lay the heads side by side again and map them back to the residual stream."""
        return self.to_out(rearrange(mixed, "b h t d -> b t (h d)"))

    def _split(
        self, x: Float[Tensor, "batch time d_heads"]
    ) -> Float[Tensor, "batch heads time d_head"]:
        return rearrange(x, "b t (h d) -> b h t d", d=self.d_head)


def _attend_by_products(
    q: Float[Tensor, "batch n_heads time d_head"],
    k: Float[Tensor, "batch n_kv_heads seen d_head"],
    v: Float[Tensor, "batch n_kv_heads seen d_head"],
    mask: Bool[Tensor, "*texts time seen"] | None,
    dropout: float,
) -> Float[Tensor, "batch n_heads time d_head"]:
    """Attend in plain products, with the softmax in fp32."""
    n_sharing = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(n_sharing, dim=1), v.repeat_interleave(n_sharing, dim=1)
    scores = (q @ k.mT).float() * q.shape[-1] ** -0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = F.dropout(scores.softmax(dim=-1), dropout)
    return weights.to(v.dtype) @ v


def visible(
    n_new: int, n_seen: int, window: int | None, device: torch.device
) -> Bool[Tensor, "time seen"] | None:
    """Say which positions each of `n_new` positions, that follow `n_seen`, may look at.

    Position i sees j when j <= i and, with a window, j > i - window. None stands for the two
    cases that need no table: plain causal attention from the start, and one id that sees all.

    >>> visible(3, 1, window=2, device=torch.device("cpu")).int().tolist()
    [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    """
    n_all = n_seen + n_new
    is_cut = window is not None and window < n_all
    if not is_cut and (n_seen == 0 or n_new == 1):
        return None
    i = torch.arange(n_seen, n_all, device=device)[:, None]
    j = torch.arange(n_all, device=device)[None, :]
    return (j <= i) & (j > i - window) if window is not None else j <= i
