"""`naepo search`: find the pieces that are most like one, and where in them."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse
from naepo.config import UserError

if TYPE_CHECKING:
    from naepo.embed.store import Entry, Store

    Query = tuple[str, dict[int, tuple[Any, list[Entry]]]]


@dataclass(frozen=True, kw_only=True)
class Search(Arguments):
    """Print the pieces that are most like each of the given ones, the most alike first."""

    run: Positional[Path]
    """The run whose vectors `naepo embed` has kept, or a store (`naepo embed --store`)."""
    pieces: Positional[tuple[str, ...]] = ()
    """What to look for: files of music or of text, or recordings; in a store: words, files of
    music, or recordings."""
    by: str | None = None
    """How a store is searched. Words: by meaning, letters or both (the default, where it has
    vectors of texts). Pieces, and words too: in the way that they were embedded, as `naepo embed
    --by` named it, or neural; the default is, of words, the newest whose model is there, of pieces
    the first way."""
    where: tuple[str, ...] = ()
    """Only what meets all these conditions: KEY=VALUE, !=, and of numbers < <= > >=. Keys are the
    columns of the table it came from, or name, place, kind."""
    why: bool = False
    """Say for each which words make it alike: they add up to the cosine."""
    delete: tuple[str, ...] = ()
    """Take these out of the store: ids, as they are printed, or conditions."""
    sound: bool = False
    """Look by sound, among what `naepo embed --sound` has kept; recordings always do."""
    any_key: bool = True
    """Look for music in every key, and say by how many semitones it was moved. Of sound, where its
    vectors are of pitches; the tuned net and `time-series` hear no key."""
    n: int = 10
    """How many pieces to print."""
    at: Path | None = None
    """Where the vectors are kept. Default: `embedding` in the run's folder."""
    checkpoint: str = "best"
    """best, last, or a step."""
    device: str | None = None
    """cpu, cuda, mps. Default: the fastest there is."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """What to look for, as files."""
        return tuple(map(Path, self.pieces))


def main(arguments: list[str]) -> int:
    """Parse, read, embed as the store was embedded, search, print."""
    asked = parse(Search, "search", arguments)
    from naepo.embed.database import is_store

    if asked.n < 1:
        raise UserError(f"n must be at least 1, got {asked.n}", hint="--n 10")
    if is_store(asked.run):
        from naepo.cli.finding import find

        return find(asked)
    if not asked.pieces:
        raise UserError("nothing to look for is named", hint="naepo search RUN PIECES")
    from naepo.cli.finding_pieces import print_alike
    from naepo.cli.hearing import are_recordings
    from naepo.embed.places import home_of

    home = home_of(asked.run, asked.at)
    is_sound = asked.sound or are_recordings(asked.paths)
    store, queries = _sounds(asked, home) if is_sound else _pieces(asked, home)
    print_alike(store, queries, asked.n)
    return 0


def _pieces(asked: Search, home: Path) -> "tuple[Store, list[Query]]":
    """Open the vectors that the run's model made, and make those of what is looked for."""
    from naepo.cli.opening import open_model
    from naepo.embed import tuned
    from naepo.embed.pieces import embedder, in_all_keys, read_pieces
    from naepo.embed.places import vectors_in
    from naepo.embed.store import Store
    from naepo.train.machine import choose_device

    store = Store.open(vectors_in(home))
    loaded = open_model(asked.run, asked.checkpoint)
    device = choose_device(asked.device)
    kept = tuned.load(home) if store.about["tuned"] else None
    for model in (loaded.model, *([kept.model] if kept else [])):
        model.to(device)
    about = store.about
    maker = embedder(loaded, kept, layer=about["layer"], pooling=about["pooling"])
    maker.refuse_others(about)
    pieces = read_pieces(asked.paths, loaded.encoder, on_unread=_say)
    queries = []
    for piece in pieces:
        keys = in_all_keys(piece, loaded.encoder) if asked.any_key else {0: piece}
        queries.append((piece.name, {key: maker.embed([keys[key]]) for key in keys}))
    return store, queries


def _sounds(asked: Search, home: Path) -> "tuple[Store, list[Query]]":
    """Open the vectors of sounds, and make those of what is looked for."""
    from naepo.cli.finding_pieces import heard_by_run
    from naepo.embed.places import sounds_in
    from naepo.embed.store import Store

    store = Store.open(sounds_in(home))
    return store, heard_by_run(asked, home, store.about["sound"])


def _say(line: str) -> None:
    print(line, file=sys.stderr)
