"""Frames <-> ids: a table of typical frames, so that a model of ids can learn from sound.

In: rows of numbers. Out: for each row the number of the nearest typical one, and back. Ids can be
written as text, one character each: what `naepo train` reads, and what a GPT of ours then composes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from torch import Generator, Tensor

from naepo.checkpoint.tensors import read_tensors, to_pieces
from naepo.config import UserError
from naepo.encode.explain import IdsLike, check_ids, name_character, place

FIRST_CHARACTER = 0x4E00
"""Ids are written as the unified ideographs, which no normal form changes."""
MOST_CODES = 0x9FFF - FIRST_CHARACTER + 1
MOST_LEARNED_FROM = 100_000
"""Frames; of more, so many are drawn."""
AT_ONCE = 1 << 14
"""Frames whose distances to all codes are held at once."""

Rows = Float[np.ndarray, "n d"]


@dataclass(frozen=True, eq=False)
class Scale:
    """Where the columns of a table lie and how far they spread, to make them comparable."""

    mean: Float32[np.ndarray, " d"]
    spread: Float32[np.ndarray, " d"]

    @classmethod
    def of(cls, rows: Rows) -> "Scale":
        """Measure a table. A column that does not vary has a spread of 1.

        Raises: UserError for no rows, NaN or infinity.
        """
        if not rows.size or not np.isfinite(rows).all():
            raise UserError(f"expected rows of finite numbers, got an array of {rows.shape}")
        spread = rows.std(axis=0)
        # What rounding leaves of a column that does not vary is no spread.
        varies = spread > 1e-6 * np.abs(rows).max(axis=0)
        return cls(
            rows.mean(axis=0).astype(np.float32),
            np.where(varies, spread, 1).astype(np.float32),
        )

    def apply(self, rows: Rows) -> Float32[np.ndarray, "n d"]:
        """Give (row - mean) / spread."""
        return ((rows - self.mean) / self.spread).astype(np.float32)

    def undo(self, rows: Rows) -> Float32[np.ndarray, "n d"]:
        """Give row * spread + mean."""
        return (rows * self.spread + self.mean).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Codebook:
    """Typical frames. `codes` are on the scale on which every column spreads alike."""

    scale: Scale
    codes: Float32[np.ndarray, "n_codes d"]

    @classmethod
    def fit(
        cls, rows: Rows, n_codes: int = 256, *, seed: int = 0, iterations: int = 25
    ) -> "Codebook":
        """Find typical frames by k-means: Lloyd 1982, begun by k-means++ (Arthur and
        Vassilvitskii 2007, SODA). The same rows and seed give the same codes.

        Raises: UserError for fewer different rows than codes, more than 20,992 codes, or NaN.
        """
        if not 1 <= n_codes <= MOST_CODES:
            raise UserError(f"n_codes must be from 1 to {MOST_CODES:,}, got {n_codes}")
        scale = Scale.of(rows)
        draw = Generator().manual_seed(seed)
        some = torch.from_numpy(scale.apply(rows))
        if len(some) > MOST_LEARNED_FROM:
            some = some[torch.randperm(len(some), generator=draw)[:MOST_LEARNED_FROM]]
        codes = _spread_out(some, n_codes, draw)
        for _ in range(iterations):
            moved = _centres(some, codes)
            if torch.equal(moved, codes):
                break
            codes = moved
        return cls(scale, codes.numpy())

    def encode(self, rows: Rows) -> Int64[np.ndarray, " n"]:
        """Give the id of the nearest code of each row; of equals the first.

        Raises: UserError for rows of another width, NaN or infinity.
        """
        d = self.codes.shape[1]
        if rows.shape[1] != d or not np.isfinite(rows).all():
            raise UserError(f"expected rows of {d} finite numbers, got an array of {rows.shape}")
        found = _nearest(torch.from_numpy(self.scale.apply(rows)), torch.from_numpy(self.codes))
        return found[0].numpy()

    def decode(self, ids: IdsLike) -> Float32[np.ndarray, "n d"]:
        """Give the typical frame of each id. Raises: UserError for an id that is none."""
        return self.scale.undo(self.codes[check_ids(ids, len(self.codes))])

    def write(self, ids: IdsLike) -> str:
        """Write ids as text, a character each. Raises: UserError for an id that is none."""
        return "".join(chr(FIRST_CHARACTER + id) for id in check_ids(ids, len(self.codes)).tolist())

    def read(self, text: str) -> Int64[np.ndarray, " n"]:
        """Read what `write` wrote; ends of lines are passed over.

        Raises: UserError for another character, with its place.
        """
        for position, character in enumerate(text):
            if character != "\n" and not 0 <= ord(character) - FIRST_CHARACTER < len(self.codes):
                raise UserError(
                    f"{name_character(character)} at {place(text, position)} is none of the "
                    f"{len(self.codes)} codes"
                )
        return np.array([ord(c) - FIRST_CHARACTER for c in text if c != "\n"], dtype=np.int64)

    def save(self, path: Path) -> None:
        """Write a safetensors file. Raises: UserError when it cannot be written."""
        tensors = {"codes": self.codes, "mean": self.scale.mean, "spread": self.scale.spread}
        pieces: Iterable[bytes | memoryview] = to_pieces(
            {name: torch.from_numpy(table) for name, table in tensors.items()}
        )
        try:
            path.write_bytes(b"".join(pieces))
        except OSError as error:
            raise UserError(f"could not write {path}: {error.strerror or error}") from None

    @classmethod
    def load(cls, path: Path) -> "Codebook":
        """Read what `save` wrote. Raises: UserError for a file that is no codebook."""
        tensors = read_tensors(path)
        shapes = {name: tuple(each.shape) for name, each in tensors.items()}
        n, d = shapes.get("codes", (0, 0)) if len(shapes.get("codes", ())) == 2 else (0, 0)
        floats = all(each.dtype == torch.float32 for each in tensors.values())
        if not n or not floats or shapes != {"codes": (n, d), "mean": (d,), "spread": (d,)}:
            raise UserError(f"not a codebook: it holds {shapes} (in {path})")
        codes, mean, spread = (tensors[name].numpy() for name in ("codes", "mean", "spread"))
        return cls(Scale(mean, spread), codes)


def _nearest(
    rows: Float32[Tensor, "n d"], codes: Float32[Tensor, "n_codes d"]
) -> tuple[Int64[Tensor, " n"], Float32[Tensor, " n"]]:
    """Give the nearest code of each row, and the squared distance to it."""
    lengths = codes.square().sum(dim=1)
    found = []
    for some in rows.split(AT_ONCE):
        squares, ids = torch.addmm(lengths, some, codes.T, alpha=-2).min(dim=1)
        found.append((ids, (squares + some.square().sum(dim=1)).clamp_min(0)))
    ids, squares = zip(*found, strict=True)
    return torch.cat(ids), torch.cat(squares)


def _spread_out(
    rows: Float32[Tensor, "n d"], n_codes: int, draw: Generator
) -> Float32[Tensor, "n_codes d"]:
    """Draw rows far from those drawn before: each by its squared distance to the nearest one."""
    chosen = [rows[int(torch.randint(len(rows), (1,), generator=draw))]]
    squares = (rows - chosen[0]).square().sum(dim=1)
    while len(chosen) < n_codes:
        if not squares.any():
            raise UserError(
                f"{n_codes} codes were asked for, and only {len(chosen)} frames are different",
                hint="ask for fewer codes, or give more sound",
            )
        chosen.append(rows[int(torch.multinomial(squares, 1, generator=draw))])
        squares = torch.minimum(squares, (rows - chosen[-1]).square().sum(dim=1))
    return torch.stack(chosen)


def _centres(
    rows: Float32[Tensor, "n d"], codes: Float32[Tensor, "n_codes d"]
) -> Float32[Tensor, "n_codes d"]:
    """Move each code to the mean of its rows; one without rows goes where a row is farthest."""
    ids, squares = _nearest(rows, codes)
    counts = torch.bincount(ids, minlength=len(codes))
    sums = torch.zeros_like(codes).index_add_(0, ids, rows)
    moved = sums / counts.clamp_min(1)[:, None]
    idle = (counts == 0).nonzero().squeeze(1)
    moved[idle] = rows[squares.topk(len(idle)).indices]
    return moved
