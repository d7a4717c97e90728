"""A file that a person named by URL or hub path, brought to this machine once and verified.

https://host/file.txt                   any web server
https://host/file.txt#sha256=9f86...    and the checksum that it must have
hub:owner/name/path/file.txt            a data set or a model repository of Hugging Face
"""

import hashlib
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from naepo.config import UserError
from naepo.interop.network import HUB, blocks, open_address, shown

Progress = Callable[[int, int | None], None]
"""Is told how many bytes have come, and how many there are if the server said so."""

MAX_BYTES = 20 * 10**9


def is_remote(source: str) -> bool:
    """Tell whether a source names something on a network, not a path.

    >>> is_remote("https://host/a.txt"), is_remote("hub:owner/name/a.txt"), is_remote("notes/a.txt")
    (True, True, False)
    """
    return source.lower().startswith(("http://", "https://", HUB))


def fetch(
    source: str,
    folder: Path,
    *,
    sha256: str | None = None,
    on_progress: Progress | None = None,
    max_bytes: int = MAX_BYTES,
) -> Path:
    """Give the local copy of a source, downloaded when `folder` does not hold it yet.

    Beside the file lies its checksum, `FILE.sha256`; a copy that is there already is verified
    against it and then used without any network. A download that fails leaves nothing behind.

    sha256: the checksum that the file must have, 64 hex digits; `#sha256=` in the source says the
    same. max_bytes: the largest file to take.

    Raises: UserError for a source that is none, no network, a server's refusal, a download that
    breaks off, a file that is too large, a full disk, or a checksum that is not the expected one.
    """
    address, expected = _parse(source, sha256)
    target = folder / _file_name(address)
    if target.is_file() and _sum_file(target).is_file():
        _verify_copy(target, expected)
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix="fetching-") as unfinished:
            part = Path(unfinished) / target.name
            _download(address, part, on_progress, max_bytes)
            _check_sum(part, address, expected)
            _sum_file(target).unlink(missing_ok=True)
            part.replace(target)
            _sum_file(part).replace(_sum_file(target))
    except OSError as error:
        raise UserError(f"could not write to {folder}: {error.strerror or error}") from None
    return target


def _parse(source: str, sha256: str | None) -> tuple[str, str | None]:
    """Split a source into its address and the checksum that it must have, if one was given."""
    if not is_remote(source):
        raise UserError(
            f"only http://, https:// and hub: addresses can be fetched, got {source}",
            hint="name a file on this machine by its plain path",
        )
    address, _, fragment = source.partition("#")
    key, _, in_source = fragment.partition("=")
    if fragment and key != "sha256":
        raise UserError(f"unknown `#{fragment}` in {source}", hint="write #sha256= and 64 digits")
    sums = {each.lower() for each in (in_source if fragment else None, sha256) if each is not None}
    for each in sums:
        if not re.fullmatch("[0-9a-f]{64}", each):
            raise UserError(f"a sha256 has 64 hexadecimal digits, got `{each}`")
    if len(sums) > 1:
        raise UserError(f"two different checksums for one source: {' and '.join(sorted(sums))}")
    return address, next(iter(sums), None)


def _file_name(address: str) -> str:
    """Give the name of the local copy: the address decides it, and its end stays readable."""
    last = unquote(shown(address).rsplit("/", 1)[-1])
    readable = re.sub(r"[^\w.-]+", "_", last)[-60:] or "file"
    return f"{hashlib.sha256(address.encode()).hexdigest()[:16]}-{readable}"


def _sum_file(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def _verify_copy(target: Path, expected: str | None) -> None:
    """Raises: UserError when the copy is not what was fetched, or not what is expected."""
    recorded = _sum_file(target).read_text(encoding="utf-8", errors="replace").split(" ")[0]
    with target.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != recorded:
        raise UserError(
            f"the copy fetched earlier has changed: its sha256 is {actual}, it was {recorded}",
            hint=f"delete {target} to fetch it again",
        )
    if expected is not None and actual != expected:
        raise UserError(
            f"the copy fetched earlier has the sha256 {actual}, expected {expected}",
            hint=f"correct the checksum, or delete {target} to fetch it again",
        )


def _check_sum(part: Path, address: str, expected: str | None) -> None:
    """Raises: UserError when the checksum beside a download is not the expected one."""
    actual = _sum_file(part).read_text(encoding="utf-8").split(" ")[0]
    if expected is not None and actual != expected:
        raise UserError(
            f"the sha256 of {shown(address)} is {actual}, expected {expected}",
            hint="the file is not the one that was meant; nothing was kept",
        )


def _download(address: str, part: Path, on_progress: Progress | None, max_bytes: int) -> None:
    """Write what an address holds to `part`, and its checksum beside it."""
    digest = hashlib.sha256()
    n_bytes = 0
    with open_address(address) as response, part.open("wb") as file:
        total: int | None = response.length
        _check_size(address, total or 0, max_bytes)
        for block in blocks(response, address):
            n_bytes += len(block)
            _check_size(address, n_bytes, max_bytes)
            digest.update(block)
            file.write(block)
            if on_progress is not None:
                on_progress(n_bytes, total)
    if total is not None and n_bytes != total:
        raise UserError(
            f"the download of {shown(address)} ended early: got {n_bytes} of {total} bytes",
            hint="try again",
        )
    _sum_file(part).write_text(f"{digest.hexdigest()}  {part.name}\n", encoding="utf-8")


def _check_size(address: str, n_bytes: int, max_bytes: int) -> None:
    if n_bytes > max_bytes:
        raise UserError(
            f"{shown(address)} is too large: {n_bytes} bytes or more, at most {max_bytes} "
            "are fetched",
            hint="download it by other means and name the local file",
        )
