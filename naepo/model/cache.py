"""What is remembered between steps: of a transformer, the keys and values of what it has seen."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from naepo.model.memory import Memory

FIRST_ROOM = 64
"""Positions made room for at first; doubled whenever they are used up."""


class LayerCache:
    """The keys and values of one layer, in buffers that double when they are full.

    Without it, each new id would cost a pass over all the ids before it.
    """

    def __init__(self, context_length: int) -> None:
        self.context_length = context_length
        self.length = 0
        self.buffer: Float[Tensor, "two batch n_kv_heads room d_head"] | None = None

    def append(
        self,
        keys: Float[Tensor, "batch n_kv_heads time d_head"],
        values: Float[Tensor, "batch n_kv_heads time d_head"],
    ) -> tuple[
        Float[Tensor, "batch n_kv_heads seen d_head"], Float[Tensor, "batch n_kv_heads seen d_head"]
    ]:
        """Remember the keys and values of new positions; give those of all positions so far."""
        start, end = self.length, self.length + keys.shape[2]
        buffer = self._with_room_for(end, like=keys)
        buffer[0, :, :, start:end] = keys
        buffer[1, :, :, start:end] = values
        self.buffer, self.length = buffer, end
        return buffer[0, :, :, :end], buffer[1, :, :, :end]

    def select(self, rows: Int[Tensor, "chosen"]) -> "LayerCache":
        """Give the memory of the texts `rows` of the batch, in that order, each its own copy."""
        chosen = LayerCache(self.context_length)
        chosen.length = self.length
        chosen.buffer = None if self.buffer is None else self.buffer.index_select(1, rows)
        return chosen

    def n_bytes(self) -> int:
        """Give the size of the keys and values held, with the room made ahead, in bytes."""
        return 0 if self.buffer is None else self.buffer.nbytes

    def _with_room_for(
        self, end: int, like: Float[Tensor, "batch n_kv_heads time d_head"]
    ) -> Float[Tensor, "two batch n_kv_heads room d_head"]:
        room = 0 if self.buffer is None else self.buffer.shape[3]
        if self.buffer is not None and end <= room:
            return self.buffer
        batch, n_kv_heads, _, d_head = like.shape
        wanted = min(max(2 * room, end, FIRST_ROOM), self.context_length)
        larger = like.new_empty(2, batch, n_kv_heads, wanted, d_head)
        if self.buffer is not None:
            larger[:, :, :, : self.length] = self.buffer[:, :, :, : self.length]
        return larger


@dataclass
class State:
    """Where a text being read or written stands. `step` changes it in place and gives it back."""

    batch_size: int
    """How many texts are read side by side."""
    layers: Sequence[LayerCache | Memory]
    """One for each block: a cache that grows, or a memory that does not."""
    recent: Int[Tensor, "batch order"] | None = None
    """The last ids read, where an n-gram prior looks back at them."""

    @property
    def position(self) -> int:
        """How many ids each text has had so far: the position of the next one."""
        return self.layers[0].length

    def select(self, rows: Int[Tensor, "chosen"]) -> "State":
        """Give the state of the texts `rows` of the batch: some may be left out, or come twice."""
        return State(
            len(rows),
            [layer.select(rows) for layer in self.layers],
            None if self.recent is None else self.recent[rows],
        )

    def n_bytes(self) -> int:
        """Give the size of all that is remembered of the texts, in bytes."""
        return sum(layer.n_bytes() for layer in self.layers)
