"""The weights of one checkpoint of a run, without its encoder, its training state or a network.

In: a checkpoint folder that naepo wrote. Out: tensors by our names. For those who read many.
"""

from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from naepo.checkpoint.manifest import verify
from naepo.checkpoint.tensors import read_tensors
from naepo.config import UserError, read_toml
from naepo.model import LanguageModelSettings
from naepo.model.huggingface import from_tensors, name_in_folder
from naepo.model.kinds import read_settings

WEIGHTS = "model.safetensors"


def read_weights(folder: Path) -> dict[str, Float[Tensor, "..."]]:
    """Give every weight of a checkpoint as `named_parameters` names them, none twice.

    Raises: UserError when a file that is read is missing or has changed, FileNotFoundError when the
    folder is gone.
    """
    settings = _settings(folder)
    weights = from_tensors(settings, read_tensors(folder / WEIGHTS))
    if settings.parts.tie_weights:
        del weights["output.weight"]
    return weights


def read_weight(folder: Path, name: str = "embedding.weight") -> Float[Tensor, "..."]:
    """Give one weight that lies alone in the file, such as the embedding; no other is read.

    Raises: UserError when a file that is read is missing or has changed, FileNotFoundError when the
    folder is gone.
    """
    theirs = name_in_folder(_settings(folder), name)
    found = read_tensors(folder / WEIGHTS, {theirs})
    if theirs not in found:
        raise UserError(f"{theirs} is missing (in {folder / WEIGHTS})")
    return found[theirs]


def _settings(folder: Path) -> LanguageModelSettings:
    """Give the shape of the network, once the two files that matter here are verified."""
    verify(folder, WEIGHTS)
    verify(folder, "naepo.toml")
    source = folder / "naepo.toml"
    return read_settings(read_toml(source).get("model", {}), str(source))
