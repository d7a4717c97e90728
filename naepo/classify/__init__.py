"""Texts into classes: probes of a GPT, kernel machines, fine-tuned copies, and character n-grams.

In: texts with labels, and a run. Out: a folder that gives the probability of each class for a text,
says which words decided, and how far to trust it. The run is never changed. Beside every figure
stands what character n-grams reach, which need no network.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from naepo.classify.classifier import Classifier
    from naepo.classify.keeping import load, save
    from naepo.classify.learning import LearnSettings, Learnt, learn
    from naepo.classify.measures import Measures, measure
    from naepo.classify.source import Source

_PLACES = {
    "Classifier": "classifier",
    "LearnSettings": "learning",
    "Learnt": "learning",
    "Measures": "measures",
    "Source": "source",
    "learn": "learning",
    "load": "keeping",
    "measure": "measures",
    "save": "keeping",
}

__all__ = [
    "Classifier",
    "LearnSettings",
    "Learnt",
    "Measures",
    "Source",
    "learn",
    "load",
    "measure",
    "save",
]


def __getattr__(name: str) -> Any:
    """Bring a name when it is asked for: some need scikit-learn, which is optional."""
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(import_module(f"naepo.classify.{_PLACES[name]}"), name)
