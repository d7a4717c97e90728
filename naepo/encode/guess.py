"""Which encoding would have worked: asked only after the one that was named has failed.

An answer means two things: the whole file decodes, and what comes out looks like a language.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator

SAMPLE = 200_000
"""So many characters beyond ASCII are judged; the rest must only decode."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-16-le", "utf-16-be")
_NARROW = ("utf-8", "cp949", "cp932", "gb18030", "cp1252")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_HANGUL = re.compile(r"[가-힣]")
_KANA = re.compile(r"[ぁ-ゖァ-ヺ]")
_IDEOGRAPHS = re.compile(r"[一-鿿]")
_WIDE_SIGNS = re.compile(r"[\u3000-\u303f\uff00-\uffef]")


def working_encoding(open_bytes: Callable[[], Iterator[bytes]], failed: str) -> str | None:
    """Give the first encoding of a short list that fits the whole file, or None.

    open_bytes: gives the file's bytes from the start, in pieces, each time that it is called.
    """
    start = next(open_bytes(), b"")
    marked = [name for mark, name in _MARKS if start.startswith(mark)]
    candidates = marked[:1] or (_WIDE if b"\0" in start else _NARROW)
    failed = codecs.lookup(failed).name
    for name in candidates:
        if codecs.lookup(name).name != failed and _fits(open_bytes(), name):
            return name
    return None


def _fits(blocks: Iterator[bytes], encoding: str) -> bool:
    """Decode everything, and judge the first characters beyond ASCII."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    n_characters, beyond, n_beyond = 0, [], 0
    try:
        for block in blocks:
            text = decoder.decode(block).removeprefix("\ufeff")
            if _CONTROLS.search(text):
                return False
            if n_beyond < SAMPLE:
                found = "".join(_BEYOND_ASCII.findall(text))
                beyond.append(found)
                n_beyond += len(found)
                n_characters += len(text)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return _is_plausible("".join(beyond)[:SAMPLE], n_characters, encoding)


def _is_plausible(beyond: str, n_characters: int, encoding: str) -> bool:
    """Whether characters beyond ASCII are what this encoding is used for, and common ones."""
    if not beyond:
        return n_characters > 0
    n_signs = len(_WIDE_SIGNS.findall(beyond))
    n_letters = max(1, len(beyond) - n_signs)
    if encoding == "cp949":
        hangul = _HANGUL.findall(beyond)
        return len(hangul) > 0.8 * n_letters and _share_in(hangul, "euc-kr") > 0.9
    if encoding == "cp932":
        n_kana, n_ideographs = len(_KANA.findall(beyond)), len(_IDEOGRAPHS.findall(beyond))
        return n_kana > 0.2 * n_letters and n_kana + n_ideographs > 0.9 * n_letters
    if encoding == "gb18030":
        ideographs = _IDEOGRAPHS.findall(beyond)
        return len(ideographs) > 0.8 * n_letters and _share_in(ideographs, "gb2312") > 0.9
    if encoding == "cp1252":
        return len(beyond) < 0.3 * n_characters and _latin_share(beyond) > 0.9
    return sum(unicodedata.category(c) in ("Cn", "Co") for c in beyond) < 0.05 * len(beyond)


def _share_in(characters: list[str], common: str) -> float:
    """The share of characters that an older, smaller encoding already had."""
    kept = "".join(characters).encode(common, "ignore").decode(common)
    return len(kept) / max(1, len(characters))


def _latin_share(beyond: str) -> float:
    letters = re.findall("[À-ÖØ-öø-ÿŒœŠšŸŽžªº¿¡‘’“”«»–—…€£§°·]", beyond)
    return len(letters) / len(beyond)
