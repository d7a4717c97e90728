"""Text, bytes and ids in words: where a character stands, what it is called, how a token looks.

In: text, bytes, ids. Out: one line for a person, or a `UserError` that names the place.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError
from naepo.encode.encoder import Encoder, Ids, Token

IdsLike = Iterable[int] | NDArray[np.integer[Any]]
"""Ids in any form; an array is named apart because its items are no `int` to a type checker."""
LONGEST_PRINTABLE = 60
"""A printable form longer than this, in characters, is cut and ends in "…"."""


def to_utf8(text: str) -> bytes:
    """Turn text into its UTF-8 bytes.

    Raises: UserError for a lone surrogate (half of a UTF-16 pair), which UTF-8 cannot say.
    """
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UserError(
            f"the text holds a lone surrogate, {name_character(text[error.start])}, "
            f"at {place(text, error.start)}: it is half a character, and UTF-8 cannot hold it",
            hint="read the file strictly (--data.encoding) or remove it",
        ) from None


def place(text: str, position: int) -> str:
    """Say where a position lies, as a person counts: lines and columns from 1, in characters.

    >>> place("ab\\ncd", 4)
    'line 2, column 2'
    """
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return f"line {line:,}, column {column:,}"


def name_character(character: str) -> str:
    """Say which character it is: itself if it can be seen, its code point, its Unicode name.

    >>> name_character("é"), name_character("\\ufeff")
    ("'é' (U+00E9 LATIN SMALL LETTER E WITH ACUTE)", 'U+FEFF ZERO WIDTH NO-BREAK SPACE')
    """
    name = unicodedata.name(character, "")
    code = f"U+{ord(character):04X} {name}".rstrip()
    return f"'{character}' ({code})" if character.isprintable() else code


def printable(content: bytes) -> str:
    """Show bytes on one line: text as it is, the space as ␣, the rest as Python's escapes.

    Bytes that are no whole character stand as `\\xea`, a backslash as two.

    >>> printable(b" the\\n"), printable("가".encode()[:2])
    ('␣the\\\\n', '\\\\xea\\\\xb0')
    """
    shown = "".join(map(_visible, content.decode("utf-8", "surrogateescape")))
    return shown if len(shown) <= LONGEST_PRINTABLE else shown[: LONGEST_PRINTABLE - 1] + "…"


def _visible(character: str) -> str:
    code = ord(character)
    if character == " ":
        return "␣"
    if 0xDC80 <= code <= 0xDCFF:  # how surrogateescape carries a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable() and character not in "\\␣":
        return character
    if 0x80 <= code <= 0xFF:  # Python's own escape, \x85, would look like a single byte
        return f"\\u{code:04x}"
    return character.encode("unicode_escape").decode("ascii")


def explain(encoder: Encoder, id: int, names: Mapping[int, str]) -> Token:
    """Explain one id of an encoder; it never raises, not even for an id that does not exist.

    names: the ids that stand for no text, such as the end of a text, and what they are called.
    """
    if not 0 <= id < encoder.vocab_size:
        return Token(id, b"", "(no such id)")
    if id in names:
        return Token(id, b"", printable(names[id].encode("utf-8", "replace")))
    content = encoder.content(id)
    return Token(id, content, printable(content) if content else "(unused)")


def check_ids(ids: IdsLike, vocab_size: int) -> Ids:
    """Give ids as an array, shape (n_tokens,), once each one is known to be in [0, vocab_size).

    Raises: UserError that names the first one that is not.
    """
    array = ids if isinstance(ids, np.ndarray) else np.fromiter(ids, dtype=np.int64)
    array = array.astype(np.int64, copy=False)
    if array.size and (array.min() < 0 or array.max() >= vocab_size):
        position = int(np.flatnonzero((array < 0) | (array >= vocab_size))[0])
        raise UserError(
            f"no such id: got {array[position]} at position {position:,}, "
            f"expected 0 to {vocab_size - 1}",
            hint="was the text encoded by another encoder?",
        )
    return array
