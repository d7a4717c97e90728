"""A GPT with a head: ids of a text in, a score for each class out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from naepo.classify.lora import adapt
from naepo.embed.pooling import padded
from naepo.encode import BPEEncoder, Encoder
from naepo.encode.encoder import Ids
from naepo.model import Transformer, build
from naepo.model.attention import visible
from naepo.model.positions import rotate
from naepo.model.transformer import Block

Rows = Int[Tensor, "batch time"]
States = Float[Tensor, "batch time d_model"]


@dataclass(frozen=True, kw_only=True)
class NetSettings:
    """What of a network is not told by the GPT that it is made from."""

    n_classes: int
    """How many classes."""
    both_ways: bool = True
    """Whether a position sees those after it too: what a text is, is decided by its end as well."""
    lora_rank: int | None = None
    """Width of the adapters that learn in place of the weights; none lets all weights learn."""


class ClassifierNet(nn.Module):
    """A copy of a GPT, read out by mean, maximum and last state, and a linear map to the classes.

    The three side by side: Howard and Ruder 2018 (arXiv:1801.06146), section 3.3.
    """

    def __init__(self, body: Transformer, settings: NetSettings, seed: int = 0) -> None:
        super().__init__()
        if body.settings.parts.window is not None:
            settings = replace(settings, both_ways=False)
        self.settings = settings
        self.body = body if settings.lora_rank is None else adapt(body, settings.lora_rank, seed)
        width = body.settings.d_model
        self.blank = nn.Parameter(torch.zeros(width), requires_grad=settings.both_ways)
        self.head = nn.Linear(3 * width, settings.n_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(
        self, ids: Rows, is_read: Bool[Tensor, "batch time"]
    ) -> Float[Tensor, "batch classes"]:
        """Score each class (before the softmax)."""
        return self.score(self.states(ids, is_read), is_read)

    def states(
        self,
        ids: Rows,
        is_read: Bool[Tensor, "batch time"],
        is_blank: Bool[Tensor, "batch time"] | None = None,
    ) -> States:
        """Give the states after the last norm.

        is_blank: where a learned vector stands in place of what is there.
        """
        body, time = self.body, ids.shape[1]
        x = body.embedding(ids)
        if is_blank is not None:
            x = torch.where(is_blank[:, :, None], self.blank.to(x.dtype), x)
        if body.position is not None:
            x = body.position(x, 0)
        x = self._drop(x)
        rotation = None if body.rotary is None else body.rotary(0, time)
        if self.settings.both_ways:
            mask = is_read[:, None, None, :].expand(-1, -1, time, -1)
        else:
            mask = visible(time, 0, body.settings.parts.window, ids.device)
        for block in body.blocks:
            assert isinstance(block, Block)
            attention = block.attention
            q, k, v = attention.project(block.norm_1(x))
            q, k = attention.normalise(q, k)
            if rotation is not None:
                q, k = rotate(q, rotation), rotate(k, rotation)
            mixed = attention.attend(q, k, v, mask)
            x = x + self._drop(attention.merge(mixed))
            x = x + self._drop(block.mlp(block.norm_2(x)))
        return body.norm(x)

    def score(
        self, states: States, is_read: Bool[Tensor, "batch time"]
    ) -> Float[Tensor, "batch classes"]:
        """Read the states out: mean and maximum over what is read, and the last."""
        lengths = is_read.sum(dim=1)
        weights = (is_read / lengths[:, None])[:, :, None]
        mean = (states * weights).sum(dim=1)
        most = states.masked_fill(~is_read[:, :, None], -torch.inf).amax(dim=1)
        last = states[torch.arange(len(states), device=states.device), lengths - 1]
        together = torch.cat([mean, most, last], dim=1).float()
        return self.head(F.dropout(together, self.body.settings.parts.dropout, self.training))

    def _drop(self, x: States) -> States:
        return F.dropout(x, self.body.settings.parts.dropout, self.training)


def body_of(model: Transformer, dropout: float = 0.0) -> Transformer:
    """Give a copy of a model, which is not touched, without the n-gram prior."""
    parts = replace(model.settings.parts, prior_order=None, dropout=dropout, attention_dropout=0.0)
    twin = build(replace(model.settings, parts=parts))
    assert isinstance(twin, Transformer)
    weights = {name: w for name, w in model.state_dict().items() if not name.startswith("prior.")}
    twin.load_state_dict(weights)
    return twin.to(model.embedding.weight.device, model.embedding.weight.dtype)


def framed(ids: Ids, end_id: int, longest: int) -> list[int]:
    """Give the ids of a text between two end ids; of a long one its beginning and its end.

    Sun et al. 2019 (arXiv:1905.05583), section 5.3.1: the middle of a long text tells least.

    >>> import numpy as np
    >>> framed(np.arange(1, 9), 0, 6)
    [0, 1, 2, 7, 8, 0]
    """
    room = longest - 2
    kept = ids.tolist()
    if len(kept) > room:
        begin = room // 2
        kept = [*kept[:begin], *kept[len(kept) - (room - begin) :]]
    return [end_id, *kept, end_id]


def recutting(
    encoder: Encoder, texts: Sequence[Ids], longest: int
) -> Callable[[float, Sequence[int]], list[list[int]]] | None:
    """Give what frames the same texts in other ids, a share of them taken apart, drawn from a seed.

    texts: the ids of each, not framed.  None for an encoder whose ids are made of no others.
    """
    if not isinstance(encoder, BPEEncoder):
        return None
    end_id = encoder.end_id
    closed = np.concatenate([np.append(ids, end_id) for ids in texts])

    def recut(share: float, seed: Sequence[int]) -> list[list[int]]:
        apart = encoder.take_apart(closed, share=share, seed=seed)
        pieces = np.split(apart, np.flatnonzero(apart == end_id) + 1)
        return [framed(ids[:-1], end_id, longest) for ids in pieces[:-1]]

    return recut


@torch.inference_mode()
def probabilities(
    net: ClassifierNet, rows: Sequence[Sequence[int]], end_id: int, *, tokens_at_once: int = 16_384
) -> Float[Tensor, "n classes"]:
    """Give the probability of each class for rows of framed ids, in float64, on the CPU."""
    net.eval()
    device = net.head.weight.device
    found = torch.zeros(len(rows), net.settings.n_classes, dtype=torch.float64)
    for batch in by_length([len(row) for row in rows], tokens_at_once):
        ids, is_read = padded([rows[place] for place in batch], end_id)
        scores = net(ids.to(device), is_read.to(device))
        found[batch] = scores.double().softmax(dim=1).cpu()
    return found


def by_length(lengths: Sequence[int], tokens_at_once: int) -> list[list[int]]:
    """Put rows of like length together, so that little is padded: places, batch by batch.

    >>> by_length([3, 1, 3, 2], 6)
    [[0, 2], [3, 1]]
    """
    batches: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        if not batches or (len(batches[-1]) + 1) * lengths[batches[-1][0]] > tokens_at_once:
            batches.append([])
        batches[-1].append(place)
    return batches
