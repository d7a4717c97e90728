"""How good a classifier is: how often it is right, and whether its probabilities mean anything."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

Array = np.ndarray
BINS = 10


@dataclass(frozen=True)
class Bin:
    """Rows whose largest probability lies in one tenth. A sure classifier is right as often."""

    low: float
    high: float
    n: int
    confidence: float
    """The mean of their largest probabilities."""
    accuracy: float
    """The share of them that is right."""


@dataclass(frozen=True, eq=False)
class Measures:
    """Figures over rows that were not learnt from."""

    classes: tuple[str, ...]
    n: int
    accuracy: float
    macro_f1: float
    """The mean over the classes of 2 · precision · recall / (precision + recall)."""
    log_loss: float
    """Mean −ln p(label), in nats; a guess by the shares of the classes reaches their entropy."""
    calibration_error: float
    """Expected calibration error: the mean over rows of |confidence − accuracy| of their bin
    (Naeini et al. 2015; Guo et al. 2017, arXiv:1706.04599, equation 3)."""
    majority: float
    """The accuracy of always naming the commonest class: the lowest floor."""
    confusion: Int[Array, "classes classes"]
    """A row for each true class, a column for each one that was named."""
    reliability: tuple[Bin, ...]


def measure(
    probabilities: Float[Array, "n classes"], labels: Int[Array, " n"], classes: Sequence[str]
) -> Measures:
    """Measure probabilities against the labels, which are numbers of classes."""
    named = probabilities.argmax(axis=1)
    confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(confusion, (labels, named), 1)
    right = np.diag(confusion)
    both = confusion.sum(axis=0) + confusion.sum(axis=1)
    f1 = np.divide(2 * right, both, out=np.zeros(len(classes)), where=both > 0)
    bins = _reliability(probabilities.max(axis=1), named == labels)
    of_label = probabilities[np.arange(len(labels)), labels]
    return Measures(
        classes=tuple(classes),
        n=len(labels),
        accuracy=float((named == labels).mean()),
        macro_f1=float(f1[both > 0].mean()),
        log_loss=float(-np.log(np.maximum(of_label, 1e-15)).mean()),
        calibration_error=sum(b.n * abs(b.confidence - b.accuracy) for b in bins) / len(labels),
        majority=float(confusion.sum(axis=1).max() / len(labels)),
        confusion=confusion,
        reliability=bins,
    )


def _reliability(confidence: Float[Array, " n"], is_right: Array) -> tuple[Bin, ...]:
    """Put rows into tenths of their confidence; empty ones are left out."""
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    found = []
    for place in range(BINS):
        inside = places == place
        if inside.any():
            means = float(confidence[inside].mean()), float(is_right[inside].mean())
            found.append(Bin(place / BINS, (place + 1) / BINS, int(inside.sum()), *means))
    return tuple(found)
