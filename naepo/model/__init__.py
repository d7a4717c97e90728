"""Ids to logits and hidden states.

In: ids. Out: scores for the next id, and every state on the way. It knows no text and no notes, no
loss and no file: a model is built from the settings of its kind, and its weights come from a
seed.
"""

from naepo.model.describe import describe
from naepo.model.kinds import Network, build
from naepo.model.language_model import LanguageModel
from naepo.model.settings import LanguageModelSettings, ModelSettings, PartSettings
from naepo.model.transformer import Transformer

__all__ = [
    "LanguageModel",
    "LanguageModelSettings",
    "ModelSettings",
    "Network",
    "PartSettings",
    "Transformer",
    "build",
    "describe",
]
