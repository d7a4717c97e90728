"""`naepo embed`: turn music, sound or text into vectors, by what a run has learned or without."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse
from naepo.config import UserError

if TYPE_CHECKING:
    from naepo.checkpoint import Checkpoint
    from naepo.embed.entries import Entry
    from naepo.embed.pieces import Piece
    from naepo.embed.pooling import Vectors

    Made = tuple[dict[str, Any], Vectors, list[Entry]]


@dataclass(frozen=True, kw_only=True)
class Embed(Arguments):
    """Keep a vector for each piece and each of its moments, for `naepo search` to look through.

    naepo embed RUN PIECES, or without a run: naepo embed PIECES --by WAY --store STORE.
    """

    run: Positional[Path]
    """A run's folder, one checkpoint, or a Hugging Face folder; with --by or --letters no run is
    named, only files and folders."""
    pieces: Positional[tuple[Path, ...]] = ()
    """Files and folders of what the run was trained on: music, or text. Recordings alone are taken
    as sound; beside music, see --sound."""
    store: Path | None = None
    """Add sentences and passages, rows of tables, or pieces to this store; it is made where there
    is none. `naepo search` takes its name in place of the run's."""
    by: str | None = None
    """Without a run, into a store: one-hot; of sound time-series, or one of mel, mfcc, chroma,
    tempogram, chroma-invariant; skip-gram or glove, learned from what is named; a file of word
    vectors (word2vec, GloVe, .vec, .npy, .safetensors); the folder of a `transformers` audio model.
    `naepo search` knows from the store which way it was."""
    unit: Literal["paragraph", "line", "sentence", "file"] = "paragraph"
    """Into what files of text are cut for a store."""
    text: str | None = None
    """The column of a table that holds the text. Default: text, content or document. The other
    columns are what a search can be narrowed by."""
    letters: bool = False
    """For a store that is searched by letters alone: no run is named, only files."""
    pairs: Path | None = None
    """With --store and --tune: a table of two texts and a score a row, to learn from as well."""
    tune: float | None = None
    """Minutes: first tune a copy of the model so that two stretches of one piece come close. The
    run itself is not changed, and the copy is kept for next time."""
    layer: int | None = None
    """Which layer is pooled: 0 is the embedding, -1 the last block. Default: the middle one, and
    for a tuned copy the last."""
    pooling: str | None = None
    """mean, max or last; of sentences in a store mean, weighted (later ids more) or last. Default:
    mean."""
    tuned: bool = True
    """Use the tuned copy where the run has one."""
    sound: bool = False
    """Compare how pieces sound: recordings (WAV, FLAC, OGG, MP3), and music, played by naepo. Then
    no key, tempo or instrument matters. A run needs --tune once; with --by, no run is needed."""
    lines: bool = False
    """Of text, take every line as a piece of its own."""
    out: Path | None = None
    """Where to keep the vectors. Default: `embedding` in the run's folder. With --by skip-gram or
    glove: a file to write the vectors of words to (.txt .vec .bin .safetensors)."""
    seed: int = 0
    """Decides the views that a copy is tuned on, and what is learned by skip-gram or glove."""
    checkpoint: str = "best"
    """best, last, or a step."""
    device: str | None = None
    """cpu, cuda, mps. Default: the fastest there is."""


def main(arguments: list[str]) -> int:
    """Parse, read, tune if asked to, embed, keep."""
    asked = parse(Embed, "embed", arguments)
    if asked.pairs is not None and asked.tune is None and asked.by is None:
        raise UserError(
            "--pairs is what a copy is tuned on, and --tune is missing", hint="--tune 2"
        )
    if asked.store is not None:
        from naepo.cli.storing import keep

        return keep(asked)
    if asked.by is not None:
        raise UserError(
            f"--by {asked.by} keeps its vectors in a store, and none is named",
            hint=f"naepo embed FILES --by {asked.by} --store mine.naepo",
        )
    if not asked.pieces:
        raise UserError("nothing to embed is named", hint="naepo embed RUN PIECES")
    from naepo.cli.hearing import are_recordings
    from naepo.embed.names import from_here
    from naepo.embed.places import home_of, sounds_in, vectors_in
    from naepo.embed.store import Store

    home = home_of(asked.run, asked.out)
    is_sound = asked.sound or are_recordings(asked.pieces)
    folder = sounds_in(home) if is_sound else vectors_in(home)
    about, vectors, entries = sounds_of(asked, home) if is_sound else _pieces(asked, home)
    Store.create(folder, about).add(vectors, entries)
    names = [entry.name for entry in entries if not entry.place]
    _say(f"{len(names):,} pieces, kept in {folder}")
    at = f" --at {asked.out}" if asked.out else ""
    sound = " --sound" if is_sound else ""
    _say(f"search: naepo search {asked.run} {from_here(names[0]).partition(' #')[0]}{sound}{at}")
    return 0


