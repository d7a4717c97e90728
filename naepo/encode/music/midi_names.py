"""The names in a MIDI file, read from its bytes: symusic drops some, and some of their letters."""

from collections import Counter
from collections.abc import Iterator, Sequence

HEAD = 14
"""Bytes before the first track: `MThd`, a length, format, number of tracks, resolution."""
LOST = "\ufffd"
"""What symusic puts for each byte that is no UTF-8."""


def first_name(content: bytes) -> str:
    """Give the name of the first track when that track only directs: the title of the piece.

    symusic drops it with the track. Read up to the first event that is no meta event; of a file
    that is damaged there, the title is empty.
    """
    if int.from_bytes(content[10:12], "big") < 2:
        return ""
    name, only_directs = _name_at(content, HEAD + 8)
    return as_text(name) if only_directs else ""


def whole_names(found: Sequence[str], content: bytes) -> list[str]:
    """Give the names that symusic found in tracks, with the letters that it lost where it did.

    A track may be found several times, once for each of its instruments. Where names cannot be told
    apart without the letters that were lost, and it is not known whose is which, these stay `?`.
    """
    if not any(LOST in name for name in found):
        return [as_text(name.encode("utf-8", "replace")) for name in found]
    written: dict[str, list[str]] = {}
    for raw in _track_names(content):
        written.setdefault(raw.decode("utf-8", "replace"), []).append(as_text(raw))
    counts, seen = Counter(found), Counter[str]()
    names = []
    for name in found:
        choices = written.get(name, [])
        is_sure = len(set(choices)) == 1 or len(choices) == counts[name]
        whole = choices[min(seen[name], len(choices) - 1)] if is_sure else name.replace(LOST, "?")
        names.append(as_text(whole.encode("utf-8", "replace")))
        seen[name] += 1
    return names


def as_text(raw: bytes) -> str:
    """Read a name, which MIDI gives no encoding: UTF-8 where it can be, else Latin-1."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return "".join(character for character in text if character.isprintable()).strip()


def _track_names(content: bytes) -> Iterator[bytes]:
    """Give the name of each track that has one; nothing more where the file is cut off."""
    place = HEAD
    while place + 8 <= len(content):
        if content[place : place + 4] == b"MTrk" and (name := _name_at(content, place + 8)[0]):
            yield name
        place += 8 + int.from_bytes(content[place + 4 : place + 8], "big")


def _name_at(content: bytes, place: int) -> tuple[bytes, bool]:
    """Give the name of the track whose events begin at a place, and whether it only directs.

    Read up to the first event that is no meta event. A track that is damaged there directs nothing.
    """
    name = b""
    try:
        while True:
            place = _number_at(content, place)[1]
            if content[place] != 0xFF or content[place + 1] == 0x2F:
                return name, content[place] == 0xFF
            kind = content[place + 1]
            length, place = _number_at(content, place + 2)
            if kind == 0x03 and not as_text(name):
                name = content[place : place + length]
            place += length
    except IndexError:
        return name, False


def _number_at(content: bytes, place: int) -> tuple[int, int]:
    """Read a number of 7 bits a byte, and the place after it. Raises: IndexError at the end."""
    number = 0
    while True:
        byte = content[place]
        number, place = number << 7 | byte & 0x7F, place + 1
        if byte < 0x80:
            return number, place
