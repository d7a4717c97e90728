"""Windows of the corpus, drawn as a pure function of (seed, position).

Nothing is remembered between steps, so a resumed run reads on exactly where it stopped.
"""

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Int
from numpy.typing import NDArray
from torch import Tensor

from naepo.config import UserError


class Windows:
    """Every window of `context_length` ids, each once an epoch, in an order drawn from the seed.

    In each epoch the windows are laid from another random offset, so that their edges move.

    Raises: UserError when the corpus is shorter than one context.
    """

    def __init__(self, ids: NDArray[np.integer], context_length: int, seed: int) -> None:
        spare = len(ids) - 1
        if spare < context_length:
            raise UserError(
                f"the corpus is shorter than one context: got {len(ids)} tokens, "
                f"expected at least {context_length + 1}",
                hint=f"--model.context-length {max(1, spare)}, or more text",
            )
        self.ids = ids
        self.context_length = context_length
        self.seed = seed
        self.per_epoch = max(1, spare // context_length - 1)
        self._last_offset = spare - self.per_epoch * context_length

    def start_of(self, position: int) -> int:
        """Where in the corpus the window number `position` of the run begins, in tokens."""
        epoch, place = divmod(position, self.per_epoch)
        offset, order = _epoch(self.seed, epoch, self.per_epoch, self._last_offset)
        return offset + int(order[place]) * self.context_length

    def at(
        self, position: int, batch_size: int
    ) -> tuple[Int[Tensor, "batch time"], Int[Tensor, "batch time"]]:
        """Give `batch_size` windows from `position` on: the ids, and the ids that follow them."""
        starts = [self.start_of(position + row) for row in range(batch_size)]
        span = self.context_length + 1
        rows = np.stack([self.ids[start : start + span] for start in starts]).astype(np.int64)
        ids = torch.from_numpy(rows)
        return ids[:, :-1], ids[:, 1:]


@lru_cache(maxsize=4)
def _epoch(seed: int, epoch: int, n_windows: int, last_offset: int) -> tuple[int, NDArray]:
    """The offset and the order of one epoch, from a counter-based generator (Philox)."""
    generator = np.random.Generator(np.random.Philox(key=[seed, epoch]))
    offset = int(generator.integers(0, last_offset + 1))
    return offset, generator.permutation(n_windows)
