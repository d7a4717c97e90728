"""What a layer remembers that forgets: as many numbers after a million ids as after one."""

from jaxtyping import Float, Int
from torch import Tensor


class Memory:
    """The state of one layer of a recurrent or convolutional model, as named tensors.

    An LSTM keeps its hidden and its cell state, a minGRU its state, a convolution its last
    (k − 1) · dilation inputs. Before the first id there is none of them, which stands for zeros.
    """

    def __init__(self) -> None:
        self.length = 0
        """How many ids have been read."""
        self.tensors: dict[str, Float[Tensor, "batch ..."]] = {}

    def hold(self, time: int, **tensors: Float[Tensor, "batch ..."]) -> None:
        """Take over what there is to remember after `time` more ids."""
        self.length += time
        self.tensors = tensors

    def select(self, rows: Int[Tensor, "chosen"]) -> "Memory":
        """Give the memory of the texts `rows` of the batch, in that order, each its own copy."""
        chosen = Memory()
        chosen.length = self.length
        chosen.tensors = {name: each.index_select(0, rows) for name, each in self.tensors.items()}
        return chosen

    def n_bytes(self) -> int:
        """Give the size of what is remembered, in bytes."""
        return sum(tensor.nbytes for tensor in self.tensors.values())
