"""Many files of music at once: read in parallel, kept by content, and none lost to a broken one."""

import hashlib
import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from naepo.config import UserError
from naepo.encode.cache import Cache, commit, writing
from naepo.encode.meter import OnProgress, silent
from naepo.encode.music.kept_scores import Failure, from_bytes
from naepo.encode.music.midi import import_symusic
from naepo.encode.music.readers import MEBIBYTES, SECONDS, Readers, Ticket
from naepo.encode.music.reading import VERSION, format_of, read_content
from naepo.encode.music.score import Score

PHASE = "music"
AHEAD = 64
"""How many files may be read before the first of them is asked for."""


@dataclass(frozen=True)
class Broken:
    """A file, or one tune of a book of tunes, that gave no score, and why."""

    path: Path
    reason: str


def read_all(
    paths: Sequence[Path],
    *,
    cache: Path | None = None,
    workers: int | None = None,
    on_progress: OnProgress = silent,
    seconds: float = SECONDS,
    mebibytes: int = MEBIBYTES,
) -> Iterator[Score | Broken]:
    """Read files of music, in the order of their paths. A broken file is told, never raised.

    Each file gives one score or one `Broken`; a book of tunes in ABC gives one of these a tune.
    What a file gave is kept under the hash of its content, so that it is read only once.

    cache: the cache folder; None is naepo's own.  workers: processes; None is one a core.
    on_progress: called after each file with "music" and the share of the files that is done.
    seconds, mebibytes: the most that one file may take.

    Raises: UserError where symusic is needed and missing, or the cache cannot be written.
    """
    files = read_files(
        paths,
        cache=cache,
        workers=workers,
        on_progress=on_progress,
        seconds=seconds,
        mebibytes=mebibytes,
    )
    with closing(files):
        for _, found in files:
            yield from found


def read_files(
    paths: Sequence[Path],
    *,
    cache: Path | None = None,
    workers: int | None = None,
    on_progress: OnProgress = silent,
    seconds: float = SECONDS,
    mebibytes: int = MEBIBYTES,
) -> Generator[tuple[Path, list[Score | Broken]], None, None]:
    """Read as `read_all` does; give each path with all that its file gave."""
    workers = workers or len(os.sched_getaffinity(0))
    with (
        Cache(cache) as kept,
        Readers(workers, seconds=seconds, mebibytes=mebibytes) as readers,
    ):
        library = _Library(kept, readers)
        for n_done, (path, ticket) in enumerate(library.read(paths), 1):
            assert ticket.answer is not None
            answer = ticket.answer
            yield path, [f if isinstance(f, Score) else Broken(path, f.reason) for f in answer]
            on_progress(PHASE, n_done / len(paths))


class _Library:
    """Looks a file up, and has it read where it is not known."""

    def __init__(self, cache: Cache, readers: Readers) -> None:
        self._cache = cache
        self._folder = cache.folder("scores")
        self._readers = readers

    def read(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Ticket]]:
        """Give each path with its answer, in order; some files ahead are read meanwhile."""
        waiting: deque[tuple[Path, Ticket, Path | None]] = deque()
        for path in paths:
            waiting.append((path, *self._begin(path)))
            while waiting[0][1].answer is not None or len(waiting) > AHEAD:
                yield self._finish(*waiting.popleft())
                if not waiting:
                    break
        while waiting:
            yield self._finish(*waiting.popleft())

    def _begin(self, path: Path) -> tuple[Ticket, Path | None]:
        """Give what is known of a file at once, or hand it in; and where to keep the answer."""
        try:
            content = read_content(path)
            format = format_of(content, path)
        except UserError as error:
            return Ticket([Failure(error.message)]), None
        digest = hashlib.sha256(content).hexdigest()
        place = self._folder / digest[:2] / f"{digest[2:]}-{format}-{VERSION}.json"
        known = _known(place)
        if known is not None:
            return Ticket(known), None
        if format != "musicxml":
            import_symusic()
        return self._readers.hand_in(format, content), place

    def _finish(self, path: Path, ticket: Ticket, place: Path | None) -> tuple[Path, Ticket]:
        self._readers.wait_for(ticket)
        if place is not None and ticket.is_certain:
            self._keep(place, ticket.raw)
        return path, ticket

    def _keep(self, place: Path, raw: bytes) -> None:
        with writing(self._cache.root):
            place.parent.mkdir(exist_ok=True)
            temporary = self._cache.scratch() / place.name
            temporary.write_bytes(raw)
            commit(temporary, place)


def _known(place: Path) -> list[Score | Failure] | None:
    """Give what is kept of a file; None where nothing is, or what is there is damaged."""
    try:
        return from_bytes(place.read_bytes())
    except (OSError, ValueError):
        return None
