"""Text as the mean of what its words are: one-hot rows, or vectors learned here or elsewhere.

A word is a stretch of letters and digits. It is looked up as it stands, and else in small letters;
one that is not known adds nothing.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from naepo.config import UserError
from naepo.embed import ways
from naepo.embed.pooling import Vectors
from naepo.embed.sentences import Part
from naepo.embed.vectors import WordVectors
from naepo.encode.normal_form import normalized

MOST_ONE_HOT = 4_096
"""Columns of one-hot rows: the most frequent words."""
MOST_WORDS = 200_000
"""Words that vectors are learned of, the most frequent ones."""
_WORD = re.compile(r"[^\W_]+")


class WordModel:
    """Texts in, vectors of length 1 out; a text without a known word gives zeros."""

    def __init__(self, about: Mapping[str, Any], words: Sequence[str], rows: Any = None) -> None:
        """rows: the vector of each word, shape (n, d); None for one-hot rows."""
        self.about = dict(about)
        self.words, self.rows = tuple(words), rows
        self._index = {word: number for number, word in enumerate(self.words)}

    @classmethod
    def fit(
        cls, about: Mapping[str, Any], texts: Sequence[str], vectors: WordVectors | None = None
    ) -> "WordModel":
        """Learn from texts what `about` asks for.

        vectors: of the file, where it is told by one; no text knows a word of it is a UserError.
        """
        if vectors is not None:
            model = cls(about, vectors.words, vectors.vectors)
            if not any(len(model.ids(text)) for text in texts):
                raise UserError(
                    f"none of the words of these texts has a vector in {about['from']}",
                    hint="look at its first words: it may be of another language or other signs",
                )
            return model
        sequences = [[word.casefold() for word in words_of(text)] for text in texts]
        counts = Counter(word for sequence in sequences for word in sequence)
        if not counts:
            raise UserError("there is no word in these texts")
        most = MOST_ONE_HOT if about["by"] == "one-hot" else MOST_WORDS
        words = sorted(counts, key=lambda word: (-counts[word], word))[:most]
        plain = cls(about, words)
        if about["by"] == "one-hot":
            return plain
        learned = ways.learn(about, [plain.ids(text) for text in texts], len(words), words)
        return cls(about, words, learned.vectors)

    @property
    def state(self) -> bytes:
        """What a store keeps: words and rows; of a file nothing, it is known by its hash."""
        if self.about["by"] == ways.VECTORS:
            return b""
        arrays = {"words": ways.as_bytes("\n".join(self.words))}
        return ways.sealed(arrays if self.rows is None else {**arrays, "rows": self.rows})

    @classmethod
    def of(cls, about: Mapping[str, Any], state: bytes) -> "WordModel":
        """Make the model again that a store has kept.

        Raises: UserError when the state has changed, or the file is gone or another one.
        """
        if about["by"] == ways.VECTORS:
            found = file_of(about)
            return cls(about, found.words, found.vectors)
        arrays = ways.unsealed(state)
        return cls(about, ways.as_text(arrays["words"]).split("\n"), arrays.get("rows"))

    def ids(self, text: str) -> np.ndarray:
        """Give the numbers of the words that are known."""
        return np.array([number for number, _ in self._known(text)], dtype=np.int64)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Give one vector for each text, float32, shape (n, d)."""
        rows = np.stack([ways.mean_row(self.ids(t), self.rows, len(self.words)) for t in texts])
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)

    def parts(self, text: str) -> list[Part]:
        """Give what each word adds to the vector of a text: together they are that vector."""
        known = self._known(text)
        if not known:
            return []
        numbers = [number for number, _ in known]
        if self.rows is None:
            rows = np.zeros((len(known), len(self.words)))
            rows[np.arange(len(known)), numbers] = 1
        else:
            rows = self.rows[numbers].astype(np.float64)
        length = np.linalg.norm(rows.sum(axis=0)) or 1.0
        named = zip(known, rows / length, strict=True)
        return [Part(f" {word}".encode(), row) for (_, word), row in named]

    def _known(self, text: str) -> list[tuple[int, str]]:
        found = []
        for word in words_of(text):
            number = self._index.get(word, self._index.get(word.casefold()))
            if number is not None:
                found.append((number, word))
        return found


def words_of(text: str) -> list[str]:
    """Give the words of a text, in NFC.

    >>> words_of("GPT-2, 학교에서!")
    ['GPT', '2', '학교에서']
    """
    return _WORD.findall(normalized(text, "NFC"))


def file_of(about: Mapping[str, Any]) -> WordVectors:
    """Open the file that vectors were made by. Raises: UserError when it is gone or another one."""
    from naepo.embed.vector_files import load

    path = Path(about["from"])
    if not path.is_file():
        raise UserError(
            f"the file of vectors that this store was made by is not there: {path}",
            hint="put it back, or search by letters: --by letters",
        )
    if ways.sha256_of(path) != about["sha256"]:
        raise UserError(
            f"{path} is not the file any more that this store was made by",
            hint="put the old one back, or embed again with --by, which adds a way to the store",
        )
    return load(path)