def _pieces(asked: Embed, home: Path) -> "Made":
    from naepo.cli.opening import open_model
    from naepo.train.machine import choose_device

    loaded = open_model(asked.run, asked.checkpoint)
    loaded.model.to(choose_device(asked.device))
    return pieces_of(asked, loaded, home)


def pieces_of(asked: Embed, loaded: "Checkpoint", home: Path | None) -> "Made":
    """Embed by a run's model, or by its tuned copy.

    home: where the copy is kept; None where there is no place for one.
    """
    from naepo.cli.hearing import tell_of_recordings
    from naepo.embed import tuned
    from naepo.embed.pieces import embedder, read_pieces

    if loaded.encoder.unit == "event":
        tell_of_recordings(asked.pieces, _say)
    pieces = read_pieces(asked.pieces, loaded.encoder, on_unread=_say, by_line=asked.lines)
    if asked.tune is not None:
        if home is None:
            raise UserError(f"{asked.run} has no place for a tuned copy", hint="say: --out FOLDER")
        _tune(asked, loaded, pieces, home)
    kept = tuned.load(home) if asked.tuned and home is not None else None
    if kept is not None:
        kept.model.to(next(iter(loaded.model.parameters())).device)
    maker = embedder(loaded, kept, layer=asked.layer, pooling=asked.pooling)
    return maker.about, *maker.embed(pieces)


def sounds_of(asked: Embed, home: Path) -> "Made":
    """Embed by the encoder of sound, which is tuned first if asked for."""
    from naepo.cli.hearing import hear
    from naepo.embed import sound_encoder
    from naepo.embed.keeping import fingerprint
    from naepo.embed.sound_pieces import embed_sounds

    encoder = sound_encoder.load(home)
    if encoder is None and asked.tune is None:
        raise UserError("this run has no encoder of sound yet", hint="tune one: add --tune 2")
    pieces = hear(asked.pieces, on_unread=_say, n_timbres=3 if asked.tune else 1)
    if asked.tune is not None:
        encoder = sound_encoder.tune_sound(
            [piece.recordings for piece in pieces],
            sound_encoder.settings(seconds=60 * asked.tune, seed=asked.seed),
            on_step=_tell,
        )
        _say(f"tuned: {sound_encoder.save(home, encoder)}")
    assert encoder is not None
    return {"sound": fingerprint(encoder.net.state_dict())}, *embed_sounds(encoder, pieces)


def _tune(asked: Embed, loaded: "Checkpoint", pieces: "list[Piece]", home: Path) -> None:
    """Tune a copy of the model on the pieces and keep it."""
    from naepo.embed import tuned
    from naepo.embed.contrast import ContrastSettings, tune
    from naepo.model.kinds import transformer_of

    found = tune(
        transformer_of(loaded.model, "--tune"),
        loaded.encoder,
        [piece.ids if piece.score is None else piece.score for piece in pieces],
        ContrastSettings(seconds=60 * (asked.tune or 0), seed=asked.seed),
        layer=-1 if asked.layer is None else asked.layer,
        pooling=asked.pooling or "mean",
        on_step=_tell,
    )
    _say(f"tuned: {tuned.save(home, found)}")


def _tell(step: int, loss: float, done: float) -> None:
    """Show how tuning goes, on a terminal only."""
    if sys.stderr.isatty():
        line = f"\r\033[Ktuning {done:4.0%}  step {step:,}  loss {loss:.3f}\r"
        print(line, end="", file=sys.stderr)


def _say(line: str) -> None:
    print(line, file=sys.stderr)
