"""What two sentences have in common, in numbers: the columns that a score is learnt from.

Of words, of stretches of 1 to 5 letters, and of Hangul also of 2 to 5 jamo:

    cosine of tf-idf · shared over all · shared over the shorter · shared over the longer

weighted by how rare each is in the sentences it was fitted on. Beside them how much longer one is,
what order they share (longest common subsequence), numbers that differ, and how well each word of
the one is met by a like-spelled word of the other.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from naepo.config import UserError

Array = np.ndarray
TextPair = tuple[str, str]
IS_MET = 0.3
"""Likeness of spelling from which on a word counts as met."""
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")
HANGUL = re.compile("[\uac00-\ud7a3]")


class PairFeatures:
    """Fitted to sentences once; then pairs in, a row of numbers for each out.

    `order` does not matter: (a, b) and (b, a) have the same row.
    """

    def __init__(self, views: Sequence[Any], words: Any) -> None:
        self.views, self._words = views, words
        self._idf = dict(zip(words.get_feature_names_out(), words.idf_, strict=True))
        self._unknown = float(words.idf_.max()) + 0.5
        self._grams: dict[str, frozenset[str]] = {}

    @classmethod
    def fit(cls, texts: Sequence[str]) -> "PairFeatures":
        """Count how rare words and stretches of letters are.

        Raises: UserError when there is no word in them, or scikit-learn is not installed.
        """
        try:
            from sklearn.feature_extraction.text import TfidfVectorizer
        except ImportError as error:
            raise UserError(
                "this needs scikit-learn, which is not installed", hint='pip install "naepo[embed]"'
            ) from error
        if not any(_WORD.search(text) for text in texts):
            raise UserError("there is no word to learn from")

        def view(lengths: tuple[int, int], kind: str, spell: Callable[[str], str]) -> Any:
            options: dict[str, Any] = {"token_pattern": r"\w+"} if kind == "word" else {}
            maker = TfidfVectorizer(
                analyzer=kind, ngram_range=lengths, preprocessor=spell, sublinear_tf=True, **options
            )
            try:
                return maker.fit(texts)
            except ValueError:  # nothing is so long
                return None

        views = [view((n, n), "word", small) for n in (1, 2)]
        views += [view((n, n), "char_wb", small) for n in range(1, 6)]
        views += [view((2, 4), "char_wb", small), view((1, 3), "char", small)]
        if any(HANGUL.search(text) for text in texts):
            views += [view((n, n), "char_wb", jamo) for n in range(2, 6)]
            views.append(view((2, 5), "char", jamo))
        return cls([each for each in views if each is not None], views[0])

    def transform(self, pairs: Sequence[TextPair]) -> Float[Array, "n features"]:
        """Give the numbers of each pair."""
        columns = [column for view in self.views for column in self._shared(view, pairs)]
        rows = np.array([self._of_pair(*pair) for pair in pairs])
        return np.column_stack([*columns, rows])

    def _shared(self, view: Any, pairs: Sequence[TextPair]) -> list[Float[Array, " n"]]:
        ours, theirs = (view.transform([pair[side] for pair in pairs]) for side in (0, 1))
        cosine = np.asarray(ours.multiply(theirs).sum(axis=1)).ravel()
        has, they = (side.astype(bool).astype(np.float64) for side in (ours, theirs))
        weight = view.idf_
        both = np.asarray(has.multiply(they) @ weight).ravel()
        one, other = np.asarray(has @ weight).ravel(), np.asarray(they @ weight).ravel()
        little = 1e-9
        return [
            cosine,
            both / (one + other - both + little),
            both / (np.minimum(one, other) + little),
            both / (np.maximum(one, other) + little),
        ]

    def _of_pair(self, ours: str, theirs: str) -> list[float]:
        ours, theirs = small(ours), small(theirs)
        one, other = _WORD.findall(ours), _WORD.findall(theirs)
        numbers, others = set(_NUMBER.findall(ours)), set(_NUMBER.findall(theirs))
        met = [self._met(one, other), self._met(other, one)]
        return [
            _ratio(len(one), len(other)),
            _ratio(len(ours), len(theirs)),
            float(len(one) + len(other)),
            float(abs(len(one) - len(other))),
            float(abs(len(ours) - len(theirs))),
            2 * in_common(one, other) / max(1, len(one) + len(other)),
            2 * in_common(ours, theirs) / max(1, len(ours) + len(theirs)),
            float(bool(numbers)) if numbers == others else -1.0,
            float(one[:1] == other[:1]),
            float(one[-1:] == other[-1:]),
            min(share for share, _, _ in met),
            max(share for share, _, _ in met),
            sum(missing for _, missing, _ in met),
            max(rarest for _, _, rarest in met),
        ]

    def _met(self, words: Sequence[str], others: Sequence[str]) -> tuple[float, float, float]:
        """Give how much of the words is met, and of those that are not the weight and the most."""
        total = met = missing = rarest = 0.0
        for word in words:
            ours = self._grams_of(word)
            best = max((_overlap(ours, self._grams_of(other)) for other in others), default=0.0)
            weight = self._idf.get(word, self._unknown)
            total, met = total + weight, met + weight * best
            if best < IS_MET:
                missing, rarest = missing + weight, max(rarest, weight)
        return (met / total if total else 0.0), missing, rarest

    def _grams_of(self, word: str) -> frozenset[str]:
        if word not in self._grams:
            spelled = f"#{jamo(word)}#"
            grams = (spelled[i : i + n] for n in (2, 3) for i in range(len(spelled) - n + 1))
            self._grams[word] = frozenset(grams)
        return self._grams[word]


def small(text: str) -> str:
    """Give a text in one normal form and in small letters."""
    return unicodedata.normalize("NFC", text).lower()


def jamo(text: str) -> str:
    """Give a text with its syllables taken apart, in small letters.

    >>> len(jamo("한")), jamo("A")
    (3, 'a')
    """
    return unicodedata.normalize("NFD", text.lower())


def in_common(ours: Sequence[Any], theirs: Sequence[Any]) -> int:
    """Give the length of the longest sequence that both hold in order, gaps allowed.

    >>> in_common("abcde", "xbxd")
    2
    """
    row = [0] * (len(theirs) + 1)
    for one in ours:
        before, row = row, [0]
        for place, other in enumerate(theirs):
            longer = before[place] + 1 if one == other else max(before[place + 1], row[place])
            row.append(longer)
    return row[-1]


def _ratio(one: int, other: int) -> float:
    return min(one, other) / max(1, one, other)


def _overlap(ours: frozenset[str], theirs: frozenset[str]) -> float:
    return len(ours & theirs) / len(ours | theirs)


def texts_of(pairs: Iterable[TextPair]) -> list[str]:
    """List the sentences of pairs, each once."""
    return list(dict.fromkeys(text for pair in pairs for text in pair))
