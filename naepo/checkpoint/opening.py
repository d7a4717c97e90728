"""Opening a checkpoint: verify first, then parse, then check that the parts belong together.

In: a run folder, a checkpoint folder, or a Hugging Face folder that others wrote. Out: model and
encoder on the CPU. Nothing in it can run code, and nothing is fetched.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from naepo.checkpoint.contents import FORMAT, PRIOR, Checkpoint, Stamp, TrainingState
from naepo.checkpoint.manifest import MANIFEST, verify
from naepo.checkpoint.run import Tell, best, folder_of, good, home_of, say_nothing
from naepo.checkpoint.tensors import read_tensors, refuse_non_finite
from naepo.config import Table, UserError, from_table, read_toml
from naepo.encode import Encoder, load_encoder
from naepo.model import LanguageModelSettings, ModelSettings, Network
from naepo.model.huggingface import from_config, from_tensors, to_config
from naepo.model.kinds import network, read_settings, settings_table

LONGEST_JSON = 64 << 20
"""Bytes. Of a config, an index or a training state's numbers."""
LONGEST_TOML = 1 << 20
"""Bytes of a naepo.toml."""
LARGEST_TABLE = 1 << 27
"""Numbers in a table of positions, the one part of a model that its weights do not bound."""

_SHARD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.safetensors")


def load(path: Path, *, which: str | int = "best", on_broken: Tell = say_nothing) -> Checkpoint:
    """Open a checkpoint: of a run the best, the last, or a step's; or the folder that is given.

    path: a run folder, a checkpoint folder, or a Hugging Face folder of a GPT-2, Llama or Qwen3.
    which: "best" (the last while none is marked), "last" or a step; only asked of a run folder.
    A broken one is set aside and told through `on_broken`, and the newest good one taken instead;
    a step that was asked for by number is never replaced by another.

    Raises: UserError when there is nothing to open, a file has changed, or the parts do not fit.
    """
    if not home_of(path).is_dir():
        return _read_folder(path)
    if which not in {"best", "last"}:
        return _read_folder(folder_of(path, _step(which)))
    first = best(path) if which == "best" else None
    folder = next(good(path, on_broken, first=first), None)
    if folder is None:
        raise UserError(f"{path} has no good checkpoint", hint="start the run again")
    return _open(folder)


def load_state(folder: Path) -> TrainingState:
    """Read the training state of a checkpoint, bit for bit as it was saved.

    Raises: UserError when the folder holds none, or a file of it has changed.
    """
    if not (folder / MANIFEST).is_file():
        raise UserError(
            f"{folder} holds weights, but no training state", hint="naepo train starts a new run"
        )
    verify(folder, "training/")
    if not (folder / "training").is_dir():
        raise UserError(f"{folder} was saved without a training state")
    return TrainingState(
        tensors=read_tensors(folder / "training" / "state.safetensors"),
        numbers=_read_json(folder / "training" / "state.json"),
    )


def _step(which: str | int) -> int:
    if isinstance(which, str) and not which.isdecimal():
        raise UserError(f"which checkpoint: got {which!r}", hint='"best", "last" or a step number')
    return int(which)


def _read_folder(folder: Path) -> Checkpoint:
    """Verify one folder and open it; a foreign one, without a manifest, is opened with a note."""
    if not folder.is_dir():
        raise UserError(f"no such folder: {folder}")
    if (folder / MANIFEST).is_file() or (folder / "naepo.toml").is_file():
        verify(folder)
        return _open(folder)
    if not (folder / "config.json").is_file():
        raise UserError(
            f"{folder} is neither a run nor a checkpoint: it has no checkpoints/ and no config.json"
        )
    return _open_foreign(folder)


def _open(folder: Path) -> Checkpoint:
    """Open a folder that naepo wrote and that has been verified."""
    source = str(folder / "naepo.toml")
    tables = _read_tables(folder / "naepo.toml")
    if "checkpoint" not in tables or "model" not in tables:
        raise UserError(f"[checkpoint] or [model] is missing in {source}")
    table = tables.pop("checkpoint")
    metrics = table.pop("metrics", {})
    stamp = _read_stamp(table, source)
    settings = read_settings(tables["model"], source)
    _refuse_other_config(folder, settings)
    with _reading_model(folder, settings) as reading:
        encoder = load_encoder(folder)
        _refuse_other_encoder(folder, encoder, stamp)
        _refuse_large_encoder(folder, encoder, settings)
        model = reading.result()
    return Checkpoint(folder, stamp.step, model, encoder, tables, metrics)


def _open_foreign(folder: Path) -> Checkpoint:
    with _placed(folder):
        settings = from_config(_read_json(folder / "config.json"))
    note = f"not verified: {folder} has no {MANIFEST}"
    tables = {"model": settings_table(settings)}
    with _reading_model(folder, settings) as reading:
        encoder = load_encoder(folder)
        _refuse_large_encoder(folder, encoder, settings)
        model = reading.result()
    return Checkpoint(folder, 0, model, encoder, tables, {}, (note,))


def _read_stamp(table: Table, source: str) -> Stamp:
    if table.get("format") != FORMAT:
        raise UserError(
            f"checkpoint format {table.get('format')!r}, expected {FORMAT} ({source})",
            hint="if a newer naepo wrote it: pip install --upgrade naepo",
        )
    return from_table(Stamp, table, source, "checkpoint")


