"""A folder <-> model, encoder, settings and training state; verified, atomic, without pickle.

In: a run folder and what a training run holds. Out: checkpoints that open in transformers as they
stand, and that load again bit for bit. A broken one is set aside and never trained from; nothing
here ever deletes the only good one, fetches a file, or runs code that it found in one.
"""

from naepo.checkpoint.contents import Checkpoint, TrainingState, save
from naepo.checkpoint.lock import RunLock
from naepo.checkpoint.opening import load, load_state
from naepo.checkpoint.run import folder_of, mark_best, newest, prune

__all__ = [
    "Checkpoint",
    "RunLock",
    "TrainingState",
    "folder_of",
    "load",
    "load_state",
    "mark_best",
    "newest",
    "prune",
    "save",
]
