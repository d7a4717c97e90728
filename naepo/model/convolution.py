"""A convolutional language model: a position reads a few places of its past, at fixed distances."""

from jaxtyping import Float
from torch import Generator, Tensor, nn

from naepo.model.memory import Memory
from naepo.model.past import taps
from naepo.model.sibling import Sibling
from naepo.model.sibling_settings import CnnSettings, SiblingSettings


class GatedConvolution(nn.Module):
    """Two convolutions over the past, of which one gates the other:

        u_t = x_(t − (k−1) d), ..., x_(t − d), x_t          side by side
        y_t = to_out(W_v u_t · σ(W_g u_t + b))

    Dauphin et al. 2017 (arXiv:1612.08083), equation 1, the gated linear unit; d grows from block to
    block (van den Oord et al. 2016, arXiv:1609.03499; Bai et al. 2018, arXiv:1803.01271), so that a
    few blocks see far. Each convolution is the product of one matrix with the inputs side by side,
    which is as fast as torch's own here (LOG.md), and which `look` can open.
    """

    def __init__(self, settings: CnnSettings, dilation: int) -> None:
        super().__init__()
        self.kernel_size, self.dilation = settings.kernel_size, dilation
        d_taps = settings.kernel_size * settings.d_model
        self.to_value = nn.Linear(d_taps, settings.d_hidden, bias=False)
        self.to_gate = nn.Linear(d_taps, settings.d_hidden)
        self.to_out = nn.Linear(settings.d_hidden, settings.d_model, bias=False)

    def forward(
        self,
        x: Float[Tensor, "batch time d_model"],
        memory: Memory | None = None,
        generator: Generator | None = None,
    ) -> Float[Tensor, "batch time d_model"]:
        read, inputs = taps(x, self.kernel_size, self.dilation, memory)
        if memory is not None:
            memory.hold(x.shape[1], inputs=inputs)
        return self.to_out(self.to_value(read) * self.to_gate(read).sigmoid())


class Cnn(Sibling):
    """Residual blocks of gated convolutions."""

    settings: CnnSettings

    def mixer_of(self, settings: SiblingSettings, block: int) -> nn.Module:
        """Make the convolution of one block."""
        assert isinstance(settings, CnnSettings)
        return GatedConvolution(settings, settings.dilation(block))
