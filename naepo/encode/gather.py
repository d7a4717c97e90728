"""From names to one spool of text: find the files, hash them, read them, normalise."""

from dataclasses import dataclass
from pathlib import Path

from naepo.config import UserError
from naepo.encode.cache import Cache
from naepo.encode.decoding import Reading
from naepo.encode.files import Source
from naepo.encode.formats import documents
from naepo.encode.hashes import KnownHashes, hash_source, refuse_if_changed
from naepo.encode.meter import Meter, OnProgress
from naepo.encode.settings import DataSettings
from naepo.encode.sources import find_sources
from naepo.encode.spool import Spool
from naepo.encode.tally import Tally


@dataclass(frozen=True)
class Found:
    """The files of a corpus, with their hashes, and what was noticed on the way to them."""

    sources: tuple[Source, ...]
    tally: Tally

    @property
    def names(self) -> list[str]:
        """The files as a person knows them."""
        return [source.name for source in self.sources]

    @property
    def n_bytes(self) -> int:
        """All their sizes on disk."""
        return sum(source.size for source in self.sources)

    @property
    def contents(self) -> list[list[str | None]]:
        """What decides the text: contents and kinds, in order; no paths, no times."""
        return [[s.sha256, s.kind, s.packing, s.column] for s in self.sources]


def gather(settings: DataSettings, cache: Cache, on_progress: OnProgress) -> Found:
    """Find and hash the files behind `settings.sources`.

    Raises: UserError for what is not there or cannot be read.
    """
    tally = Tally()
    sources = find_sources(settings.sources, cache, tally, on_progress)
    meter = Meter("check", sum(source.size for source in sources), on_progress)
    known = KnownHashes(cache)
    hashed = tuple(hash_source(source, known, meter.add) for source in sources)
    meter.end()
    return Found(hashed, tally)


def read_into(
    folder: Path, found: Found, settings: DataSettings, on_progress: OnProgress
) -> tuple[Spool, Tally]:
    """Read all files into a spool in `folder`; give it, closed, and what was noticed.

    Raises: UserError for text that cannot be read, a file that changes, or no text at all.
    """
    tally = Tally()
    meter = Meter("read", found.n_bytes, on_progress)
    with Spool(folder, settings.normalize) as spool:
        for number, source in enumerate(found.sources):
            reading = Reading(
                encoding="utf-8" if source.column else settings.encoding,
                column=settings.column,
                note=lambda what, times, number=number: tally.add(what, number, times),
                on_bytes=meter.add,
            )
            spool.add(documents(source, reading), source.name)
            refuse_if_changed(source)
    meter.end()
    if not spool.n_characters:
        lines = (*found.tally.lines(), *tally.lines(found.names))
        raise UserError("the corpus is empty" + "".join(f"\n  {line}" for line in lines))
    return spool, tally
