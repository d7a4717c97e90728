"""`naepo search`: find the pieces that are most like one, and where in them."""

import sys
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse


@dataclass(frozen=True, kw_only=True)
class Search(Arguments):
    """Print the pieces that are most like each of the given ones, the most alike first."""

    run: Positional[Path]
    """The run whose vectors `naepo embed` has kept."""
    pieces: Positional[tuple[Path, ...]]
    """What to look for: files of music, or of text."""
    n: int = 10
    """How many pieces to print."""
    at: Path | None = None
    """Where the vectors are kept. Default: `embedding` in the run's folder."""
    checkpoint: str = "best"
    """best, last, or a step."""
    device: str | None = None
    """cpu, cuda, mps. Default: the fastest there is."""


def main(arguments: list[str]) -> int:
    """Parse, read, embed as the store was embedded, search, print."""
    asked = parse(Search, "search", arguments)
    from naepo.cli.opening import open_model
    from naepo.embed import tuned
    from naepo.embed.likeness import alike
    from naepo.embed.pieces import embedder, read_pieces
    from naepo.embed.places import home_of, vectors_in
    from naepo.embed.store import Store
    from naepo.train.machine import choose_device

    home = home_of(asked.run, asked.at)
    store = Store.open(vectors_in(home))
    loaded = open_model(asked.run, asked.checkpoint)
    about = store.about
    device = choose_device(asked.device)
    kept = tuned.load(home) if about["is_tuned"] else None
    for model in (loaded.model, *([kept.model] if kept else [])):
        model.to(device)
    maker = embedder(loaded, kept, layer=about["layer"], pooling=about["pooling"])
    maker.refuse_others(about)
    queries = read_pieces(asked.pieces, loaded.encoder, on_unread=_say)
    for number, query in enumerate(queries):
        if len(queries) > 1:
            print(f"{'' if number == 0 else chr(10)}{query.name}")
        vectors, entries = maker.embed([query])
        for found in alike(store, vectors, entries, asked.n):
            print(found.line())
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr)
