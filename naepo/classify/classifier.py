"""A classifier: texts in, the probability of each class out, and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from jaxtyping import Float

from naepo.classify.parts import Part, Probabilities, blended
from naepo.classify.source import Source
from naepo.classify.words import Word, deciding_words

Array = np.ndarray
TEXTS_AT_ONCE = 1_024


@dataclass(frozen=True, eq=False)
class Classifier:
    """What was learnt, and of what.

    kind: as it was asked for or chosen.  source: the run, for the parts that need it.
    about: what a person should know of it: columns, reasons, figures, in plain values.
    """

    kind: str
    classes: tuple[str, ...]
    parts: tuple[Part, ...]
    weights: tuple[float, ...]
    source: Source | None
    about: dict[str, Any] = field(default_factory=dict)

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        """Give the probability of each class, in the order of `classes`, for each text."""
        if not texts:
            return np.zeros((0, len(self.classes)))
        each = [part.probabilities(texts, self.source) for part in self.parts]
        return blended(each, self.weights)

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Give the likeliest class of each text."""
        return [self.classes[place] for place in self.probabilities(texts).argmax(axis=1)]

    def stream(self, texts: Iterable[str]) -> Iterator[tuple[str, Float[Array, " classes"]]]:
        """Give each text's class and probabilities, however many there are, some at a time."""
        waiting = iter(texts)
        while some := list(islice(waiting, TEXTS_AT_ONCE)):
            for row in self.probabilities(some):
                yield self.classes[int(row.argmax())], row

    def explain(self, text: str, n: int = 10) -> list[Word]:
        """Give the words that decided, the one that decided most first.

        The exact share of each word where all is linear in it, else what changes without it.
        """
        return deciding_words(self, text)[:n]
