"""Search by letters: what a text is looked up under, so that a part of a Korean word finds it.

Korean hangs particles onto words (학교, 학교에서), so whole words are the wrong thing to look up. A
text is kept under all its syllables and pairs of syllables, and under the threes of letters and
the whole words of other scripts. Whatever the spelling of a Unicode string, NFC comes first.
"""

import re
import unicodedata
from collections.abc import Iterator

from naepo.encode.normal_form import normalized

_SYLLABIC = (
    "\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
)
"""Hangul, kana and Chinese characters, of which one or two are a word already."""
_RUN = re.compile(f"[{_SYLLABIC}]+|[^{_SYLLABIC}]+")
SHORTEST = 3
"""Letters of a part of a word in a script of letters."""
MOST_OF_QUERY = 200
"""Grams of a query that are looked up; a longer one is cut."""


def words(text: str) -> Iterator[str]:
    """Give the stretches of a text that are of one script, without signs, folded to small letters.

    >>> list(words("서울 GPT-2는 좋다!"))
    ['서울', 'gpt', '2', '는', '좋다']
    """
    folded = normalized(normalized(text, "NFC").casefold(), "NFC")
    plain = "".join(c if _is_kept(c) else " " for c in folded)
    for word in plain.split():
        yield from (found.group() for found in _RUN.finditer(word))


def grams(text: str) -> list[str]:
    """Give all that a text is kept under, as often as it occurs.

    >>> grams("학교에서 books")
    ['학', '교', '에', '서', '학교', '교에', '에서', 'books', 'boo', 'ook', 'oks']
    """
    found: list[str] = []
    for word in words(text):
        if _is_syllabic(word):
            found += [*word, *_parts(word, 2)]
        else:
            found.append(word)
            found += _parts(word, SHORTEST) if len(word) > SHORTEST else []
    return found


def query_grams(text: str) -> list[str]:
    """Give what a text is looked up by, each once: the longest grams that every word has.

    >>> query_grams("학교 집 book")
    ['학교', '집', 'book', 'boo', 'ook']
    """
    found: list[str] = []
    for word in words(text):
        if _is_syllabic(word):
            found += _parts(word, 2) or [word]
        else:
            found.append(word)
            found += _parts(word, SHORTEST) if len(word) > SHORTEST else []
    return list(dict.fromkeys(found))[:MOST_OF_QUERY]


def to_tokens(grams: list[str]) -> str:
    """Write grams as words of plain letters and digits, which no tokenizer takes apart.

    >>> to_tokens(["학", "ab"])
    'xd559 x61x62'
    """
    return " ".join("".join(f"x{ord(c):x}" for c in gram) for gram in grams)


def _parts(word: str, n: int) -> list[str]:
    return [word[i : i + n] for i in range(len(word) - n + 1)]


def _is_syllabic(word: str) -> bool:
    return _RUN.match(word) is not None and re.match(f"[{_SYLLABIC}]", word) is not None


def _is_kept(character: str) -> bool:
    """Say whether a character is a letter, a mark, a digit or a sign such as an emoji."""
    return unicodedata.category(character)[0] in "LMN" or unicodedata.category(character) == "So"
