"""A run as a maker of sentence vectors: what it was trained on, and the copy that was tuned."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from naepo.checkpoint import Checkpoint
from naepo.config import UserError
from naepo.embed import tuned
from naepo.embed.entries import Entry
from naepo.embed.sentences import (
    ROWS_A_DIRECTION,
    Fitted,
    SentenceModel,
    SentenceSettings,
    width_for,
)
from naepo.embed.store import Store
from naepo.model import LanguageModel
from naepo.train.at_hand import corpus_at_hand

Told = Callable[[str], None]
LONGEST_LINE = 2_000
"""Bytes of a line that sentences are learned from."""
IDS_AT_ONCE = 1 << 22
"""Ids that are counted together: a memory map is never copied whole."""
HOME = "sentences"


def counts_of(loaded: Checkpoint) -> Int[np.ndarray, " vocab"] | None:
    """Count the ids of the text a run was trained on; None where it is not at hand."""
    corpus = corpus_at_hand(loaded)
    if corpus is None:
        return None
    ids, n_ids = corpus.train.ids, loaded.model.settings.vocab_size
    counts = np.zeros(n_ids, dtype=np.int64)
    for start in range(0, len(ids), IDS_AT_ONCE):
        counts += np.bincount(ids[start : start + IDS_AT_ONCE], minlength=n_ids)
    return counts


def lines_of(loaded: Checkpoint, n: int) -> list[str]:
    """Give at most n lines of the text a run was trained on, from all over it.

    None where the text is not at hand.
    """
    corpus = corpus_at_hand(loaded)
    if corpus is None or n < 1:
        return []
    file_of_text = corpus.train.text_file
    size, found = file_of_text.stat().st_size, []
    with file_of_text.open("rb") as file:
        for number in range(n):
            start = size * number // n
            file.seek(start)
            if start:
                file.readline(LONGEST_LINE)  # the rest of a line
            found.append(file.readline(LONGEST_LINE).decode("utf-8", "ignore").strip())
    return list(dict.fromkeys(line for line in found if line))


def fit(
    model: SentenceModel, loaded: Checkpoint, entries: Sequence[Entry], store: Store, on_refit: Told
) -> SentenceModel:
    """Give a model that has learned what it needs, as the store knows it where it does.

    Few sentences support few numbers of a vector, so lines of the run's text are learned from as
    well. Where with the new entries there are enough for more numbers than before, all that the
    store has is embedded again, and `on_refit` is told in one line.
    """
    d_model = model.model.settings.d_model
    most = width_for(ROWS_A_DIRECTION * d_model, d_model)
    if store.state:
        model.fitted = Fitted.from_bytes(store.state)
        if _is_so_wide(model, most):
            return model
    names = {entry.name for entry in entries}
    there = store.entries
    texts = [entry.text for entry in there if entry.name not in names]
    texts += [entry.text for entry in entries]
    texts += lines_of(loaded, ROWS_A_DIRECTION * most - len(texts))
    if store.state and _is_so_wide(model, width_for(len(texts), d_model)):
        return model
    fitted = SentenceModel.fit(
        model.model, model.encoder, texts, model.settings, counts=counts_of(loaded)
    )
    if store.state and _is_so_wide(model, fitted.fitted.width or d_model):
        return model
    if there:
        vectors = fitted.vectors([entry.text for entry in there])
        on_refit(
            f"{len(there):,} texts are embedded again, in {vectors.shape[1]} numbers in place of "
            f"{store.width}: there are enough of them now"
        )
        store.renew(vectors, fitted.fitted.to_bytes())
    return fitted


def _is_so_wide(model: SentenceModel, width: int) -> bool:
    return model.fitted.width is None or model.fitted.width >= width


def home_in(run: Path, out: Path | None = None) -> Path:
    """Give the folder in which a copy of a run's model is kept that was tuned on sentences."""
    return (out or run / "embedding") / HOME


def maker_of(loaded: Checkpoint, about: dict[str, Any], state: bytes, home: Path) -> SentenceModel:
    """Give what made the vectors of a space, to make more of them.

    about, state: as the store has them.  home: where a tuned copy is kept.

    Raises: UserError when neither the run nor its tuned copy is what it was.
    """
    fitted = Fitted.from_bytes(state)
    settings = SentenceSettings(
        layers=tuple(about["layers"]),
        pooling=about["pooling"],
        sif=about["sif"],
        whiten=about["whiten"],
        width=about["width"],
        both_ways=about["both_ways"],
    )
    for network in _networks(loaded, home):
        model = SentenceModel(network, loaded.encoder, settings, fitted)
        if {**model.about, "run": about.get("run")} == about:
            return model
    raise UserError(
        "the vectors were made by another model than this run and its tuned copy now are",
        hint="embed the files again, or name the checkpoint that made them: --checkpoint",
    )


def _networks(loaded: Checkpoint, home: Path) -> Iterator[LanguageModel]:
    yield loaded.model
    kept = tuned.load(home)
    if kept is not None:
        kept.model.to(next(iter(loaded.model.parameters())).device)
        yield kept.model
