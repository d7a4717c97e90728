"""Ids as a person can read them: bytes, the characters that several ids make together, scripts.

A syllable may be three ids, and an id two thirds of a syllable. Nothing here is ever U+FFFD: what
is no whole character is shown by its bytes.
"""

import codecs
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from naepo.encode import Encoder
from naepo.encode.encoder import Token
from naepo.encode.explain import printable

GroupKind = Literal["text", "fragment", "special"]
Script = Literal[
    "hangul",
    "han",
    "kana",
    "latin",
    "digit",
    "space",
    "punctuation",
    "fragment",
    "special",
    "other",
]
MISSING = "··"
"""Stands for one byte that is not there."""


@dataclass(frozen=True)
class Cell:
    """One id: the bytes it stands for (none for a special one), and a form for one line."""

    id: int
    content: bytes
    label: str


@dataclass(frozen=True)
class Group:
    """A smallest run of ids, `start` up to `end`, whose joined bytes are whole characters.

    text: these characters; the name of a special id; None for bytes that are no whole character.
    """

    start: int
    end: int
    text: str | None
    kind: GroupKind


@dataclass(frozen=True)
class Vocabulary:
    """Every id of an encoder, in order."""

    labels: list[str]
    scripts: list[Script]
    contents: list[bytes]


def cells(encoder: Encoder, ids: Iterable[int]) -> list[Cell]:
    """Give each id with its bytes and its label; it never raises, not even for an unknown id."""
    return [_cell(encoder, int(id)) for id in ids]


def groups(cells: Sequence[Cell]) -> list[Group]:
    """Join ids to whole characters: every id is in exactly one group, in order.

    An end token is a group of its own. Bytes that cannot become a character, or are not complete at
    the end, are a group of kind "fragment".

    >>> word = [Cell(0, b"\\xec", ""), Cell(1, b"\\x95\\x88", ""), Cell(2, b" a", "")]
    >>> [(group.start, group.end, group.text) for group in groups(word)]
    [(0, 2, '안'), (2, 3, ' a')]
    """
    found, start = [], 0
    while start < len(cells):
        group = _group_from(cells, start)
        found.append(group)
        start = group.end
    return found


def _group_from(cells: Sequence[Cell], start: int) -> Group:
    if not cells[start].content:
        return Group(start, start + 1, cells[start].label, "special")
    characters = codecs.getincrementaldecoder("utf-8")()
    text = ""
    for end, cell in enumerate(cells[start:], start):
        if not cell.content:
            return Group(start, end, None, "fragment")
        try:
            text += characters.decode(cell.content)
        except UnicodeDecodeError:
            return Group(start, max(end, start + 1), None, "fragment")
        if not characters.getstate()[0]:
            return Group(start, end + 1, text, "text")
    return Group(start, len(cells), None, "fragment")


def vocabulary(encoder: Encoder, n_ids: int | None = None) -> Vocabulary:
    """Give every id of an encoder: label, script, bytes.

    n_ids: how many the model has, when it has more than its encoder.
    """
    found = Vocabulary([], [], [])
    for id in range(encoder.vocab_size if n_ids is None else n_ids):
        token = encoder.describe(id)
        kind = script(token.content)
        found.labels.append(_label_of(token, kind))
        found.scripts.append(kind)
        found.contents.append(token.content)
    return found


def label(content: bytes) -> str:
    """Show bytes on one line: text as `printable` shows it, pieces of characters as ‹bytes›.

    Two dots stand for each byte that a piece lacks.

    >>> label("녀".encode()[:2]), label(b" \\xea"), label("가".encode()[2:] + b"!")
    ('‹EB 85 ··›', '␣‹EA ·· ··›', '‹·· 80›!')
    """
    shown = ""
    for is_text, piece in _pieces(content):
        shown += printable(piece) if is_text else f"‹{_hexadecimal(piece)}›"
    return shown


