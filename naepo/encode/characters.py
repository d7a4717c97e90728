"""One id per character: the plainest encoder, and the best one where an alphabet is small."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from naepo.config import UserError
from naepo.encode import tokenizer_files
from naepo.encode.encoder import Ids, Token
from naepo.encode.explain import IdsLike, check_ids, explain, name_character, place, to_utf8
from naepo.encode.tokenizer_files import END_OF_TEXT, Specification

UNKNOWN = -1


class CharacterEncoder:
    """Each character (Unicode code point) of a fixed alphabet is one id.

    Ids 0 to n-1 are the characters of the alphabet in its order, and `end_id` is n. A character
    that is not in the alphabet is refused by name: nothing is dropped, nothing replaced.

    >>> encoder = CharacterEncoder.fit(["나비 나비"])
    >>> encoder.encode("비나").tolist(), encoder.end_id
    ([2, 1], 3)
    """

    kind: str = "characters"
    unit: str = "character"

    def __init__(self, alphabet: str) -> None:
        """Use the characters of `alphabet`, in this order, as ids 0, 1, 2, ...

        Raises: UserError for a character that comes twice, or for a lone surrogate.
        """
        to_utf8(alphabet)
        self.alphabet = alphabet
        codes = _code_points(alphabet)
        self._codes = codes
        # One slot more than the highest code point: clipped look-ups land there, on "unknown".
        self._id_of_code = np.full(max(map(ord, alphabet), default=-1) + 2, UNKNOWN, dtype=np.int64)
        self._id_of_code[codes] = np.arange(len(codes))
        if len(set(alphabet)) != len(alphabet):
            twice = next(c for i, c in enumerate(alphabet) if c in alphabet[:i])
            raise UserError(f"the alphabet holds {name_character(twice)} twice")

    @classmethod
    def fit(cls, texts: Iterable[str]) -> "CharacterEncoder":
        """Take every character that the texts use, sorted by code point.

        Raises: UserError for a lone surrogate.
        """
        seen: set[str] = set()
        for text in [texts] if isinstance(texts, str) else texts:
            to_utf8(text)
            seen.update(text)
        return cls("".join(sorted(seen)))

    @property
    def vocab_size(self) -> int:
        """How many ids there are: one per character, and the end."""
        return len(self.alphabet) + 1

    @property
    def end_id(self) -> int:
        """The last id, which no text is turned into."""
        return len(self.alphabet)

    @property
    def fingerprint(self) -> str:
        """sha256 (hex) over the alphabet and its order."""
        return tokenizer_files.fingerprint(self.specification)

    @property
    def specification(self) -> Specification:
        """The content of `tokenizer.json`: a vocabulary of words, each one character long."""
        vocab = {character: id for id, character in enumerate(self.alphabet)}
        return tokenizer_files.specify(
            # The unknown word is in no vocabulary, so that `tokenizers` too refuses what is new.
            model={
                "type": "WordLevel",
                "vocab": {**vocab, END_OF_TEXT: self.end_id},
                "unk_token": "<unk>",
            },
            pre_tokenizer={
                "type": "Split",
                "pattern": {"Regex": r"[\s\S]"},
                "behavior": "Isolated",
                "invert": False,
            },
            decoder="Fuse",
            added_tokens=[tokenizer_files.special_token(self.end_id)],
        )

    def encode(self, text: str) -> Ids:
        """Turn text into ids, shape (n_characters,), by one look-up per code point.

        Raises: UserError for the first character that the alphabet has not, with its place.
        """
        ids = self._id_of_code.take(_code_points(text), mode="clip")
        if ids.size and ids.min() == UNKNOWN:
            self._refuse(text, int(np.argmin(ids)))
        return ids

    def _refuse(self, text: str, position: int) -> None:
        character = text[position]
        if "\ud800" <= character <= "\udfff":
            to_utf8(text)
        raise UserError(
            f"the alphabet of {len(self.alphabet):,} characters has no "
            f"{name_character(character)}, met at {place(text, position)}",
            hint="`--encoder bytes` or `--encoder bpe` hold every character",
        )

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        """Encode many texts, one by one: the look-up is as fast as memory."""
        return [self.encode(text) for text in texts]

    def decode(self, ids: IdsLike) -> str:
        """Turn ids back into text; `end_id` becomes nothing."""
        known = check_ids(ids, self.vocab_size)
        return self._codes[known[known != self.end_id]].tobytes().decode("utf-32-le")

    def content(self, id: int) -> bytes:
        """Give the UTF-8 bytes of one character (none for `end_id`)."""
        return self.decode([id]).encode("utf-8")

    def describe(self, id: int) -> Token:
        """Explain one id."""
        return explain(self, id, {self.end_id: END_OF_TEXT})

    def save(self, folder: Path, *, context_length: int | None = None) -> None:
        """Write the tokenizer files; context_length: the most tokens the model can read."""
        tokenizer_files.write_tokenizer(folder, self.specification, context_length=context_length)


def _code_points(text: str) -> np.ndarray:
    """Give the code points of a text, shape (n_characters,); a lone surrogate is let through."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
