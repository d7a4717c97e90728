"""`naepo embed --store`: passages, rows of tables and pieces of music, added to a store."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naepo.cli.hearing import are_recordings
from naepo.config import UserError

if TYPE_CHECKING:
    from naepo.checkpoint import Checkpoint
    from naepo.cli.embed import Embed
    from naepo.embed.entries import Entry
    from naepo.embed.pooling import Vectors
    from naepo.embed.sentences import SentenceSettings
    from naepo.embed.store import Store
    from naepo.model import LanguageModel

NEURAL = "neural"
"""How vectors are called that a run's network makes."""


def keep(asked: "Embed") -> int:
    """Read what is named, make vectors unless only letters are wanted, and add all to the store.

    What has the name of a file that was embedded before takes its place.
    """
    assert asked.store is not None
    if asked.by is not None:
        from naepo.cli.by_ways import keep_by_way

        store, n = keep_by_way(asked, asked.store)
    elif asked.letters:
        store, n = _keep_letters(asked, asked.store)
    else:
        store, n = _keep_vectors(asked, asked.store)
    store.compact(only_much=True)
    said = store.make_index()
    if said:
        say(said)
    say(f"{n:,} added, {store.n_entries:,} in {asked.store}")
    say(f"search: naepo search {asked.store} {_example(store)}")
    store.close()
    return 0


def _keep_letters(asked: "Embed", folder: Path) -> "tuple[Store, int]":
    from naepo.embed.store import Store

    entries = passages(asked, (asked.run, *asked.pieces))
    store = Store.join(folder)
    store.add(None, entries, replace=True)
    return store, len(entries)


def _keep_vectors(asked: "Embed", folder: Path) -> "tuple[Store, int]":
    if not asked.pieces:
        raise UserError(
            "nothing to embed is named",
            hint="naepo embed RUN FILES --store STORE; without a run: add --letters or --by WAY",
        )
    if asked.sound or are_recordings(asked.pieces):
        about, vectors, entries, state = _sounds(asked)
    else:
        about, vectors, entries, state = _by_model(asked, folder)
    store = joined(folder, about, state)
    if store.state != state:
        store.close()
        raise UserError(
            f"another process has meanwhile put other vectors into {folder}", hint="embed again"
        )
    add(store, vectors, entries)
    return store, len(entries)


def add(store: "Store", vectors: "Vectors", entries: "Sequence[Entry]") -> None:
    """Add entries in the place of those of the same files, whatever an older naepo called them."""
    from naepo.embed.names import by_older_names
    from naepo.embed.store import is_store

    if is_store(store.folder):
        store.rename(by_older_names(dict.fromkeys(entry.name for entry in entries)))
    store.add(vectors, entries, replace=True)


def _by_model(asked: "Embed", folder: Path) -> "tuple[dict[str, Any], Vectors, list[Entry], bytes]":
    """Embed by the run's model: pieces of music, or sentences."""
    from naepo.cli.embed import pieces_of
    from naepo.cli.opening import open_model
    from naepo.encode.music.encoder import MusicEncoder
    from naepo.train.machine import choose_device

    loaded = open_model(asked.run, asked.checkpoint)
    loaded.model.to(choose_device(asked.device))
    if not isinstance(loaded.encoder, MusicEncoder):
        return _sentences(asked, loaded, folder)
    made, vectors, entries = pieces_of(asked, loaded, place_for_tuned(asked.run, asked.out))
    about = {"made_of": "pieces", "by": NEURAL, "run": str(asked.run.resolve()), **made}
    return about, vectors, entries, b""


def _sounds(asked: "Embed") -> "tuple[dict[str, Any], Vectors, list[Entry], bytes]":
    """Embed by the run's encoder of sound."""
    from naepo.cli.embed import sounds_of
    from naepo.embed.places import home_of

    made, vectors, entries = sounds_of(asked, home_of(asked.run, asked.out))
    about = {"made_of": "sound", "by": NEURAL, "run": str(asked.run.resolve()), **made}
    return about, vectors, entries, b""


def place_for_tuned(run: Path, out: Path | None) -> Path | None:
    """Give where a run's tuned copy is kept; None for a checkpoint, which is sealed."""
    return out or (run / "embedding" if (run / "checkpoints").is_dir() else None)


def _sentences(
    asked: "Embed", loaded: "Checkpoint", folder: Path
) -> "tuple[dict[str, Any], Vectors, list[Entry], bytes]":
    from naepo.embed.sentence_runs import fit
    from naepo.embed.sentences import SentenceModel

    entries = passages(asked, asked.pieces)
    texts = [entry.text for entry in entries]
    network, settings = _network(asked, loaded, texts)
    model = SentenceModel(network, loaded.encoder, settings)
    about = {"run": str(asked.run.resolve()), **model.about}
    with joined(folder, about, b"") as store:
        model = fit(model, loaded, entries, store, on_refit=say)
    return about, model.vectors(texts), entries, model.fitted.to_bytes()


