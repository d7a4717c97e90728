"""Files that appear whole or not at all, and stay as they were when something goes wrong."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from naepo.config import UserError
from naepo.encode.files import shown


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to; it takes the name when all went well.

    Raises: UserError when the folder is missing, locked or full.
    """
    if path.is_dir():
        raise UserError(f"{shown(path)} is a folder, expected the name of a file")
    try:
        handle, name = tempfile.mkstemp(prefix=".tmp-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise _refusal(path, error) from None
    temporary = Path(name)
    try:
        yield temporary
        _as_usual(temporary)
        temporary.replace(path)
    except OSError as error:
        raise _refusal(path, error) from None
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def refuse_place(path: Path) -> None:
    """Check that a file can be written there: asked before the work, so that none is lost.

    Raises: UserError when it is a folder, or its own is missing, locked or full.
    """
    if path.is_dir():
        raise UserError(f"{shown(path)} is a folder, expected the name of a file")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _refusal(path, error) from None


def _as_usual(path: Path) -> None:
    """Give a file the permissions of any new one: a temporary one is for its owner alone."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def _refusal(path: Path, error: OSError) -> UserError:
    return UserError(
        f"cannot write {shown(path)}: {error.strerror or error}",
        hint="name a file in a folder that exists, has room and lets you write",
    )
