"""From files to vectors: music or text is read, encoded, and seen by a run's model.

A piece has one vector for the whole of it, and one for each of its moments: stretches of equal
length that overlap by half, so that a search can tell where something is alike.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from naepo.checkpoint import Checkpoint
from naepo.config import UserError
from naepo.embed.keeping import fingerprint
from naepo.embed.names import from_here, name_of
from naepo.embed.pooling import Vectors, hidden_vectors, layer_number
from naepo.embed.store import Entry
from naepo.embed.tuned import Tuned
from naepo.embed.views import SEMITONES
from naepo.encode.encoder import Encoder, Ids
from naepo.encode.music.bars import bars_of
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.score import Score
from naepo.model import LanguageModel

MOMENT = 256
"""Ids of a moment: about four bars of a chorale on the grid, or three lines of text."""
LONGEST_TEXT = 64 << 20
"""Bytes of a file of text."""
SHOWN = 40
"""Characters of a text that tell a moment."""

Told = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Piece:
    """Something to embed. name: as a person knows it.  score: of music, what the ids are of."""

    name: str
    ids: Ids
    score: Score | None = None

    @cached_property
    def first_bar(self) -> int:
        """The number of its first bar, in a score that is printed: 0 where it is an upbeat."""
        return 0 if self.score is not None and bars_of(self.score)[0].is_pickup else 1


@dataclass(frozen=True, eq=False)
class Embedder:
    """What turns pieces into vectors: a run's model at one layer, or a tuned copy of it."""

    model: LanguageModel
    encoder: Encoder
    layer: int
    pooling: str
    about: dict[str, Any]
    """How the vectors are made, in plain values: what a store keeps and compares."""

    def vectors(self, sequences: Sequence[Ids]) -> Vectors:
        """Give one vector for each sequence of ids, float32, shape (n, d_model)."""
        return hidden_vectors(
            self.model, self.encoder, sequences, layer=self.layer, pooling=self.pooling
        )

    def embed(self, pieces: Sequence[Piece]) -> tuple[Vectors, list[Entry]]:
        """Give the vectors of whole pieces and of their moments, and what each is of."""
        return embed_pieces(pieces, self.encoder, self.vectors)

    def refuse_others(self, about: Mapping[str, Any]) -> None:
        """Check that vectors were made as these are.

        Raises: UserError when the run has learned on since, or another checkpoint was taken.
        """
        for name, value in self.about.items():
            if about.get(name) != value:
                raise UserError(
                    f"the vectors were made with {name} {about.get(name)}, this model has {value}",
                    hint="embed the pieces again: naepo embed RUN PIECES",
                )


def embed_pieces(
    pieces: Sequence[Piece], encoder: Encoder, vectors: Callable[[list[Ids]], Vectors]
) -> tuple[Vectors, list[Entry]]:
    """Give the vectors of whole pieces and of their moments, and what each is of.

    vectors: makes one vector of each sequence of ids.
    """
    sequences: list[Ids] = []
    entries: list[Entry] = []
    for piece in pieces:
        sequences.append(piece.ids)
        kind = "text" if piece.score is None else "music"
        entries.append(Entry(piece.name, kind=kind))
        where = place_of(piece, encoder)
        for start, ids in moments(piece.ids):
            sequences.append(ids)
            entries.append(Entry(piece.name, where(start, len(ids)), kind))
    return vectors(sequences), entries


def embedder(
    loaded: Checkpoint, tuned: Tuned | None, *, layer: int | None = None, pooling: str | None = None
) -> Embedder:
    """Make what embeds from a run's checkpoint; the tuned encoder, where there is one, decides.

    Raises: UserError for a layer or a pooling that the tuned encoder was not tuned with.
    """
    n_layers = loaded.model.settings.n_layers
    if tuned is None:
        number, kind = layer_number(layer, n_layers), pooling or "mean"
        made_by = {"step": loaded.step, "tuned": ""}
        return _embedder(loaded.model, loaded.encoder, number, kind, made_by)
    wished = None if layer is None else layer_number(layer, n_layers)
    if wished not in (None, tuned.layer) or pooling not in (None, tuned.pooling):
        raise UserError(
            f"the tuned encoder pools layer {tuned.layer} by {tuned.pooling}",
            hint="leave --layer and --pooling out, or add --no-tuned",
        )
    if tuned.fingerprint != loaded.encoder.fingerprint:
        raise UserError(
            "the tuned encoder is of another vocabulary than the model now is",
            hint="tune it again: --tune 2",
        )
    made_by = {"step": 0, "tuned": fingerprint(tuned.model.state_dict())}
    return _embedder(tuned.model, loaded.encoder, tuned.layer, tuned.pooling, made_by)


def _embedder(
    model: LanguageModel, encoder: Encoder, layer: int, pooling: str, made_by: dict[str, Any]
) -> Embedder:
    about = {"encoder": encoder.fingerprint, "layer": layer, "pooling": pooling, **made_by}
    return Embedder(model, encoder, layer, pooling, about)


