"""Text in one form, however it was cut: newlines are \\n, Unicode is in one normal form."""

import io
import re
import unicodedata
from typing import Literal

NormalForm = Literal["NFC", "NFKC", "none"]

_JOINS_NOTHING = "\x00-\u02ff\u3000-\u3029\u3030-\u3098\u30a1-\u30fa\u3400-\u9fff\uac00-\ud7a3"
"""Characters that never join with what stands before them, in either form: a safe place to cut."""
_STRETCH = re.compile(f"[^{_JOINS_NOTHING}]+")
_IS_SAFE = re.compile(f"[{_JOINS_NOTHING}]")
LOOK_BACK = 65_536
"""A text with no safe place in so many characters is cut where it is."""
MAX_MARKS = 256
"""So many combining marks in a row are put in order together; sorting takes their square."""


class Normalizer:
    """Takes a text in pieces and gives it back normalised, the same for every way of cutting it.

    "\\r\\n" and a lone "\\r" become "\\n", in every form; then comes `form` (Unicode Annex 15).
    Two departures, for texts no one writes: see `LOOK_BACK` and `MAX_MARKS`.
    """

    def __init__(self, form: NormalForm) -> None:
        self.form: NormalForm = form
        self._newlines = io.IncrementalNewlineDecoder(None, translate=True)
        self._tail = ""

    def feed(self, piece: str) -> str:
        """Give what is certain after one more piece; the rest waits for the next."""
        text = self._tail + self._newlines.decode(piece)
        cut = len(text) if self.form == "none" else _last_safe_place(text)
        self._tail = text[cut:]
        return normalized(text[:cut], self.form)

    def finish(self) -> str:
        """Give the rest, and be ready for another text."""
        text = self._tail + self._newlines.decode("", final=True)
        self._newlines.reset()
        self._tail = ""
        return normalized(text, self.form)


def normalized(text: str, form: NormalForm) -> str:
    """Put a whole text into a normal form, in time that grows with its length.

    >>> normalized("\\u1112\\u1161\\u11ab", "NFC")
    '한'
    """
    if form == "none" or text.isascii():
        return text
    longest = max((m.end() - m.start() for m in _STRETCH.finditer(text)), default=0)
    if longest <= MAX_MARKS:
        return unicodedata.normalize(form, text)
    return "".join(unicodedata.normalize(form, part) for part in _cut_long_runs_of_marks(text))


def _last_safe_place(text: str) -> int:
    """Where the last character stands that nothing later can change, and that changes nothing."""
    for place in range(len(text) - 1, max(0, len(text) - LOOK_BACK), -1):
        if _IS_SAFE.match(text, place):
            return place
    return 0 if len(text) < LOOK_BACK else len(text)


def _cut_long_runs_of_marks(text: str) -> list[str]:
    parts, start, run = [], 0, 0
    for place, character in enumerate(text):
        run = run + 1 if unicodedata.combining(character) else 0
        if run == MAX_MARKS:
            parts.append(text[start:place])
            start, run = place, 0
    return [*parts, text[start:]]
