"""An encoder of pieces that was tuned contrastively: what it is, and the folder it is kept in.

runs/mine/embedding/encoder/
    model.safetensors   its weights, by our names
    embedding.toml      layer, pooling, the shape, and which text encoder its ids are of
    manifest.json       size and sha256 of both
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from naepo.checkpoint.manifest import verify
from naepo.checkpoint.tensors import read_tensors, refuse_non_finite, to_pieces
from naepo.config import UserError, from_table, read_toml, to_table, to_toml
from naepo.embed.keeping import kept
from naepo.embed.pooling import Vectors, hidden_vectors
from naepo.encode.encoder import Encoder
from naepo.encode.explain import IdsLike
from naepo.model import ModelSettings, Transformer, build

FOLDER = "encoder"
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """The `[embedding]` table of embedding.toml."""

    format: int
    layer: int
    pooling: str
    fingerprint: str


@dataclass(frozen=True, eq=False)
class Tuned:
    """A tuned copy of a language model: pieces in, vectors out.

    layer: the entry of `hidden` that is pooled.  fingerprint: of the encoder its ids come from.
    """

    model: Transformer
    layer: int
    pooling: str
    fingerprint: str

    def vectors(self, encoder: Encoder, sequences: Sequence[IdsLike]) -> Vectors:
        """Give one vector for each sequence of ids, float32, shape (n, d_model).

        Raises: UserError when the ids are another encoder's.
        """
        if encoder.fingerprint != self.fingerprint:
            raise UserError(
                "the tuned encoder knows the ids of another vocabulary: fingerprint "
                f"{self.fingerprint[:12]}, got {encoder.fingerprint[:12]}",
                hint="tune it again: naepo embed RUN PIECES --tune 2",
            )
        return hidden_vectors(
            self.model, encoder, sequences, layer=self.layer, pooling=self.pooling
        )


def copy_of(model: Transformer) -> Transformer:
    """Give a copy to tune, without the n-gram prior, which has no part in hidden states."""
    parts = replace(model.settings.parts, prior_order=None)
    twin = build(replace(model.settings, parts=parts))
    weights = {name: w for name, w in model.state_dict().items() if not name.startswith("prior.")}
    twin.load_state_dict(weights)
    return twin.to(model.embedding.weight.device, model.embedding.weight.dtype)


def pooled(
    states: Float[Tensor, "batch time width"], is_read: Bool[Tensor, "batch time"], pooling: str
) -> Float[Tensor, "batch width"]:
    """Pool the states of the positions that are read, each row of one window; gradients flow."""
    if pooling == "max":
        return states.masked_fill(~is_read[:, :, None], -torch.inf).amax(dim=1)
    if pooling == "last":
        time = torch.arange(states.shape[1], device=states.device)
        return states[torch.arange(len(states)), (time * is_read).argmax(dim=1)]
    weights = is_read / is_read.sum(dim=1, keepdim=True)
    return (states * weights[:, :, None]).sum(dim=1)


def save(home: Path, tuned: Tuned) -> Path:
    """Keep a tuned encoder in home/encoder, whole or not at all; one that was there goes.

    Raises: UserError when the disk refuses, or a weight is no number.
    """
    weights = {name: w for name, w in tuned.model.state_dict().items() if _is_kept(name)}
    refuse_non_finite(weights, "the tuned encoder")
    stamp = Stamp(
        format=FORMAT, layer=tuned.layer, pooling=tuned.pooling, fingerprint=tuned.fingerprint
    )
    toml = to_toml({"embedding": to_table(stamp), "model": to_table(tuned.model.settings)})
    with kept(home / FOLDER) as draft:
        draft.write("model.safetensors", to_pieces(weights))
        draft.write("embedding.toml", [toml.encode()])
    return home / FOLDER


def load(home: Path) -> Tuned | None:
    """Open the tuned encoder that is kept in home; None when there is none.

    Raises: UserError when it is damaged, or was written by a newer naepo.
    """
    folder = home / FOLDER
    if not folder.is_dir():
        return None
    verify(folder)
    source = str(folder / "embedding.toml")
    tables = read_toml(folder / "embedding.toml")
    stamp = from_table(Stamp, tables.get("embedding", {}), source, "embedding")
    if stamp.format != FORMAT:
        raise UserError(f"embedding format {stamp.format}, expected {FORMAT} (in {source})")
    settings = from_table(ModelSettings, tables.get("model", {}), source, "model")
    model = build(settings)
    weights = read_tensors(folder / "model.safetensors")
    missing, unknown = model.load_state_dict(weights, strict=False)
    missing = [name for name in missing if _is_kept(name)]
    if missing or unknown:
        raise UserError(f"weights do not fit the shape: {[*missing, *unknown][0]} (in {source})")
    return Tuned(model.eval(), stamp.layer, stamp.pooling, stamp.fingerprint)


def _is_kept(name: str) -> bool:
    """Whether a weight has a part in hidden states: an n-gram prior and the output have none."""
    return not name.startswith(("prior.", "output."))