def _network(
    asked: "Embed", loaded: "Checkpoint", texts: list[str]
) -> "tuple[LanguageModel, SentenceSettings]":
    """Give what reads the sentences: the run's model, or a copy that was tuned on sentences."""
    from naepo.embed import tuned
    from naepo.embed.sentence_runs import home_in
    from naepo.embed.sentence_tuning import SentenceTuning, tune_sentences
    from naepo.embed.sentences import SentenceSettings
    from naepo.model.kinds import transformer_of

    home = home_in(asked.run, asked.out)
    if asked.tune is not None:
        network = transformer_of(loaded.model, "--tune")
        chosen = SentenceTuning(seconds=60 * asked.tune, seed=asked.seed)
        pairs = _pairs(asked.pairs) if asked.pairs else None
        found = tune_sentences(network, loaded.encoder, texts, chosen, pairs=pairs, on_step=_tell)
        say(f"tuned: {tuned.save(home, found)}")
    kept = tuned.load(home) if asked.tuned else None
    layers = (0, -1) if kept is None else (kept.layer,)
    settings = SentenceSettings(
        layers=layers if asked.layer is None else (asked.layer,),
        pooling=asked.pooling or "mean",
        both_ways=kept is not None,
    )
    if kept is None:
        return loaded.model, settings
    kept.model.to(next(iter(loaded.model.parameters())).device)
    return kept.model, settings


def _pairs(path: Path) -> "list[tuple[str, str, float]]":
    from naepo.embed.pairs import read_pairs

    return read_pairs(path)


def known_state(folder: Path, about: "dict[str, Any]") -> bytes | None:
    """Give what the store remembers of this way of making vectors; later ones are made the same."""
    from naepo.embed.store import is_store

    if not is_store(folder):
        return None
    with joined(folder, about, b"") as store:
        return store.state or None


def joined(folder: Path, about: "dict[str, Any]", state: bytes) -> "Store":
    """Join a store in the space of these vectors, even if what made them has since been moved."""
    from naepo.embed.store import Store

    store = Store.join(folder, about, state)
    moved = {key: about[key] for key in ("run", "from") if key in about}
    for other in store.spaces:
        if {**other, **moved} == about and other != about:
            store.close()
            return Store.join(folder, other, state)
    return store


def _example(store: "Store") -> str:
    """Give what can be looked for in a store: a piece in it, or a few words."""
    from naepo.embed.names import from_here

    if store.about.get("made_of") in ("pieces", "notes", "sound"):
        return shlex.quote(from_here(store.entries[0].name).partition(" #")[0])
    return '"..."'


def passages(asked: "Embed", paths: tuple[Path, ...]) -> "list[Entry]":
    """Read texts in the pieces that are asked for.

    What the store has of a file that has no text any more goes, and what it has of one under an
    older name gets the name that it now has.

    Raises: UserError for what cannot be read.
    """
    from naepo.embed.passages import read_passages

    read: dict[Path, int] = {}
    unit = "line" if asked.lines else asked.unit
    try:
        return read_passages(
            paths, unit=unit, column=asked.text, on_unread=say, on_read=read.__setitem__
        )
    finally:
        if asked.store is not None:
            _settle(asked.store, read)


def _settle(folder: Path, read: dict[Path, int]) -> None:
    """Bring what a store has of files up to date before more is added.

    read: how many passages each file that was read now has.
    """
    from naepo.embed.names import by_older_names, name_of
    from naepo.embed.store import Store, is_store

    if not is_store(folder):
        return
    with Store.join(folder) as store:
        names = {path: name_of(path) for path in read}
        typed = {str(path): name for path, name in names.items() if str(path) != name}
        store.rename(by_older_names(names.values()) | typed)
        gone = store.texts_named([names[path] for path, n in read.items() if n == 0])
        if gone:
            say(f"{store.delete(gone):,} taken out: their files have no text any more")


def _tell(step: int, loss: float, done: float) -> None:
    """Show how tuning goes, on a terminal only."""
    if sys.stderr.isatty():
        line = f"\r\033[Ktuning {done:4.0%}  step {step:,}  loss {loss:.3f}\r"
        print(line, end="", file=sys.stderr)


def say(line: str) -> None:
    """Tell the person something that is no result."""
    print(line, file=sys.stderr)
