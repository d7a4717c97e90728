"""Windows of the corpus, drawn as a pure function of (seed, position).

Nothing is remembered between steps, so a resumed run reads on exactly where it stopped.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int
from numpy.typing import NDArray
from torch import Tensor

from naepo.config import UserError

Recut = Callable[[int], NDArray[np.integer]]
"""Gives the ids of the text as they are cut in one epoch, by the epoch's number."""


class Epoch(NamedTuple):
    """One reading of the text: its ids, where the first window begins, and the windows' order."""

    ids: NDArray[np.integer]
    offset: int
    order: NDArray[np.int64]


class Windows:
    """Every window of `context_length` ids, each once an epoch, in an order drawn from the seed.

    In each epoch the windows are laid from another random offset, so that their edges move. With
    `recut` the text is cut into other ids in each epoch; as many windows of them are read as the
    text has when it is cut plainly.

    Raises: UserError when the corpus is shorter than one context.
    """

    def __init__(
        self,
        ids: NDArray[np.integer],
        context_length: int,
        seed: int,
        recut: Recut | None = None,
    ) -> None:
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
        self._recut = recut
        self._epochs: dict[int, Epoch] = {}

    def start_of(self, position: int) -> int:
        """Where in the corpus the window number `position` of the run begins, in tokens."""
        return self._find(position)[1]

    def at(
        self, position: int, batch_size: int
    ) -> tuple[Int[Tensor, "batch time"], Int[Tensor, "batch time"]]:
        """Give `batch_size` windows from `position` on: the ids, and the ids that follow them."""
        found = [self._find(position + row) for row in range(batch_size)]
        span = self.context_length + 1
        rows = np.stack([ids[start : start + span] for ids, start in found]).astype(np.int64)
        batch = torch.from_numpy(rows)
        return batch[:, :-1], batch[:, 1:]

    def folds_at(self, position: int, batch_size: int, n_folds: int) -> Int[Tensor, "batch time"]:
        """Give the fold of each id that `at` asks for, of so many equal stretches of the text."""
        found = [self._find(position + row) for row in range(batch_size)]
        asked = np.arange(1, self.context_length + 1)
        return torch.from_numpy(
            np.stack([(start + asked) * n_folds // len(ids) for ids, start in found])
        )

    def _find(self, position: int) -> tuple[NDArray[np.integer], int]:
        """Give the ids that a window is read from, and where in them it begins."""
        number, place = divmod(position, self.per_epoch)
        if number not in self._epochs:
            self._epochs = {key: self._epochs[key] for key in sorted(self._epochs)[-1:]}
            self._epochs[number] = self._lay_out(number)
        epoch = self._epochs[number]
        begin = int(epoch.order[place % len(epoch.order)]) * self.context_length
        return epoch.ids, epoch.offset + begin

    def _lay_out(self, number: int) -> Epoch:
        """Lay the windows of one epoch, from a counter-based generator (Philox)."""
        ids = self.ids if self._recut is None else self._recut(number)
        spare = len(ids) - 1
        n_windows = max(1, spare // self.context_length - 1)
        generator = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        offset = int(generator.integers(0, spare - n_windows * self.context_length + 1))
        return Epoch(ids, offset, generator.permutation(n_windows))
