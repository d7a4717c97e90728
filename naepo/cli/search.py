"""`naepo search`: find the pieces that are most like one, and where in them."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

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
    """What to look for: files of music or of text, or recordings; in a store: words."""
    by: Literal["meaning", "letters", "both"] | None = None
    """How a store is searched. Default: both, where it has vectors of sentences."""
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
    """Look for music in every key, and say by how many semitones it was moved."""
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

    if is_store(asked.run):
        from naepo.cli.finding import find

        return find(asked)
    if not asked.pieces:
        raise UserError("nothing to look for is named", hint="naepo search RUN PIECES")
    from naepo.cli.hearing import are_recordings
    from naepo.embed.likeness import alike, best_of_keys
    from naepo.embed.places import home_of

    home = home_of(asked.run, asked.at)
    is_sound = asked.sound or are_recordings(asked.paths)
    store, queries = _sounds(asked, home) if is_sound else _pieces(asked, home)
    for number, (name, keys) in enumerate(queries):
        if len(queries) > 1:
            print(name if number == 0 else f"\n{name}")
        found = {key: alike(store, *vectors, asked.n) for key, vectors in keys.items()}
        for one in best_of_keys(found, asked.n):
            print(one.line())
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
    from naepo.cli.hearing import hear
    from naepo.embed import sound_encoder
    from naepo.embed.keeping import fingerprint
    from naepo.embed.places import sounds_in
    from naepo.embed.sound_pieces import embed_sounds
    from naepo.embed.store import Store

    store = Store.open(sounds_in(home))
    encoder = sound_encoder.load(home)
    if encoder is None or fingerprint(encoder.net.state_dict()) != store.about["sound"]:
        raise UserError(
            "the vectors of sounds were made by another encoder than the one kept beside them",
            hint="embed the pieces again: naepo embed RUN PIECES --sound",
        )
    pieces = hear(asked.paths, on_unread=_say)
    return store, [(piece.name, {0: embed_sounds(encoder, [piece])}) for piece in pieces]


def _say(line: str) -> None:
    print(line, file=sys.stderr)
