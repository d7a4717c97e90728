"""The ids of a model as points: where they lie on a map, and who is near in the full space."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from naepo.checkpoint import Checkpoint
from naepo.config import UserError, did_you_mean
from naepo.model import Network
from naepo.reduce import Reduction, reduce
from naepo.train.at_hand import corpus_at_hand

Table = Literal["embedding", "output"]
IDS_AT_ONCE = 1 << 22
"""Ids that are counted together: a memory map is never copied whole."""


@dataclass(frozen=True)
class Neighbour:
    """One id near another."""

    id: int
    cosine: float
    """Of the angle between both rows, −1 to 1; 0 where one of them is all zeros."""
    distance: float
    """Euclidean, between both rows."""


def rows_of(model: Network, table: str = "embedding") -> Float[Tensor, "vocab d_model"]:
    """Give one row for each id: what it is read as (embedding), or what writes it (output).

    Where the model ties its weights, both are the same.

    Raises: UserError for another name.
    """
    found = {"embedding": model.embedding.weight, "output": model.output.weight}
    if table not in found:
        raise UserError(f"no table is called {table}", hint=did_you_mean(table, found))
    return found[table].detach()


def embedding_map(
    model: Network,
    method: str = "pca",
    *,
    table: str = "embedding",
    seed: int = 0,
    perplexity: float | int | None = None,
    n_neighbours: int | None = None,
) -> Reduction:
    """Draw the ids of a model in two dimensions: a point for each id, in the order of the ids.

    method: pca, at once; tsne or umap, in seconds for a small vocabulary, minutes for a large one.
    perplexity: of t-SNE.  n_neighbours: of UMAP.

    Raises: UserError for what `naepo.reduce.reduce` refuses.
    """
    rows = rows_of(model, table)
    return reduce(rows, method, seed, perplexity=perplexity, n_neighbours=n_neighbours)


@torch.no_grad()
def neighbours(
    model: Network, id: int, top: int = 20, *, table: str = "embedding"
) -> list[Neighbour]:
    """Give the ids whose rows point most nearly the same way, nearest first, by all dimensions.

    Of equals, the lower id comes first. There may be fewer than `top`, in a small vocabulary.

    Raises: UserError for an id that the model does not have, or top below 1.
    """
    rows = rows_of(model, table).cpu()
    if not 0 <= id < len(rows):
        raise UserError(f"no id {id}: the model has ids 0 to {len(rows) - 1}")
    if top < 1:
        raise UserError(f"top must be at least 1, got {top}")
    rows = rows.double()
    own, lengths = rows[id], rows.norm(dim=1)
    both = lengths * lengths[id]
    # Rounded, so that equal rows are equals however a product was summed up.
    cosines = torch.where(both > 0, rows @ own / both, 0.0).round(decimals=12).clamp(-1, 1)
    order = cosines.argsort(descending=True, stable=True)
    near = [int(other) for other in order[: top + 1] if other != id][:top]
    gaps = (rows[near] - own).norm(dim=1)
    return [
        Neighbour(other, float(cosines[other]), float(gap))
        for other, gap in zip(near, gaps, strict=True)
    ]


@torch.no_grad()
def norms(model: Network, table: str = "embedding") -> Float[Tensor, " vocab"]:
    """Give the length of the row of each id."""
    return rows_of(model, table).norm(dim=1)


def frequencies(loaded: Checkpoint) -> Int[Tensor, " vocab"] | None:
    """Count how often each id stands in the text a checkpoint was trained on.

    None where that text is not at hand. Counted as the encoder cuts the text, whole; a run that
    cuts it into other pieces in each reading has seen rarer ids more often.
    """
    corpus = corpus_at_hand(loaded)
    if corpus is None:
        return None
    ids, n_ids = corpus.train.ids, loaded.model.settings.vocab_size
    counts = np.zeros(n_ids, dtype=np.int64)
    for start in range(0, len(ids), IDS_AT_ONCE):
        counts += np.bincount(ids[start : start + IDS_AT_ONCE], minlength=n_ids)
    return torch.from_numpy(counts)
