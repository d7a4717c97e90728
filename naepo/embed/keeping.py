"""A folder of vectors or weights: it appears whole or not at all, in place of an older one."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from naepo.checkpoint.folder import Draft, make_folder, new_folder, remove, sweep
from naepo.config import UserError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def kept(final: Path) -> Iterator[Draft]:
    """Give a draft to write into; it appears as `final` at the end, and what had the name goes.

    Raises: UserError when the disk refuses; what was there is then as it was.
    """
    try:
        make_folder(final.parent)
        sweep(final.parent)
        with new_folder(final) as draft:
            yield draft
            if final.exists():
                remove(final)
    except OSError as error:
        is_full = error.errno in _FULL
        raise UserError(
            f"cannot write {final}: {error.strerror or error}",
            hint="free some space" if is_full else "choose another place: --out FOLDER",
        ) from error
