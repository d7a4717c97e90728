"""Sentence vectors as a step of a scikit-learn pipeline."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from naepo import checkpoint
from naepo.config import UserError
from naepo.embed.sentence_runs import counts_of
from naepo.embed.sentences import SIF, SentenceModel, SentenceSettings

Array = np.ndarray


class SentenceEncoder(TransformerMixin, BaseEstimator):
    """Texts in, vectors of length 1 out, by what a run of naepo has learned.

        make_pipeline(SentenceEncoder("runs/mine"), LogisticRegression()).fit(texts, labels)

    run: a run's folder, one checkpoint, or a Hugging Face folder.  layers, pooling, sif, width: as
    of `SentenceSettings`.  checkpoint: best, last, or a step.
    """

    def __init__(
        self,
        run: str | Path = "",
        *,
        layers: tuple[int, ...] = (0, -1),
        pooling: str = "mean",
        sif: float | None = SIF,
        width: int | None = None,
        checkpoint: str = "best",
    ) -> None:
        self.run = run
        self.layers = layers
        self.pooling = pooling
        self.sif = sif
        self.width = width
        self.checkpoint = checkpoint

    def fit(self, X: Iterable[Any], y: Any = None) -> "SentenceEncoder":
        """Learn weights and directions from texts; the run stays as it was.

        Raises: UserError for what are no texts, and as `SentenceModel.fit`.
        """
        texts = _texts(X)
        loaded = checkpoint.load(Path(self.run), which=self.checkpoint)
        settings = SentenceSettings(
            layers=tuple(self.layers), pooling=self.pooling, sif=self.sif, width=self.width
        )
        self.model_ = SentenceModel.fit(
            loaded.model, loaded.encoder, texts, settings, counts=counts_of(loaded)
        )
        self.n_features_out_ = self.model_.vectors(texts[:1]).shape[1]
        return self

    def transform(self, X: Iterable[Any]) -> Float[Array, "n width"]:
        """Give one vector for each text."""
        check_is_fitted(self, "model_")
        return self.model_.vectors(_texts(X))

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Name the numbers of a vector."""
        check_is_fitted(self, "model_")
        names = [f"sentenceencoder{n}" for n in range(self.n_features_out_)]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        """Say that it takes texts, and no table of numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        return tags


def _texts(values: Iterable[Any]) -> list[str]:
    if isinstance(values, str):
        raise UserError("expected a list of texts, got one text", hint="put it into a list")
    texts = list(values)
    wrong = [type(text).__name__ for text in texts if not isinstance(text, str)]
    if wrong or not texts:
        raise UserError(f"expected texts, got {wrong[0] if wrong else 'nothing'}")
    return [str(text) for text in texts]
