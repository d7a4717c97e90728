"""Character n-grams, weighed by how rare they are: the floor that every classifier stands beside.

    x[g] = (1 + ln count of g in the text) · idf(g), each row then brought to length 1

Salton and Buckley 1988. Characters need no words, so that Korean particles and typing errors cost
nothing. Counting is scikit-learn's; what it learned is kept as plain lists and numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from naepo.config import UserError
from naepo.encode.normal_form import normalized

Array = np.ndarray
INSTALL = 'pip install "naepo[embed]"'
LONGEST = 3
"""Characters of the longest n-gram."""
RAREST = 2
"""An n-gram that stands in fewer texts tells nothing of others; none is dropped of few texts."""
FEW = 1_000


def needs_scikit_learn() -> None:
    """Check that scikit-learn is there. Raises: UserError with the line that brings it."""
    from importlib.util import find_spec

    if find_spec("sklearn") is None:
        raise UserError("scikit-learn, which classifies, is missing", hint=INSTALL)


@dataclass(frozen=True, eq=False)
class Ngrams:
    """What was counted: the n-grams, in the order of the columns, and how rare each is."""

    grams: list[str]
    idf: Float[Array, " width"]

    @classmethod
    def fit(cls, texts: Sequence[str], longest: int = LONGEST) -> "Ngrams":
        """Count the n-grams of 1 to `longest` characters.

        Raises: UserError when there is no character in any text.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer

        counter = TfidfVectorizer(**_how(longest), min_df=RAREST if len(texts) > FEW else 1)
        try:
            counter.fit(texts)
        except ValueError:
            raise UserError("every text is empty: there is nothing to learn from") from None
        return cls(counter.get_feature_names_out().tolist(), counter.idf_.astype(np.float64))

    def transform(self, texts: Sequence[str]) -> Any:
        """Give a sparse row (scipy CSR, float64) for each text; a text of unknown n-grams is 0."""
        return self._counter.transform(texts)

    @property
    def _counter(self) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        kept = self.__dict__.get("_kept")
        if kept is None:
            longest = max(map(len, self.grams))
            kept = TfidfVectorizer(**_how(longest), vocabulary=self.grams)
            kept.idf_ = self.idf
            object.__setattr__(self, "_kept", kept)
        return kept

    def spans(self, text: str) -> list[tuple[int, int, int]]:
        """Give where each known n-gram of a text stands: its column, begin and end (characters).

        Places are those of the text in normal form, which `normal` gives.
        """
        columns = self._counter.vocabulary_
        longest = max(map(len, self.grams))
        return [
            (columns[text[begin : begin + n]], begin, begin + n)
            for n in range(1, longest + 1)
            for begin in range(len(text) - n + 1)
            if text[begin : begin + n] in columns
        ]


def normal(text: str) -> str:
    """Give a text as it is counted: NFC, each run of white space one space.

    >>> normal("a \\t b")
    'a b'
    """
    import re

    return re.sub(r"\s\s+", " ", normalized(text, "NFC"))


def _how(longest: int) -> dict[str, Any]:
    return {
        "analyzer": "char",
        "ngram_range": (1, longest),
        "preprocessor": normal,
        "sublinear_tf": True,
    }