def read_pieces(
    paths: Sequence[Path], encoder: Encoder, *, on_unread: Told, by_line: bool = False
) -> list[Piece]:
    """Read files and folders as the pieces that an encoder understands: music, or text.

    on_unread: is told, in one line, of each file that gave no piece.
    by_line: whether every line of a text is a piece of its own.

    Raises: UserError when there is no file, or none gave a piece.
    """
    if isinstance(encoder, MusicEncoder):
        pieces = list(_music(paths, encoder, on_unread))
    else:
        pieces = list(_texts(paths, encoder, on_unread, by_line))
    if not pieces:
        raise UserError(
            f"nothing to embed was found in {', '.join(map(str, paths))}",
            hint="name files or folders of what the run was trained on: music, or text",
        )
    return pieces


def in_all_keys(piece: Piece, encoder: Encoder) -> dict[int, Piece]:
    """Give a piece of music in every key that the encoder can write it in, by semitones from here.

    A model of notes hears a transposed piece as another one; asked in all keys, it finds it.
    """
    keys = {0: piece}
    if isinstance(encoder, MusicEncoder):
        for semitones in range(SEMITONES[0], SEMITONES[1] + 1):
            ids = encoder.transposed(piece.ids.tolist(), semitones) if semitones else None
            if ids is not None:
                keys[semitones] = replace(piece, ids=ids)
    return keys


def files_below(paths: Sequence[Path], endings: Sequence[str] | None) -> list[Path]:
    """List the files that are named, and those in the folders that are named, in order.

    endings: in folders, only files with one of these, in small letters; None takes all.

    Raises: UserError for a path that is not there.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UserError(f"no such file or folder: {path}")
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
        found += [p for p in inside if endings is None or p.suffix.lower() in endings]
    return found


def moments(ids: Ids) -> Iterator[tuple[int, Ids]]:
    """Cut ids into moments that overlap by half, with where they begin; a short piece is one."""
    last = max(0, len(ids) - MOMENT)
    for start in [*range(0, last, MOMENT // 2), last]:
        yield start, ids[start : start + MOMENT]


def place_of(piece: Piece, encoder: Encoder) -> Callable[[int, int], str]:
    """Give what says where a moment of a piece is, from its first id and how many it has.

    Of music its bars, for which all of the piece is read once; of text how it begins.
    """
    if piece.score is None or not isinstance(encoder, MusicEncoder):
        return lambda start, length: _beginning(encoder, piece.ids[start : start + length], start)
    every = encoder.soundings(piece.ids.tolist())

    def bars(start: int, length: int) -> str:
        sounds = [sound for sound in every[start : start + length] if sound]
        if not sounds:
            return f"token {start}"
        first, last = (bar_of(piece, float(end.onset)) for end in (sounds[0], sounds[-1]))
        return f"bar {first}" if first == last else f"bars {first}-{last}"

    return bars


def _beginning(encoder: Encoder, ids: Ids, start: int) -> str:
    text = " ".join(encoder.decode(ids.tolist()).split())
    return (text[: SHOWN - 1] + "…" if len(text) > SHOWN else text) or f"token {start}"


def bar_of(piece: Piece, quarters: float) -> int:
    """Give the number of the bar in which a time lies, counted from `Piece.first_bar`.

    quarters: from the beginning, in quarter notes. Music without a metre is in 4/4.
    """
    assert piece.score is not None
    bar, since, length = piece.first_bar, 0.0, 4.0
    for meter in piece.score.meters:
        onset = meter.onset / piece.score.ticks_per_quarter
        if onset > quarters:
            break
        bar += int(np.ceil((onset - since) / length - 1e-9))
        since, length = onset, 4.0 * meter.beats / meter.unit
    return bar + int((quarters - since) / length + 1e-9)


def _music(paths: Sequence[Path], encoder: MusicEncoder, on_unread: Told) -> Iterator[Piece]:
    from naepo.encode.music.library import Broken
    from naepo.encode.music.reading import ENDINGS

    for name, score in scores_in(files_below(paths, tuple(ENDINGS))):
        try:
            if isinstance(score, Broken):
                raise UserError(score.reason)
            yield Piece(name, encoder.encode(encoder.write(score)), score)
        except UserError as error:
            on_unread(f"left out {from_here(name)}: {error.message}")


def scores_in(files: list[Path]) -> Iterator[tuple[str, Any]]:
    """Read scores, each with its name. A book of tunes has many, which are numbered."""
    from naepo.encode.music.library import read_files

    for path, found in read_files(files):
        for number, score in enumerate(found, 1):
            yield name_of(path, None if len(found) == 1 else number), score


def _texts(
    paths: Sequence[Path], encoder: Encoder, on_unread: Told, by_line: bool
) -> Iterator[Piece]:
    for path in files_below(paths, None):
        try:
            if path.stat().st_size > LONGEST_TEXT:
                raise UserError(f"longer than {LONGEST_TEXT:,} bytes")
            text = path.read_text(encoding="utf-8")
            lines = text.splitlines() if by_line else [text]
            for number, line in enumerate(lines, 1):
                if line.strip():
                    name = f"{name_of(path)}:{number}" if by_line else name_of(path)
                    yield Piece(name, encoder.encode(line))
        except (OSError, UnicodeDecodeError, UserError) as error:
            on_unread(f"left out {path}: {error}")