def _pieces(content: bytes) -> Iterator[tuple[bool, bytes]]:
    """Cut bytes where characters become pieces of characters, and back."""
    while content:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.start:
                yield True, content[: error.start]
            end = error.end
            while end < len(content) and _is_continuation(content[end]):
                end += 1
            yield False, content[error.start : end]
            content = content[end:]
        else:
            yield True, content
            return


@lru_cache(maxsize=1 << 13)  # a vocabulary of byte pairs has thousands of the same few pieces
def _hexadecimal(piece: bytes) -> str:
    shown = [f"{byte:02X}" for byte in piece]
    if _is_continuation(piece[0]):
        return " ".join([MISSING, *shown])
    return " ".join(shown + [MISSING] * _n_missing(piece))


def _is_continuation(byte: int) -> bool:
    return 0x80 <= byte < 0xC0


def _n_missing(piece: bytes) -> int:
    """Say how many bytes a piece that begins a character lacks; 0 when nothing can complete it."""
    found = completions(piece)
    return 0 if found is None else len(found[0].encode("utf-8")) - len(piece)


@lru_cache(maxsize=1 << 13)
def completions(piece: bytes) -> tuple[str, str] | None:
    """Give the first and the last character that begins with these bytes; None when none does.

    >>> completions(b"\\xeb\\x85"), completions(b"\\x85")
    (('녀', '녿'), None)
    """
    lowest, highest = _completed(piece, range(0x80, 0xC0)), _completed(piece, range(0xBF, 0x7F, -1))
    return None if lowest is None or highest is None else (lowest, highest)


def _completed(piece: bytes, order: range) -> str | None:
    """Complete a piece by the first of the continuation bytes that can stand there, and so on."""
    if not piece or _decoded(piece) != "":
        return None
    for byte in order:
        longer = piece + bytes([byte])
        whole = _decoded(longer) or _completed(longer, order)
        if whole:
            return whole
    return None


def _decoded(piece: bytes) -> str | None:
    """Give the characters that are complete, "" while one is not, None for what is no UTF-8."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(piece)
    except UnicodeDecodeError:
        return None


def script(content: bytes) -> Script:
    """Say what an id is made of: its letters decide, then its digits, then its signs.

    Letters of two scripts are "other", no bytes at all "special".

    >>> script(" 나는".encode()), script(b"(1"), script("ひカ".encode()), script(b"\\xea")
    ('hangul', 'digit', 'kana', 'fragment')
    """
    if not content:
        return "special"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return "fragment"
    found: set[Script] = {_script_of(character) for character in text}
    if len(found.intersection(LETTERS)) > 1:
        return "other"
    order: tuple[Script, ...] = (*LETTERS, *NO_LETTERS)
    return order[min(order.index(kind) for kind in found)]


LETTERS: tuple[Script, ...] = ("hangul", "han", "kana", "latin")
NO_LETTERS: tuple[Script, ...] = ("other", "digit", "punctuation", "space")
_BY_NAME: tuple[tuple[str, Script], ...] = (
    ("HANGUL", "hangul"),
    ("HALFWIDTH HANGUL", "hangul"),
    ("CJK", "han"),
    ("HIRAGANA", "kana"),
    ("KATAKANA", "kana"),
    ("HALFWIDTH KATAKANA", "kana"),
    ("LATIN", "latin"),
    ("FULLWIDTH LATIN", "latin"),
)


@lru_cache(maxsize=2**16)
def _script_of(character: str) -> Script:
    """One of LETTERS or NO_LETTERS."""
    category = unicodedata.category(character)
    if category[0] == "N":
        return "digit"
    if character.isspace() or category == "Cc":
        return "space"
    if category[0] in "PM" or category in ("Sm", "Sc", "Sk"):
        return "punctuation"
    name = unicodedata.name(character, "")
    for start, kind in _BY_NAME:
        if name.startswith(start):
            return kind
    return "other"


def _cell(encoder: Encoder, id: int) -> Cell:
    token = encoder.describe(id)
    return Cell(id, token.content, _label_of(token, script(token.content)))


def _label_of(token: Token, kind: Script) -> str:
    return label(token.content) if kind == "fragment" else token.printable
