"""How a model of some size is trained: its batches, and what keeps it from learning by heart."""

from typing import Any

import torch

from naepo.model import LanguageModelSettings
from naepo.train.machine import n_cores

FEW_READINGS = 2.0
"""A text that is read less often than this cannot be learnt by heart."""
MANY_READINGS = 20.0
"""From so many readings on, activations are dropped even where merges are."""
DROPOUT = ((FEW_READINGS, 0.0), (5.0, 0.05), (MANY_READINGS, 0.1), (float("inf"), 0.2))
"""Share of activations dropped, by how often the text is read: (below this often, share)."""
MERGE_DROPOUT = 0.1
"""Share of the ids that are taken apart at the beginning of a run that reads its text often."""
WORTH_COMPILING = 300.0
"""Seconds of a run on a GPU from which compiling for about a minute pays. On a CPU it does not: the
fused pass is as fast (LOG.md)."""
SEMITONES = 5
"""How far pieces of music are moved, up and down: about all twelve keys."""
WEIGHT_DECAY = 0.1
"""Weight decay of such a run."""


def tokens_per_step(d_model: int) -> int:
    """How many tokens make one update: few, so that many updates fit into the time.

    At least 16 d_model, so that Muon's own products stay a small part of the step.

    >>> tokens_per_step(128)
    2048
    """
    return min(16_384, max(1_024, 16 * d_model))


def batches_of(
    model: LanguageModelSettings, device: torch.device, seconds: float, asked: int | None = None
) -> dict[str, Any]:
    """Give the batch, on a CPU its shards (one for each core), on a GPU whether to compile.

    seconds: how long the run may take.  asked: the batch size that was asked for.
    """
    rows = asked or max(1, tokens_per_step(model.d_model) // model.context_length)
    shards = min(n_cores(), rows) if device.type == "cpu" else 1
    if asked is not None:
        shards = max(n for n in range(1, shards + 1) if asked % n == 0)
    return {
        "batch_size": rows // shards * shards,
        "shards": shards,
        "compile": device.type == "cuda" and seconds > WORTH_COMPILING,
    }


def against_memory(n_read: float, has_merges: bool, *, is_music: bool = False) -> dict[str, Any]:
    """Give the tables `model` and `train` that suit a text which is read `n_read` times.

    has_merges: whether the encoder's ids can be taken apart. Then they are, and activations are
    spared until the text is read very often.
    is_music: whether pieces can be moved to other keys. They are, however often they are read.

    >>> against_memory(8.0, has_merges=False)["model"]["parts"]
    {'dropout': 0.1}
    """
    keys: dict[str, Any] = {"transpose": SEMITONES} if is_music else {}
    if n_read < FEW_READINGS:
        return {"model": {}, "train": keys}
    share = next(share for bound, share in DROPOUT if n_read < bound)
    train: dict[str, Any] = {"optimizer": {"weight_decay": WEIGHT_DECAY}, **keys}
    if has_merges:
        train["merge_dropout"] = MERGE_DROPOUT
        share = share if n_read >= MANY_READINGS else 0.0
    return {"model": {"parts": {"dropout": share}}, "train": train}
