"""`naepo embed`: turn pieces of music or text into vectors, by what a run has learned."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse

if TYPE_CHECKING:
    from naepo.checkpoint import Checkpoint
    from naepo.embed.pieces import Piece


@dataclass(frozen=True, kw_only=True)
class Embed(Arguments):
    """Keep a vector for each piece and each of its moments, for `naepo search` to look through."""

    run: Positional[Path]
    """A run's folder, one checkpoint, or a Hugging Face folder."""
    pieces: Positional[tuple[Path, ...]]
    """Files and folders of what the run was trained on: music, or text."""
    tune: float | None = None
    """Minutes: first tune a copy of the model so that two stretches of one piece come close. The
    run itself is not changed, and the copy is kept for next time."""
    layer: int | None = None
    """Which layer is pooled: 0 is the embedding, -1 the last block. Default: the middle one, and
    for a tuned copy the last."""
    pooling: str | None = None
    """mean, max or last. Default: mean."""
    tuned: bool = True
    """Use the tuned copy where the run has one."""
    lines: bool = False
    """Of text, take every line as a piece of its own."""
    out: Path | None = None
    """Where to keep the vectors. Default: `embedding` in the run's folder."""
    seed: int = 0
    """Decides the views that a copy is tuned on."""
    checkpoint: str = "best"
    """best, last, or a step."""
    device: str | None = None
    """cpu, cuda, mps. Default: the fastest there is."""


def main(arguments: list[str]) -> int:
    """Parse, read, tune if asked to, embed, keep."""
    asked = parse(Embed, "embed", arguments)
    from naepo.cli.opening import open_model
    from naepo.embed import tuned
    from naepo.embed.pieces import embedder, read_pieces
    from naepo.embed.places import home_of, vectors_in
    from naepo.embed.store import Store
    from naepo.train.machine import choose_device

    home = home_of(asked.run, asked.out)
    loaded = open_model(asked.run, asked.checkpoint)
    pieces = read_pieces(asked.pieces, loaded.encoder, on_unread=_say, by_line=asked.lines)
    device = choose_device(asked.device)
    loaded.model.to(device)
    if asked.tune is not None:
        _tune(asked, loaded, pieces, home)
    kept = tuned.load(home) if asked.tuned else None
    if kept is not None:
        kept.model.to(device)
    maker = embedder(loaded, kept, layer=asked.layer, pooling=asked.pooling)
    vectors, entries = maker.embed(pieces)
    Store.create(vectors_in(home), maker.about).add(vectors, entries)
    n_moments = len(entries) - len(pieces)
    _say(f"{len(pieces):,} pieces and {n_moments:,} moments, {vectors.shape[1]} numbers each")
    _say(f"kept in: {vectors_in(home)}")
    at = f" --at {asked.out}" if asked.out else ""
    _say(f"search:  naepo search {asked.run} {pieces[0].name.partition(' #')[0]}{at}")
    return 0


def _tune(asked: Embed, loaded: "Checkpoint", pieces: "list[Piece]", home: Path) -> None:
    """Tune a copy of the model on the pieces and keep it."""
    from naepo.embed import tuned
    from naepo.embed.contrast import ContrastSettings, tune

    def tell(step: int, loss: float, done: float) -> None:
        if sys.stderr.isatty():
            print(f"\rtuning {done:4.0%}  step {step:,}  loss {loss:.3f} ", end="", file=sys.stderr)

    found = tune(
        loaded.model,
        loaded.encoder,
        [piece.ids if piece.score is None else piece.score for piece in pieces],
        ContrastSettings(seconds=60 * (asked.tune or 0), seed=asked.seed),
        layer=-1 if asked.layer is None else asked.layer,
        pooling=asked.pooling or "mean",
        on_step=tell,
    )
    if sys.stderr.isatty():
        print(file=sys.stderr)
    _say(f"tuned:   {tuned.save(home, found)}")


def _say(line: str) -> None:
    print(line, file=sys.stderr)