def _refuse_other_config(folder: Path, settings: LanguageModelSettings) -> None:
    """Check that config.json and naepo.toml speak of the same network."""
    ours = to_config(settings, end_id=0)
    with _placed(folder):
        theirs = to_config(from_config(_read_json(folder / "config.json")), end_id=0)
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) != theirs.get(key):
            raise UserError(
                f"config.json and naepo.toml disagree on `{key}`: {theirs.get(key)!r} and "
                f"{ours.get(key)!r} (in {folder})",
                hint="one of them was edited; use another checkpoint of the run",
            )


def _refuse_other_encoder(folder: Path, encoder: Encoder, stamp: Stamp) -> None:
    if (encoder.fingerprint, encoder.vocab_size) != (stamp.fingerprint, stamp.vocab_size):
        raise UserError(
            f"tokenizer.json is not the one that the model was trained with: fingerprint "
            f"{encoder.fingerprint[:12]} with {encoder.vocab_size} ids, expected "
            f"{stamp.fingerprint[:12]} with {stamp.vocab_size} (in {folder})",
            hint="put the tokenizer.json back, or use another checkpoint of the run",
        )


def _refuse_large_encoder(folder: Path, encoder: Encoder, settings: LanguageModelSettings) -> None:
    if encoder.vocab_size > settings.vocab_size:
        raise UserError(
            f"the tokenizer has {encoder.vocab_size} ids, the model only {settings.vocab_size} "
            f"(in {folder})",
            hint="use the tokenizer.json that the model was trained with",
        )


@contextmanager
def _reading_model(folder: Path, settings: LanguageModelSettings) -> Iterator[Future[Network]]:
    """Read the weights beside what is read of the encoder: one copies memory, the other parses."""
    with ThreadPoolExecutor(1) as beside:
        yield beside.submit(read_model, folder, settings)


def read_model(folder: Path, settings: LanguageModelSettings) -> Network:
    """Read the weights and build the network for them; not before names and shapes agree.

    Raises: UserError when the files, which nothing here verifies, and the settings do not fit.
    """
    tensors: dict[str, Tensor] = {}
    for file in _weight_files(folder):
        tensors |= read_tensors(file, is_copy=False)  # the network has memory for them already
    refuse_non_finite(tensors, f"in {folder}")
    _refuse_huge_table(settings, folder)
    with _placed(folder):
        weights = from_tensors(settings, tensors)
    model = network(settings)
    if any(weight.dtype == torch.float64 for weight in weights.values()):
        model = model.double()
    model.load_state_dict(weights)
    if model.prior is not None:
        with _placed(folder):
            model.prior.load(read_tensors(folder / PRIOR))
    return model.eval()


def _weight_files(folder: Path) -> list[Path]:
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        return [folder / name for name in _shards(index)]
    pickles = [
        path.name for kind in ("bin", "pt", "pth", "ckpt") for path in folder.glob(f"*.{kind}")
    ]
    if pickles:
        raise UserError(
            f"{pickles[0]} is a pickle, which can run code: it is never opened (in {folder})",
            hint="get the model as model.safetensors",
        )
    raise UserError(f"model.safetensors is missing (in {folder})")


def _shards(index: Path) -> list[str]:
    names = _read_json(index).get("weight_map")
    if not isinstance(names, dict) or not names:
        raise UserError(f"`weight_map` is missing (in {index})")
    for name in names.values():
        if not isinstance(name, str) or not _SHARD.fullmatch(name):
            raise UserError(f"{name!r} is not a file name of weights (in {index})")
    return sorted(set(names.values()))


def _refuse_huge_table(settings: LanguageModelSettings, folder: Path) -> None:
    """Check the size of the table of positions before it is computed."""
    if not isinstance(settings, ModelSettings):
        return
    is_sinusoidal = settings.parts.position == "sinusoidal"
    most = LARGEST_TABLE // (settings.d_model if is_sinusoidal else settings.d_head)
    if settings.context_length > most:
        raise UserError(
            f"config.json asks for a context of {settings.context_length:,} positions, at most "
            f"{most:,} are opened (in {folder})",
            hint="write a smaller context length into config.json, if the text is shorter",
        )


@contextmanager
def _placed(folder: Path) -> Iterator[None]:
    """Add the folder to what other rooms say of its contents."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{error.message} (in {folder})", hint=error.hint) from None


def _read_tables(path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    if size > LONGEST_TOML:
        raise UserError(f"{path} is too large: {size:,} bytes, at most {LONGEST_TOML:,}")
    try:
        return read_toml(path)
    except RecursionError:
        raise UserError(f"not a TOML file: nested too deep (in {path})") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            text = stream.read(LONGEST_JSON + 1)
        if len(text) > LONGEST_JSON:
            raise ValueError(f"longer than {LONGEST_JSON:,} bytes")
        content = json.loads(text)
    except FileNotFoundError:
        raise UserError(f"{path.name} is missing (in {path.parent})") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"not a JSON file: {error} (in {path})") from None
    if not isinstance(content, dict):
        raise UserError(f"not a JSON object: {type(content).__name__} (in {path})")
    return content
