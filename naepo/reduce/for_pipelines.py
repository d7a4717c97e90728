"""The normalisers as a step of a scikit-learn pipeline: the same arithmetic, its contract.

Importing this imports scikit-learn (`pip install "naepo[embed]"`); `normalise.py` does not.
"""

from typing import Any

from jaxtyping import Float
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from naepo.config import UserError, did_you_mean
from naepo.reduce.normalise import NORMALISERS, MinMax, Normaliser, Standard, Whitening
from naepo.reduce.rows import Array

Rows = Float[Array, "n width"]


class NormaliserStep(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A normaliser by name: minmax, standard, l2, rms or whitening.

    low, high: of minmax.  eps: of rms.  n_components, shrinkage: of whitening.
    After `fit`, `normaliser_` is the normaliser itself. Nothing is checked before: the contract.
    """

    normaliser_: Normaliser
    n_features_in_: int

    def __init__(
        self,
        kind: Any = "standard",
        *,
        low: Any = 0.0,
        high: Any = 1.0,
        eps: Any = 1e-6,
        n_components: Any = None,
        shrinkage: Any = None,
    ) -> None:
        self.kind = kind
        self.low = low
        self.high = high
        self.eps = eps
        self.n_components = n_components
        self.shrinkage = shrinkage

    def fit(self, X: Any, y: Any = None) -> "NormaliserStep":
        """Learn from rows.

        Raises: UserError for no such kind, or an option that is out of its range.
        """
        if not isinstance(self.kind, str) or self.kind not in NORMALISERS:
            raise UserError(
                f"no normaliser is called {self.kind!r}",
                hint=did_you_mean(str(self.kind), NORMALISERS),
            )
        rows = self._checked(X, reset=True)
        options = {
            "minmax": {"low": self.low, "high": self.high},
            "rms": {"eps": self.eps},
            "whitening": {"n_components": self.n_components, "shrinkage": self.shrinkage},
        }
        self.normaliser_ = NORMALISERS[self.kind].fit(rows, **options.get(self.kind, {}))
        return self

    def transform(self, X: Any) -> Rows:
        """Bring rows to the common size."""
        check_is_fitted(self)
        return self.normaliser_.transform(self._checked(X, reset=False))

    def inverse_transform(self, X: Any) -> Rows:
        """Undo it. Raises: UserError for l2 and rms, where the sizes are gone."""
        check_is_fitted(self)
        return self.normaliser_.inverse(X)

    @property
    def _n_features_out(self) -> int:
        found = self.normaliser_
        return len(found.scales) if isinstance(found, Whitening) else self.n_features_in_

    def _checked(self, X: Any, *, reset: bool) -> Rows:
        gaps = "allow-nan" if self._may_have_gaps else True
        rows: Any = validate_data(
            self, X, reset=reset, dtype=("float64", "float32"), ensure_all_finite=gaps
        )
        return rows

    @property
    def _may_have_gaps(self) -> bool:
        return NORMALISERS.get(self.kind) in (MinMax, Standard)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._may_have_gaps
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
