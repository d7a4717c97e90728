"""A folder with a manifest of every byte in it, so that what is opened is what was written."""

import hashlib
import json
from pathlib import Path
from typing import Any

from naepo.config import UserError
from naepo.encode.files import hash_of

MANIFEST = "corpus.json"
HASHED = 64 << 20
"""Files below so many bytes are hashed each time they are opened; of larger ones, the size."""


def sha256_of_table(table: Any) -> str:
    """Give the sha256 (hex) of plain tables and lists, whatever the order of their keys."""
    text = json.dumps(table, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def seal(folder: Path, table: dict[str, Any]) -> None:
    """Write the manifest: `table`, the size and hash of each file, and a hash of all this."""
    files = {
        path.relative_to(folder).as_posix(): [path.stat().st_size, hash_of(path)]
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    sealed = {**table, "files": files}
    sealed["sha256"] = sha256_of_table(sealed)
    (folder / MANIFEST).write_text(json.dumps(sealed, indent=1), encoding="ascii")


def unseal(folder: Path) -> dict[str, Any]:
    """Read the manifest, and check every file against it.

    Raises: UserError when anything is missing or damaged.
    """
    path = folder / MANIFEST
    try:
        table = json.loads(path.read_bytes())
        sha256 = table.pop("sha256")
    except (OSError, ValueError, AttributeError, TypeError, KeyError, RecursionError) as error:
        raise UserError(f"no corpus can be opened here: {error!r} (in {path})") from None
    if sha256_of_table(table) != sha256:
        raise UserError(f"damaged: {path} is not what was written")
    for name, (size, expected) in table["files"].items():
        _check(folder / name, size, expected)
    return table


def _check(path: Path, size: int, sha256: str) -> None:
    try:
        got = path.stat().st_size
        same = got == size and (size >= HASHED or hash_of(path) == sha256)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    if not same:
        raise UserError(
            f"damaged: {path} has {got:,} bytes, expected {size:,} bytes with sha256 {sha256[:12]}"
        )
