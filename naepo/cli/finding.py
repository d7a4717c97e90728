"""`naepo search STORE "words"`: by meaning, by letters or by both; why; and taking things out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from naepo.cli.finding_pieces import (
    asks_for_pieces,
    find_pieces,
    is_called,
    names_of,
    run_of,
    way_of,
)
from naepo.cli.storing import say
from naepo.config import UserError, did_you_mean

if TYPE_CHECKING:
    from naepo.cli.search import Search
    from naepo.embed.entries import Entry
    from naepo.embed.filters import Condition
    from naepo.embed.finding import Found
    from naepo.embed.sentences import SentenceModel
    from naepo.embed.store import Store
    from naepo.embed.word_ways import WordModel

    Model = SentenceModel | WordModel

OF_TEXTS = ("sentences", "text")
"""What vectors are made of that words are compared with."""
SHOWN = 100
"""Characters of a text that are printed."""


def find(asked: "Search") -> int:
    """Search a store, or take out of it what is named."""
    from naepo.embed.filters import Condition
    from naepo.embed.store import Store

    conditions = [Condition.read(text) for text in asked.where]
    if asked.delete:
        return _delete(asked.run, asked.delete)
    if not asked.pieces:
        raise UserError(
            "nothing to look for is named", hint=f'naepo search {asked.run} "a few words"'
        )
    with Store.open(asked.run) as first:
        spaces = first.spaces
    if asks_for_pieces(asked):
        find_pieces(asked, spaces)
        return 0
    store, model = _opened(asked, _fitting(asked, spaces))
    with store:
        for number, words in enumerate(asked.pieces):
            if len(asked.pieces) > 1:
                print(words if number == 0 else f"\n{words}")
            _search(asked, store, model, words, conditions)
    return 0


def _fitting(asked: "Search", spaces: "Sequence[dict]") -> list[dict]:
    """Give the vectors that words may be compared with, the newest first; none for letters alone.

    Raises: UserError when there are none of the kind that is asked for.
    """
    of_texts = [about for about in spaces if about.get("made_of") in OF_TEXTS]
    _say_of_others(spaces, of_texts)
    fitting = of_texts
    if asked.by not in (None, "meaning", "letters", "both"):
        fitting = [about for about in of_texts if is_called(about, asked.by)]
        if not fitting:
            known = ["meaning", "letters", "both", *map(way_of, of_texts), *names_of(of_texts)]
            raise UserError(
                f"no texts of {asked.run} were embedded by {asked.by}",
                hint=did_you_mean(asked.by, known),
            )
    if asked.by == "meaning" and not fitting:
        raise UserError(
            f"{asked.run} has no vectors of sentences, so it is searched by letters",
            hint="add some: naepo embed RUN FILES --store " + str(asked.run),
        )
    return fitting[::-1] if asked.by != "letters" else []


def _opened(asked: "Search", fitting: "Sequence[dict]") -> "tuple[Store, Model | None]":
    """Open the first vectors whose model is there; without any, the store for letters alone.

    Raises: UserError when vectors are asked for and the model of none is there.
    """
    from naepo.embed.store import Store

    errors: list[UserError] = []
    for about in fitting:
        store = Store.open(asked.run, about)
        try:
            model = _model(asked, store)
        except UserError as error:
            store.close()
            errors.append(error)
            continue
        if errors:
            say(f"older vectors are searched: {errors[0]}")
        return store, model
    if errors and asked.by not in (None, "both"):
        raise errors[0]
    if errors:
        say(f"searched by letters alone: {errors[0]}")
    return Store.open(asked.run, {"made_of": "letters"}), None


def _say_of_others(spaces: "Sequence[dict]", of_texts: "Sequence[dict]") -> None:
    """Say what is not compared: vectors of different models have nothing in common."""
    if len(of_texts) > 1:
        say(
            f"this store has texts embedded in {len(of_texts)} ways, whose vectors cannot be "
            "compared: by meaning only the newest is searched, by letters all; "
            + ", ".join(f"--by {name}" for name in names_of(of_texts))
        )
    if len(spaces) > len(of_texts) and of_texts:
        say(
            "music in this store is of another model: words find it by the letters of its name, "
            "a file of music by what it is like"
        )


def _model(asked: "Search", store: "Store") -> "Model":
    """Open what made the vectors of a space of texts."""
    from naepo.cli.opening import open_model
    from naepo.embed.sentence_runs import home_in, maker_of
    from naepo.embed.word_ways import WordModel
    from naepo.train.machine import choose_device

    if store.about["made_of"] == "text":
        return WordModel.of(store.about, store.state)
    run = run_of(store.about)
    loaded = open_model(run, asked.checkpoint)
    loaded.model.to(choose_device(asked.device))
    return maker_of(loaded, store.about, store.state, home_in(run, asked.at))


def _search(
    asked: "Search",
    store: "Store",
    model: "Model | None",
    words: str,
    conditions: "Sequence[Condition]",
) -> None:
    from naepo.embed.finding import By, search
    from naepo.embed.why import why

    by: By = "both"
    if model is None:
        by = "letters"
    elif asked.by is not None and asked.by != "both":
        by = "meaning"
    found = search(store, words, asked.n, model=model, by=by, conditions=conditions)
    if not found:
        say("nothing found")
    for one in found:
        print(line_of(one))
        if asked.why and model is not None and one.entry.text:
            reasons = why(model, words, one.entry.text)
            for pair in reasons.top():
                print(f"        {pair.share:+.3f}  {pair.ours} · {pair.theirs}")
            print(f"        {reasons.score:+.3f}  all {reasons.shares.size:,} pairs of words")


def line_of(found: "Found") -> str:
    """Give what was found in one line: cosine, worth of letters, id, where, and how it begins."""
    meaning = "" if found.cosine is None else f"meaning {found.cosine:.3f}"
    letters = "" if found.letters is None else f"letters {found.letters:.2f}"
    told = ", ".join(part for part in (meaning, letters) if part)
    text = " ".join(found.entry.text.split())
    text = text[: SHOWN - 1] + "…" if len(text) > SHOWN else text
    return f"{found.id:>6}  {where(found.entry)}  ({told})  {text}".rstrip()


def where(entry: "Entry") -> str:
    """Give name, from the working folder where it lies below it, and place."""
    from naepo.embed.names import from_here

    name = from_here(entry.name)
    return f"{name}, {entry.place}" if entry.place else name


def _delete(folder: Path, named: Sequence[str]) -> int:
    from naepo.embed.filters import Condition
    from naepo.embed.store import Store

    with Store.open(folder) as store:
        ids: set[int] = set()
        for text in named:
            is_id = text.isascii() and text.isdigit()
            ids |= {int(text)} if is_id else set(store.matching([Condition.read(text)]))
        n = store.delete(sorted(ids))
        store.compact(only_much=True)
        say(f"{n:,} taken out, {store.n_entries:,} left in {folder}")
    return 0
