"""Which files hold music, and reading one of them.

What a file is, its first bytes say; its ending decides only where they do not.
"""

import stat
from pathlib import Path

from naepo.config import UserError
from naepo.encode.music.abc import read_abc
from naepo.encode.music.midi import read_midi
from naepo.encode.music.musicxml import read_musicxml
from naepo.encode.music.score import Score

ENDINGS = {
    ".mid": "midi",
    ".midi": "midi",
    ".musicxml": "musicxml",
    ".mxl": "musicxml",
    ".xml": "musicxml",
    ".abc": "abc",
}
"""Endings of files of music, in small letters, and the format of each."""
VERSION = 3
"""Counted up when a reader gives something else for the same bytes: what is kept is read anew."""
MAX_BYTES = 64 << 20
MAX_QUARTERS = 200_000
"""More than a day of music at 120 quarter notes a minute: such times are damage, not music."""
READERS = {"midi": read_midi, "musicxml": read_musicxml, "abc": read_abc}


def read_score(path: Path) -> Score:
    """Read one file of music: MIDI, MusicXML (also compressed) or ABC (its first tune).

    Raises: UserError, with the file, for one that is missing, broken, too large, or holds no note.
    """
    try:
        content = read_content(path)
        return parse(content, format_of(content, path))
    except UserError as error:
        raise UserError(f"{error.message} ({path})", hint=error.hint) from None


def read_content(path: Path) -> bytes:
    """Give the bytes of a file. Raises: UserError for one that cannot be read, or is too large."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UserError("not a file")
        if status.st_size > MAX_BYTES:
            raise UserError(
                f"it has {status.st_size >> 20} MiB; at most {MAX_BYTES >> 20} are read"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError("no such file") from None
    except (OSError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None


def format_of(content: bytes, path: Path) -> str:
    """Give the format of a file of music: `midi`, `musicxml` or `abc`.

    Raises: UserError for a file of another kind.
    """
    if content[:4] == b"MThd" or (content[:4] == b"RIFF" and content[8:12] == b"RMID"):
        return "midi"
    if content[:2] == b"PK" or content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return "musicxml"
    format = ENDINGS.get(path.suffix.lower())
    if format is None:
        raise UserError("not a file of music", hint="give one of " + ", ".join(ENDINGS))
    return format


def parse(content: bytes, format: str) -> Score:
    """Read the bytes of a file of a known format.

    Raises: UserError for what is broken, holds no note, or lasts longer than a day.
    """
    if not content:
        raise UserError("it is empty")
    score = READERS[format](content)
    if not score.notes:
        raise UserError("it holds no note")
    if score.end > MAX_QUARTERS * score.ticks_per_quarter:
        raise UserError(f"its times run past {MAX_QUARTERS:,} quarter notes, so they are damaged")
    return score
