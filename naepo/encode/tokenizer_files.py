"""The files by which other programs know an encoder: `tokenizer.json` and its two companions.

A *specification* is the content of a `tokenizer.json`, as tables. All encoders write these files
alike, so that `transformers.AutoTokenizer` opens the folder and gives the same ids. The class is
always named as PreTrainedTokenizerFast: with none, or with GPT-2's, transformers 5 silently puts
GPT-2's pre-tokenizer in the place of ours.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from naepo.config import UserError

Specification = dict[str, Any]

END_OF_TEXT = "<|endoftext|>"
"""How the end of a text is called: llama.cpp stops at this name even without being told."""
LARGEST_FILE = 64 * 2**20
"""A `tokenizer.json` above this, in bytes, is not read; the largest known ones have 34 MB."""
DECISIVE = ("normalizer", "pre_tokenizer", "model", "added_tokens")
"""The parts of a specification that decide the ids."""
BYTE_LEVEL_DECODER = {
    "type": "ByteLevel",
    "add_prefix_space": True,
    "trim_offsets": True,
    "use_regex": True,
}
"""Symbols back to bytes; the flags do nothing here, and stand as `tokenizers` writes them."""


def specify(
    *,
    model: Specification,
    pre_tokenizer: Specification,
    decoder: str,
    added_tokens: list[Specification],
) -> Specification:
    """Put a specification together, in the order in which `tokenizers` writes it."""
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added_tokens,
        "normalizer": None,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": None,
        "decoder": BYTE_LEVEL_DECODER if decoder == "ByteLevel" else {"type": decoder},
        "model": model,
    }


def special_token(id: int, content: str = END_OF_TEXT) -> Specification:
    """Describe a special token: an id that stands for no text, such as the end of one."""
    return {
        "id": id,
        "content": content,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }


def fingerprint(specification: Specification, *, end_id: int | None = None) -> str:
    """Give the sha256 (hex) over all that decides the ids, whatever the order of its tables.

    end_id: the end token, where the specification leaves open which one it is.
    """
    decisive = {part: specification.get(part) for part in DECISIVE} | {"end_id": end_id}
    text = json.dumps(decisive, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def write_tokenizer(
    folder: Path,
    specification: Specification,
    *,
    end: str = END_OF_TEXT,
    context_length: int | None = None,
) -> None:
    """Write `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json`.

    end: the name of the token that begins, ends and pads.
    context_length: the most tokens the model can read (`model_max_length`), if it is known.
    """
    names = {"bos_token": end, "eos_token": end, "pad_token": end}
    config: Specification = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        **names,
        "add_bos_token": False,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
    }
    if context_length is not None:
        config["model_max_length"] = context_length
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "tokenizer.json", specification)
    _write_json(folder / "tokenizer_config.json", config)
    _write_json(folder / "special_tokens_map.json", names)


def read_tokenizer(path: Path) -> Specification:
    """Read a `tokenizer.json`, given by its path or by the folder that it lies in.

    Raises: UserError when it is missing, too large, or not JSON.
    """
    file = find_tokenizer(path)
    raw = _read_json(file)
    if not isinstance(raw, dict) or not isinstance(raw.get("model"), dict):
        raise UserError(f"not a tokenizer.json: it has no table called `model` (in {file})")
    return raw


def find_tokenizer(path: Path) -> Path:
    """Give the path of the `tokenizer.json`, for a path that may be its folder."""
    return path / "tokenizer.json" if path.is_dir() else path


def read_end_name(file: Path) -> str | None:
    """Give the name of the end token by the `tokenizer_config.json` beside the file, or None."""
    config = file.with_name("tokenizer_config.json")
    table = _read_json(config) if config.is_file() else None
    name = table.get("eos_token") if isinstance(table, dict) else None
    name = name.get("content") if isinstance(name, dict) else name
    return name if isinstance(name, str) and name else None


def _write_json(path: Path, table: Specification) -> None:
    text = json.dumps(table, ensure_ascii=False, indent=2) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def _read_json(path: Path) -> Any:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise UserError(f"{path} is too large: got {size:,} bytes, at most {LARGEST_FILE:,}")
        return json.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"not a JSON file: {error} (in {path})") from None
