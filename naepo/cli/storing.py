"""`naepo embed --store`: passages, rows of tables and pieces of music, added to a store."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naepo.config import UserError

if TYPE_CHECKING:
    from naepo.checkpoint import Checkpoint
    from naepo.cli.embed import Embed
    from naepo.embed.entries import Entry
    from naepo.embed.pooling import Vectors
    from naepo.embed.sentences import SentenceSettings
    from naepo.embed.store import Store
    from naepo.model import LanguageModel


def keep(asked: "Embed") -> int:
    """Read what is named, make vectors unless only letters are wanted, and add all to the store.

    What has the name of a file that was embedded before takes its place.
    """
    assert asked.store is not None
    if asked.letters:
        store, n = _keep_letters(asked, asked.store)
    else:
        store, n = _keep_vectors(asked, asked.store)
    said = store.make_index()
    if said:
        say(said)
    say(f"{n:,} added, {store.n_entries:,} in {asked.store}")
    say(f'search: naepo search {asked.store} "..."')
    store.close()
    return 0


def _keep_letters(asked: "Embed", folder: Path) -> "tuple[Store, int]":
    from naepo.embed.store import Store

    entries = _passages(asked, (asked.run, *asked.pieces))
    store = Store.join(folder)
    store.add(None, entries, replace=True)
    return store, len(entries)


def _keep_vectors(asked: "Embed", folder: Path) -> "tuple[Store, int]":
    from naepo.cli.opening import open_model
    from naepo.encode.music.encoder import MusicEncoder
    from naepo.train.machine import choose_device

    if not asked.pieces:
        raise UserError(
            "nothing to embed is named",
            hint="naepo embed RUN FILES --store STORE, or without a run: add --letters",
        )
    loaded = open_model(asked.run, asked.checkpoint)
    loaded.model.to(choose_device(asked.device))
    if isinstance(loaded.encoder, MusicEncoder):
        about, vectors, entries, state = _music(asked, loaded)
    else:
        about, vectors, entries, state = _sentences(asked, loaded, folder)
    store = _joined(folder, about, state)
    store.add(vectors, entries, replace=True)
    return store, len(entries)


def _music(
    asked: "Embed", loaded: "Checkpoint"
) -> "tuple[dict[str, Any], Vectors, list[Entry], bytes]":
    from naepo.embed.pieces import embedder, read_pieces

    pieces = read_pieces(asked.pieces, loaded.encoder, on_unread=say)
    maker = embedder(loaded, None, layer=asked.layer, pooling=asked.pooling)
    about = {"made_of": "pieces", "run": str(asked.run.resolve()), **maker.about}
    return about, *maker.embed(pieces), b""


def _sentences(
    asked: "Embed", loaded: "Checkpoint", folder: Path
) -> "tuple[dict[str, Any], Vectors, list[Entry], bytes]":
    from naepo.embed.sentence_runs import counts_of
    from naepo.embed.sentences import Fitted, SentenceModel

    entries = _passages(asked, asked.pieces)
    texts = [entry.text for entry in entries]
    network, settings = _network(asked, loaded, texts)
    model = SentenceModel(network, loaded.encoder, settings)
    about = {"run": str(asked.run.resolve()), **model.about}
    known = _known_state(folder, about)
    if known is None:
        model = SentenceModel.fit(
            network, loaded.encoder, texts, settings, counts=counts_of(loaded)
        )
    else:
        model.fitted = Fitted.from_bytes(known)
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


def _known_state(folder: Path, about: "dict[str, Any]") -> bytes | None:
    """Give what the store remembers of this way of making vectors; later ones are made the same."""
    from naepo.embed.store import is_store

    if not is_store(folder):
        return None
    with _joined(folder, about, b"") as store:
        return store.state or None


def _joined(folder: Path, about: "dict[str, Any]", state: bytes) -> "Store":
    """Join a store in the space of these vectors, even if the run has since been moved."""
    from naepo.embed.store import Store

    store = Store.join(folder, about, state)
    for other in store.spaces:
        if {**other, "run": about["run"]} == about and other != about:
            store.close()
            return Store.join(folder, other, state)
    return store


def _passages(asked: "Embed", paths: tuple[Path, ...]) -> "list[Entry]":
    from naepo.embed.passages import read_passages

    return read_passages(
        paths, unit="line" if asked.lines else asked.unit, column=asked.text, on_unread=say
    )


def _tell(step: int, loss: float, done: float) -> None:
    """Show how tuning goes, on a terminal only."""
    if sys.stderr.isatty():
        line = f"\r\033[Ktuning {done:4.0%}  step {step:,}  loss {loss:.3f}\r"
        print(line, end="", file=sys.stderr)


def say(line: str) -> None:
    """Tell the person something that is no result."""
    print(line, file=sys.stderr)
