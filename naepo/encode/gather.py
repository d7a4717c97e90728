"""From names to one spool of text: find the files, hash them, read them, normalise."""

from dataclasses import dataclass
from pathlib import Path

from naepo.config import UserError
from naepo.encode.cache import Cache
from naepo.encode.decoding import Reading
from naepo.encode.encoder import Encoder
from naepo.encode.files import Source
from naepo.encode.formats import documents
from naepo.encode.hashes import KnownHashes, hash_source, refuse_if_changed
from naepo.encode.meter import Meter, OnProgress
from naepo.encode.music.corpus import KIND as MUSIC
from naepo.encode.music.corpus import KINDS as MUSIC_KINDS
from naepo.encode.music.corpus import Library, choose, notations
from naepo.encode.music.encoder import MusicEncoder
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
    def is_music(self) -> bool:
        """Whether the files hold music.

        Raises: UserError when some do, and some hold text.
        """
        music = [source.name for source in self.sources if source.kind == MUSIC]
        text = [source.name for source in self.sources if source.kind != MUSIC]
        if music and text:
            raise UserError(
                f"{len(music):,} files of music and {len(text):,} of text were named: {music[0]}, "
                f"{text[0]}; a corpus is of one kind",
                hint="name them apart: naepo train 'folder/**/*.mid'",
            )
        return bool(music)

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


@dataclass(frozen=True)
class Read:
    """A corpus as text, and what was noticed in reading it.

    encoder, reason: of music, whose notation the text is; None for text.
    """

    spool: Spool
    tally: Tally
    encoder: MusicEncoder | None = None
    reason: str = ""


def read_into(
    folder: Path,
    found: Found,
    settings: DataSettings,
    on_progress: OnProgress,
    *,
    cache: Cache,
    encoder: Encoder | None = None,
) -> Read:
    """Read all files into a spool in `folder`, which is closed then.

    encoder: the one whose notation music is written in; None chooses one that suits it.

    Raises: UserError for text that cannot be read, a file that changes, no text at all, or music
    together with text.
    """
    if found.is_music:
        return _read_music(folder, found, settings, on_progress, cache, encoder)
    if encoder is not None and encoder.unit == "event":
        raise UserError(
            f"the encoder is one of music, and {found.names[0]} is text",
            hint="name files that end in .mid, .musicxml, .mxl or .abc",
        )
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
    _refuse_if_empty(spool, found, tally)
    return Read(spool, tally)


def _read_music(
    folder: Path,
    found: Found,
    settings: DataSettings,
    on_progress: OnProgress,
    cache: Cache,
    encoder: Encoder | None,
) -> Read:
    """Write every piece in the words of one encoder."""
    tally = Tally()

    def note(what: str, number: int) -> None:
        tally.add(what, number)

    library = Library([source.path for source in found.sources], cache.root, on_progress)
    reason = ""
    if encoder is None:
        encoder, reason = choose(library, _wish(settings), note)
    elif not isinstance(encoder, MusicEncoder):
        raise UserError(
            f"the encoder is one of text, and {found.names[0]} is music",
            hint="name files of text",
        )
    with Spool(folder, "none") as spool:
        for number, words in notations(library, encoder, note):
            spool.add(iter([words, None]), found.names[number])
    for source in found.sources:
        refuse_if_changed(source)
    _refuse_if_empty(spool, found, tally)
    return Read(spool, tally, encoder, reason)


def _wish(settings: DataSettings) -> str:
    """Name the kind of music encoder that is asked for.

    Raises: UserError when it is one for text.
    """
    if settings.encoder != "auto" and settings.encoder not in MUSIC_KINDS:
        raise UserError(
            f"{settings.encoder} is no encoder of music",
            hint="--encoder auto, " + ", ".join(MUSIC_KINDS),
        )
    return settings.encoder


def _refuse_if_empty(spool: Spool, found: Found, tally: Tally) -> None:
    if not spool.n_characters:
        lines = (*found.tally.lines(), *tally.lines(found.names))
        raise UserError("the corpus is empty" + "".join(f"\n  {line}" for line in lines))
