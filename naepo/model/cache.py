"""What a transformer remembers between steps: the keys and values of the ids it has seen."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

FIRST_ROOM = 64
"""Positions made room for at first; doubled whenever they are used up."""


class LayerCache:
    """The keys and values of one layer, in buffers that double when they are full.

    Without it, each new id would cost a pass over all the ids before it.
    """

    def __init__(self, context_length: int) -> None:
        self.context_length = context_length
        self.length = 0
        self.keys: Tensor | None = None
        self.values: Tensor | None = None

    def append(
        self,
        keys: Float[Tensor, "batch n_kv_heads time d_head"],
        values: Float[Tensor, "batch n_kv_heads time d_head"],
    ) -> tuple[
        Float[Tensor, "batch n_kv_heads seen d_head"], Float[Tensor, "batch n_kv_heads seen d_head"]
    ]:
        """Remember the keys and values of new positions; give those of all positions so far."""
        start, self.length = self.length, self.length + keys.shape[2]
        self.keys = self._with_room(self.keys, start, like=keys)
        self.values = self._with_room(self.values, start, like=values)
        self.keys[:, :, start : self.length] = keys
        self.values[:, :, start : self.length] = values
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]

    def _with_room(self, buffer: Tensor | None, used: int, like: Tensor) -> Tensor:
        room = 0 if buffer is None else buffer.shape[2]
        if buffer is not None and self.length <= room:
            return buffer
        batch, heads, _, width = like.shape
        wanted = max(2 * room, self.length, FIRST_ROOM)
        larger = like.new_empty(batch, heads, min(wanted, self.context_length), width)
        if buffer is not None:
            larger[:, :, :used] = buffer[:, :, :used]
        return larger


@dataclass
class State:
    """Where a text being read or written stands. `step` changes it in place and gives it back."""

    batch_size: int
    """How many texts are read side by side."""
    layers: list[LayerCache]
    """One cache for each block."""

    @property
    def position(self) -> int:
        """How many ids each text has had so far: the position of the next one."""
        return self.layers[0].length

    def n_bytes(self) -> int:
        """Give the size of the keys and values held, with the room made ahead, in bytes."""
        buffers = [b for layer in self.layers for b in (layer.keys, layer.values) if b is not None]
        return sum(buffer.nbytes for buffer in buffers)
