"""From what a person named to the files that text is read from, in a fixed order.

What is named must be there and readable. What is merely found in a folder is taken when its ending
is known and it is a plain file; all else is counted, with the reason. Nothing here ever waits.
"""

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from naepo.config import UserError, nearest
from naepo.encode import embedded
from naepo.encode.cache import Cache
from naepo.encode.files import CHUNK, Source, open_regular, shown, special_kind, stamp_of
from naepo.encode.formats import PACKINGS, is_score, kind_of
from naepo.encode.meter import OnProgress, silent
from naepo.encode.music.corpus import KIND as MUSIC
from naepo.encode.tally import Tally

NAMES_LOOKED_AT = 5_000
"""A mistyped name is compared with so many names of its folder."""
MARK_OF_A_RUN = "naepo.toml"


def find_sources(
    names: Sequence[str],
    cache: Cache,
    tally: Tally,
    on_progress: OnProgress = silent,
) -> list[Source]:
    """Give the files behind files, folders, globs, `-` and embedded corpora, without their hashes.

    tally: told what was left out, and why.
    Raises: UserError for a name behind which there is no readable text.
    """
    found: dict[tuple[int, int], Source] = {}
    for name in dict.fromkeys(names):
        for source in _behind(name, cache, tally, on_progress):
            if source.stamp[:2] in found:
                tally.add("read once, though it was named twice", source.name)
            else:
                found[source.stamp[:2]] = source
    if not found:
        left_out = "".join(f"\n  {line}" for line in tally.lines())
        raise UserError(
            "no text was found in " + ", ".join(shown(name) for name in names) + left_out,
            hint="files that end in .txt .md .rst .py .jsonl .csv .tsv .parquet are read, and of "
            "music .mid .midi .musicxml .mxl .abc",
        )
    return list(found.values())


def _behind(name: str, cache: Cache, tally: Tally, on_progress: OnProgress) -> Iterator[Source]:
    if name == "-":
        yield _standard_input(cache)
    elif name in embedded.NAMES:
        if Path(name).exists():
            tally.add(f"the embedded corpus is meant; the file or folder is ./{name}", name)
        if name in embedded.BUILDERS:
            yield embedded.source(name, cache, on_progress)
        else:
            for path in embedded.COLLECTIONS[name]():
                yield replace(_named_file(path), name=f"{name}: {path.stem}")
    else:
        for path in _paths(name):
            if path.is_dir():
                yield from _without_strays(list(_in_folder(path, cache, tally)), tally)
            else:
                yield _named_file(path)


def _paths(name: str) -> list[Path]:
    """Give the path of this name, or all that a pattern matches, sorted."""
    if "://" in name:
        raise UserError(
            f"{name} is an address, expected a file", hint="download it, then name the file"
        )
    path = Path(name).expanduser() if name.startswith("~/") else Path(name)
    try:
        if name and path.exists():
            return [path]
        matches = _matches(path) if any(sign in name for sign in "*?[") else []
    except (OSError, ValueError, NotImplementedError) as error:
        raise UserError(f"cannot look for {shown(name.replace(chr(0), ' '))}: {error}") from None
    if not matches:
        raise _missing(name, path)
    return matches


def _matches(pattern: Path) -> list[Path]:
    base = Path(pattern.anchor or ".")
    relative = str(pattern.relative_to(base) if pattern.anchor else pattern)
    wants_hidden = pattern.name.startswith(".")
    return sorted(p for p in base.glob(relative) if wants_hidden or not p.name.startswith("."))


def _missing(name: str, path: Path) -> UserError:
    if any(sign in name for sign in "*?["):
        return UserError(f"nothing matches {shown(name)}")
    if path.is_symlink():
        return UserError(f"{shown(path)} is a symbolic link to nothing")
    parent, wanted = path.parent, path.name
    while not parent.is_dir() and parent != parent.parent:
        parent, wanted = parent.parent, parent.name
    beside = [entry.name for entry in islice(parent.iterdir(), NAMES_LOOKED_AT)]
    near = nearest(wanted, beside)
    choices = [str(parent / near)] if near else []
    if len(path.parts) == 1:
        choices += [other for other in embedded.NAMES if nearest(name, [other])]
    hint = "did you mean " + " or ".join(f"`{shown(choice)}`?" for choice in choices)
    return UserError(f"no such file or folder: `{shown(name)}`", hint=hint if choices else None)


