"""Which staves the voices stand on, seen in the MusicXML that the engraver is given."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from naepo.encode.music.score import Key, Note, Part, Score
from naepo.encode.music.writing import to_musicxml
from naepo.render.staves import bracket, close_score, place_drums, sign_in_time

VOICES = tuple(Part(name) for name in ("Soprano", "Alto", "Tenor", "Bass"))


def tree(score: Score) -> Element:
    return ElementTree.fromstring(to_musicxml(score))


def choir(*chords: tuple[int, int, int, int], keys: tuple[Key, ...] = ()) -> Element:
    """A quarter note each."""
    notes = [
        Note(at, voice, pitch, 1)
        for at, chord in enumerate(chords)
        for voice, pitch in enumerate(chord)
    ]
    return tree(Score(1, VOICES, tuple(notes), keys=keys))


def signs(part: Element) -> list[str]:
    return [note.findtext("accidental", "-") for note in part.iter("note")]


C_MAJOR = (72, 67, 64, 48)


def test_a_choir_stands_on_two_staves_with_stems_up_and_down() -> None:
    root = choir(*[C_MAJOR] * 4)
    close_score(root)
    staves = root.findall("part")
    assert [staff.get("id") for staff in staves] == ["P1", "P3"]
    for staff, steps in zip(staves, (("C5", "G4"), ("E4", "C3")), strict=True):
        notes = staff.findall("measure/note")
        written = [
            (
                note.findtext("pitch/step", "") + note.findtext("pitch/octave", ""),
                note.findtext("voice"),
                note.findtext("stem"),
            )
            for note in notes
        ]
        assert written == [(steps[0], "1", "up")] * 4 + [(steps[1], "2", "down")] * 4
        assert staff.findtext("measure/backup/duration") == "4"


def test_voices_that_cross_keep_their_stems_and_their_notes() -> None:
    root = choir(C_MAJOR, (65, 69, 48, 52), (67, 67, 55, 55), C_MAJOR)
    close_score(root)
    written = [
        [
            f"{note.findtext('pitch/step')}{note.findtext('pitch/octave')} {note.findtext('stem')}"
            for note in staff.findall("measure/note")
        ]
        for staff in root.findall("part")
    ]
    assert written[0][:4] == ["C5 up", "F4 up", "G4 up", "C5 up"]
    assert written[0][4:] == ["G4 down", "A4 down", "G4 down", "G4 down"]
    assert written[1][:4] == ["E4 up", "C3 up", "G3 up", "E4 up"]
    assert written[1][4:] == ["C3 down", "E3 down", "G3 down", "C3 down"]


def test_the_second_voice_begins_where_the_bar_does_and_the_bar_line_comes_last() -> None:
    root = choir(*[C_MAJOR] * 8)
    close_score(root)
    for staff in root.findall("part"):
        last = staff.findall("measure")[-1]
        assert [child.tag for child in last if child.tag != "attributes"] == [
            *["note"] * 4, "backup", *["note"] * 4, "barline",
        ]  # fmt: skip


def test_the_staves_are_named_by_both_voices_and_have_treble_and_bass_clef() -> None:
    root = choir(C_MAJOR)
    close_score(root)
    assert [name.text for name in root.iter("part-name")] == ["Soprano\nAlto", "Tenor\nBass"]
    assert [clef.findtext("sign") for clef in root.iter("clef")] == ["G", "F"]


def test_stems_and_signs_stand_where_musicxml_has_them() -> None:
    root = choir((66, 61, 54, 49))
    close_score(root)
    for part in root.findall("part"):
        sign_in_time(part)
    order = ["pitch", "duration", "voice", "type", "accidental", "stem"]
    for note in root.iter("note"):
        if note.find("rest") is None:
            assert [child.tag for child in note] == order


def test_a_sign_in_one_voice_holds_for_the_other_on_the_same_staff() -> None:
    """F sharp in the soprano, then F sharp and F natural in the alto, all in one bar."""
    root = choir((66, 60, 55, 48), (67, 66, 55, 48), (67, 65, 55, 48))
    close_score(root)
    upper = root.findall("part")[0]
    sign_in_time(upper)
    assert signs(upper)[:3] == ["sharp", "-", "-"]
    assert signs(upper)[4:7] == ["-", "-", "natural"]


def test_the_key_needs_no_signs_and_a_new_bar_forgets_them() -> None:
    root = choir(*[(66, 61, 57, 50)] * 2, keys=(Key(0, 2),))
    close_score(root)
    for part in root.findall("part"):
        sign_in_time(part)
        assert set(signs(part)) == {"-"}
    root = choir(*[(66, 60, 57, 50)] * 8)
    close_score(root)
    upper = root.findall("part")[0]
    sign_in_time(upper)
    assert signs(upper).count("sharp") == 2


def test_all_staves_are_in_one_bracket() -> None:
    root = choir(C_MAJOR)
    bracket(root)
    listed = root.find("part-list")
    assert listed is not None
    assert [child.get("type", child.tag) for child in listed] == [
        "start",
        *["score-part"] * 4,
        "stop",
    ]


def test_drums_stand_on_their_lines_and_cymbals_are_crosses() -> None:
    pitches = (36, 38, 42, 49, 56)
    notes = tuple(Note(at, 0, pitch, 1) for at, pitch in enumerate(pitches))
    part = tree(Score(1, (Part(is_drums=True),), notes)).find("part")
    assert part is not None
    place_drums(part)
    found = [note for note in part.iter("note") if note.find("rest") is None]
    places = [
        note.findtext("unpitched/display-step", "") + note.findtext("unpitched/display-octave", "")
        for note in found
    ]
    assert places == ["F4", "C5", "G5", "A5", "B4"]
    assert [note.findtext("notehead", "-") for note in found] == ["-", "-", "x", "x", "-"]
    assert signs(part) == ["-"] * len(list(part.iter("note")))
