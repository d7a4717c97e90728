"""What the operating system says when a disk refuses, in words that a person can act on."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from naepo.checkpoint.manifest import verify
from naepo.checkpoint.run import home_of, saved
from naepo.config import UserError

_MARGIN = 1 << 20
"""Bytes wanted beyond the tensors, for the tokenizer and the small files."""

_WORDS = {
    errno.ENOSPC: ("disk full", "free some space"),
    errno.EDQUOT: ("disk quota used up", "free some space or ask for a larger quota"),
    errno.EFBIG: ("file size limit reached", "raise the limit: ulimit -f unlimited"),
    errno.EROFS: ("the disk is read-only", "choose another --out"),
    errno.EACCES: ("no permission to write", "choose another --out"),
    errno.EPERM: ("no permission to write", "choose another --out"),
    errno.EIO: ("the disk reports a read or write error", "look at the disk, or copy the run away"),
}
_OF_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def told_plainly(run: Path, n_needed: int) -> Iterator[None]:
    """Turn an `OSError` inside the `with` into a UserError with sizes and the last good checkpoint.

    n_needed: bytes that were to be written.
    """
    try:
        yield
    except OSError as error:
        raise _in_words(run, n_needed, error) from error


def refuse_if_too_full(run: Path, n_needed: int) -> None:
    """Raise ENOSPC before a byte is written when the disk has no room for `n_needed` bytes."""
    if shutil.disk_usage(home_of(run)).free < n_needed + _MARGIN:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(home_of(run)))


def _in_words(run: Path, n_needed: int, error: OSError) -> UserError:
    problem, cure = _WORDS.get(error.errno or 0, (error.strerror or str(error), "look at the disk"))
    last = _last_good(run)
    kept = f"the last good checkpoint is {last}" if last else "there is no earlier checkpoint"
    place = f"{home_of(run)}"
    if error.errno in _OF_ROOM:
        place = f"{_mb(n_needed + _MARGIN)} needed, {_free(run)} free at {place}"
    return UserError(
        f"{problem}: {place}; {kept}",
        hint=f"{cure}, then: naepo resume {run}" if last else cure,
    )


def _last_good(run: Path) -> Path | None:
    """Find the newest checkpoint that verifies; unlike `newest`, touch nothing on a sick disk."""
    try:
        for folder in saved(run):
            try:
                verify(folder)
            except (UserError, OSError):
                continue
            return folder
    except OSError:
        pass
    return None


def _free(run: Path) -> str:
    existing = next(path for path in [home_of(run), run, *run.absolute().parents] if path.exists())
    return _mb(shutil.disk_usage(existing).free)


def _mb(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB"
