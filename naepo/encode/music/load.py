"""A saved music encoder, opened again: `music.json` beside its `tokenizer.json` says what it is."""

import json
from pathlib import Path
from typing import Any

from naepo.config import UserError
from naepo.encode import tokenizer_files
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.events import KINDS, EventEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.merges import MergedEncoder
from naepo.encode.music.words import SETTINGS

MERGED = "+bpe"
ALL_KINDS = (*("grid", *KINDS), *(kind + MERGED for kind in ("grid", *KINDS)))
"""Every kind of music encoder that there is."""


def load_music_encoder(folder: Path) -> MusicEncoder | None:
    """Open the encoder that was saved in a folder; None when the folder has no `music.json`.

    Raises: UserError when the file is broken, or is not of the `tokenizer.json` beside it.
    """
    file = folder / SETTINGS
    if not file.is_file():
        return None
    try:
        made = make(json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise UserError(f"cannot make an encoder of {file}: {error}") from None
    beside = tokenizer_files.read_tokenizer(folder)
    if tokenizer_files.fingerprint(beside) != tokenizer_files.fingerprint(made.specification):
        raise UserError(
            f"{file} and the tokenizer.json beside it are of two different encoders",
            hint="copy both files from the same folder",
        )
    return made


def make(settings: dict[str, Any]) -> GridEncoder | EventEncoder | MergedEncoder:
    """Make the encoder that settings tell. Raises: UserError, TypeError or KeyError."""
    told = dict(settings)
    kind = told.pop("kind")
    if kind.endswith(MERGED):
        base = make(told["base"])
        assert not isinstance(base, MergedEncoder)
        return MergedEncoder(base, told["merges"])
    if kind == "grid":
        return GridEncoder(**{"notation": 1, **told})  # the first one did not tell its number
    return EventEncoder(kind, **told)
