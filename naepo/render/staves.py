"""Which staves the voices of a piece stand on: four voices on two, all in one bracket.

In and out: a tree of MusicXML as our writer makes it, one staff a part.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement

from naepo.encode.music.spelling import Accidentals, Spelling

AFTER_STEM = ("notehead", "notehead-text", "staff", "beam", "notations", "lyric", "play", "listen")
AFTER_SIGN = ("time-modification", "stem", *AFTER_STEM)
"""What stands in a `<note>` after its stem, and after its accidental (MusicXML 4.0)."""
DRUM_LINES = {
    **dict.fromkeys((35, 36), ("F", 4)),
    **dict.fromkeys((41, 43, 45), ("A", 4)),
    **dict.fromkeys((37, 38, 39, 40), ("C", 5)),
    **dict.fromkeys((47, 48, 50), ("E", 5)),
    **dict.fromkeys((42, 44, 46), ("G", 5)),
    **dict.fromkeys((49, 51, 52, 53, 55, 57, 59), ("A", 5)),
}
"""Where a drum stands on its staff, as if in the treble clef: bass drum low, cymbals high."""
CROSSES = {("G", 5), ("A", 5)}
"""Hi-hats and cymbals are written as crosses."""
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def close_score(root: Element) -> None:
    """Put four voices on two staves, as hymn books do: stems of the upper voice go up.

    Expects four parts with the same bars and divisions, one voice each.
    """
    soprano, alto, tenor, bass = root.findall("part")
    for upper, lower, clef in [(soprano, alto, ("G", "2")), (tenor, bass, ("F", "4"))]:
        for bar, other in zip(upper.findall("measure"), lower.findall("measure"), strict=True):
            _join(bar, other)
        _set_clef(upper, *clef)
        _list_together(root, upper, lower)
        root.remove(lower)


def bracket(root: Element) -> None:
    """Bracket all staves, with bar lines through them."""
    listed = _list(root)
    group = Element("part-group", type="start", number="1")
    SubElement(group, "group-symbol").text = "bracket"
    SubElement(group, "group-barline").text = "yes"
    listed.insert(0, group)
    SubElement(listed, "part-group", type="stop", number="1")


def sign_in_time(part: Element) -> None:
    """Give the notes of a staff their accidentals anew, in the order in which they are read.

    A sign holds for the whole staff, whichever voice it stood in.
    """
    fifths = 0
    for bar in part.findall("measure"):
        fifths = int(bar.findtext("attributes/key/fifths", str(fifths)))
        accidentals = Accidentals(fifths)
        for _, note in sorted(_placed(bar), key=lambda placed: placed[0]):
            _sign(note, accidentals)


def place_drums(part: Element) -> None:
    """Put drums on the lines that are theirs, not at the pitches that MIDI numbers them by."""
    for note in part.iter("note"):
        pitch = note.find("pitch")
        if pitch is None:
            continue
        step, octave = DRUM_LINES.get(_midi(pitch), ("B", 4))
        pitch.tag, pitch[:] = "unpitched", []
        SubElement(pitch, "display-step").text = step
        SubElement(pitch, "display-octave").text = str(octave)
        for sign in note.findall("accidental"):
            note.remove(sign)
        if (step, octave) in CROSSES:
            _put(note, "notehead", "x", AFTER_STEM[1:])


def _midi(pitch: Element) -> int:
    step, alter = pitch.findtext("step", "C"), int(pitch.findtext("alter", "0"))
    return 12 * (int(pitch.findtext("octave", "4")) + 1) + SEMITONES[step] + alter


def _join(bar: Element, other: Element) -> None:
    """Append the notes of another part's bar as a second voice."""
    for note in bar.findall("note"):
        _turn(note, "1", "up")
    last = bar.findall("barline")
    for line in last:
        bar.remove(line)
    SubElement(SubElement(bar, "backup"), "duration").text = str(_length(bar))
    for note in other.findall("note"):
        _turn(note, "2", "down")
        bar.append(note)
    bar.extend(last)


def _length(bar: Element) -> int:
    """Give how long the one voice of a bar is, in divisions."""
    notes = (note for note in bar.findall("note") if note.find("chord") is None)
    return sum(int(note.findtext("duration", "0")) for note in notes)


def _turn(note: Element, voice: str, stem: str) -> None:
    named = note.find("voice")
    assert named is not None
    named.text = voice
    if note.find("rest") is None:
        _put(note, "stem", stem, AFTER_STEM)


def _set_clef(part: Element, sign: str, line: str) -> None:
    clef = part.find("measure/attributes/clef")
    assert clef is not None
    clef[:] = []
    SubElement(clef, "sign").text = sign
    SubElement(clef, "line").text = line


def _list_together(root: Element, upper: Element, lower: Element) -> None:
    """Name a staff by both its voices."""
    listed = _list(root)
    heads = {head.get("id"): head for head in listed.findall("score-part")}
    one, other = heads[upper.get("id")], heads[lower.get("id")]
    name = one.find("part-name")
    if name is not None:
        both = (name.text, other.findtext("part-name"))
        name.text = "\n".join(text for text in both if text)
    listed.remove(other)


def _list(root: Element) -> Element:
    listed = root.find("part-list")
    assert listed is not None
    return listed


def _placed(bar: Element) -> Iterator[tuple[int, Element]]:
    """Give each note and when it begins, in divisions; a chord's notes begin together."""
    now = begun = 0
    for child in bar:
        lasts = int(child.findtext("duration", "0"))
        if child.tag == "note":
            if child.find("chord") is None:
                begun, now = now, now + lasts
            yield begun, child
        elif child.tag == "backup":
            now -= lasts
        elif child.tag == "forward":
            now += lasts


def _sign(note: Element, accidentals: Accidentals) -> None:
    step, octave = note.findtext("pitch/step"), note.findtext("pitch/octave")
    if step is None or octave is None:
        return
    for old in note.findall("accidental"):
        note.remove(old)
    spelling = Spelling(step, int(note.findtext("pitch/alter", "0")), int(octave))
    is_tied = note.find("tie[@type='stop']") is not None
    sign = accidentals.sign(spelling, is_tied)
    if sign is not None:
        _put(note, "accidental", sign, AFTER_SIGN)


def _put(note: Element, tag: str, text: str, later: tuple[str, ...]) -> None:
    """Add a child where the order of MusicXML has it."""
    new = Element(tag)
    new.text = text
    place = next((at for at, child in enumerate(note) if child.tag in later), len(note))
    note.insert(place, new)
