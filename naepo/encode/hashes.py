"""The hash of each file that is read: how a changed file is noticed, even one of the same size."""

import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from naepo.config import UserError
from naepo.encode.cache import TEMPORARY, Cache
from naepo.encode.files import Source, hash_of, stamp_of


class KnownHashes:
    """The sha256 of large files, known from before, so that they are not read again to see them.

    A hash is believed while device, inode, size and time of change are what they were, and the
    file had rested for `SETTLED` when it was hashed. Files below `ALWAYS_READ` are always read.
    """

    ALWAYS_READ = 64 << 20
    """Bytes."""
    SETTLED = 2_000_000_000
    """Nanoseconds: the coarsest clock of a file system in use."""

    def __init__(self, cache: Cache) -> None:
        self._file = cache.root / "hashes.json"

    def get(self, source: Source) -> str | None:
        """Give the hash of a large, unchanged file, or None."""
        if source.size < self.ALWAYS_READ:
            return None
        entry = self._read().get(str(source.path.resolve()))
        if isinstance(entry, dict) and entry.get("stamp") == list(source.stamp):
            return str(entry.get("sha256"))
        return None

    def put(self, source: Source) -> None:
        """Remember the hash of a file that was just read."""
        if source.size < self.ALWAYS_READ or time.time_ns() - source.stamp[3] < self.SETTLED:
            return
        entry = {"stamp": source.stamp, "sha256": source.sha256}
        table = {**self._read(), str(source.path.resolve()): entry}
        with suppress(OSError):  # a hash that is not remembered is computed again
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=self._file.parent)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump(table, file)
            Path(name).replace(self._file)

    def _read(self) -> dict[str, Any]:
        try:
            table = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return table if isinstance(table, dict) else {}


def refuse_if_changed(source: Source) -> None:
    """Raise a UserError when a file is no longer the one that was found."""
    try:
        same = stamp_of(source.path.stat()) == source.stamp
    except OSError:
        same = False
    if not same:
        raise UserError(f"{source.name} was changed while it was being read", hint="run it again")


def hash_source(
    source: Source, known: KnownHashes, on_bytes: Callable[[int], None] = lambda n: None
) -> Source:
    """Give the source with the hash of its content.

    Raises: UserError when it cannot be read, or changes meanwhile.
    """
    sha256 = known.get(source)
    if sha256 is not None:
        on_bytes(source.size)
        return replace(source, sha256=sha256)
    try:
        hashed = replace(source, sha256=hash_of(source.path, on_bytes))
    except OSError as error:
        raise UserError(f"cannot read {source.name}: {error.strerror}") from None
    refuse_if_changed(source)
    known.put(hashed)
    return hashed
