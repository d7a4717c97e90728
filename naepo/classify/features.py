"""What a probe reads of a text: the GPT's vector, character n-grams, or both side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from naepo.classify.ngrams import Ngrams
from naepo.classify.source import Source
from naepo.config import UserError
from naepo.reduce.normalise import Standard

Array = np.ndarray
Vectors = Float[Array, "n d_model"]


@dataclass(frozen=True, eq=False)
class VectorPart:
    """Which vectors, and how they are brought to a common size.

    Standardised, then divided by √width: a vector is then about as long as a row of n-grams, so
    that one penalty on the weights fits both.
    """

    layer: int
    pooling: str
    standard: Standard

    @classmethod
    def fit(cls, vectors: Vectors, layer: int, pooling: str) -> "VectorPart":
        """Learn the size of each number from vectors."""
        return cls(layer, pooling, Standard.fit(vectors.astype(np.float64)))

    def scaled(self, vectors: Vectors) -> Vectors:
        """Bring vectors to the common size, in float64."""
        width = len(self.standard.mean)
        return self.standard.transform(vectors.astype(np.float64)) / np.sqrt(width)

    def of(self, texts: Sequence[str], source: Source | None) -> Vectors:
        """Give the vectors of texts, scaled."""
        if source is None:
            raise UserError("this classifier reads vectors, and the run that makes them is missing")
        return self.scaled(source.vectors(texts, self.layer, self.pooling))


@dataclass(frozen=True, eq=False)
class Features:
    """Vectors, n-grams, or both: one row a text, vectors first."""

    vectors: VectorPart | None
    ngrams: Ngrams | None

    @property
    def n_dense(self) -> int:
        """Columns of the vectors."""
        return 0 if self.vectors is None else len(self.vectors.standard.mean)

    def of(self, texts: Sequence[str], source: Source | None) -> Any:
        """Give the rows of texts, sparse where there are n-grams."""
        dense = None if self.vectors is None else self.vectors.of(texts, source)
        return side_by_side(dense, None if self.ngrams is None else self.ngrams.transform(texts))


def side_by_side(dense: Vectors | None, sparse: Any) -> Any:
    """Put dense and sparse columns side by side; either may be missing, not both."""
    if dense is None or sparse is None:
        return sparse if dense is None else dense
    from scipy.sparse import csr_array, hstack

    return hstack([csr_array(dense), sparse], format="csr")
