import io
import warnings
import zipfile
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from naepo.config import UserError
from naepo.encode.music import safe_xml
from naepo.encode.music.bach import chorale_files
from naepo.encode.music.musicxml import read_musicxml
from naepo.encode.music.score import Key, Meter, Score, Tempo

DRIFTING = "bwv171.6"
"""Here music21 makes two bars of the trumpets and timpani longer than the same bars of the voices,
by 2 and 3 quarters, so that these four parts come ever later. Ours stay together."""


def document(*measures: str, part_list: str = "", divisions: int = 2) -> bytes:
    body = "".join(f"<measure>{measure}</measure>" for measure in measures)
    attributes = f"<attributes><divisions>{divisions}</divisions></attributes>"
    body = body.replace("<measure>", "<measure>" + attributes, 1)
    return (
        '<score-partwise><part-list><score-part id="P1"><part-name>Piano</part-name>'
        f'{part_list}</score-part></part-list><part id="P1">{body}</part></score-partwise>'
    ).encode()


def note(pitch: str, duration: object, *more: str, voice: object = 1) -> str:
    step, alter, octave = pitch[0], pitch[1:-1], pitch[-1]
    alter = {"": "", "#": "<alter>1</alter>", "b": "<alter>-1</alter>"}[alter]
    first = "".join(tag for tag in more if tag in ("<chord/>", "<grace/>", "<cue/>"))
    rest = "".join(tag for tag in more if tag not in ("<chord/>", "<grace/>", "<cue/>"))
    return (
        f"<note>{first}<pitch><step>{step}</step>{alter}<octave>{octave}</octave></pitch>"
        f"<duration>{duration}</duration><voice>{voice}</voice>{rest}</note>"
    )


def sounding(score: Score) -> list[tuple[Fraction, Fraction, int, int]]:
    ticks = score.ticks_per_quarter
    return [
        (Fraction(each.onset, ticks), Fraction(each.duration, ticks), each.pitch, each.part)
        for each in score.notes
    ]


def test_a_tied_note_is_one_note_and_a_repeated_one_is_two():
    tied = note("C4", 2, '<tie type="start"/>') + note("C4", 4, '<tie type="stop"/>')
    assert sounding(read_musicxml(document(tied + note("C4", 2)))) == [(0, 3, 60, 0), (3, 1, 60, 0)]


def test_a_tie_crosses_bars_and_chords():
    first = note("C4", 8) + note("E4", 8, "<chord/>", '<tie type="start"/>')
    middle = note("E4", 8, '<tie type="stop"/>', '<tie type="start"/>')
    last = note("G4", 2) + note("E4", 2, "<chord/>", '<tie type="stop"/>')
    found = sounding(read_musicxml(document(first, middle, last)))
    assert found == [(0, 4, 60, 0), (0, 9, 64, 0), (8, 1, 67, 0)]


def test_a_tie_that_is_only_drawn_is_one_too():
    first = note("C4", 2, '<notations><tied type="start"/></notations>')
    second = note("C4", 2, '<notations><tied type="stop"/></notations>')
    assert sounding(read_musicxml(document(first + second))) == [(0, 2, 60, 0)]


def test_each_voice_is_a_part_with_the_name_of_its_part():
    upper, lower = note("C5", 4) + note("D5", 4), note("C4", 8, voice=5)
    score = read_musicxml(document(upper + "<backup><duration>8</duration></backup>" + lower))
    assert [part.name for part in score.parts] == ["Piano", "Piano, voice 2"]
    assert sounding(score) == [(0, 2, 72, 0), (0, 4, 60, 1), (2, 2, 74, 0)]


def test_grace_and_cue_notes_are_left_out():
    grace = note("B4", 1, "<grace/>").replace("<duration>1</duration>", "")
    found = read_musicxml(document(grace + note("C5", 2) + note("D5", 2, "<cue/>") + note("E5", 2)))
    assert sounding(found) == [(0, 1, 72, 0), (2, 1, 76, 0)]


def test_a_transposing_instrument_is_read_as_it_sounds():
    clarinet = "<attributes><key><fifths>2</fifths></key><transpose><chromatic>-2</chromatic>"
    score = read_musicxml(document(clarinet + "</transpose></attributes>" + note("D5", 2)))
    assert score.notes[0].pitch == 72
    assert score.keys == (Key(0, 0),)


