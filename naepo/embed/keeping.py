"""A folder of vectors or weights: it appears whole or not at all, in place of an older one."""

import errno
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor

from naepo.checkpoint.folder import Draft, make_folder, new_folder, sweep
from naepo.checkpoint.tensors import to_pieces
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
        with new_folder(final, replaces=True) as draft:
            yield draft
    except OSError as error:
        is_full = error.errno in _FULL
        raise UserError(
            f"cannot write {final}: {error.strerror or error}",
            hint="free some space" if is_full else "choose another place: --out FOLDER",
        ) from error


def fingerprint(weights: Mapping[str, Tensor]) -> str:
    """Give sha256 (hex) over weights and their names: equal ones make equal vectors."""
    digest = hashlib.sha256()
    for piece in to_pieces(weights):
        digest.update(piece)
    return digest.hexdigest()
