"""Scores to MusicXML: a staff for each part, for engravers (verovio) and editors (MuseScore)."""

from collections.abc import Iterator, Sequence
from statistics import median
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from naepo.encode.music.bars import Bar, bars_of
from naepo.encode.music.notated import Symbol, symbols_of, voices_of
from naepo.encode.music.part_reader import LOUD, VELOCITY
from naepo.encode.music.score import Key, Note, Part, Score, Tempo
from naepo.encode.music.spelling import Accidentals, Spelling, spell

RESOLUTION = 48
"""Ticks to a quarter note of what is written when the score is finer than paper can say."""
PAPER = (RESOLUTION, 16 * 5, 16 * 7)
"""Paper holds 64ths, and triplets, quintuplets or septuplets of them."""
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC '
    '"-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
)


def to_musicxml(score: Score) -> str:
    """Write a score as MusicXML, for paper: notes cut at bar lines are tied, gaps are rests.

    `read_musicxml` gives the same notes, but for times finer than a 64th or its triplets, which
    are rounded; notes of one part that overlap come back as voices of it.
    """
    score = score.simplified()
    if not any(grid % score.ticks_per_quarter == 0 for grid in PAPER):
        score = score.at_resolution(RESOLUTION)
    root = Element("score-partwise", version="4.0")
    if score.title:
        SubElement(SubElement(root, "work"), "work-title").text = _printable(score.title)
    _add(root, "identification", "encoding", "software").text = "naepo"
    heads = SubElement(root, "part-list")
    bars = bars_of(score)
    for number, part in enumerate(score.parts):
        heads.append(_head(part, number))
        body = SubElement(root, "part", id=f"P{number + 1}")
        body.extend(_PartWriter(score, number, bars).measures())
    indent(root, " ")
    return HEAD + tostring(root, encoding="unicode") + "\n"


def _head(part: Part, number: int) -> Element:
    id = f"P{number + 1}"
    head = Element("score-part", id=id)
    SubElement(head, "part-name").text = _printable(part.name)
    instrument = SubElement(head, "score-instrument", id=f"{id}-I1")
    SubElement(instrument, "instrument-name").text = _printable(part.name) or f"Part {number + 1}"
    midi = SubElement(head, "midi-instrument", id=f"{id}-I1")
    channels = [channel for channel in range(1, 17) if channel != 10]
    SubElement(midi, "midi-channel").text = str(
        10 if part.is_drums else channels[number % len(channels)]
    )
    SubElement(midi, "midi-program").text = str(part.program + 1)
    return head


class _PartWriter:
    """Writes the measures of one part."""

    def __init__(self, score: Score, number: int, bars: Sequence[Bar]) -> None:
        self._score = score
        self._bars = bars
        self._leads = number == 0
        self._is_drums = score.parts[number].is_drums
        notes = score.notes_of(number)
        ticks = score.ticks_per_quarter
        self._voices = [symbols_of(chords, bars, ticks) for chords in voices_of(notes)]
        self._clef = _clef([note.pitch for note in notes], self._is_drums)
        self._keys = {_bar_at(bars, key.onset): key for key in score.keys}
        self._key = Key(0, 0)

    def measures(self) -> Iterator[Element]:
        """Give the measures, from the first bar to the last."""
        upbeats = int(self._bars[0].is_pickup)
        for number, bar in enumerate(self._bars):
            measure = Element("measure", number=str(number + 1 - upbeats))
            if bar.is_pickup:
                measure.set("implicit", "yes")
            self._write_attributes(measure, number)
            if self._leads:
                for tempo in self._score.tempos:
                    if bar.start <= tempo.onset < bar.end:
                        measure.append(_tempo(tempo, tempo.onset - bar.start))
            self._write_voices(measure, number)
            if number == len(self._bars) - 1:
                barline = SubElement(measure, "barline", location="right")
                SubElement(barline, "bar-style").text = "light-heavy"
            yield measure

    def _write_attributes(self, measure: Element, number: int) -> None:
        time, before = self._bars[number].time, self._bars[number - 1].time
        is_first, key = number == 0, self._keys.get(number)
        if not (is_first or key or time != before):
            return
        attributes = SubElement(measure, "attributes")
        if is_first:
            SubElement(attributes, "divisions").text = str(self._score.ticks_per_quarter)
        if key or is_first:
            self._key = key or self._key
            element = SubElement(attributes, "key")
            SubElement(element, "fifths").text = str(self._key.fifths)
            SubElement(element, "mode").text = self._key.mode
        if is_first or time != before:
            element = SubElement(attributes, "time")
            SubElement(element, "beats").text, SubElement(element, "beat-type").text = map(
                str, time
            )
        if is_first:
            attributes.append(self._clef)

    def _write_voices(self, measure: Element, number: int) -> None:
        bar = self._bars[number]
        accidentals = Accidentals(self._key.fifths)
        written = [(nth, bars[number]) for nth, bars in enumerate(self._voices, 1) if bars[number]]
        if not written:
            measure.append(_whole_rest(bar.end - bar.start))
        for place, (voice, symbols) in enumerate(written):
            if place:
                _add(measure, "backup", "duration").text = str(bar.end - bar.start)
            for symbol in symbols:
                measure.extend(self._symbol(symbol, voice, accidentals))

    def _symbol(self, symbol: Symbol, voice: int, accidentals: Accidentals) -> Iterator[Element]:
        for nth, note in enumerate(symbol.notes or (None,)):
            element = Element("note")
            if nth:
                SubElement(element, "chord")
            spelling = None
            if note is None:
                SubElement(element, "rest")
            else:
                spelling = spell(note.pitch, self._key.fifths, self._key.mode)
                self._pitch(element, note, spelling)
            SubElement(element, "duration").text = str(symbol.duration)
            if note is not None:
                _ties(element, "tie", symbol)
            SubElement(element, "voice").text = str(voice)
            _value(element, symbol, accidentals.sign(spelling, symbol.continues))
            for level, beam in enumerate(symbol.beams if not nth else (), 1):
                SubElement(element, "beam", number=str(level)).text = beam
            _notations(element, symbol, is_first=not nth, is_rest=note is None)
            yield element

    def _pitch(self, element: Element, note: Note, spelling: Spelling) -> None:
        pitch = SubElement(element, "pitch")
        SubElement(pitch, "step").text = spelling.step
        if spelling.alter:
            SubElement(pitch, "alter").text = str(spelling.alter)
        SubElement(pitch, "octave").text = str(spelling.octave)
        if note.velocity != VELOCITY:
            element.set("dynamics", f"{100 * note.velocity / LOUD:.2f}")


