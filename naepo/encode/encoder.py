"""What an encoder is: text in, ids out, and back without loss.

Every encoder passes one suite, `tests/laws/test_encoders.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Token:
    """One id, explained: the bytes that it stands for and a form that fits on one line."""

    id: int
    content: bytes
    printable: str


@runtime_checkable
class Encoder(Protocol):
    """Text <-> ids. The law: `decode(encode(text)) == text` for all that `encode` accepts."""

    kind: str
    """Its name on the command line and in `naepo.toml`: "characters", "bytes", "bpe", "grid"."""
    unit: str
    """What a loss is counted by: "character" of a text, or "event" of a piece of music."""

    @property
    def vocab_size(self) -> int:
        """How many ids there are: every id is in [0, vocab_size)."""
        ...

    @property
    def end_id(self) -> int:
        """The id that stands between documents, and that ends a generated text."""
        ...

    @property
    def fingerprint(self) -> str:
        """sha256 (hex) over everything that decides the ids; equal fingerprints encode equally."""
        ...

    def encode(self, text: str) -> Ids:
        """Turn text into ids, shape (n_tokens,). Raises: UserError for a text it cannot hold."""
        ...

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        """Encode many texts, in parallel where that pays; equal to `encode` one by one."""
        ...

    def decode(self, ids: Iterable[int]) -> str:
        """Turn ids back into text; bytes that are no UTF-8 become U+FFFD, `end_id` nothing."""
        ...

    def content(self, id: int) -> bytes:
        """Give the bytes an id stands for (empty for `end_id`)."""
        ...

    def describe(self, id: int) -> Token:
        """Explain one id."""
        ...

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json` and what else Hugging Face needs to open it."""
        ...