def test_each_staff_is_transposed_for_itself_until_a_sign_for_all_of_them():
    def transpose(chromatic: int, number: str = "") -> str:
        return f"<transpose{number}><chromatic>{chromatic}</chromatic></transpose>"

    one, two = ' number="1"', ' number="2"'
    lower = note("C4", 2, "<staff>2</staff>", voice=2)
    both = note("C5", 2, "<staff>1</staff>") + lower + note("C5", 2)
    key = "<key><fifths>0</fifths></key>"
    for signs, expected, fifths in (
        (transpose(-12, two), [72, 48, 72], 0),
        (transpose(-2) + transpose(-12, two), [70, 48, 70], -2),
        (transpose(-2, one) + transpose(-12, two), [70, 48, 70], -2),
        (transpose(-12, two) + transpose(-2), [70, 58, 70], -2),
    ):
        score = read_musicxml(document(f"<attributes>{key}{signs}</attributes>{both}"))
        assert [each.pitch for each in score.notes] == expected
        assert score.keys == (Key(0, fifths),)


def test_tempo_metre_key_loudness_and_title_are_kept():
    signs = (
        "<attributes><key><fifths>-3</fifths><mode>minor</mode></key>"
        "<time><beats>6</beats><beat-type>8</beat-type></time></attributes>"
        "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><beat-unit-dot/>"
        "<per-minute>60</per-minute></metronome></direction-type></direction>"
    )
    loud = '<direction><sound dynamics="120" tempo="66.5"/><offset>2</offset></direction>'
    raw = document(signs + note("C4", 2) + loud + note("D4", 4))
    raw = raw.replace(b"<part-list>", b"<work><work-title>An\n Air</work-title></work><part-list>")
    score = read_musicxml(raw)
    assert score.meters == (Meter(0, 6, 8),)
    assert score.keys == (Key(0, -3, "minor"),)
    assert score.tempos == (Tempo(0, 90.0), Tempo(2, 66.5))
    assert [each.velocity for each in score.notes] == [80, 108]
    assert score.title == "An Air"


def test_an_upbeat_is_a_short_bar_so_that_the_others_begin_where_they_should():
    time = "<attributes><time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
    bars = [time + note("C4", 2), note("C4", 6), note("C4", 6), note("C4", 4)]
    score = read_musicxml(document(*bars))
    assert score.meters == (Meter(0, 1, 4), Meter(1, 3, 4))


def test_a_bar_in_which_one_part_skips_too_far_is_as_long_as_the_notes_of_the_other():
    full, skipping = note("C4", 2), note("C4", 2) + "<forward><duration>4</duration></forward>"
    both = document(full, full).replace(
        b"</part>",
        b'</part><part id="P2">'
        + f"<measure>{skipping.replace('2<', '1<')}</measure><measure>{note('E4', 1)}".encode()
        + b"</measure></part>",
    )
    assert [found[0] for found in sounding(read_musicxml(both))] == [0, 0, 1, 1]


def test_percussion_is_drums_with_the_pitch_of_its_instrument():
    instrument = (
        '<midi-instrument id="P1-I1"><midi-channel>10</midi-channel>'
        "<midi-unpitched>39</midi-unpitched></midi-instrument>"
    )
    hit = (
        "<note><unpitched><display-step>C</display-step><display-octave>5</display-octave>"
        '</unpitched><duration>2</duration><instrument id="P1-I1"/></note>'
    )
    score = read_musicxml(document(hit, part_list=instrument))
    assert score.parts[0].is_drums
    assert score.notes[0].pitch == 38


def test_triplets_and_broken_divisions_are_exact():
    exact = document(note("C4", 1) * 3, note("D4", 2), divisions=3)
    broken = document(note("C4", "0.3333333333333") * 3, note("D4", "0.6666667"), divisions=1)
    for raw in (exact, broken):
        found = sounding(read_musicxml(raw))
        assert [onset for onset, *_ in found] == [0, Fraction(1, 3), Fraction(2, 3), 1]
        assert found[3][1] == Fraction(2, 3)


def test_divisions_that_do_not_fit_each_other_are_refused():
    other = "<attributes><divisions>9973</divisions></attributes>"
    with pytest.raises(UserError, match="ticks to a quarter note"):
        read_musicxml(document(note("C4", 1), other + note("C4", 1), divisions=9967))