def _value(element: Element, symbol: Symbol, accidental: str | None) -> None:
    if symbol.value is not None:
        name, is_dotted = symbol.value
        SubElement(element, "type").text = name
        if is_dotted:
            SubElement(element, "dot")
    if accidental is not None:
        SubElement(element, "accidental").text = accidental
    if symbol.tuplet is not None:
        ratio = SubElement(element, "time-modification")
        SubElement(ratio, "actual-notes").text = str(symbol.tuplet[0])
        SubElement(ratio, "normal-notes").text = str(symbol.tuplet[1])


def _notations(element: Element, symbol: Symbol, *, is_first: bool, is_rest: bool) -> None:
    notations = Element("notations")
    if not is_rest:
        _ties(notations, "tied", symbol)
    if is_first and symbol.ends_tuplet and not symbol.begins_tuplet:
        SubElement(notations, "tuplet", type="stop")
    elif is_first and symbol.begins_tuplet and not symbol.ends_tuplet:
        SubElement(notations, "tuplet", type="start")
    if len(notations):
        element.append(notations)


def _ties(element: Element, tag: str, symbol: Symbol) -> None:
    if symbol.continues:
        SubElement(element, tag, type="stop")
    if symbol.is_tied_on:
        SubElement(element, tag, type="start")


def _whole_rest(duration: int) -> Element:
    note = Element("note")
    SubElement(note, "rest", measure="yes")
    SubElement(note, "duration").text = str(duration)
    SubElement(note, "voice").text = "1"
    return note


def _tempo(tempo: Tempo, later: int) -> Element:
    speed = f"{tempo.quarters_per_minute:.6f}".rstrip("0").rstrip(".")
    direction = Element("direction", placement="above")
    mark = _add(direction, "direction-type", "metronome")
    SubElement(mark, "beat-unit").text = "quarter"
    SubElement(mark, "per-minute").text = speed
    if later:
        SubElement(direction, "offset", sound="yes").text = str(later)
    SubElement(direction, "sound", tempo=speed)
    return direction


def _clef(pitches: Sequence[int], is_drums: bool) -> Element:
    """Choose the clef that needs the fewest ledger lines: treble from middle C up, else bass."""
    clef = Element("clef")
    is_high = not pitches or median(pitches) >= 59
    sign, line = ("percussion", None) if is_drums else ("G", "2") if is_high else ("F", "4")
    SubElement(clef, "sign").text = sign
    if line:
        SubElement(clef, "line").text = line
    return clef


def _bar_at(bars: Sequence[Bar], onset: int) -> int:
    """Give the number of the bar in which a tick lies: a key is drawn where its bar begins."""
    return next((n for n, bar in enumerate(bars) if onset < bar.end), len(bars) - 1)


def _add(parent: Element, *tags: str) -> Element:
    for tag in tags:
        parent = SubElement(parent, tag)
    return parent


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
