"""A folder that appears whole or not at all, whatever happens while it is written.

In: names and bytes. Out: a folder with a manifest. The order is: write, fsync each file, fsync the
folders, rename, fsync the parent. It knows nothing of models, and never deletes what is broken.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from naepo.checkpoint.faults import reach
from naepo.checkpoint.manifest import MANIFEST, PIECE, Entry, entry_of, files_in, manifest_text


class Draft:
    """A folder in the making, under a temporary name beside its final one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, Entry] = {}

    def write(self, name: str, pieces: Iterable[bytes | memoryview]) -> None:
        """Write one file; what is hashed is what was meant, not what was read back."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        reach("open", path)
        with path.open("wb") as stream:
            for piece in _in_pieces(pieces):
                reach("write", path)
                stream.write(piece)
                digest.update(piece)
                size += len(piece)
            reach("flush", path)
        self._known[name] = Entry(digest.hexdigest(), size)

    def commit(self, final: Path, *, replaces: bool = False) -> None:
        """Seal the folder with a manifest and let it appear as `final`.

        replaces: whether what has that name goes, once all of this is on disk; else there must be
        nothing.
        """
        names = sorted(files_in(self.path))
        entries = {name: self._known.get(name) or entry_of(self.path / name) for name in names}
        self.write(MANIFEST, [manifest_text(entries).encode()])
        for name in [*names, MANIFEST]:
            _fsync(self.path / name)
        for folder in sorted(path for path in self.path.rglob("*") if path.is_dir()):
            _fsync(folder)
        _fsync(self.path)
        reach("rename", self.path)
        if replaces and final.exists():
            _exchange(self.path, final)
        else:
            self.path.rename(final)
            _fsync(final.parent)


@contextmanager
def new_folder(final: Path, *, replaces: bool = False) -> Iterator[Draft]:
    """Give a draft to write into; when the `with` ends without an error it appears as `final`.

    replaces: whether it takes the place of what has that name; else there must be nothing.
    After an error the draft is removed and nothing has changed. After a sudden death it stays
    behind under its temporary name, and `sweep` removes it.
    """
    temporary = final.parent / f".tmp-{final.name}-{os.getpid()}"
    reach("make folder", temporary)
    temporary.mkdir()
    held = os.open(temporary, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks: the draft is then never swept
            fcntl.flock(held, fcntl.LOCK_EX)
        draft = Draft(temporary)
        yield draft
        draft.commit(final, replaces=replaces)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    finally:
        os.close(held)


def sweep(parent: Path) -> None:
    """Remove what dead processes left behind: unfinished drafts and folders on their way out."""
    for path in parent.glob(".tmp-*"):
        if path.is_file():
            path.unlink(missing_ok=True)
        elif _is_abandoned(path):
            shutil.rmtree(path, ignore_errors=True)
    for path in parent.glob(".trash-*"):
        shutil.rmtree(path, ignore_errors=True)


def set_aside(folder: Path) -> Path:
    """Rename a broken folder to `*.broken`, so that nothing picks it; give its new place."""
    number, aside = 1, folder.with_name(f"{folder.name}.broken")
    while aside.exists():
        number += 1
        aside = folder.with_name(f"{folder.name}.broken-{number}")
    folder.rename(aside)
    _fsync(aside.parent)
    return aside


def remove(folder: Path) -> None:
    """Delete a folder so that a sudden death leaves it whole or gone, never half."""
    trash = _trash_of(folder)
    reach("rename to trash", folder)
    folder.rename(trash)
    _fsync(trash.parent)
    reach("delete", trash)
    shutil.rmtree(trash, ignore_errors=True)


def _exchange(new: Path, final: Path) -> None:
    """Let one folder take the place of another; after an error either the old or the new is there,
    whole. Only a power cut between the two renames leaves neither."""
    trash = _trash_of(final)
    reach("rename to trash", final)
    final.rename(trash)
    try:
        reach("rename", new)
        new.rename(final)
    except OSError:
        trash.rename(final)
        raise
    try:
        _fsync(final.parent)
    finally:
        shutil.rmtree(trash, ignore_errors=True)


def _trash_of(folder: Path) -> Path:
    """Give the name under which a folder goes, which `sweep` knows."""
    return folder.with_name(f".trash-{folder.name}-{os.getpid()}")


def write_line(path: Path, line: str) -> None:
    """Replace a one-line file, so that a sudden death leaves the old line or the new one."""
    temporary = path.with_name(f".tmp-{path.name}-{os.getpid()}")
    reach("open", temporary)
    temporary.write_text(line + "\n", encoding="utf-8")
    _fsync(temporary)
    reach("rename", temporary)
    temporary.replace(path)
    _fsync(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder and the ones above it, and see to it that they outlive a power cut."""
    if path.is_dir():
        return
    make_folder(path.parent)
    reach("make folder", path)
    path.mkdir(exist_ok=True)
    _fsync(path.parent)


def _in_pieces(parts: Iterable[bytes | memoryview]) -> Iterator[memoryview]:
    for part in parts:
        view = memoryview(part)
        for start in range(0, len(view), PIECE):
            yield view[start : start + PIECE]


def _is_abandoned(path: Path) -> bool:
    """Say whether no living process holds the lock on a draft; the kernel frees it at any death."""
    try:
        held = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(held)
    return True


def _fsync(path: Path) -> None:
    reach("fsync", path)
    held = os.open(path, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
