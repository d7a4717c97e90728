"""The past laid beside the present, so that a causal convolution is one product of matrices."""

import torch
from jaxtyping import Float
from torch import Tensor

from naepo.model.memory import Memory


def taps(
    x: Float[Tensor, "batch time width"],
    kernel_size: int,
    dilation: int,
    memory: Memory | None = None,
) -> tuple[Float[Tensor, "batch time taps"], Float[Tensor, "batch reach width"]]:
    """Give at every position the inputs that lie 0, 1, ... k − 1 times `dilation` before it, the
    oldest first, side by side; and the last (k − 1) · dilation inputs, which a next call needs.

    Before the first input there are zeros. A convolution of kernel size k is the product of a
    matrix of (d_out, k · width) with it.

    >>> taps(torch.tensor([[[1.0], [2.0], [3.0]]]), kernel_size=2, dilation=2)[0][0].tolist()
    [[0.0, 1.0], [0.0, 2.0], [1.0, 3.0]]
    """
    reach, time = (kernel_size - 1) * dilation, x.shape[1]
    before = None if memory is None else memory.tensors.get("inputs")
    if before is None:
        before = x.new_zeros(len(x), reach, x.shape[2])
    whole = torch.cat([before.to(x.dtype), x], dim=1)
    shifted = [whole[:, each : each + time] for each in range(0, reach + 1, dilation)]
    return torch.cat(shifted, dim=2), whole[:, time:]
