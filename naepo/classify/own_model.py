"""The model that a classifier reads texts with, kept in the classifier's own folder.

    model.safetensors     its weights, as in a checkpoint
    prior.safetensors     its n-gram counts, of a model with a prior
    tokenizer.json ...    its encoder

Its shape stands in classifier.json. A run that goes on, prunes its checkpoints or moves away takes
nothing from a classifier.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from naepo.checkpoint.contents import PRIOR
from naepo.checkpoint.folder import Draft
from naepo.checkpoint.opening import read_model
from naepo.checkpoint.tensors import refuse_non_finite, to_pieces
from naepo.checkpoint.weights import WEIGHTS
from naepo.classify.source import Source
from naepo.encode import load_encoder
from naepo.model import Network
from naepo.model.huggingface import to_tensors
from naepo.model.kinds import read_settings


def write_own(draft: Draft, source: Source) -> None:
    """Write weights and encoder. Raises: NotFinite for weights that hold NaN or infinity."""
    model = source.model
    assert isinstance(model, Network), type(model)
    weights = to_tensors(model)
    refuse_non_finite(weights, "the model that texts are read with")
    draft.write(WEIGHTS, to_pieces(weights))
    if model.prior is not None:
        draft.write(PRIOR, to_pieces(model.prior.tensors()))
    source.encoder.save(draft.path)


def read_own(folder: Path, shape: Mapping[str, Any], fingerprint: str, device: str) -> Source:
    """Open what `write_own` has written. The folder has been verified.

    shape: the settings of the model, as a table.

    Raises: UserError when the parts do not fit.
    """
    settings = read_settings(shape, str(folder / "classifier.json"), "model")
    model = read_model(folder, settings).to(device)
    return Source(model, load_encoder(folder), folder, fingerprint)
