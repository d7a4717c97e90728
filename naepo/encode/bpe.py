"""Byte-pair encoding: what often stands together becomes one id (Sennrich et al. 2016).

arXiv:1508.07909, section 3.2, over bytes as in GPT-2. Trained and run by `tokenizers`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from naepo.config import UserError
from naepo.encode import foreign, tokenizer_files
from naepo.encode.byte_level import BYTE_LEVEL, N_BYTES, byte_symbols, specify_byte_level
from naepo.encode.encoder import Ids, Token
from naepo.encode.explain import IdsLike, check_ids, explain, to_utf8
from naepo.encode.native import native, start_engine
from naepo.encode.tokenizer_files import Specification

QWEN2_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Where a text is cut before merging. llama.cpp (as `qwen2`) and Ollama know this very string."""
PRE_TOKENIZER: Specification = {
    "type": "Sequence",
    "pretokenizers": [
        {
            "type": "Split",
            "pattern": {"Regex": QWEN2_PATTERN},
            "behavior": "Isolated",
            "invert": False,
        },
        BYTE_LEVEL,
    ],
}
MIN_COUNT = 2
"""A pair that is met once is not merged: the id would be trained on one place only."""
LONGEST_RUN = 512
"""Longer runs without a space are cut while training. A million letters in one run (DNA, base64)
took 430 s to learn 768 merges from, and 1 s when cut."""
PIECE = 4096
"""Characters that go to `tokenizers` at once; 1 MB as one piece takes 4 times as long."""
PIECES_AT_ONCE = 512
"""Pieces that are encoded in parallel before their ids are collected: this bounds the memory."""
_RUN = re.compile(rf"\S{{{LONGEST_RUN}}}")
_SEAM = re.compile(r"(?<=\S) ")


