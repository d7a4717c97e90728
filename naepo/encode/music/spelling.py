"""What a pitch is called on paper: F sharp or G flat, by the key; and the sign that it needs."""

from typing import Literal, NamedTuple

STEPS = "FCGDAEB"
"""The steps along the circle of fifths, from F; each round adds a sharp."""
SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}


class Spelling(NamedTuple):
    """A written pitch: step (A to G), alter (sharps; flats below 0), octave (4 from middle C)."""

    step: str
    alter: int
    octave: int


def spell(pitch: int, fifths: int, mode: Literal["major", "minor"] = "major") -> Spelling:
    """Name a MIDI pitch in a key: as the step nearest to the key on the circle of fifths.

    In major, from three fifths below the tonic (its lowered third) to eight above (its raised
    fifth). In minor one fifth more to the sharp side: from five below the tonic (its lowered
    second) to six above (its raised fourth), with the raised sixth and seventh between.

    >>> spell(66, 0), spell(70, -1).step, spell(60, 7)
    (Spelling(step='F', alter=1, octave=4), 'B', Spelling(step='B', alter=1, octave=3))
    >>> [(spelling.step, spelling.alter) for spelling in (spell(61, -2), spell(61, -2, "minor"))]
    [('D', -1), ('C', 1)]
    """
    lowest = fifths - 3 if mode == "major" else fifths - 2
    from_c = (7 * pitch) % 12
    place = (from_c - lowest) % 12 + lowest
    alter, step = divmod(place + 1, 7)
    return Spelling(STEPS[step], alter, (pitch - alter) // 12 - 1)


def in_key(step: str, fifths: int) -> int:
    """Give how a key signature alters a step.

    >>> in_key("F", 1), in_key("B", -1), in_key("C", 1)
    (1, -1, 0)
    """
    return (fifths - STEPS.index(step) + 6) // 7


class Accidentals:
    """The signs of one bar: where a note departs from the key, or from what stood before."""

    def __init__(self, fifths: int) -> None:
        self._fifths = fifths
        self._now: dict[tuple[str, int], int] = {}

    def sign(self, spelling: Spelling | None, continues: bool) -> str | None:
        """Give the sign to write before a note; None for none, as for one that is tied on."""
        if spelling is None or continues:
            return None
        place = (spelling.step, spelling.octave)
        if self._now.get(place, in_key(spelling.step, self._fifths)) == spelling.alter:
            return None
        self._now[place] = spelling.alter
        return SIGNS.get(spelling.alter)
