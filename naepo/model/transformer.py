"""The transformer: ids in, and for every position a score for every id that may come next.

    x = embedding[ids] (+ position)                 the residual stream begins
    x = x + attention(norm_1(x))                    in every block: look at the others,
    x = x + mlp(norm_2(x))                          then think alone
    logits = output(norm(x)) (+ prior)

Vaswani et al. 2017 (arXiv:1706.03762), the decoder alone, with the norm before each branch (Xiong
et al. 2020, arXiv:2002.04745). Which norm, positions and feed-forward: `PartSettings`.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from naepo.config import UserError
from naepo.model.attention import Attention, visible
from naepo.model.cache import LayerCache, State
from naepo.model.mlp import make_mlp
from naepo.model.norms import make_norm
from naepo.model.positions import LearnedPositions, Rotary, Rotation, SinusoidalPositions
from naepo.model.prior import NgramPrior
from naepo.model.settings import ModelSettings


class Block(nn.Module):
    """One layer: attention reads from the residual stream and adds to it, and so does the mlp."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.dropout = settings.parts.dropout
        self.norm_1 = make_norm(settings.parts, settings.d_model)
        self.attention = Attention(settings)
        self.norm_2 = make_norm(settings.parts, settings.d_model)
        self.mlp = make_mlp(settings)

    def forward(
        self,
        x: Float[Tensor, "batch time d_model"],
        rotation: Rotation | None = None,
        mask: Bool[Tensor, "*texts time seen"] | None = None,
        cache: LayerCache | None = None,
    ) -> Float[Tensor, "batch time d_model"]:
        x = x + self._drop(self.attention(self.norm_1(x), rotation, mask, cache))
        return x + self._drop(self.mlp(self.norm_2(x)))

    def _drop(self, x: Float[Tensor, "batch time d_model"]) -> Float[Tensor, "batch time d_model"]:
        return F.dropout(x, self.dropout, self.training)


class Transformer(nn.Module):
    """A language model: `forward` for training, `hidden` to look inside, `step` to write."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        parts, width, length = settings.parts, settings.d_model, settings.context_length
        self.settings = settings
        self.embedding = nn.Embedding(settings.vocab_size, width)
        self.position: LearnedPositions | SinusoidalPositions | None = None
        self.rotary: Rotary | None = None
        if parts.position == "rotary":
            self.rotary = Rotary(length, settings.d_head, parts.rope_theta)
        elif parts.position == "learned":
            self.position = LearnedPositions(length, width)
        else:
            self.position = SinusoidalPositions(length, width, parts.tie_weights)
        self.blocks = nn.ModuleList(Block(settings) for _ in range(settings.n_layers))
        self.norm = make_norm(parts, width)
        self.output = nn.Linear(width, settings.vocab_size, bias=False)
        if parts.tie_weights:
            self.output.weight = self.embedding.weight
        self.prior: NgramPrior | None = None
        if parts.prior_order is not None:
            self.prior = NgramPrior(parts.prior_order, settings.vocab_size)

    def forward(
        self,
        ids: Int[Tensor, "batch time"],
        leave_out: Int[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time vocab"]:
        """Score, at every position, every id that may come next (before the softmax).

        leave_out: the stretch of the training text whose counts a prior leaves out, for each id.

        Raises: UserError for more ids than the context holds.
        """
        x, rotation, mask = self._begin(ids, n_seen=0)
        for block in self.blocks:
            x = block(x, rotation, mask)
        logits = self.output(self.norm(x))
        return logits if self.prior is None else logits + self.prior(ids, leave_out=leave_out)

    def hidden(self, ids: Int[Tensor, "batch time"]) -> list[Float[Tensor, "batch time d_model"]]:
        """Give the residual stream after the embedding and after each block.

        `output(norm(hidden(ids)[-1]))`, with the prior if there is one, is `forward(ids)`.
        """
        x, rotation, mask = self._begin(ids, n_seen=0)
        states = [x]
        for block in self.blocks:
            states.append(block(states[-1], rotation, mask))
        return states

    def start(self, batch_size: int = 1) -> State:
        """Give the state of `batch_size` texts of which nothing has been read."""
        length = self.settings.context_length
        return State(batch_size, [LayerCache(length) for _ in self.blocks])

    @torch.no_grad()
    def step(
        self, ids: Int[Tensor, "batch time"], state: State
    ) -> tuple[Float[Tensor, "batch time vocab"], State]:
        """Read any number of further ids; give the scores after each, and the state after all.

        Reading a text in pieces, however cut, gives what `forward` gives for the whole. The state
        is changed in place and given back. No gradient flows through it.

        Raises: UserError for more ids than the context holds; the state is then as before.
        """
        assert ids.shape[0] == state.batch_size, f"the state is of {state.batch_size} texts"
        x, rotation, mask = self._begin(ids, n_seen=state.position)
        for block, cache in zip(self.blocks, state.layers, strict=True):
            x = block(x, rotation, mask, cache)
        logits = self.output(self.norm(x))
        if self.prior is not None:
            logits = logits + self.prior(ids, state.recent)
            state.recent = self.prior.last(ids, state.recent)
        return logits, state

    def _begin(
        self, ids: Int[Tensor, "batch time"], n_seen: int
    ) -> tuple[
        Float[Tensor, "batch time d_model"], Rotation | None, Bool[Tensor, "time seen"] | None
    ]:
        """Give the residual stream before the first block, and what all blocks share."""
        time = ids.shape[1]
        self._check_room(n_seen + time)
        x = self.embedding(ids)
        if self.position is not None:
            x = self.position(x, n_seen)
        x = F.dropout(x, self.settings.parts.dropout, self.training)
        rotation = None if self.rotary is None else self.rotary(n_seen, time)
        return x, rotation, visible(time, n_seen, self.settings.parts.window, ids.device)

    def _check_room(self, n_ids: int) -> None:
        length = self.settings.context_length
        if n_ids > length:
            raise UserError(
                f"the model can read at most {length} ids at once, got {n_ids}",
                hint=f"give it the last {length} ids, or train with a larger context_length",
            )