def _named_file(path: Path) -> Source:
    """Take a file because it was named: an unknown ending is read as text."""
    try:
        with open_regular(path) as file:
            status = os.fstat(file.fileno())
    except OSError as error:
        raise UserError(f"cannot read {shown(path)}: {error.strerror}") from None
    kind, packing = _kind_of(path) or ("text", PACKINGS.get(path.suffix.lower(), ""))
    return Source(path, shown(path), kind, packing, stamp_of(status))


def _in_folder(folder: Path, cache: Cache, tally: Tally) -> Iterator[Source]:
    """Walk a folder in the order of its names. Links are never followed, so there are no loops."""
    try:
        waiting = _entries(folder)
    except OSError as error:
        raise UserError(f"cannot read the folder {shown(folder)}: {error.strerror}") from None
    while waiting:
        entry = waiting.pop()
        path = Path(entry.path)
        try:
            status = entry.stat(follow_symlinks=False)
            reason = _why_not(entry, status, cache)
            is_folder = not reason and stat.S_ISDIR(status.st_mode)
            inside = _entries(path) if is_folder else []
        except OSError as error:
            tally.add(f"left out, cannot read it: {error.strerror}", shown(path))
            continue
        if is_folder and any(below.name == MARK_OF_A_RUN for below in inside):
            reason = "it is a run of naepo"
        if reason:
            tally.add(f"left out, {reason}", shown(path))
        elif is_folder:
            waiting.extend(inside)
        else:
            kind, packing = _kind_of(path) or ("text", "")
            yield Source(path, shown(path), kind, packing, stamp_of(status))


def _without_strays(sources: list[Source], tally: Tally) -> list[Source]:
    """Leave out what a folder that is mostly music holds beside it: a README, a table of titles."""
    n_music = sum(source.kind == MUSIC for source in sources)
    if 2 * n_music <= len(sources):
        return sources
    for source in sources:
        if source.kind != MUSIC:
            tally.add("left out, it is no music, as most files of the folder are", source.name)
    return [source for source in sources if source.kind == MUSIC]


def _entries(folder: Path) -> "list[os.DirEntry[str]]":
    """The entries of a folder, last name first, to be taken from the end."""
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name, reverse=True)


def _why_not(entry: "os.DirEntry[str]", status: os.stat_result, cache: Cache) -> str | None:
    """Say why an entry of a folder is not read, or None."""
    if entry.name.startswith("."):
        return "it is hidden"
    if stat.S_ISDIR(status.st_mode):
        is_cache = cache.is_at(status)
        return "it is the cache of naepo" if is_cache else None
    kind = special_kind(status.st_mode)
    if kind:
        return f"it is {kind}"
    if _kind_of(Path(entry.path)) is None:
        ending = Path(entry.name).suffix
        return f"unknown ending {shown(ending)}" if ending else "it has no ending"
    return None if os.access(entry.path, os.R_OK) else "cannot read it: Permission denied"


def _kind_of(path: Path) -> tuple[str, str] | None:
    """Give (kind, packing) by the name, and for an .xml by its beginning."""
    is_other_xml = path.suffix.lower() == ".xml" and not is_score(path)
    return None if is_other_xml else kind_of(path.name)


def _standard_input(cache: Cache) -> Source:
    """Keep what comes in by standard input for as long as it is read."""
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise UserError("there is no standard input to read")
    path = cache.scratch() / "standard-input"
    with path.open("wb") as file:
        while block := stream.read(CHUNK):
            file.write(block)
    return replace(_named_file(path), name="standard input")
