"""Which text a corpus is made of, and how it is read, split and encoded."""

import codecs
from dataclasses import dataclass
from typing import Literal

from naepo.config import UserError


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """The table `[data]` of a recipe and the flags `--data.*`."""

    sources: tuple[str, ...]
    """Files, folders, globs, `-` for standard input, or the name of an embedded corpus."""
    encoding: str = "utf-8"
    """How the bytes of the files spell characters: utf-8, cp949, utf-16, ..."""
    normalize: Literal["NFC", "NFKC", "none"] = "NFC"
    """Unicode normal form. NFC joins what looks the same; NFKC also folds widths and ligatures."""
    column: str | None = None
    """The column of .csv, .tsv, .jsonl and .parquet files that holds the text."""
    held_out: float = 0.1
    """Share of the characters, from 0 to below 1, at the end, that is never trained on."""
    encoder: str = "auto"
    """auto, characters, bytes, bpe, of music grid, remi, ..., or the path of a tokenizer.json."""
    vocab_size: int | None = None
    """How many ids a byte-pair encoder trained here has; of music: byte pairs of events."""

    def __post_init__(self) -> None:
        if not self.sources:
            raise UserError("no text was named", hint="naepo train notes/*.txt")
        if not 0 <= self.held_out < 1:
            raise UserError(
                f"held_out must be at least 0 and below 1, got {self.held_out}",
                hint="--data.held-out 0.1",
            )
        if self.vocab_size is not None and self.vocab_size < 1:
            raise UserError(f"vocab_size must be at least 1, got {self.vocab_size}")
        if not _is_text_encoding(self.encoding):
            raise UserError(
                f"unknown encoding `{self.encoding}`",
                hint="--encoding utf-8, cp949, euc-kr, utf-16, latin-1, ...",
            )


def _is_text_encoding(name: str) -> bool:
    """Whether Python can turn bytes into text, piece by piece, by the codec of this name."""
    try:
        b"\0\0\0\0".decode(name)
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError):
        return False
    return True