def test_a_score_ordered_by_measures_is_read_alike():
    one = f'<measure><part id="P1">{note("C4", 1)}</part><part id="P2">{note("G4", 1)}</part>'
    raw = f"<score-timewise>{one}</measure>{one}</measure></score-timewise>".encode()
    found = sounding(read_musicxml(raw))
    assert found == [(0, 1, 60, 0), (0, 1, 67, 1), (1, 1, 60, 0), (1, 1, 67, 1)]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"<score-partwise>", "not XML"),
        (b"<html><body/></html>", "has no part"),
        (b"\x00\x01", "not XML"),
        (b'<?xml version="1.0" encoding="klingon"?><score-partwise/>', "not XML"),
        (b"PK\x03\x04 and no more", "cannot be unpacked|can be unpacked"),
        (document(note("C4", 1).replace("<step>C", "<step>H")), "no pitch that can be read"),
        (document(note("C4", 1), divisions=0), "divisions must be above 0"),
    ],
)
def test_what_is_broken_is_refused_with_its_reason(raw, reason):
    with pytest.raises(UserError, match=reason):
        read_musicxml(raw)


def test_an_xml_bomb_is_refused():
    lines = [b'<!ENTITY a0 "ha">'] + [
        b'<!ENTITY a%d "&a%d;&a%d;">' % (n, n - 1, n - 1) for n in range(1, 40)
    ]
    bomb = b"<!DOCTYPE x [" + b"".join(lines) + b"]><score-partwise>&a39;</score-partwise>"
    with pytest.raises(UserError, match="declares an XML entity"):
        read_musicxml(bomb)


def test_a_file_of_this_machine_is_not_read_into_a_score():
    raw = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><score-partwise>&e;</score-partwise>'
    with pytest.raises(UserError, match="declares an XML entity"):
        read_musicxml(raw)


def test_a_number_that_would_fill_the_memory_is_none():
    score = read_musicxml(document(note("C4", 2) + note("D4", "1e999999999") + note("E4", 2)))
    assert [each.pitch for each in score.notes] == [60, 64]


def archive(files: dict[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return raw.getvalue()


def test_a_zip_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(safe_xml, "MAX_BYTES", 1 << 20)
    bomb = archive({"bomb.xml": bytes(2 << 20)})
    assert len(bomb) < 10_000
    with pytest.raises(UserError, match="unpacks to more than 1 MiB"):
        read_musicxml(bomb)


def test_the_score_of_a_zip_is_the_one_that_its_container_names():
    container = b'<container><rootfiles><rootfile full-path="b.xml"/></rootfiles></container>'
    files = {"a.xml": document(note("C4", 1)), "b.xml": document(note("D4", 1))}
    named = archive({"META-INF/container.xml": container, **files})
    assert read_musicxml(named).notes[0].pitch == 62
    assert read_musicxml(archive(files)).notes[0].pitch == 60
    with pytest.raises(UserError, match="no score in this"):
        read_musicxml(archive({"readme.txt": b"hello"}))


def music21_notes(path: Path) -> Counter:
    """What music21 reads: (onset, duration, pitch), quarter notes, with ties joined by their ends.

    Its own joining of ties is not used: it leaves tied notes of chords and of inner voices apart.
    """
    converter = pytest.importorskip("music21.converter")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = converter.parse(path, forceSource=True)
    found: Counter = Counter()
    for number, part in enumerate(parsed.toSoundingPitch().parts):
        drifts = path.stem == DRIFTING and number < 4
        for onset, duration, pitch in _joined(part):
            late = 2 * (onset >= 99) + 3 * (onset >= 150) if drifts else 0
            found[(onset - late, duration, pitch)] += 1
    return found


def _joined(part) -> list[list]:
    notes: list[list] = []
    open_ties: dict[tuple, list] = {}
    for element in sorted(part.flatten().notes, key=lambda element: element.offset):
        if element.duration.isGrace:
            continue
        onset, duration = Fraction(element.offset), Fraction(element.quarterLength)
        for each in element.notes if element.isChord else [element]:
            tie = each.tie.type if each.tie else ""
            key = (each.pitch.midi, onset)
            if tie in ("stop", "continue") and key in open_ties:
                whole = open_ties.pop(key)
                whole[1] += duration
            else:
                whole = [onset, duration, each.pitch.midi]
                notes.append(whole)
            if tie in ("start", "continue"):
                open_ties[(each.pitch.midi, onset + duration)] = whole
    return notes


def our_notes(path: Path) -> Counter:
    return Counter(found[:3] for found in sounding(read_musicxml(path.read_bytes())))


def test_musicxml_reading_equals_the_notes_of_music21_on_three_chorales():
    paths = [path for path in chorale_files() if path.stem in ("bwv1.6", "bwv248.9-1", "bwv66.6")]
    assert len(paths) == 3
    for path in paths:
        assert our_notes(path) == music21_notes(path), path.name


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_musicxml_reading_equals_the_notes_of_music21_on_all_408_chorales():
    paths = chorale_files()
    assert len(paths) == 408
    assert [path.name for path in paths if our_notes(path) != music21_notes(path)] == []
