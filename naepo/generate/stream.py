"""Bytes of ids to text that may be shown: whole characters only, and nothing of a stop string."""

import codecs

from naepo.config import UserError


class TextStream:
    """Turns the bytes of one id after another into text, as early as it is certain.

    Two things are held back: the bytes of a character that is not complete yet, and the longest end
    of the text that may still grow into a stop string. Whatever way the text is cut into ids, the
    pieces together are the same. Of several stop strings, the one that is complete first wins.

    >>> stream = TextStream(stop=("END",))
    >>> stream.push("가".encode()[:2]), stream.push("가".encode()[2:] + b"E")
    ('', '가')
    >>> stream.push(b"N"), stream.push(b"o"), stream.push(b"END."), stream.is_done
    ('', 'ENo', '', True)

    Raises: UserError for an empty stop string.
    """

    def __init__(self, stop: tuple[str, ...] = ()) -> None:
        if "" in stop:
            raise UserError(
                "a stop string must hold at least one character, got an empty one",
                hint="leave it out: generation then ends at the end id or at max_tokens",
            )
        self.stop = stop
        self.is_done = False
        self._characters = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""

    def push(self, content: bytes) -> str:
        """Take the bytes of the next id; give the text that is certain now, often none."""
        return self._release(self._characters.decode(content))

    def finish(self, *, is_cut: bool = False) -> str:
        """Give what was held back, because nothing follows.

        is_cut: the text was cut off at a limit. Bytes of a character that was never completed are
        then dropped; otherwise the text itself ends there, they are broken, and become U+FFFD.
        """
        last = "" if is_cut else self._characters.decode(b"", final=True)
        ready = self._release(last) + self._held
        self.is_done, self._held = True, ""
        return ready

    def _release(self, text: str) -> str:
        """Join new text to what is held, look for stop strings, and hold back as little as can be.

        Text given out before cannot be part of a stop string: it was not the beginning of one.
        """
        if self.is_done:
            return ""
        text = self._held + text
        found = first_stop(text, self.stop)
        if found is not None:
            self.is_done, self._held = True, ""
            return text[:found]
        n_held = longest_beginning(text, self.stop)
        self._held = text[len(text) - n_held :]
        return text[: len(text) - n_held]


def first_stop(text: str, stop: tuple[str, ...]) -> int | None:
    """Give where the stop string begins that is complete first (of equal ends, the longest).

    >>> first_stop("abcd", ("abcd", "bc"))
    1
    """
    begins = [(text.find(each) + len(each), text.find(each)) for each in stop if each in text]
    return min(begins)[1] if begins else None


def longest_beginning(text: str, stop: tuple[str, ...]) -> int:
    """Give how many characters at the end of `text` may be the beginning of a stop string.

    >>> longest_beginning("one\\nU", ("\\nUser:", "User:"))
    2
    """
    longest = max(map(len, stop), default=0)
    for n in range(min(longest, len(text)), 0, -1):
        if any(each.startswith(text[-n:]) for each in stop if len(each) > n):
            return n
    return 0
