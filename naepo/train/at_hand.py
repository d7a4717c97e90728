"""The text a checkpoint was trained on, if it lies ready: found at once, or not at all."""

from pathlib import Path

from naepo.checkpoint import Checkpoint
from naepo.config import UserError
from naepo.encode import Corpus
from naepo.encode.corpus import open_corpus


def corpus_at_hand(loaded: Checkpoint) -> Corpus | None:
    """Open the corpus of a checkpoint where the cache still has it as it was; else None.

    Nothing is read from the sources, encoded or counted, so that this takes milliseconds.
    """
    plan = loaded.settings.get("plan", {})
    folder = plan.get("corpus_folder")
    if not isinstance(folder, str):
        return None
    try:
        corpus = open_corpus(Path(folder))
    except UserError:
        return None
    return corpus if corpus.fingerprint == plan.get("corpus") else None
