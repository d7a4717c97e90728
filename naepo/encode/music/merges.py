"""Byte-pair encoding over events: words that often follow each other become one id.

As Fradet et al. 2023 (arXiv:2301.11975, section 3), over any of our notations; departs from it in
that no merge goes over the end of a line, so that bars, or onsets, stay apart.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, models, trainers

from naepo.config import UserError
from naepo.encode import tokenizer_files
from naepo.encode.encoder import Ids, Token
from naepo.encode.explain import IdsLike, check_ids, explain
from naepo.encode.music.encoder import MusicEncoder, Sounding
from naepo.encode.music.events import EventEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.merged_files import (
    FIRST,
    characters,
    cut_lines,
    grown,
    specify_merged,
    start_engine,
)
from naepo.encode.music.merged_grammar import Masks, MergedGrammar, grow
from naepo.encode.music.score import Score
from naepo.encode.music.words import SETTINGS, fingerprint_of
from naepo.encode.native import native
from naepo.encode.tokenizer_files import END_OF_TEXT, Specification

MIN_COUNT = 2
"""A pair that is met once is not merged: the id would be trained on one place only."""

Base = EventEncoder | GridEncoder


class MergedEncoder:
    """Events of a base encoder, and sequences of them that were merged.

    The base's words keep their ids; then come the merges, in the order in which they were learnt,
    then `end_id`. What is written and read is the base's notation.
    """

    unit = "event"

    def __init__(self, base: Base, merges: Sequence[Sequence[int]]) -> None:
        """Merge over `base`.  merges: the two ids that each further id is made of, in order.

        Raises: UserError for a merge of ids that do not exist yet.
        """
        self.base = base
        self.kind = f"{base.kind}+bpe"
        self.merges = tuple((int(left), int(right)) for left, right in merges)
        n_words = len(base.words)
        if any(max(pair) >= n_words + number for number, pair in enumerate(self.merges)):
            raise UserError("a merge is of ids that come after it", hint="the file is damaged")
        made = grown(n_words, self.merges)
        self._parts = [tuple(ord(c) - FIRST for c in word) for word in made]
        self._contents = [base.decode(parts).encode("utf-8") for parts in self._parts] + [b""]
        self._parts.append((base.end_id,))
        self._line_ends = _line_ends(self._contents[:n_words])
        self._widths = np.array([len(parts) for parts in self._parts])
        self._flat = np.concatenate([np.array(parts, dtype=np.int64) for parts in self._parts])
        self._starts = np.cumsum(self._widths) - self._widths
        self._engine = start_engine(n_words, self.merges, self._line_ends)
        self._tree = grow(self._parts[n_words:-1], n_words)
        self._known: Masks = {}

    @classmethod
    def train(cls, base: Base, notations: Iterable[str], vocab_size: int) -> "MergedEncoder":
        """Learn the merges from pieces in the base's notation.

        vocab_size: how many ids, at most, with the words of the base and the end.
        Raises: UserError for a vocab_size below the base's, or words that the base has not.
        """
        if vocab_size < base.vocab_size:
            raise UserError(
                f"vocab_size must be at least {base.vocab_size:,} (the words of `{base.kind}` and "
                f"the end), got {vocab_size:,}"
            )
        alone = cls(base, ())
        alphabet = characters(len(base.words))
        learner = Tokenizer(models.BPE())
        learner.pre_tokenizer = cut_lines(alone._line_ends)  # pyright: ignore[reportAttributeAccessIssue]
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size - 1,
            min_frequency=MIN_COUNT,
            show_progress=False,
            special_tokens=[],
            initial_alphabet=alphabet,
        )
        with native("learning the merges"):
            texts = (_as_text(base.encode(notation)) for notation in notations)
            learner.train_from_iterator(texts, trainer)
            learnt = json.loads(learner.to_str())["model"]["merges"]
        id_of = {character: id for id, character in enumerate(alphabet)}
        merges = []
        for left, right in learnt:
            merges.append((id_of[left], id_of[right]))
            id_of.setdefault(left + right, len(id_of))
        return cls(base, merges)

    @property
    def vocab_size(self) -> int:
        """How many ids there are: the base's words, the merges, and the end."""
        return len(self._parts)

    @property
    def end_id(self) -> int:
        """The last id, which no word is turned into."""
        return len(self._parts) - 1

    @property
    def settings(self) -> dict[str, Any]:
        """What makes this encoder again: the base's settings, and the merges."""
        merges = [list(pair) for pair in self.merges]
        return {"kind": self.kind, "base": self.base.settings, "merges": merges}

    @property
    def fingerprint(self) -> str:
        """sha256 (hex) over the base's words, their meaning, and the merges."""
        return fingerprint_of(self.settings, self.base.words)

    @property
    def specification(self) -> Specification:
        """The content of `tokenizer.json`."""
        contents = [content.decode() for content in self._contents[: len(self.base.words)]]
        return specify_merged(contents, self.merges, self._line_ends)

    @property
    def ticks_per_quarter(self) -> int:
        """The base's grid."""
        return self.base.ticks_per_quarter

    def encode(self, text: str) -> Ids:
        """Turn words into ids, shape (n_ids,). Raises: UserError for a word that is none."""
        return self._merge(self.base.encode(text))

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        """Encode many texts, in parallel."""
        told = [_as_text(self.base.encode(text)) for text in texts]
        with native("encoding"):
            done = self._engine.encode_batch(told, add_special_tokens=False)
        return [np.array(encoding.ids, dtype=np.int64) for encoding in done]

    def decode(self, ids: IdsLike) -> str:
        """Turn ids back into words; `end_id` becomes nothing."""
        known = check_ids(ids, self.vocab_size).tolist()
        return b"".join([self._contents[id] for id in known]).decode("utf-8")

    def content(self, id: int) -> bytes:
        """Give the words, each with the white space after it (nothing for `end_id`)."""
        check_ids([id], self.vocab_size)
        return self._contents[id]

    def describe(self, id: int) -> Token:
        """Explain one id."""
        return explain(self, id, {self.end_id: END_OF_TEXT})

    def save(self, folder: Path, *, context_length: int | None = None) -> None:
        """Write the tokenizer files and `music.json`.

        context_length: the most tokens the model can read.
        """
        tokenizer_files.write_tokenizer(folder, self.specification, context_length=context_length)
        text = json.dumps(self.settings) + "\n"
        (folder / SETTINGS).write_text(text, encoding="utf-8", newline="\n")

    def accepts(self, score: Score) -> bool:
        """Whether the base can tell this piece."""
        return self.base.accepts(score)

    def write(self, score: Score) -> str:
        """Write a piece in words. Raises: UserError for what the base cannot hold."""
        return self.base.write(score)

    def read(self, notation: str) -> Score:
        """Read a piece. Raises: UserError as the base does."""
        return self.base.read(notation)

    def grammar(self) -> MergedGrammar:
        """Give the rules of a new piece: an id may come when its words may, one after another."""
        return MergedGrammar(self.base.grammar(), self._parts, self._tree, self._known)

    def soundings(self, ids: Sequence[int]) -> list[Sounding | None]:
        """Give the first note of each id; None for ids that are no part of a note."""
        known = check_ids(ids, self.vocab_size)
        told = self.base.soundings(self.taken_apart(known).tolist())
        ends = np.cumsum(self._widths[known]).tolist()
        found: list[Sounding | None] = []
        start = 0
        for end in ends:
            found.append(next((note for note in told[start:end] if note is not None), None))
            start = end
        return found

    def taken_apart(self, ids: IdsLike) -> Ids:
        """Give the base's ids of the same words, shape (n_words,)."""
        known = check_ids(ids, self.vocab_size)
        widths = self._widths[known]
        within = np.arange(widths.sum()) - np.repeat(np.cumsum(widths) - widths, widths)
        return self._flat[np.repeat(self._starts[known], widths) + within]

    def transposed(self, ids: IdsLike, semitones: int) -> Ids | None:
        """Take ids apart, move every pitch, and merge again; None when one leaves the range."""
        moved = self.base.transposed(self.taken_apart(ids), semitones)
        return None if moved is None else self._merge(moved)

    def _merge(self, base_ids: Ids) -> Ids:
        """Merge the base's ids; an end stays one, and nothing is merged over it."""
        pieces = np.split(base_ids, np.flatnonzero(base_ids == self.base.end_id))
        done: list[Ids] = []
        for piece in pieces:
            starts_with_end = len(piece) > 0 and piece[0] == self.base.end_id
            if starts_with_end:
                done.append(np.array([self.end_id], dtype=np.int64))
            with native("encoding"):
                told = self._engine.encode(_as_text(piece[int(starts_with_end) :]))
            done.append(np.array(told.ids, dtype=np.int64))
        return np.concatenate(done)


def base_of(encoder: MusicEncoder) -> Base:
    """Give the encoder whose words are merged; the same one where none are."""
    base = encoder.base if isinstance(encoder, MergedEncoder) else encoder
    assert isinstance(base, Base), "every encoder of music is one of these"
    return base


def _as_text(base_ids: Ids) -> str:
    return (base_ids + FIRST).astype("<u4").tobytes().decode("utf-32-le")


def _line_ends(contents: Sequence[bytes]) -> list[str]:
    return [chr(FIRST + id) for id, content in enumerate(contents) if content.endswith(b"\n")]
