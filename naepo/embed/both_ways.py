"""A transformer without the causal mask: every token sees the whole sentence.

It is no language model any more, so it is only done to a copy, and it has to be learnt: masked
tokens are guessed from both sides, each at the position before it, where the output has always
spoken of the next id (BehnamGhader et al. 2024, arXiv:2404.05961, "masked next token prediction").
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from naepo.model import Transformer


def states_both_ways(
    model: Transformer, ids: Int[Tensor, "batch time"], is_read: Bool[Tensor, "batch time"]
) -> list[Float[Tensor, "batch time d_model"]]:
    """Give the states after the embedding and each block, where all that is read sees all of it."""
    time = ids.shape[1]
    x = model.embedding(ids)
    if model.position is not None:
        x = model.position(x, 0)
    x = F.dropout(x, model.settings.parts.dropout, model.training)
    rotation = None if model.rotary is None else model.rotary(0, time)
    mask = is_read[:, None, None, :].expand(-1, 1, time, -1)
    states = [x]
    for block in model.blocks:
        states.append(block(states[-1], rotation, mask))
    return states


def masked_loss(
    model: Transformer,
    ids: Int[Tensor, "batch time"],
    is_read: Bool[Tensor, "batch time"],
    is_masked: Bool[Tensor, "batch time"],
    mask_id: int,
) -> Float[Tensor, ""]:
    """Give the cross entropy (nats) of the masked ids, each guessed at the position before it.

    is_masked: which ids are hidden behind `mask_id`; never one at position 0.
    """
    hidden = ids.masked_fill(is_masked, mask_id)
    states = states_both_ways(model, hidden, is_read)[-1][:, :-1]
    wanted = is_masked[:, 1:]
    logits = model.output(model.norm(states[wanted]))
    return F.cross_entropy(logits, ids[:, 1:][wanted])


def draw_masks(
    is_read: Bool[Tensor, "batch time"], share: float, generator: torch.Generator
) -> Bool[Tensor, "batch time"]:
    """Draw which tokens are hidden: each by chance, never the first, at least one in a batch."""
    chance = torch.rand(is_read.shape, generator=generator)
    allowed = is_read.clone()
    allowed[:, 0] = False
    drawn = (chance < share) & allowed
    if not drawn.any() and allowed.any():
        drawn[tuple(allowed.nonzero()[0].tolist())] = True
    return drawn
