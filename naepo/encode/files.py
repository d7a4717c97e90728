"""Files as they lie on disk: opened without ever waiting, unpacked, named, and hashed."""

import gzip
import hashlib
import lzma
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedIOBase, BufferedReader
from pathlib import Path

from naepo.config import UserError

CHUNK = 1 << 20
"""Files are read in pieces of so many bytes."""
MAX_EXPANSION = 200
"""A packed file beyond `LARGE` bytes may unpack to at most so many times its size."""
LARGE = 1 << 30

Stamp = tuple[int, int, int, int]
"""Device, inode, size and time of change (ns): a file with the same stamp is likely unchanged."""


@dataclass(frozen=True)
class Source:
    """One file that text is read from.

    kind: text, jsonl, csv, tsv or parquet.  packing: "", gz or xz.  name: how a person knows it.
    column: where the text is, in a file that naepo wrote itself, in UTF-8.
    """

    path: Path
    name: str
    kind: str
    packing: str
    stamp: Stamp
    sha256: str = ""
    column: str | None = None

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.stamp[2]


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading, never waiting for the other end of a pipe.

    Raises: OSError; UserError when it is a folder, pipe, socket or device.
    """

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))

    kind = special_kind(path.stat().st_mode)
    if kind:
        raise UserError(f"{shown(path)} is {kind}, expected a file", hint=_special_hint(kind))
    file = open(path, "rb", opener=opener)  # noqa: SIM115
    kind = special_kind(os.fstat(file.fileno()).st_mode)
    if kind:
        file.close()
        raise UserError(f"{shown(path)} is {kind}, expected a file")
    return file


def special_kind(mode: int) -> str | None:
    """Say what a thing that is no regular file is, or None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFLNK: "a symbolic link",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")


def _special_hint(kind: str) -> str | None:
    return "to read from a pipe: ... | naepo train -" if kind in ("a pipe", "a device") else None


def stamp_of(status: os.stat_result) -> Stamp:
    """Give what tells a file from its earlier self without reading it."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def shown(path: Path | str) -> str:
    """Give a path as text that can be printed, whatever bytes its name is made of."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def hash_of(path: Path, on_bytes: Callable[[int], None] = lambda n: None) -> str:
    """Give the sha256 (hex) of a file's bytes."""
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while block := file.read(CHUNK):
            digest.update(block)
            on_bytes(len(block))
    return digest.hexdigest()


def chunks(source: Source, on_bytes: Callable[[int], None] = lambda n: None) -> Iterator[bytes]:
    """Give a file's bytes in pieces of at most `CHUNK`, unpacked.

    on_bytes: told how many bytes on disk were used up.
    Raises: UserError when a packed file is damaged, or unpacks to an absurd size.
    """
    with open_regular(source.path) as file:
        unpacked = _unpacking(file, source.packing)
        before = n_given = 0
        while block := _read(unpacked, source.name):
            here = file.tell()
            on_bytes(here - before)
            before = here
            n_given += len(block)
            if source.packing and n_given > LARGE and n_given > MAX_EXPANSION * source.size:
                raise UserError(
                    f"{source.name} unpacks to more than {MAX_EXPANSION} times its size "
                    f"({source.size:,} bytes)",
                    hint="if that is right, unpack it first and name the unpacked file",
                )
            yield block


def _unpacking(file: BufferedReader, packing: str) -> BufferedIOBase:
    if packing == "gz":
        return gzip.GzipFile(fileobj=file)
    return lzma.LZMAFile(file) if packing == "xz" else file


def _read(file: BufferedIOBase, name: str) -> bytes:
    try:
        return file.read(CHUNK)
    except (gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError) as error:
        raise UserError(f"{name} is damaged: {error}", hint="copy or pack it again") from None
    except OSError as error:
        raise UserError(f"cannot read {name}: {error.strerror}") from None
