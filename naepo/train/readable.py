"""Numbers, durations and unknown text as a person can read them safely.

The progress line and the report format through here alone, so that a number looks the same in both.
"""

import itertools
import math
import unicodedata

JOINERS = "\u200c\u200d"
"""Invisible, but emoji and several scripts are spelled with them."""

Real = int | float
"""A number that may have come from JSON, where 2.0 is read back as it was written."""


def visible(text: str) -> str:
    """Give the text with every control character as a sign, so that it cannot command a terminal.

    Line breaks stay and a tab becomes four spaces. Direction marks, separators and lone surrogates
    are spelled out.

    >>> visible("\\x1b[31mred\\x07 \\u202e")
    '␛[31mred␇ \\\\u202e'
    """
    return "".join(c if c.isprintable() or c in JOINERS else _sign(c) for c in text)


def _sign(character: str) -> str:
    if character == "\n":
        return character
    if character == "\t":
        return "    "
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if unicodedata.category(character) == "Zs":
        return " "
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def number(value: Real | None, digits: int = 3) -> str:
    """Give a number at `digits` significant digits, and signs for what is no number.

    >>> [number(x) for x in (1.4871, 0.000312, 31_245.0, 0.0, 2e-7, float("inf"), None)]
    ['1.49', '0.000312', '31,200', '0', '2.00e−7', '∞', '–']
    """
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if not -5 < size < 9:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    rounded = round(value, digits - 1 - size)
    return f"{rounded:,.{max(0, digits - 1 - size)}f}".replace("-", "−")


def apart(first: Real, second: Real) -> tuple[str, str]:
    """Give two numbers with as many digits (at least three) as it takes to tell them apart.

    >>> apart(1.49, 1.698)
    ('1.49', '1.70')
    >>> apart(1.6979, 1.6981)
    ('1.6979', '1.6981')
    """
    digits = 3
    while number(first, digits) == number(second, digits) and digits < 7:
        digits += 1
    return number(first, digits), number(second, digits)


def amount(n: Real) -> str:
    """Give a large count in three digits and a word for its size.

    >>> [amount(n) for n in (950, 31_245, 1_540_000, 2.5e9)]
    ['950', '31.2 k', '1.54 M', '2.50 G']
    """
    for size, word in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if n >= size:
            return number(n / (1e3 if word == " k" else size)) + word
    return f"{n:,.0f}"


def duration(seconds: Real) -> str:
    """Give a time span in its two largest units.

    >>> [duration(s) for s in (0.42, 41, 175, 3_780, 200_000)]
    ['0.42 s', '41 s', '2 min 55 s', '1 h 3 min', '2 d 7 h']
    """
    if seconds < 9.95:
        return f"{number(seconds, 2)} s"
    whole = round(seconds)
    units = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    for (size, unit), (part_size, part) in itertools.pairwise(units):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // part_size} {part}"
    return f"{whole} s"


def clock(seconds: Real) -> str:
    """Give a time span as on a clock.

    >>> [clock(s) for s in (9, 175, 3_780)]
    ['0:09', '2:55', '1:03:00']
    """
    minutes, second = divmod(max(0, round(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
