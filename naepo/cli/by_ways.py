"""`naepo embed FILES --by WAY --store S`: vectors that need no run, of text, notes and sound."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naepo.config import UserError

if TYPE_CHECKING:
    from naepo.cli.embed import Embed
    from naepo.embed.entries import Entry
    from naepo.embed.pooling import Vectors
    from naepo.embed.sound_ways import SoundWay
    from naepo.embed.store import Store
    from naepo.embed.vectors import WordVectors
    from naepo.embed.ways import Way

SAMPLE_RATE = 22_050
"""Samples a second at which music is played for a way that listens."""
Made = tuple[dict[str, Any], "Vectors", "list[Entry]", bytes]
"""How vectors are made, they, what each is of, and what the store keeps of the way."""


def keep_by_way(asked: "Embed", folder: Path) -> "tuple[Store, int]":
    """Embed what is named in the way that is asked for, and add it to a store.

    Raises: UserError for a way that there is not, or that does not fit what is named.
    """
    from naepo.cli.hearing import AUDIO
    from naepo.cli.storing import add, joined
    from naepo.embed.pieces import files_below
    from naepo.embed.ways import Way
    from naepo.encode.music.reading import ENDINGS

    _refuse_what_needs_a_run(asked)
    assert asked.by is not None
    way, paths = Way.read(asked.by), (asked.run, *asked.pieces)
    endings = {path.suffix.lower() for path in files_below(paths, None)}
    has_sound, has_notes = bool(endings & {*AUDIO}), bool(endings & {*ENDINGS})
    has_sound, has_notes = has_sound or (asked.sound and has_notes), has_notes and not asked.sound
    material = way.material(has_sound, has_notes)
    about = way.about(material, asked.seed)
    make = {"text": _texts, "notes": _notes, "sound": _sounds}[material]
    about, vectors, entries, state = make(asked, way, paths, about, folder)
    store = joined(folder, about, state)
    add(store, vectors, entries)
    return store, len(entries)


def open_audio(about: dict[str, Any]) -> "tuple[dict[str, Any], Any]":
    """Open the audio model that `about` names; give what is then known of it, and the model.

    Raises: UserError when it is gone, cannot be opened, or is not the one that it was.
    """
    from naepo.embed.keeping import fingerprint
    from naepo.embed.pretrained import PretrainedAudio
    from naepo.interop.audio_model import open_audio_model

    model, extractor = open_audio_model(about["from"])
    weights = fingerprint(model.state_dict())
    if about.get("model", weights) != weights:
        raise UserError(
            f"the audio model in {about['from']} is not the one any more that this store was made "
            "by",
            hint="put the old one back, or embed again with --by, which adds a way to the store",
        )
    return {**about, "model": weights}, PretrainedAudio(model, extractor, layer=about["layer"])


def _refuse_what_needs_a_run(asked: "Embed") -> None:
    if (asked.run / "checkpoints").is_dir():
        raise UserError(
            f"--by {asked.by} needs no run, and {asked.run} is one",
            hint=f"naepo embed FILES --by {asked.by} --store {asked.store}",
        )
    given = {"--tune": asked.tune, "--pairs": asked.pairs, "--pooling": asked.pooling}
    for name, value in given.items():
        if value is not None:
            raise UserError(f"{name} is of a run's model, and --by uses none", hint="leave one out")


def _texts(
    asked: "Embed", way: "Way", paths: tuple[Path, ...], about: dict[str, Any], folder: Path
) -> Made:
    from naepo.cli.storing import known_state, passages
    from naepo.embed.word_ways import WordModel

    entries = passages(asked, paths)
    texts = [entry.text for entry in entries]
    known = known_state(folder, about)
    model = WordModel.of(about, known) if known else WordModel.fit(about, texts, _file(way))
    if asked.out is not None:
        _write(asked.out, model.words, model.rows)
    return about, model.vectors(texts), entries, model.state


def _notes(
    asked: "Embed", way: "Way", paths: tuple[Path, ...], about: dict[str, Any], folder: Path
) -> Made:
    from naepo.cli.hearing import tell_of_recordings
    from naepo.cli.storing import known_state, say
    from naepo.embed.names import from_here
    from naepo.embed.note_ways import EventWay, fitted, kept

    tell_of_recordings(paths, say)
    scores = list(read_scores(paths))
    known = known_state(folder, about)
    maker = (
        kept(about, known) if known else fitted(about, [score for _, score in scores], _file(way))
    )
    if isinstance(maker, EventWay):
        say(f"notation: {maker.encoder.kind}, {maker.known.sum():,} events with a vector")
    if asked.out is not None:
        vectors = maker.word_vectors if isinstance(maker, EventWay) else None
        _write(asked.out, vectors and vectors.words, vectors and vectors.vectors)
    pieces = []
    for name, score in scores:
        try:
            pieces.append(maker.piece(name, score))
        except UserError as error:
            say(f"left out {from_here(name)}: {error.message}")
    if not pieces:
        raise UserError(
            "none of the pieces could be embedded",
            hint="into a store of their own they may: what a store learns, it keeps",
        )
    return about, *maker.embed(pieces), maker.state


def _sounds(
    asked: "Embed", way: "Way", paths: tuple[Path, ...], about: dict[str, Any], folder: Path
) -> Made:
    from naepo.cli.hearing import sounds
    from naepo.cli.storing import known_state, say
    from naepo.embed.sound_ways import SoundWay
    from naepo.embed.ways import AUDIO_MODEL

    audio = None
    if way.name == AUDIO_MODEL:
        about, audio = open_audio({**about, "layer": -1 if asked.layer is None else asked.layer})
    known = known_state(folder, about)
    maker = SoundWay.of(about, known or b"", audio)
    seen = [
        maker.look(name, *recordings[0])
        for name, recordings in sounds(paths, on_unread=say, sample_rate=SAMPLE_RATE)
    ]
    if not known:
        maker.learn(seen)
    if asked.out is not None:
        _write(asked.out, *_codes(maker))
    return about, *maker.embed(seen), maker.state


def read_scores(paths: Iterable[Path]) -> "Iterable[tuple[str, Any]]":
    """Read the music that is named or lies in the folders that are named; others are left out.

    Raises: UserError when there is none that could be read.
    """
    from naepo.cli.storing import say
    from naepo.embed.names import from_here
    from naepo.embed.pieces import files_below, scores_in
    from naepo.encode.music.reading import ENDINGS
    from naepo.encode.music.score import Score

    n_read, paths = 0, list(paths)
    for name, score in scores_in(files_below(paths, tuple(ENDINGS))):
        if isinstance(score, Score):
            n_read += 1
            yield name, score
        else:
            say(f"left out {from_here(name)}: {score.reason}")
    if not n_read:
        raise UserError(f"no music could be read in {', '.join(map(str, paths))}")


def _file(way: "Way") -> "WordVectors | None":
    """Open the file of vectors that a way is told by."""
    from naepo.embed.vector_files import load
    from naepo.embed.ways import VECTORS

    return load(way.path) if way.name == VECTORS and way.path is not None else None


def _codes(maker: "SoundWay") -> tuple[Any, Any]:
    rows = maker.arrays.get("rows")
    return (None, None) if rows is None else (tuple(map(str, range(len(rows)))), rows)


def _write(path: Path, words: Any, rows: Any) -> None:
    """Write word vectors to a file, for --by FILE and for other programs."""
    from naepo.cli.storing import say
    from naepo.embed.vector_files import save
    from naepo.embed.vectors import WordVectors

    if rows is None:
        raise UserError(
            "this way has no vectors of words to be written",
            hint="--out is for --by skip-gram and --by glove",
        )
    save(WordVectors(tuple(words), rows), path)
    say(f"{len(words):,} vectors of words in {path}")
