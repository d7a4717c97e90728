"""What a checkpoint holds, and how it is written: a Hugging Face folder and a training state.

In: model, encoder, settings, metrics, training state. Out: one folder that appears whole.

    config.json  generation_config.json  model.safetensors    as transformers wants them
    tokenizer.json  tokenizer_config.json                     written by the encoder
    prior.safetensors                                         n-gram counts, of a model with a prior
    naepo.toml                                                settings and a [checkpoint] stamp
    training/state.safetensors  training/state.json           what `resume` needs
    manifest.json                                             size and sha256 of all the others
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from naepo import __version__
from naepo.checkpoint.folder import make_folder, new_folder, sweep
from naepo.checkpoint.run import free_folder, home_of
from naepo.checkpoint.tensors import n_bytes, refuse_non_finite, to_pieces
from naepo.checkpoint.trouble import refuse_if_too_full, told_plainly
from naepo.config import Table, UserError, merge, to_table, to_toml
from naepo.encode import Encoder
from naepo.model import LanguageModelSettings, Network
from naepo.model.huggingface import to_config, to_tensors
from naepo.model.kinds import settings_table

FORMAT = 1
PRIOR = "prior.safetensors"


@dataclass(frozen=True, eq=False)
class TrainingState:
    """What a run needs besides the weights to go on bit for bit: optimizer, position, randomness.

    tensors: finite, on any device.  numbers: whatever JSON can say; floats survive exactly.
    """

    tensors: dict[str, Tensor]
    numbers: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A checkpoint, open: the model is on the CPU and in evaluation mode."""

    folder: Path
    step: int
    model: Network
    encoder: Encoder
    settings: dict[str, Any]
    """The tables of naepo.toml; of a foreign folder only `model`."""
    metrics: dict[str, Any]
    notes: tuple[str, ...] = ()
    """What a person should know about it, such as "not verified: ..."."""


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """The `[checkpoint]` table of naepo.toml: what must fit together when it is opened."""

    format: int
    naepo: str
    step: int
    encoder: str
    fingerprint: str
    vocab_size: int


def save(
    run: Path,
    step: int,
    *,
    model: nn.Module,
    encoder: Encoder,
    settings: Table,
    metrics: Table,
    state: TrainingState | None,
) -> Path:
    """Write a checkpoint of `step` into a run and give its folder, once it is safe on the disk.

    It appears whole or not at all, and an existing one is never written into. Values that are None
    are left out of settings and metrics. What dead processes left unfinished is removed first.

    Raises: NotFinite when a tensor holds NaN or infinity; UserError when the disk is full,
    read-only or failing. The disk is then as it was, or holds the new checkpoint, whole.
    """
    assert isinstance(model, Network), type(model)
    weights = to_tensors(model)
    refuse_non_finite(weights, f"the weights at step {step}")
    refuse_non_finite(state.tensors if state else {}, f"the training state at step {step}")
    files = _small_files(step, model.settings, encoder, weights, settings, metrics)
    files["model.safetensors"] = to_pieces(weights)
    n_needed = n_bytes(weights)
    if model.prior is not None:
        files[PRIOR] = to_pieces(model.prior.tensors())
        n_needed += n_bytes(model.prior.tensors())
    if state is not None:
        files["training/state.json"] = [_json(state.numbers)]
        files["training/state.safetensors"] = to_pieces(state.tensors)
        n_needed += n_bytes(state.tensors)
    with told_plainly(run, n_needed):
        make_folder(home_of(run))
        sweep(home_of(run))
        refuse_if_too_full(run, n_needed)
        final = free_folder(run, step)
        with new_folder(final) as draft:
            for name, pieces in files.items():
                draft.write(name, pieces)
            encoder.save(draft.path)
    return final


def _small_files(
    step: int,
    shape: LanguageModelSettings,
    encoder: Encoder,
    weights: Mapping[str, Tensor],
    settings: Table,
    metrics: Table,
) -> dict[str, Iterable[bytes | memoryview]]:
    """Give the small files by name; what can go wrong in them goes wrong before the disk."""
    if encoder.vocab_size > shape.vocab_size:
        raise UserError(
            f"the encoder has {encoder.vocab_size} ids, the model only {shape.vocab_size}"
        )
    stamp = Stamp(
        format=FORMAT,
        naepo=__version__,
        step=step,
        encoder=encoder.kind,
        fingerprint=encoder.fingerprint,
        vocab_size=encoder.vocab_size,
    )
    tables = merge(merge({}, settings), {"model": settings_table(shape)})
    tables["checkpoint"] = merge(to_table(stamp), {"metrics": metrics})
    toml = to_toml(tables)
    tomllib.loads(toml)  # a table that cannot be read again must not be saved
    dtype = str(next(iter(weights.values())).dtype).removeprefix("torch.")
    return {
        "config.json": [_json(to_config(shape, end_id=encoder.end_id, dtype=dtype))],
        "generation_config.json": [_json(_generation(encoder.end_id))],
        "naepo.toml": [toml.encode()],
    }


def _generation(end_id: int) -> dict[str, Any]:
    return {
        "bos_token_id": end_id,
        "eos_token_id": end_id,
        "pad_token_id": end_id,
        "do_sample": True,
    }


def _json(content: Table) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
