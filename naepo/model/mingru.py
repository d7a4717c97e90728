"""A minGRU language model: a recurrence so plain that all positions can be computed at once."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor, nn

from naepo.model.memory import Memory
from naepo.model.past import taps
from naepo.model.scan import at_once, in_a_row
from naepo.model.sibling import Sibling
from naepo.model.sibling_settings import MinGruSettings, SiblingSettings


class MinGru(nn.Module):
    """The next state is a mean of the last one and a candidate, and the gate between them is asked
    of the input alone:

        z_t = σ(W_z u_t + b)        c_t = g(W_c u_t)        g(v) = v + ½ for v ≥ 0, else σ(v)
        h_t = (1 − z_t) · h_(t−1) + z_t · c_t               y_t = to_out(h_t)

    Feng et al. 2024 (arXiv:2410.01201), section 3.1 and appendix B. u_t is x_t and the kernel_size
    − 1 inputs before it: the gate has no other way to know what came before (QRNN, Bradbury et al.
    2016, arXiv:1611.01576). With kernel_size 1 it is the minGRU of the paper.
    """

    def __init__(self, settings: MinGruSettings) -> None:
        super().__init__()
        self.kernel_size = settings.kernel_size
        d_taps = settings.kernel_size * settings.d_model
        self.to_gate = nn.Linear(d_taps, settings.d_hidden)
        self.to_candidate = nn.Linear(d_taps, settings.d_hidden, bias=False)
        self.to_out = nn.Linear(settings.d_hidden, settings.d_model, bias=False)

    def forward(
        self,
        x: Float[Tensor, "batch time d_model"],
        memory: Memory | None = None,
        generator: Generator | None = None,
    ) -> Float[Tensor, "batch time d_model"]:
        read, inputs = taps(x, self.kernel_size, 1, memory)
        gate, candidate = self.to_gate(read), self.to_candidate(read)
        before = None if memory is None else memory.tensors.get("state")
        states = mixed(gate, candidate, before)
        if memory is not None:
            memory.hold(x.shape[1], inputs=inputs, state=states[:, -1])
        return self.to_out(states.to(x.dtype))


def mixed(
    gate: Float[Tensor, "batch time d_hidden"],
    candidate: Float[Tensor, "batch time d_hidden"],
    before: Float[Tensor, "batch d_hidden"] | None = None,
) -> Float[Tensor, "batch time d_hidden"]:
    """Give the states: at once on CUDA, in a row elsewhere. On a CPU that is faster, and not every
    device has the sum of exponentials that the other way needs. In fp32 at least.

    gate, candidate: before σ and g.  before: the state that is gone on from; None is zero.
    """
    dtype = torch.promote_types(gate.dtype, torch.float32)
    gate, candidate = gate.to(dtype), candidate.to(dtype)
    if gate.device.type == "cuda":
        return at_once(gate, log_bent(candidate), before)
    share = gate.sigmoid()
    start = share.new_zeros(share[:, 0].shape) if before is None else before.to(dtype)
    return in_a_row(1 - share, share * bent(candidate), start)


def bent(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Give g(x): above 0 everywhere, as a logarithm needs it, and a straight line from 0 on."""
    return torch.where(x >= 0, x + 0.5, x.sigmoid())


def log_bent(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Give ln g(x)."""
    return torch.where(x >= 0, (x.relu() + 0.5).log(), F.logsigmoid(x))


class MinGruModel(Sibling):
    """Residual blocks of minGRUs."""

    settings: MinGruSettings

    def mixer_of(self, settings: SiblingSettings, block: int) -> nn.Module:
        """Make the minGRU of one block."""
        assert isinstance(settings, MinGruSettings)
        return MinGru(settings)
