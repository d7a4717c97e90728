"""The folder in which naepo keeps what it would otherwise compute again.

Everything in it appears whole or not at all, and can be deleted at any time.
"""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from naepo.config import UserError

ABANDONED_AFTER = 24 * 3600
"""Seconds after which a temporary folder in which nothing changes is taken for a dead one."""
TEMPORARY = ".tmp-"


class Cache:
    """A cache folder, made on need: `root`, or `$XDG_CACHE_HOME/naepo`, or `~/.cache/naepo`."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or _default_root()
        self._scratch: Path | None = None

    def __enter__(self) -> "Cache":
        return self

    def __exit__(self, *error: object) -> None:
        self.clear_scratch()

    def folder(self, name: str) -> Path:
        """Give the folder of this name inside the cache, and make it if need be."""
        path = self.root / name
        with writing(self.root):
            path.mkdir(parents=True, exist_ok=True)
        return path

    def is_at(self, status: os.stat_result) -> bool:
        """Whether a folder's status is that of the cache itself."""
        with suppress(OSError):
            own = self.root.stat()
            return (own.st_dev, own.st_ino) == (status.st_dev, status.st_ino)
        return False

    def scratch(self) -> Path:
        """Give a folder of this process alone, gone after `clear_scratch`."""
        if self._scratch is None:
            parent = self.folder("corpora")
            remove_abandoned(parent)
            self._scratch = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=parent))
        return self._scratch

    def clear_scratch(self) -> None:
        """Remove the scratch folder."""
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None


def _default_root() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    if home and Path(home).is_absolute():
        return Path(home) / "naepo"
    try:
        return Path.home() / ".cache" / "naepo"
    except RuntimeError:
        raise UserError(
            "there is no home folder to keep a cache in",
            hint="set XDG_CACHE_HOME to a folder in which you may write",
        ) from None


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn a full disk or a locked folder into something that a person can act on."""
    try:
        yield
    except OSError as error:
        hint = "set XDG_CACHE_HOME to a folder with room in which you may write"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(f"the disk is full: {_free(folder)} in {folder}", hint=hint) from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise UserError(f"cannot write in {folder}: {error.strerror}", hint=hint) from None
        raise


def _free(folder: Path) -> str:
    with suppress(OSError):
        return f"{shutil.disk_usage(folder).free >> 20:,} MiB are free"
    return "little is free"


def commit(temporary: Path, final: Path) -> None:
    """Let a finished folder or file appear under its final name, safe from a power cut.

    If another process was first, its work stays and ours is removed.
    """
    for path in [*sorted(temporary.rglob("*")), temporary] if temporary.is_dir() else [temporary]:
        _fsync(path)
    try:
        temporary.rename(final)
    except OSError:
        if not final.exists():
            raise
        shutil.rmtree(temporary, ignore_errors=True)
    _fsync(final.parent)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def set_aside(folder: Path) -> None:
    """Remove a folder that is not to be used again; at no moment is half of it under its name."""
    aside = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=folder.parent))
    with suppress(OSError):
        folder.rename(aside / "broken")
    shutil.rmtree(aside, ignore_errors=True)


def remove_abandoned(parent: Path) -> None:
    """Remove the temporary folders of processes that died long ago."""
    for folder in parent.glob(TEMPORARY + "*"):
        with suppress(OSError):
            newest = max(path.stat().st_mtime for path in [folder, *folder.rglob("*")])
            if time.time() - newest > ABANDONED_AFTER:
                shutil.rmtree(folder, ignore_errors=True)