class BPEEncoder:
    """Byte-level byte-pair encoding: no character is unknown, common words are one id.

    One trained here has the bytes as ids 0 to 255, then the merges in the order in which they
    were learnt, then `end_id`.
    """

    kind: str = "bpe"
    unit: str = "character"

    def __init__(
        self, specification: Specification, *, end: str | None = None, source: str = "tokenizer"
    ) -> None:
        """Use a byte-level BPE as it is described by the content of a `tokenizer.json`.

        end: the name of its end token, if it is known.  source: the file, for messages.
        Raises: UserError when it is broken, or would not give every text back as it was.
        """
        clean, self.end = foreign.adopt(specification, end=end, source=source)
        self.specification = clean
        self._engine = start_engine(clean, source)
        self._contents, self._names = _contents(clean)
        self._end_id = int(clean["model"]["vocab"][self.end])
        has_plain_tokens = any(not entry["special"] for entry in clean["added_tokens"])
        self._has_seams = clean["pre_tokenizer"] == PRE_TOKENIZER and not has_plain_tokens
        self._try_out(source)

    @classmethod
    def train(cls, texts: Iterable[str], vocab_size: int) -> "BPEEncoder":
        """Learn the merges from texts, the same ones whatever the order of the texts.

        vocab_size: how many ids, at most, with the 256 bytes and the end; fewer when the texts
        have no more pairs that come twice.

        Raises: UserError for a lone surrogate, or a vocab_size that is too small or too large.
        """
        if not N_BYTES + 1 <= vocab_size <= foreign.MOST_IDS:
            raise UserError(
                f"vocab_size must be {N_BYTES + 1} (256 bytes and the end) to "
                f"{foreign.MOST_IDS:,}, got {vocab_size}",
                hint="leave it out, and it follows from the size of the text",
            )
        learner = Tokenizer(models.BPE())
        learner.pre_tokenizer = _pre_tokenizer()  # pyright: ignore[reportAttributeAccessIssue]
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size - 1,
            min_frequency=MIN_COUNT,
            show_progress=False,
            special_tokens=[],
            initial_alphabet=byte_symbols(),
        )
        with native("learning the merges"):
            learner.train_from_iterator(_without_long_runs(texts), trainer)
            learnt = json.loads(learner.to_str())["model"]["merges"]
        merges = [(left, right) for left, right in learnt]
        return cls(specify_byte_level(merges, PRE_TOKENIZER))

    @classmethod
    def from_file(cls, path: Path) -> "BPEEncoder":
        """Open a `tokenizer.json`, given by its path or its folder.

        Raises: UserError when it is not byte-level BPE, is broken, or would lose text.
        """
        file = tokenizer_files.find_tokenizer(path)
        raw = tokenizer_files.read_tokenizer(file)
        return cls(raw, end=tokenizer_files.read_end_name(file), source=str(file))

    @property
    def vocab_size(self) -> int:
        """One more than the highest id."""
        return len(self._contents)

    @property
    def end_id(self) -> int:
        """The id of the end token, which no text is turned into."""
        return self._end_id

    @property
    def fingerprint(self) -> str:
        """sha256 (hex) over vocabulary, merges, pre-tokenizer, added tokens and the end."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        return tokenizer_files.fingerprint(self.specification, end_id=self._end_id)

    def encode(self, text: str) -> Ids:
        """Turn text into ids, shape (n_tokens,). Raises: UserError for a lone surrogate."""
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        """Encode many texts, in parallel; long ones in pieces, where that changes no id."""
        pieces: list[str] = []
        owners: list[int] = []
        for owner, text in enumerate(texts):
            to_utf8(text)
            cut = _cut(text) if self._has_seams else [text]
            pieces.extend(cut)
            owners.extend([owner] * len(cut))
        parts: list[list[Ids]] = [[np.empty(0, dtype=np.int64)] for _ in texts]
        for start in range(0, len(pieces), PIECES_AT_ONCE):
            with native("encoding"):
                done = self._engine.encode_batch_fast(
                    pieces[start : start + PIECES_AT_ONCE], add_special_tokens=False
                )
            for owner, encoding in zip(owners[start:], done, strict=False):
                parts[owner].append(np.array(encoding.ids, dtype=np.int64))
        return [np.concatenate(part) for part in parts]

    def take_apart(self, ids: IdsLike, *, share: float, seed: Sequence[int]) -> Ids:
        """Give the same text in other ids: each id that a merge made is, with the probability
        `share`, taken apart into the two that it was made of.

        Drawn from the seed alone. A model that reads a text often cannot learn it by heart when it
        comes in ever other pieces (Provilkov et al. 2020, arXiv:1910.13267; departs from it in that
        the last merge is undone, where theirs leaves merges out from the start).
        """
        known = check_ids(ids, self.vocab_size)
        drawn = np.random.Generator(np.random.Philox(key=seed)).random(len(known)) < share
        is_apart = drawn & (self._parents[known, 0] >= 0)
        width = 1 + is_apart
        apart = np.repeat(known, width)
        first = (np.cumsum(width) - width)[is_apart]
        apart[first] = self._parents[known[is_apart], 0]
        apart[first + 1] = self._parents[known[is_apart], 1]
        return apart

    @cached_property
    def _parents(self) -> Ids:
        """The two ids that each id was merged from, shape (vocab_size, 2); -1 for the others."""
        vocab = self.specification["model"]["vocab"]
        parents = np.full((self.vocab_size, 2), -1, dtype=np.int64)
        for merge in reversed(self.specification["model"]["merges"]):
            left, right = merge.split(" ") if isinstance(merge, str) else merge
            parents[vocab[left + right]] = vocab[left], vocab[right]
        return parents

    def decode(self, ids: IdsLike) -> str:
        """Turn ids back into text; bytes that are no UTF-8 become U+FFFD, special ids nothing."""
        known = check_ids(ids, self.vocab_size).tolist()
        return b"".join([self._contents[id] for id in known]).decode("utf-8", "replace")

    def content(self, id: int) -> bytes:
        """Give the bytes an id stands for (none for `end_id` and other special ids)."""
        if not 0 <= id < self.vocab_size:  # an array of one id costs more than all the rest
            check_ids([id], self.vocab_size)
        return self._contents[id]

    def describe(self, id: int) -> Token:
        """Explain one id."""
        return explain(self, id, self._names)

    def save(self, folder: Path, *, context_length: int | None = None) -> None:
        """Write the tokenizer files; context_length: the most tokens the model can read."""
        tokenizer_files.write_tokenizer(
            folder, self.specification, end=self.end, context_length=context_length
        )

    def _try_out(self, source: str) -> None:
        """Refuse a tokenizer that breaks the law on texts made to break it."""
        added = [entry["content"] for entry in self.specification["added_tokens"]]
        for text in (*_PROBES, *(f"a {name} b  {name}" for name in added)):
            ids = self.encode(text)
            back = self.decode(ids)
            if back != text or self.end_id in ids:
                raise UserError(
                    f"the tokenizer does not give a text back as it was: got {back[:40]!r}, "
                    f"expected {text[:40]!r} (in {source})",
                    hint=foreign.HINT,
                )


def _probes() -> Iterator[str]:
    """Make texts that tokenizers are known to stumble over."""
    yield "".join(chr(code) for code in range(0x800))
    yield "".join(chr(c) for c in range(0x800, 0x110000, 257) if not 0xD800 <= c < 0xE000)
    yield " two  spaces, a tab\t\r\n\n  it's I'LL 12345\u00a0\u3000end \n "
    yield "A cafe\u0301 naïve ＡＢＣ ﬁ ß İ"
    yield "안녕하세요 \u1112\u1161\u11ab ㅋㅋ 👨\u200d👩\u200d👧 🇰🇷 👍🏽 日本語 ไทย \ufeff\x00"


_PROBES = tuple(_probes())


def _pre_tokenizer() -> pre_tokenizers.PreTokenizer:
    """Make the native pre-tokenizer from its description, so that there is one source of it."""
    text = json.dumps(specify_byte_level([], PRE_TOKENIZER))
    made = Tokenizer.from_str(text).pre_tokenizer
    assert made is not None
    return made


def _contents(specification: Specification) -> tuple[list[bytes], dict[int, str]]:
    """Give the bytes of each id, and the names of the special ids."""
    symbols = set(byte_symbols())
    to_byte = str.maketrans({symbol: chr(byte) for byte, symbol in enumerate(byte_symbols())})
    vocab: dict[str, int] = specification["model"]["vocab"]
    added = {entry["id"]: entry for entry in specification["added_tokens"]}
    contents = [b""] * (max(vocab.values()) + 1)
    names = {}
    for token, id in vocab.items():
        if id in added and added[id]["special"]:
            names[id] = token
        elif id in added or not symbols.issuperset(token):
            contents[id] = token.encode("utf-8")
        else:
            contents[id] = token.translate(to_byte).encode("latin-1")
    return contents, names


def _without_long_runs(texts: Iterable[str]) -> Iterator[str]:
    """Hand on texts, cut wherever more than `LONGEST_RUN` characters come without a space."""
    for text in [texts] if isinstance(texts, str) else texts:
        to_utf8(text)
        start = 0
        for run in _RUN.finditer(text):
            yield text[start : run.end()]
            start = run.end()
        yield text[start:]


def _cut(text: str) -> list[str]:
    """Cut a long text where no token can cross: before a space that follows a visible character.

    Every alternative of `QWEN2_PATTERN` takes a space as its first character or after another
    white one, and none looks back; so the pieces give the ids that the whole gives.
    """
    pieces = []
    start = 0
    while len(text) - start > PIECE:
        seam = _SEAM.search(text, start + PIECE)
        if seam is None:
            break
        pieces.append(text[start : seam.start()])
        start = seam.start()
    pieces.append(text[start:])
    return pieces
