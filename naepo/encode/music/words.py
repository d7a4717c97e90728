"""A vocabulary of words, one an event: what all music encoders do alike."""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from naepo.config import UserError
from naepo.encode import tokenizer_files
from naepo.encode.encoder import Ids, Token
from naepo.encode.explain import IdsLike, check_ids, explain, place
from naepo.encode.tokenizer_files import END_OF_TEXT, Specification

SETTINGS = "music.json"
"""The file beside `tokenizer.json` that says what the words mean."""
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_WORD = re.compile(r"\S+")


def spell(pitch: int) -> str:
    """Name a MIDI pitch, as scientific pitch notation does; black keys are sharps.

    >>> spell(60), spell(61), spell(0)
    ('C4', 'C#4', 'C-1')
    """
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


class WordEncoder:
    """Words with blanks between, each one an id; `end_id` comes after the last word's.

    An encoder of one kind adds what its words mean: `write`, `read`, `grammar`, `soundings`.
    """

    kind: str
    unit = "event"

    def __init__(self, words: Sequence[str], *, line_ends: Sequence[str] = ()) -> None:
        """Use words as ids 0, 1, 2, ...  line_ends: the words that a new line follows, no blank."""
        self.words = tuple(words)
        self._id_of = {word: id for id, word in enumerate(self.words)}
        assert len(self._id_of) == len(self.words), "a word comes twice"
        self._texts = [word + ("\n" if word in line_ends else " ") for word in self.words]

    @property
    def vocab_size(self) -> int:
        """How many ids there are: one per word, and the end."""
        return len(self.words) + 1

    @property
    def end_id(self) -> int:
        """The last id, which no word is turned into."""
        return len(self.words)

    @property
    def settings(self) -> dict[str, Any]:
        """What makes this encoder again, in JSON: its kind and the arguments of `__init__`."""
        raise NotImplementedError

    @property
    def fingerprint(self) -> str:
        """sha256 (hex) over the words, their order and their meaning."""
        return fingerprint_of(self.settings, self.words)

    @property
    def specification(self) -> Specification:
        """The content of `tokenizer.json`: a vocabulary of words with white space between."""
        return tokenizer_files.specify(
            # The unknown word is in no vocabulary, so that `tokenizers` too refuses what is new.
            model={
                "type": "WordLevel",
                "vocab": {**self._id_of, END_OF_TEXT: self.end_id},
                "unk_token": "<unk>",
            },
            pre_tokenizer={"type": "WhitespaceSplit"},
            decoder="Fuse",
            added_tokens=[tokenizer_files.special_token(self.end_id)],
        )

    def encode(self, text: str) -> Ids:
        """Turn words into ids, shape (n_words,); any white space may stand between.

        Raises: UserError for the first word that the vocabulary has not, with its place.
        """
        words = text.split()
        try:
            return np.array([self._id_of[word] for word in words], dtype=np.int64)
        except KeyError as error:
            number = words.index(error.args[0])
        raise UserError(
            f"this notation has no word {words[number]!r}, met at {place_of(text, number)}",
            hint=f"its {len(self.words):,} words are such as {self._some_words()}",
        )

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        """Encode many texts, one by one."""
        return [self.encode(text) for text in texts]

    def decode(self, ids: IdsLike) -> str:
        """Turn ids back into words; `end_id` becomes nothing."""
        known = check_ids(ids, self.vocab_size).tolist()
        return "".join([self._texts[id] for id in known if id != self.end_id])

    def content(self, id: int) -> bytes:
        """Give the word with the blank or the new line after it (nothing for `end_id`)."""
        return self.decode([id]).encode("utf-8")

    def describe(self, id: int) -> Token:
        """Explain one id."""
        return explain(self, id, {self.end_id: END_OF_TEXT})

    def save(self, folder: Path, *, context_length: int | None = None) -> None:
        """Write the tokenizer files and `music.json`.

        context_length: the most tokens the model can read.
        """
        tokenizer_files.write_tokenizer(folder, self.specification, context_length=context_length)
        text = json.dumps(self.settings, indent=2) + "\n"
        (folder / SETTINGS).write_text(text, encoding="utf-8", newline="\n")

    def _some_words(self) -> str:
        step = max(1, len(self.words) // 5)
        return " ".join(self.words[::step][:6])


def fingerprint_of(settings: dict[str, Any], words: Sequence[str]) -> str:
    """Give the sha256 (hex) over settings and words."""
    text = json.dumps([settings, list(words)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def place_of(text: str, number: int) -> str:
    """Say where a text's word of this number (from 0) stands; past the last one, where it ends."""
    words = _WORD.finditer(text)
    found = next((word.start() for at, word in enumerate(words) if at == number), len(text))
    return place(text, found)


def misplaced(text: str, number: int, reason: str) -> UserError:
    """Make the error of a word that stands where it cannot."""
    words = text.split()
    word = repr(words[number]) if number < len(words) else "the end"
    return UserError(f"{word} cannot stand at {place_of(text, number)}: {reason}")
