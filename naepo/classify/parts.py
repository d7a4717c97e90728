"""The parts that a classifier is made of. Each gives ln p(class) for texts, and is plain arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from naepo.classify.features import Features, VectorPart
from naepo.classify.linear import Linear, softmax
from naepo.classify.net import ClassifierNet, framed, probabilities
from naepo.classify.source import Source
from naepo.config import UserError

Array = np.ndarray
Probabilities = Float[Array, "n classes"]
SMALLEST = 1e-12


@runtime_checkable
class Part(Protocol):
    """Something that gives probabilities of classes."""

    @property
    def kind(self) -> str:
        """Which of them it is: linear, kernel or net."""
        ...

    @property
    def needs_source(self) -> bool:
        """Whether it cannot read a text without the run that it was made from."""
        ...

    def probabilities(self, texts: Sequence[str], source: Source | None) -> Probabilities:
        """Give the probability of each class for each text."""
        ...


@dataclass(frozen=True, eq=False)
class LinearPart:
    """A softmax of a linear map of features."""

    features: Features
    linear: Linear
    kind: str = "linear"

    @property
    def needs_source(self) -> bool:
        """Vectors come from the run."""
        return self.features.vectors is not None

    def probabilities(self, texts: Sequence[str], source: Source | None) -> Probabilities:
        """Give the softmax of the scores."""
        return softmax(self.linear.scores(self.features.of(texts, source)))


@dataclass(frozen=True, eq=False)
class KernelPart:
    """A kernel machine on vectors. machine: a fitted `kernels.KernelClassifier`."""

    vectors: VectorPart
    machine: Any
    kind: str = "kernel"
    needs_source: bool = True

    def probabilities(self, texts: Sequence[str], source: Source | None) -> Probabilities:
        """Give what the machine's scores mean."""
        return self.machine.predict_proba(self.vectors.of(texts, source))


@dataclass(frozen=True, eq=False)
class NetPart:
    """A fine-tuned network. end_id: of the encoder.  longest: ids that are read of a text."""

    net: ClassifierNet
    end_id: int
    longest: int
    kind: str = "net"
    needs_source: bool = True

    def rows(self, texts: Sequence[str], source: Source) -> list[list[int]]:
        """Give the framed ids of texts."""
        return [framed(ids, self.end_id, self.longest) for ids in source.encode(texts)]

    def probabilities(self, texts: Sequence[str], source: Source | None) -> Probabilities:
        """Give the softmax of the network's scores."""
        if source is None:
            raise UserError("this classifier reads ids, and the run that makes them is missing")
        return probabilities(self.net, self.rows(texts, source), self.end_id).numpy()


def blended(parts: Sequence[Probabilities], weights: Sequence[float]) -> Probabilities:
    """Give softmax(Σ weight · ln p): a pool of opinions, each as sure as it deserves to be.

    Heskes 1998, "Selecting weighting factors in logarithmic opinion pools".
    """
    total = np.zeros_like(parts[0])
    for part, weight in zip(parts, weights, strict=True):
        total += weight * np.log(np.maximum(part, SMALLEST))
    return softmax(total)


def fit_blend(
    parts: Sequence[Probabilities], labels: Array, *, floor: float = 0.0
) -> tuple[float, ...]:
    """Find the weights with the least log loss on rows that no part has learnt from."""
    from scipy.optimize import minimize

    logs = [np.log(np.maximum(part, SMALLEST)) for part in parts]
    of_label = [log[np.arange(len(labels)), labels] for log in logs]

    def loss(weights: Array) -> tuple[float, Array]:
        probabilities = blended(parts, weights.tolist())
        own = np.maximum(probabilities[np.arange(len(labels)), labels], SMALLEST)
        slopes = [
            float(((probabilities * log).sum(axis=1) - own_log).mean())
            for log, own_log in zip(logs, of_label, strict=True)
        ]
        return float(-np.log(own).mean()), np.array(slopes)

    start = np.full(len(parts), 1.0 / len(parts))
    found = minimize(loss, start, jac=True, bounds=[(floor, 10.0)] * len(parts), method="L-BFGS-B")
    return tuple(float(weight) for weight in found.x)
