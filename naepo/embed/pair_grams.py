"""What each word and each stretch of letters is worth to a pair: shared, and had by one alone.

That "man" stands against "woman" says more than that "a" stands against "the", and a cosine knows
only how rare they are. So a weight for each is learnt from scored pairs, by ridge regression on

    min(a, b) / |max(a, b)|     |a - b| / |max(a, b)|

where a and b are the tf-idf of the two sentences and min and max are taken number by number: what
is shared, what is not, and both in proportion to all that there is.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from naepo.embed.pair_features import HANGUL, TextPair, jamo, small, texts_of

Array = np.ndarray
FOLDS = 5
STRENGTH = 1.0
"""Of the ridge: how strongly weights are drawn to 0."""
VIEWS = (
    ("char_wb", (1, 5), small),
    ("word", (1, 2), small),
    ("char_wb", (2, 6), jamo),
)
"""Of what, of which lengths, and how it is spelled; the last is for Hangul alone."""


class PairGrams:
    """Learnt from scored pairs; one opinion on a pair for each view, on the scale of the scores.

    `order` does not matter: of (a, b) and (b, a) it thinks the same.
    """

    def __init__(self, views: Sequence[Any], ridges: Sequence[Any]) -> None:
        self._views, self._ridges = views, ridges

    @classmethod
    def fit(
        cls, pairs: Sequence[TextPair], scores: Float[Array, " n"], seed: int = 0
    ) -> tuple["PairGrams", Float[Array, "n views"]]:
        """Learn the weights; give also what it would say of each pair had it not learnt from it.

        Those second opinions, made in five folds, are what a regression over this one is to learn
        from: of a pair that it has seen, this one is too sure.  seed: of the folds.
        """
        from sklearn.model_selection import KFold

        texts = texts_of(pairs)
        chosen = VIEWS if any(HANGUL.search(text) for text in texts) else VIEWS[:-1]
        views = [view for each in chosen if (view := _view(texts, *each)) is not None]
        unseen, ridges = np.zeros((len(pairs), len(views))), []
        for column, view in enumerate(views):
            rows = _rows(view, pairs)
            for rest, held in KFold(FOLDS, shuffle=True, random_state=seed).split(scores):
                unseen[held, column] = _ridge(rows[rest], scores[rest]).predict(rows[held])
            ridges.append(_ridge(rows, scores))
        return cls(views, ridges), unseen

    def predict(self, pairs: Sequence[TextPair]) -> Float[Array, "n views"]:
        """Give what each view thinks of each pair."""
        seen = zip(self._views, self._ridges, strict=True)
        said = [ridge.predict(_rows(view, pairs)) for view, ridge in seen]
        return np.column_stack([np.zeros((len(pairs), 0)), *said])


def _view(
    texts: Sequence[str], kind: str, lengths: tuple[int, int], spell: Callable[[str], str]
) -> Any:
    """Fit tf-idf to texts; None where nothing stands in two of them."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    options: dict[str, Any] = {"token_pattern": r"\w+"} if kind == "word" else {}
    maker = TfidfVectorizer(
        analyzer=kind,
        ngram_range=lengths,
        preprocessor=spell,
        sublinear_tf=True,
        min_df=2,
        **options,
    )
    try:
        return maker.fit(texts)
    except ValueError:
        return None


def _rows(view: Any, pairs: Sequence[TextPair]) -> Any:
    """Give the sparse row of each pair: what is shared, then what is not."""
    from scipy import sparse

    ours, theirs = (view.transform([pair[side] for pair in pairs]) for side in (0, 1))
    shared, all_there = ours.minimum(theirs), ours.maximum(theirs)
    length = np.sqrt(np.asarray(all_there.multiply(all_there).sum(axis=1)).ravel())
    scale = sparse.diags(1 / np.maximum(length, 1e-9))
    return sparse.hstack([scale @ shared, scale @ (all_there - shared)]).tocsr()


def _ridge(rows: Any, scores: Float[Array, " n"]) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(STRENGTH, solver="sparse_cg", tol=1e-3).fit(rows, scores)
