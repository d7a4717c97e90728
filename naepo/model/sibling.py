"""The body that the transformer's siblings share: a residual stream, and blocks that add to it.

    x = embedding[ids]
    x = x + mixer(norm_1(x))                        in every block: look at the past, by a state
    x = x + mlp(norm_2(x))                          or by a convolution; then think alone
    logits = output(norm(x))

It is the transformer's body with another part in the place of attention. The mixer ends in a linear
map `to_out`, so that what each branch adds to the stream is a tensor with a name.
"""

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

from naepo.model.cache import State
from naepo.model.locked import embedded, locked
from naepo.model.memory import Memory
from naepo.model.mlp import SwiGLU
from naepo.model.norms import RMSNorm
from naepo.model.sibling_settings import SiblingSettings


class SiblingBlock(nn.Module):
    """One layer: the mixer reads from the residual stream and adds to it, and so does the mlp.

    A mixer is called with what it reads, a memory that it goes on from and changes, or none, and
    the generator of its dropout, or none for torch's global state; it ends in `to_out`.
    """

    def __init__(self, settings: SiblingSettings, mixer: nn.Module) -> None:
        super().__init__()
        self.dropout = settings.parts.dropout
        self.norm_1 = RMSNorm(settings.d_model, settings.parts.norm_eps)
        self.mixer = mixer
        self.norm_2 = RMSNorm(settings.d_model, settings.parts.norm_eps)
        self.mlp = SwiGLU(settings.d_model, settings.d_ff)

    def forward(
        self,
        x: Float[Tensor, "batch time d_model"],
        memory: Memory | None = None,
        generator: Generator | None = None,
    ) -> Float[Tensor, "batch time d_model"]:
        rate = self.dropout if self.training else 0.0
        x = x + locked(self.mixer(self.norm_1(x), memory, generator), rate, generator)
        return x + locked(self.mlp(self.norm_2(x)), rate, generator)


class Sibling(nn.Module):
    """A language model: `forward` for training, `hidden` to look inside, `step` to write.

    A kind says by `mixer_of` what stands in the place of attention.
    """

    prior: None = None
    """It has no n-gram prior."""

    def __init__(self, settings: SiblingSettings) -> None:
        super().__init__()
        self.settings = settings
        self.embedding = nn.Embedding(settings.vocab_size, settings.d_model)
        self.blocks = nn.ModuleList(
            SiblingBlock(settings, self.mixer_of(settings, i)) for i in range(settings.n_layers)
        )
        self.norm = RMSNorm(settings.d_model, settings.parts.norm_eps)
        self.output = nn.Linear(settings.d_model, settings.vocab_size, bias=False)
        if settings.parts.tie_weights:
            self.output.weight = self.embedding.weight

    def mixer_of(self, settings: SiblingSettings, block: int) -> nn.Module:
        """Make the mixer of one block."""
        raise NotImplementedError

    def forward(
        self, ids: Int[Tensor, "batch time"], generator: Generator | None = None
    ) -> Float[Tensor, "batch time vocab"]:
        """Score, at every position, every id that may come next (before the softmax).

        generator: of the dropout, so that several threads can draw; None is torch's global state.
        """
        return self.output(self.norm(self._states(ids, generator)[-1]))

    def hidden(self, ids: Int[Tensor, "batch time"]) -> list[Float[Tensor, "batch time d_model"]]:
        """Give the residual stream after the embedding and after each block.

        `output(norm(hidden(ids)[-1]))` is `forward(ids)`.
        """
        return self._states(ids)

    def start(self, batch_size: int = 1) -> State:
        """Give the state of `batch_size` texts of which nothing has been read."""
        return State(batch_size, [Memory() for _ in self.blocks])

    @torch.no_grad()
    def step(
        self, ids: Int[Tensor, "batch time"], state: State
    ) -> tuple[Float[Tensor, "batch time vocab"], State]:
        """Read any number of further ids; give the scores after each, and the state after all.

        Reading a text in pieces, however cut, gives what `forward` gives for the whole. The state
        is changed in place and given back; it does not grow. No gradient flows through it.
        """
        assert ids.shape[0] == state.batch_size, f"the state is of {state.batch_size} texts"
        x = self._begin(ids, None)
        for block, memory in zip(self.blocks, state.layers, strict=True):
            x = block(x, memory)
        return self.output(self.norm(x)), state

    def _states(
        self, ids: Int[Tensor, "batch time"], generator: Generator | None = None
    ) -> list[Float[Tensor, "batch time d_model"]]:
        states = [self._begin(ids, generator)]
        for block in self.blocks:
            states.append(block(states[-1], None, generator))
        return states

    def _begin(
        self, ids: Int[Tensor, "batch time"], generator: Generator | None
    ) -> Float[Tensor, "batch time d_model"]:
        """Give the residual stream before the first block."""
        parts = self.settings.parts
        if not self.training:
            return self.embedding(ids)
        x = embedded(ids, self.embedding.weight, parts.embedding_dropout, generator)
        return locked(x, parts.dropout, generator)
