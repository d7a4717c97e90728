"""A run as a maker of sentence vectors: what it was trained on, and the copy that was tuned."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from naepo.checkpoint import Checkpoint
from naepo.config import UserError
from naepo.embed import tuned
from naepo.embed.sentences import Fitted, SentenceModel, SentenceSettings
from naepo.model import LanguageModel
from naepo.train.at_hand import corpus_at_hand

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
