"""Scores to files. A file appears whole under its name, or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from naepo.config import UserError
from naepo.encode.music.midi_writing import to_midi
from naepo.encode.music.musicxml_writing import to_musicxml
from naepo.encode.music.score import Score


def write_midi(score: Score, path: Path) -> None:
    """Write a score as a MIDI file.

    Raises: UserError for what MIDI cannot say (see `to_midi`), or where nothing can be written.
    """
    _write(to_midi(score), path)


def write_musicxml(score: Score, path: Path) -> None:
    """Write a score as a MusicXML file.

    Raises: UserError where nothing can be written.
    """
    _write(to_musicxml(score).encode(), path)


def _write(content: bytes, path: Path) -> None:
    """Write beside the file, then rename: who reads it meanwhile sees the old one, or the new."""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from None
    finally:
        with suppress(OSError):
            Path(temporary).unlink()


def _umask() -> int:
    """Give the mask of permissions of this process, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
