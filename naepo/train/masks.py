"""Dropout's masks, from a few random words: torch draws a whole word for every number."""

import torch
from jaxtyping import Float
from torch import Generator, Tensor


class Masks:
    """Draws the masks of one shard in one step, as a function of `seed` alone.

    One random byte decides over one number, so a rate is rounded to the nearest 1/256; what is
    kept is scaled by what the rounded rate leaves, so that the expectation is exact.
    """

    def __init__(self, rate: float, seed: int) -> None:
        self.n_dropped = round(rate * 256)
        """Of 256 values of a byte, how many drop a number."""
        self._generator = Generator().manual_seed(seed) if self.n_dropped else None

    def draw(self, rows: int, width: int) -> Float[Tensor, "{rows} {width}"] | None:
        """Give a mask of 0 and 1 / (1 - rate), or None when nothing is dropped."""
        if self._generator is None:
            return None
        n_words = -(-rows * width // 8)
        words = torch.empty(n_words, dtype=torch.int64)
        words.random_(-(2**63), None, generator=self._generator)  # all 64 bits
        random_bytes = words.view(torch.uint8)[: rows * width].view(rows, width)
        mask = torch.empty(rows, width, dtype=torch.float32)
        torch.ge(random_bytes, self.n_dropped, out=mask)
        return mask.mul_(256 / (256 - self.n_dropped))
