"""How alike two sentences are, learnt from pairs that people scored.

A cosine knows what two vectors share. People also mind what one of them lacks, and how rare that
is. So the score is learnt: three regressions over `PairFeatures`, over what `PairGrams` thinks, and
over the cosines of sentence models where there are any, and the mean of what they say. It compares
pairs and has no vectors, so it orders what a search has found; it searches nothing.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from naepo.config import UserError
from naepo.embed.pair_features import PairFeatures, TextPair, texts_of
from naepo.embed.pair_grams import PairGrams
from naepo.embed.sentences import SentenceModel

Array = np.ndarray
FEWEST = 20
"""Pairs that it can be learnt from."""


class PairScorer:
    """Learnt from scored pairs; gives a score, on their scale, for any pair."""

    def __init__(
        self,
        features: PairFeatures,
        grams: PairGrams,
        models: Sequence[SentenceModel],
        regressions: Sequence[Any],
    ) -> None:
        self.features, self.grams, self.models = features, grams, models
        self._regressions = regressions

    @classmethod
    def fit(
        cls,
        pairs: Sequence[TextPair],
        scores: Sequence[float],
        *,
        models: Sequence[SentenceModel] = (),
        seed: int = 0,
    ) -> "PairScorer":
        """Learn to score.

        models: whose cosines are looked at too; none that was tuned on these pairs, since on them
            its cosines are better than they will be.  seed: of the trees and of the folds.

        Raises: UserError for too few pairs, scores that are no numbers or all one, and when
        scikit-learn is missing.
        """
        wanted = np.asarray(scores, dtype=np.float64)
        if len(pairs) < FEWEST or len(pairs) != len(wanted):
            raise UserError(f"{len(pairs)} pairs and {len(wanted)} scores, expected {FEWEST} each")
        if not np.isfinite(wanted).all() or np.ptp(wanted) == 0:
            raise UserError("the scores must be numbers that differ")
        features = PairFeatures.fit(texts_of(pairs))
        grams, unseen = PairGrams.fit(pairs, wanted, seed)
        scorer = cls(features, grams, models, _regressions(seed))
        rows = scorer._rows(pairs, unseen)
        for regression in scorer._regressions:
            regression.fit(rows, wanted)
        return scorer

    def predict(self, pairs: Sequence[TextPair]) -> Float[Array, " n"]:
        """Give the score of each pair, about as people would."""
        if not len(pairs):
            return np.zeros(0)
        rows = self._rows(pairs, self.grams.predict(pairs))
        return np.mean([each.predict(rows) for each in self._regressions], axis=0)

    def _rows(
        self, pairs: Sequence[TextPair], opinions: Float[Array, "n views"]
    ) -> Float[Array, "n features"]:
        """Give what is looked at of each pair."""
        dense = [cosines_of(model, pairs) for model in self.models]
        return np.column_stack([self.features.transform(pairs), opinions, *dense])


def cosines_of(model: SentenceModel, pairs: Sequence[TextPair]) -> Float[Array, " n"]:
    """Give the cosine of each pair by a sentence model; 0 where one is empty."""
    texts = texts_of(pairs)
    place = {text: number for number, text in enumerate(texts)}
    vectors = model.vectors(texts)
    return np.array([float(vectors[place[one]] @ vectors[place[other]]) for one, other in pairs])


def _regressions(seed: int) -> list[Any]:
    """Give a smooth one and two of trees, which err in different places."""
    from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    smooth: dict[str, Any] = {"C": 1.0, "epsilon": 0.3, "gamma": 0.01}
    return [
        make_pipeline(StandardScaler(), SVR(**smooth)),
        GradientBoostingRegressor(
            n_estimators=150,
            max_depth=4,
            learning_rate=0.06,
            subsample=0.6,
            max_features=0.2,
            random_state=seed,
        ),
        ExtraTreesRegressor(150, min_samples_leaf=4, max_features=0.4, random_state=seed),
    ]
