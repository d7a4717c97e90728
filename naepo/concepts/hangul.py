"""A Korean syllable as one character, as its jamo and as bytes: three encodings of one thing.

The Unicode Standard, section 3.12: code point = 0xAC00 + (initial · 21 + medial) · 28 + final.
"""

from dataclasses import dataclass

BASE = 0xAC00
INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
MEDIALS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
"""The first is none at all."""
N_SYLLABLES = len(INITIALS) * len(MEDIALS) * len(FINALS)
N_JAMO = len(INITIALS) + len(MEDIALS) + len(FINALS) - 1


@dataclass(frozen=True)
class Syllable:
    """Everything that a syllable can be written as."""

    text: str
    code: int
    initial: int
    medial: int
    final: int
    """Their numbers, from 0; a final of 0 is none."""
    jamo: str
    """Two or three letters."""
    utf8: bytes
    """Three bytes."""


def syllable(text: str) -> Syllable | None:
    """Take a syllable apart; None for any other character.

    >>> found = syllable("한")
    >>> found.code, (found.initial, found.medial, found.final), found.jamo, found.utf8.hex(" ")
    (54620, (18, 0, 4), 'ㅎㅏㄴ', 'ed 95 9c')
    """
    place = ord(text) - BASE
    if not 0 <= place < N_SYLLABLES:
        return None
    rest, final = divmod(place, len(FINALS))
    initial, medial = divmod(rest, len(MEDIALS))
    jamo = INITIALS[initial] + MEDIALS[medial] + FINALS[final]
    return Syllable(text, ord(text), initial, medial, final, jamo, text.encode())


def code_point(initial: int, medial: int, final: int) -> int:
    """Put a syllable together from the numbers of its jamo.

    >>> chr(code_point(7, 8, 16))
    '봄'
    """
    return BASE + (initial * len(MEDIALS) + medial) * len(FINALS) + final
