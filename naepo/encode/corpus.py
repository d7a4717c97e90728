"""A corpus on disk: read once, encoded once, opened at once ever after.

In: what a person named. Out: two memory-mapped arrays of ids, one to train on and one held out, the
text they were made from, and the encoder. A folder of the cache holds them all, with their hashes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError
from naepo.encode import tokenizer_files
from naepo.encode.arrays import id_type, open_ids, write_ids
from naepo.encode.cache import Cache, commit, set_aside, writing
from naepo.encode.encoder import Encoder
from naepo.encode.files import CHUNK, hash_of
from naepo.encode.gather import Found, gather, read_into
from naepo.encode.learning import KINDS, check_wish, learn_encoder, learn_merges, rules
from naepo.encode.load import load_encoder
from naepo.encode.meter import Meter, OnProgress, silent
from naepo.encode.music.grid import NOTATION
from naepo.encode.music.reading import VERSION as READER
from naepo.encode.seal import seal, sha256_of_table, unseal
from naepo.encode.settings import DataSettings
from naepo.encode.spool import Part
from naepo.encode.tally import Entry, Tally

__all__ = ["Corpus", "DataSettings", "Split", "encode_held_out", "open_corpus", "prepare"]

VERSION = 1
"""Raised whenever the same sources and settings give other files than before."""
ENCODER = "encoder"
REPORTED_HANGUL = 0.01
"""From this share of Hangul on, characters per token are reported."""

Opened = TypeVar("Opened")
Counted = tuple[int, int, str]
"""Characters and bytes of a part (of music: events, twice), and the name of its file."""


@dataclass(frozen=True)
class Split:
    """One stretch of text and its ids.

    ids: shape (n_tokens,), uint16 or uint32, memory-mapped, read-only; `end_id` between documents.
    n_characters, n_bytes: of the text in UTF-8, a border between documents counted as one. Of
    music both are the number of events: words of its notation, and ends of pieces.
    text_file: the text, UTF-8, normalised, a newline where two documents meet.
    """

    ids: NDArray[np.unsignedinteger]
    n_characters: int
    n_bytes: int
    text_file: Path


@dataclass(frozen=True)
class Corpus:
    """A text, ready to be trained on.

    fingerprint: sha256 (hex) over both arrays and the encoder; equal ones train equally.
    notes: what a person should know: what was left out, what was chosen, and why.
    """

    encoder: Encoder
    train: Split
    validation: Split
    fingerprint: str
    folder: Path
    notes: tuple[str, ...]


def prepare(
    settings: DataSettings, *, cache: Path | None = None, on_progress: OnProgress | None = None
) -> Corpus:
    """Read, split and encode a corpus, or open it if that was done before.

    The last `held_out` of the characters are held out. The encoder is chosen and trained on the
    rest; only the alphabet of a character encoder is taken from all of the text. What is in the
    cache is used when the files have the same content, wherever they lie.
    cache: its folder; None for `$XDG_CACHE_HOME/naepo` or `~/.cache/naepo`.
    on_progress: called with a phase (build, check, read, learn, encode) and its share done.

    Raises: UserError for anything in the files or the settings that a person can mend.
    """
    tell = on_progress or silent
    check_wish(settings)
    with Cache(cache) as store:
        found = gather(settings, store, tell)
        folder = store.folder("corpora") / _key(found, settings)
        return _kept(
            folder,
            store,
            found,
            build=lambda draft: _build(draft, found, settings, tell, store),
            open_folder=lambda: _open(folder, found),
        )


def open_corpus(folder: Path) -> Corpus:
    """Open what `prepare` made, checked against its manifest; the sources are not looked at.

    Sizes are always checked, hashes for files below 64 MB.
    Raises: UserError when something is missing or damaged.
    """
    return _open(folder, None)


def encode_held_out(
    sources: Sequence[str | Path],
    encoder: Encoder,
    settings: DataSettings,
    *,
    cache: Path | None = None,
    on_progress: OnProgress | None = None,
) -> Split:
    """Encode other files, whole, with a run's own encoder; how they are read is in `settings`.

    Raises: UserError for text that cannot be read, or that the encoder cannot hold.
    """
    tell = on_progress or silent
    settings = replace(settings, sources=tuple(str(source) for source in sources))
    with Cache(cache) as store:
        found = gather(settings, store, tell)
        wanted = [VERSION, found.contents, *_how_read(settings), encoder.fingerprint]
        folder = store.folder("held-out") / sha256_of_table(wanted)[:32]
        return _kept(
            folder,
            store,
            found,
            build=lambda draft: _build_held_out(draft, found, encoder, settings, tell, store),
            open_folder=lambda: _splits(folder, unseal(folder))["text"],
        )


def _how_read(settings: DataSettings) -> list[str | None]:
    return [settings.encoding.lower(), settings.normalize, settings.column]


def _key(found: Found, settings: DataSettings) -> str:
    """Name the folder of a corpus by all that decides what is in it, and nothing else."""
    encoder: Any = settings.encoder
    if encoder in ("auto", "bpe") or found.is_music:
        encoder = [encoder, rules(), [READER, NOTATION] if found.is_music else None]
    elif encoder not in KINDS:
        file = tokenizer_files.find_tokenizer(Path(encoder))
        beside = file.with_name("tokenizer_config.json")
        encoder = [hash_of(path) for path in (file, beside) if path.exists()]
    wanted = [VERSION, found.contents, *_how_read(settings), encoder]
    return sha256_of_table([*wanted, settings.held_out, settings.vocab_size])[:32]


def _kept(
    folder: Path,
    cache: Cache,
    found: Found,
    *,
    build: Callable[[Path], None],
    open_folder: Callable[[], Opened],
) -> Opened:
    """Open a folder of the cache; build it first when it is not there, or is damaged."""
    if folder.exists():
        try:
            return open_folder()
        except UserError as error:
            found.tally.add("made anew, what was in the cache is damaged", error.message)
            set_aside(folder)
    with writing(folder.parent):
        draft = cache.scratch() / "draft"
        draft.mkdir()
        build(draft)
        commit(draft, folder)
    return open_folder()


def _build(
    draft: Path, found: Found, settings: DataSettings, tell: OnProgress, store: Cache
) -> None:
    """Make the folder of a corpus: text, ids, encoder, manifest."""
    read = read_into(draft, found, settings, tell, cache=store)
    spool, music = read.spool, read.encoder
    train, validation = spool.split(settings.held_out, between_documents=music is not None)
    if not train.n_characters:
        raise UserError(
            f"too short to hold out {settings.held_out:g} of it: the corpus has "
            f"{spool.n_characters} characters",
            hint="more text, or --data.held-out 0",
        )
    tell("learn", 0.0)
    if music is None:
        learnt = learn_encoder(settings, train, validation)
    else:
        learnt = learn_merges(music, settings, train, read.reason)
    tell("learn", 1.0)
    parts = {"train": train, "validation": validation}
    counted = {name: _units(part, learnt.encoder) for name, part in parts.items()}
    n_ids = _encode(draft, parts, learnt.encoder, tell)
    learnt.encoder.save(draft / ENCODER)
    plural = "s" if spool.n_documents > 1 else ""
    what = "document" if music is None else "piece"
    n_train, n_held_out = (counted[name][0] for name in parts)
    about = [
        f"{spool.n_documents:,} {what}{plural}, {n_train + n_held_out:,} {learnt.encoder.unit}s: "
        f"the first {n_train:,} to train on, the last {n_held_out:,} held out",
        f"encoder: {learnt.reason}",
    ]
    if learnt.hangul_share >= REPORTED_HANGUL:
        per_token = train.n_characters / n_ids["train"]
        about.append(f"{per_token:.2f} characters per token ({learnt.hangul_share:.0%} Hangul)")
    hashes = [hash_of(draft / f"{name}.ids") for name in parts]
    fingerprint = sha256_of_table([VERSION, learnt.encoder.fingerprint, *hashes])
    noted = list(read.tally.entries.values())
    shown = [*found.tally.lines(), *read.tally.lines(found.names), *about]
    _close(
        draft,
        counted,
        learnt.encoder,
        fingerprint=fingerprint,
        read=noted,
        about=about,
        shown=shown,
    )


def _build_held_out(
    draft: Path,
    found: Found,
    encoder: Encoder,
    settings: DataSettings,
    tell: OnProgress,
    store: Cache,
) -> None:
    spool = read_into(draft, found, settings, tell, cache=store, encoder=encoder).spool
    parts = {"text": spool.whole()}
    _encode(draft, parts, encoder, tell)
    _close(draft, {name: _units(part, encoder) for name, part in parts.items()}, encoder)


def _units(part: Part, encoder: Encoder) -> Counted:
    """Count a part by the unit of its encoder. Events of music count as one, also for bytes."""
    if encoder.unit == "character":
        return part.n_characters, part.n_bytes, part.text_file.name
    n_events = 0
    with part.text_file.open("rb") as file:
        while block := file.read(CHUNK):
            n_events += block.count(b" ") + block.count(b"\n")
    return n_events, n_events, part.text_file.name


def _encode(
    draft: Path, parts: dict[str, Part], encoder: Encoder, tell: OnProgress
) -> dict[str, int]:
    meter = Meter("encode", sum(part.n_characters for part in parts.values()), tell)
    counts = {
        name: write_ids(part, encoder, draft / f"{name}.ids", meter.add)
        for name, part in parts.items()
    }
    meter.end()
    return counts


def _close(draft: Path, counted: dict[str, Counted], encoder: Encoder, **more: Any) -> None:
    """Leave what is kept, and seal it."""
    (draft / "borders").unlink()
    sizes = {name: [file, n_units, n_bytes] for name, (n_units, n_bytes, file) in counted.items()}
    seal(draft, {"id_type": id_type(encoder.vocab_size), "parts": sizes, **more})


def _splits(folder: Path, table: dict[str, Any]) -> dict[str, Split]:
    return {
        name: Split(
            ids=open_ids(folder / f"{name}.ids", table["id_type"]),
            n_characters=n_characters,
            n_bytes=n_bytes,
            text_file=folder / text_file,
        )
        for name, (text_file, n_characters, n_bytes) in table["parts"].items()
    }


def _open(folder: Path, found: Found | None) -> Corpus:
    """Open a corpus. The notes name the files as they are called now, when they are known."""
    table = unseal(folder)
    splits = _splits(folder, table)
    notes = table["shown"]
    if found:
        tally = Tally({entry[0]: _entry(*entry) for entry in table["read"]})
        notes = [*found.tally.lines(), *tally.lines(found.names), *table["about"]]
    return Corpus(
        encoder=load_encoder(folder / ENCODER),
        train=splits["train"],
        validation=splits["validation"],
        fingerprint=table["fingerprint"],
        folder=folder,
        notes=tuple(notes),
    )


def _entry(what: str, times: int, n_files: int, first: int | str) -> Entry:
    return what, times, n_files, first
