"""`naepo search STORE "words"`: by meaning, by letters or by both; why; and taking things out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from naepo.cli.storing import say
from naepo.config import UserError

if TYPE_CHECKING:
    from naepo.cli.search import Search
    from naepo.embed.entries import Entry
    from naepo.embed.filters import Condition
    from naepo.embed.finding import Found
    from naepo.embed.sentences import SentenceModel
    from naepo.embed.store import Store

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
        about = next((s for s in first.spaces if s.get("made_of") == "sentences"), None)
        _say_of_others(first.spaces)
    with Store.open(asked.run, about or {"made_of": "letters"}) as store:
        model = _model(asked, store) if _by_meaning(asked, about is not None) else None
        for number, words in enumerate(asked.pieces):
            if len(asked.pieces) > 1:
                print(words if number == 0 else f"\n{words}")
            _search(asked, store, model, words, conditions)
    return 0


def _by_meaning(asked: "Search", has_sentences: bool) -> bool:
    if asked.by == "meaning" and not has_sentences:
        raise UserError(
            f"{asked.run} has no vectors of sentences, so it is searched by letters",
            hint="add some: naepo embed RUN FILES --store " + str(asked.run),
        )
    return has_sentences and asked.by != "letters"


def _say_of_others(spaces: "Sequence[dict]") -> None:
    """Say what is not compared: vectors of different models have nothing in common."""
    n_sentences = sum(space.get("made_of") == "sentences" for space in spaces)
    n_pieces = len(spaces) - n_sentences
    if n_sentences > 1:
        say(
            f"this store has sentences of {n_sentences} models, whose vectors cannot be compared: "
            "by meaning only those of the first are searched, by letters all"
        )
    if n_pieces and n_sentences:
        say("music in this store is of another model: words find it by the letters of its name")


def _model(asked: "Search", store: "Store") -> "SentenceModel":
    """Open the run that made the vectors of a store."""
    from naepo.cli.opening import open_model
    from naepo.embed.sentence_runs import home_in, maker_of
    from naepo.train.machine import choose_device

    run = Path(store.about["run"])
    if not run.exists():
        raise UserError(
            f"the run that made these vectors is not there: {run}",
            hint="search by letters: --by letters; or embed again from where the run is now",
        )
    loaded = open_model(run, asked.checkpoint)
    loaded.model.to(choose_device(asked.device))
    return maker_of(loaded, store.about, store.state, home_in(run, asked.at))


def _search(
    asked: "Search",
    store: "Store",
    model: "SentenceModel | None",
    words: str,
    conditions: "Sequence[Condition]",
) -> None:
    from naepo.embed.finding import search
    from naepo.embed.why import why

    by = "letters" if model is None else asked.by or "both"
    for one in search(store, words, asked.n, model=model, by=by, conditions=conditions):
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
    """Give name and place."""
    return f"{entry.name}, {entry.place}" if entry.place else entry.name


def _delete(folder: Path, named: Sequence[str]) -> int:
    from naepo.embed.filters import Condition
    from naepo.embed.store import Store

    with Store.open(folder) as store:
        ids: set[int] = set()
        for text in named:
            ids |= {int(text)} if text.isdigit() else set(store.matching([Condition.read(text)]))
        n = store.delete(sorted(ids))
        say(f"{n:,} taken out, {store.n_entries:,} left in {folder}")
    with Store.join(folder) as store:
        if store.n_dead > max(1_000, len(store)):
            store.compact()
    return 0
