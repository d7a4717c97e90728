"""The manifest of a folder: the size and sha256 of each file, and the check against them.

In: a folder. Out: nothing when every byte is as it was written, else `Broken`, naming the file.
It reads bytes only: nothing is parsed before it has been verified but the manifest itself.
"""

import errno
import hashlib
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from naepo.config import UserError

MANIFEST = "manifest.json"
FORMAT = 1
LONGEST = 1 << 20
"""Bytes of a manifest; it has about 120 for each file."""
PIECE = 1 << 20
"""Bytes read or written at once."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_RESTORE = "copy the file again from where it came, or use an older checkpoint of the run"


class Broken(UserError):
    """A folder that is not as it was written: a file is missing, cut short, changed or renamed."""


class Entry(NamedTuple):
    """What the manifest says of one file."""

    sha256: str
    size: int


def verify(folder: Path, part: str = "") -> None:
    """Check the files of a folder against its manifest; those whose name begins with `part`.

    Hidden files and `README.md` may stand beside the listed ones; nothing else may.

    Raises: Broken, naming the file that is missing, cut short, changed or not listed.
    """
    entries = read_manifest(folder)
    _check_names(folder, set(entries))
    for name, entry in entries.items():
        size = (folder / name).stat().st_size
        if size != entry.size:
            raise Broken(
                f"{name} is {size:,} bytes long, expected {entry.size:,} (in {folder})",
                hint=_RESTORE,
            )
    for name, entry in entries.items():
        if name.startswith(part) and _entry_on_disk(folder / name) != entry:
            raise Broken(
                f"{name} has changed since it was written: its sha256 is not the one in "
                f"{MANIFEST} (in {folder})",
                hint=_RESTORE,
            )


def manifest_text(entries: dict[str, Entry], format: Any = FORMAT) -> str:
    """Give the one way in which a manifest is written, so that each byte of it can be checked."""
    assert all(_NAME.fullmatch(name) for name in entries), sorted(entries)
    files = {name: entry._asdict() for name, entry in entries.items()}
    return json.dumps({"files": files, "format": format}, indent=1, sort_keys=True) + "\n"


def read_manifest(folder: Path) -> dict[str, Entry]:
    """Read what each file of a folder should be, by name.

    Raises: Broken when it is missing, is not byte for byte what naepo writes, or names a place
    outside the folder.
    """
    if not (folder / MANIFEST).is_file():
        raise Broken(f"{MANIFEST} is missing (in {folder})", hint=_RESTORE)
    try:
        entries, format = _parse(_read_capped(folder / MANIFEST))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Broken(
            f"{MANIFEST} has changed since it was written (in {folder})", hint=_RESTORE
        ) from None
    if format != FORMAT:
        raise Broken(
            f"{MANIFEST} has format {format!r}, expected {FORMAT} (in {folder})",
            hint="if a newer naepo wrote it: pip install --upgrade naepo",
        )
    return entries


def entry_of(path: Path) -> Entry:
    """Give the sha256 and the size of a file, read piece by piece (about 1 GB/s on one core)."""
    digest, size = hashlib.sha256(), 0
    buffer = bytearray(PIECE)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as stream:
        while n_read := stream.readinto(buffer):
            digest.update(view[:n_read])
            size += n_read
    return Entry(digest.hexdigest(), size)


def files_in(folder: Path) -> set[str]:
    """List the files under a folder by relative name, the hidden ones left out."""
    names = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return {
        name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts)
    }


def _parse(content: bytes) -> tuple[dict[str, Entry], Any]:
    """Raise one of five errors when the bytes are not what `manifest_text` would write."""
    written = json.loads(content.decode("ascii"))
    entries = {name: Entry(**entry) for name, entry in written["files"].items()}
    if not all(_NAME.fullmatch(name) for name in entries):
        raise ValueError("a name that leads out of the folder")
    if manifest_text(entries, written["format"]).encode() != content:
        raise ValueError("not in the form that naepo writes")
    return entries, written["format"]


def _read_capped(path: Path) -> bytes:
    with path.open("rb") as stream:
        content = stream.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise ValueError(f"longer than {LONGEST} bytes")
    return content


def _check_names(folder: Path, listed: set[str]) -> None:
    present = files_in(folder) - {MANIFEST, "README.md"}
    unlisted = sorted(present - listed)
    missing = sorted(name for name in listed if not (folder / name).is_file())
    if missing:
        raise Broken(
            f"{missing[0]} is missing (in {folder})",
            hint=f"was it renamed to {unlisted[0]}? if not, {_RESTORE}" if unlisted else _RESTORE,
        )
    if unlisted:
        raise Broken(
            f"{unlisted[0]} is not in {MANIFEST} (in {folder})",
            hint=f"move it out of the folder: mv {folder / unlisted[0]} .",
        )


def _entry_on_disk(path: Path) -> Entry:
    try:
        return entry_of(path)
    except OSError as error:
        kind = Broken if error.errno == errno.EIO else UserError
        raise kind(f"{path} cannot be read: {error.strerror}", hint=_RESTORE) from error
