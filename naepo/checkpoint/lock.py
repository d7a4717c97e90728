"""One run, one process: a lock that the kernel opens again when its holder dies, however."""

import errno
import fcntl
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from socket import gethostname
from types import TracebackType

from naepo.checkpoint.folder import make_folder
from naepo.config import UserError


class RunLock:
    """Hold a run folder for as long as the `with` lasts; a second holder is refused.

    The file `lock` in the folder stays behind, empty; it is the kernel's lock on it that counts,
    so that a lock left by a dead process is no lock. When an error ends it before anything else was
    written, folders that were made for it go again.

    Raises: UserError when another process holds the folder, saying which one, where, since when.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self.path = run / "lock"

    def __enter__(self) -> "RunLock":
        self._made = [folder for folder in (self.run, *self.run.parents) if not folder.exists()]
        try:
            make_folder(self.run)
            self._held = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise UserError(
                f"cannot write into {self.run}: {error.strerror}", hint="choose another --out"
            ) from error
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._held, 1_000, 0)
            os.close(self._held)
            raise self._refusal(error, holder) from None
        self._note(json.dumps({"pid": os.getpid(), "host": gethostname(), "since": _now()}))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._note("")
        if error is not None and self._made:
            self._take_away()
        os.close(self._held)

    def _take_away(self) -> None:
        """Remove the folders that were made, when the lock is all they hold."""
        with suppress(OSError):
            if list(self.run.iterdir()) == [self.path]:
                self.path.unlink()
                for folder in self._made:
                    folder.rmdir()

    def _note(self, holder: str) -> None:
        """Write who holds it, for messages only: on a full disk the lock holds without."""
        with suppress(OSError):
            os.ftruncate(self._held, 0)
            os.pwrite(self._held, holder.encode(), 0)

    def _refusal(self, error: OSError, holder: bytes) -> UserError:
        if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
            return UserError(
                f"{self.run} lies on a file system without locks: {error.strerror}",
                hint="put the run on a local disk: --out PATH",
            )
        return UserError(
            f"{self.run} is in use: {_who(holder)}",
            hint="wait for it, stop it (kill -INT PID: it saves first), or choose another --out",
        )


def _who(holder: bytes) -> str:
    try:
        known = json.loads(holder)
        return f"process {known['pid']} on {known['host']} holds it since {known['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process holds it"


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
