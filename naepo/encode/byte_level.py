"""One id per byte of UTF-8: no character is ever unknown, and nothing has to be learnt first."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from naepo.encode import tokenizer_files
from naepo.encode.encoder import Ids, Token
from naepo.encode.explain import IdsLike, check_ids, explain, to_utf8
from naepo.encode.tokenizer_files import END_OF_TEXT, Specification

N_BYTES = 256


def byte_symbols() -> list[str]:
    """Give the printable character that stands for each byte in a byte-level vocabulary.

    A byte that is a printable Latin-1 character stands for itself; the others, in order, take
    the characters from U+0100 on (GPT-2, Radford et al. 2019; `tokenizers` keeps to the same).

    >>> symbols = byte_symbols()
    >>> symbols[ord("a")], symbols[ord(" ")], symbols[0]
    ('a', 'Ġ', 'Ā')
    """
    visible = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    stand_ins = iter(range(0x100, 0x200))
    return [chr(byte if byte in visible else next(stand_ins)) for byte in range(N_BYTES)]


BYTE_LEVEL: Specification = {
    "type": "ByteLevel",
    "add_prefix_space": False,
    "trim_offsets": True,
    "use_regex": False,
}
"""The pre-tokenizer that turns bytes into their symbols, and does nothing else."""


def specify_byte_level(
    merges: Sequence[tuple[str, str]], pre_tokenizer: Specification
) -> Specification:
    """Describe a byte-level vocabulary: ids 0-255 are the bytes, then the merges, then the end.

    The end comes last, as in GPT-2 and Qwen: ids of text are one block from 0, id 256 + k is the
    k-th merge to be learnt, and tokens that are added later do not move any other.
    """
    tokens = byte_symbols() + list(dict.fromkeys(left + right for left, right in merges))
    end_id = len(tokens)
    vocab = {token: id for id, token in enumerate([*tokens, END_OF_TEXT])}
    return tokenizer_files.specify(
        model=byte_level_model(vocab, merges),
        pre_tokenizer=pre_tokenizer,
        decoder="ByteLevel",
        added_tokens=[tokenizer_files.special_token(end_id)],
    )


def byte_level_model(
    vocab: dict[str, int], merges: Sequence[tuple[str, str]], *, ignore_merges: bool = False
) -> Specification:
    """Describe the BPE model itself.

    ignore_merges: a piece of text that is in the vocabulary is one id, whatever the merges say.
    """
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": ignore_merges,
        "vocab": vocab,
        "merges": [list(pair) for pair in merges],
    }


class ByteEncoder:
    """Ids 0 to 255 are the bytes of UTF-8, and 256 is the end. A Korean syllable is three ids.

    >>> ByteEncoder().encode("a가").tolist()
    [97, 234, 176, 128]
    """

    kind: str = "bytes"
    unit: str = "character"

    @property
    def vocab_size(self) -> int:
        """257: the bytes, and the end."""
        return N_BYTES + 1

    @property
    def end_id(self) -> int:
        """256, which is no byte."""
        return N_BYTES

    @property
    def fingerprint(self) -> str:
        """sha256 (hex), the same for every `ByteEncoder`."""
        return tokenizer_files.fingerprint(self.specification)

    @property
    def specification(self) -> Specification:
        """The content of `tokenizer.json`: a byte-level BPE that has nothing to merge."""
        return specify_byte_level([], BYTE_LEVEL)

    def encode(self, text: str) -> Ids:
        """Turn text into its bytes, shape (n_bytes,). Raises: UserError for a lone surrogate."""
        return np.frombuffer(to_utf8(text), dtype=np.uint8).astype(np.int64)

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        """Encode many texts, one by one: this is a copy of memory."""
        return [self.encode(text) for text in texts]

    def decode(self, ids: IdsLike) -> str:
        """Turn bytes back into text; what is no UTF-8 becomes U+FFFD, `end_id` nothing."""
        known = check_ids(ids, self.vocab_size)
        return known[known != self.end_id].astype(np.uint8).tobytes().decode("utf-8", "replace")

    def content(self, id: int) -> bytes:
        """Give the one byte (none for `end_id`)."""
        check_ids([id], self.vocab_size)
        return b"" if id == self.end_id else bytes([id])

    def describe(self, id: int) -> Token:
        """Explain one id."""
        return explain(self, id, {self.end_id: END_OF_TEXT})

    def save(self, folder: Path, *, context_length: int | None = None) -> None:
        """Write the tokenizer files; context_length: the most tokens the model can read."""
        tokenizer_files.write_tokenizer(folder, self.specification, context_length=context_length)
