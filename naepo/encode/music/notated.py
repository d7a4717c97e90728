"""How sounding notes are written: cut at bar lines, into values that have a sign, tied and beamed.

In: the notes of one part. Out: for each voice and bar, symbols in order, and nothing of a format.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby, zip_longest

from naepo.encode.music.bars import Bar, length_of
from naepo.encode.music.score import Note

VALUES = ("breve", "whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th")
"""Note values, each half of the one before; a breve lasts 8 quarter notes."""
EIGHTH = VALUES.index("eighth")
Value = tuple[str, bool]
"""A note value, and whether it is dotted."""


@dataclass
class Symbol:
    """One note, chord or rest as it stands on paper, within one bar.

    onset, duration: ticks.  notes: none for a rest.  value: None where no sign says the duration.
    tuplet: (3, 2) for three in the time of two.  beams: what each does here, the eighths' first.
    """

    onset: int
    duration: int
    notes: tuple[Note, ...] = ()
    value: Value | None = None
    tuplet: tuple[int, int] | None = None
    continues: bool = False
    is_tied_on: bool = False
    begins_tuplet: bool = False
    ends_tuplet: bool = False
    beams: list[str] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The tick at which it is over."""
        return self.onset + self.duration


def voices_of(notes: Iterable[Note]) -> list[list[tuple[Note, ...]]]:
    """Divide the notes of a part into voices in which nothing overlaps, each a list of chords.

    A chord is what begins and ends together. The first voice that is free takes it.
    """
    voices: list[list[tuple[Note, ...]]] = []
    ends: list[int] = []
    in_order = sorted(notes, key=lambda note: (note.onset, note.duration, -note.pitch))
    for (onset, duration), group in groupby(in_order, lambda note: (note.onset, note.duration)):
        free = next((n for n, end in enumerate(ends) if end <= onset), len(ends))
        if free == len(ends):
            voices.append([])
            ends.append(0)
        voices[free].append(tuple(group))
        ends[free] = onset + duration
    return voices


def symbols_of(
    chords: Sequence[tuple[Note, ...]], bars: Sequence[Bar], ticks_per_quarter: int
) -> list[list[Symbol]]:
    """Write one voice: for each bar its symbols, with rests between, from its first to its last."""
    found: list[list[Symbol]] = []
    at = 0
    for bar in bars:
        pieces: list[Symbol] = []
        now = bar.start
        while at < len(chords) and chords[at][0].onset < bar.end:
            chord = chords[at]
            start, end = max(chord[0].onset, bar.start), min(chord[0].end, bar.end)
            pieces += _cut(now, start, (), bar, ticks_per_quarter)
            pieces += _cut(start, end, chord, bar, ticks_per_quarter)
            now = end
            if chord[0].end > bar.end:
                break
            at += 1
        if pieces:
            pieces += _cut(now, bar.end, (), bar, ticks_per_quarter)
        _mark_tuplets(pieces, bar, ticks_per_quarter)
        _beam(pieces, bar, ticks_per_quarter)
        found.append(pieces)
    return found


def _cut(
    start: int, end: int, chord: tuple[Note, ...], bar: Bar, ticks_per_quarter: int
) -> Iterator[Symbol]:
    """Cut a stretch of time into symbols: the longest first, or last off the beat."""
    values = list(_values(Fraction(end - start, ticks_per_quarter)))
    if Fraction(start - bar.start, ticks_per_quarter).denominator > 1:
        values.reverse()
    for duration, value, tuplet in values:
        symbol = Symbol(start, round(duration * ticks_per_quarter), chord, value, tuplet)
        if chord:
            symbol.continues = start > chord[0].onset
            symbol.is_tied_on = symbol.end < chord[0].end
        yield symbol
        start = symbol.end


def _values(
    duration: Fraction,
) -> Iterator[tuple[Fraction, Value | None, tuple[int, int] | None]]:
    """Give durations that add up to this one (quarter notes), each with its sign.

    >>> list(_values(Fraction(5, 4)))
    [(Fraction(1, 1), ('quarter', False), None), (Fraction(1, 4), ('16th', False), None)]
    >>> list(_values(Fraction(1, 3)))
    [(Fraction(1, 3), ('eighth', False), (3, 2))]
    """
    actual, normal = _tuplet(duration)
    written = duration * actual / normal
    tuplet = None if actual == 1 else (actual, normal)
    for number, name in enumerate(VALUES):
        plain = Fraction(8, 2**number)
        for length, is_dotted in ((plain * 3 / 2, True), (plain, False)):
            while written >= length:
                written -= length
                yield length * normal / actual, (name, is_dotted), tuplet
    if written:
        yield written * normal / actual, None, None


def _tuplet(duration: Fraction) -> tuple[int, int]:
    """Give how many notes stand in the time of how many: 3 in that of 2, 5 or 7 in that of 4."""
    actual = duration.denominator
    while actual % 2 == 0:
        actual //= 2
    return actual, 1 << (actual.bit_length() - 1)


def _mark_tuplets(symbols: list[Symbol], bar: Bar, ticks_per_quarter: int) -> None:
    """Let a tuplet begin at its first symbol and end where the time is even again."""
    inside: tuple[int, int] | None = None
    for here, after in zip_longest(symbols, symbols[1:]):
        if here.tuplet is None:
            continue
        here.begins_tuplet = inside is None
        inside = here.tuplet
        place = Fraction(here.end - bar.start, ticks_per_quarter)
        is_even = place.denominator & (place.denominator - 1) == 0
        if is_even or after is None or after.tuplet != inside:
            here.ends_tuplet, inside = True, None


def _beam(symbols: list[Symbol], bar: Bar, ticks_per_quarter: int) -> None:
    """Join the eighths and shorter notes of one beat by beams."""
    beats, unit = bar.time
    beat = length_of((3, unit) if unit >= 8 and beats % 3 == 0 else (1, min(unit, 4)))

    def group(symbol: Symbol) -> int | None:
        if not symbol.notes or not n_flags(symbol):
            return None
        return int((symbol.onset - bar.start) // (beat * ticks_per_quarter))

    for key, members in groupby(symbols, group):
        joined = list(members)
        if key is not None and len(joined) > 1:
            for level in range(max(map(n_flags, joined))):
                _beam_level(joined, level)


def _beam_level(joined: list[Symbol], level: int) -> None:
    """Draw one of the beams over those notes of a group that have so many flags."""
    at = 0
    for has_it, members in groupby(joined, lambda symbol: n_flags(symbol) > level):
        run = list(members)
        at += len(run)
        if not has_it:
            continue
        if len(run) == 1:
            run[0].beams.append("forward hook" if at == 1 else "backward hook")
            continue
        for symbol in run:
            symbol.beams.append("continue")
        run[0].beams[-1], run[-1].beams[-1] = "begin", "end"


def n_flags(symbol: Symbol) -> int:
    """Give how many flags a note has: none from a quarter up, one for an eighth."""
    return max(0, VALUES.index(symbol.value[0]) - EIGHTH + 1) if symbol.value else 0
