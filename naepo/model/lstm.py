"""An LSTM language model with the recipe of AWD-LSTM."""

import contextlib
from contextlib import AbstractContextManager

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from naepo.model.locked import dropped_weight
from naepo.model.memory import Memory
from naepo.model.sibling import Sibling
from naepo.model.sibling_settings import RnnSettings, SiblingSettings


class Lstm(nn.Module):
    """A state is carried along; gates decide what is forgotten, written and shown:

        i, f, g, o = W_x x_t + b + W_h h_(t−1)      cut into four
        c_t = σ(f) · c_(t−1) + σ(i) · tanh(g)
        h_t = σ(o) · tanh(c_t)                      y_t = to_out(h_t)

    Hochreiter and Schmidhuber 1997; the forget gate by Gers et al. 2000. It runs in torch's fused
    LSTM.
    """

    def __init__(self, settings: RnnSettings) -> None:
        super().__init__()
        self.weight_drop = settings.parts.weight_drop
        width, d_hidden = settings.d_model, settings.d_hidden
        self.from_input = nn.Linear(width, 4 * d_hidden)
        self.from_state = nn.Linear(d_hidden, 4 * d_hidden, bias=False)
        self.to_out = nn.Linear(d_hidden, width, bias=False)

    def forward(
        self,
        x: Float[Tensor, "batch time d_model"],
        memory: Memory | None = None,
        generator: Generator | None = None,
    ) -> Float[Tensor, "batch time d_model"]:
        rate = self.weight_drop if self.training else 0.0
        from_state = dropped_weight(self.from_state.weight, rate, generator)
        start = {} if memory is None else memory.tensors
        with _full_precision(x):
            x = x.to(from_state.dtype)
            nothing = x.new_zeros(len(x), self.to_out.in_features)
            hidden, last, cell = torch.lstm(
                x,
                (start.get("hidden", nothing)[None], start.get("cell", nothing)[None]),
                (self.from_input.weight, from_state, self.from_input.bias, self._no_bias(x)),
                has_biases=True, num_layers=1, dropout=0.0, train=self.training,
                bidirectional=False, batch_first=True,
            )  # fmt: skip
        if memory is not None:
            memory.hold(x.shape[1], hidden=last[0], cell=cell[0])
        return self.to_out(hidden)

    def _no_bias(self, like: Float[Tensor, "..."]) -> Float[Tensor, " gates"]:
        """Give the second bias that the fused LSTM wants, and that would say the same twice."""
        return like.new_zeros(self.from_state.out_features)


def _full_precision(x: Float[Tensor, "..."]) -> AbstractContextManager[object]:
    """Within it, the LSTM runs in the type of its weights: on a CPU a fused one in bf16 is far
    slower, where it exists at all (LOG.md). Other devices have theirs, which autocast chooses."""
    is_cpu = x.device.type == "cpu"
    return torch.autocast("cpu", enabled=False) if is_cpu else contextlib.nullcontext()


class Rnn(Sibling):
    """Residual blocks of LSTMs, with the recipe of AWD-LSTM (Merity et al. 2018,
    arXiv:1708.02182): weights from state to state dropped, one mask of dropout a sequence, whole
    ids dropped from the embedding, and the embedding tied to the output.

    It departs from the paper in four ways. The layers stand in residual blocks with a feed-forward
    beside each, as the transformer's do, which learns in fewer steps and lets `look` take a logit
    apart. A batch is of windows drawn from all over the text, each begun with an empty state, where
    the paper reads on and carries the state over: the gradient goes back through a whole window and
    no further in both. Muon and AdamW take the place of averaged gradient descent. And activations
    are not pulled towards zero (AR and TAR), which a run of minutes has no use for.
    """

    settings: RnnSettings

    def mixer_of(self, settings: SiblingSettings, block: int) -> nn.Module:
        """Make the LSTM of one block."""
        assert isinstance(settings, RnnSettings)
        return Lstm(settings)
