import os
import stat
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings

from naepo.config import UserError
from naepo.encode.music import writing
from naepo.encode.music.midi import read_midi
from naepo.encode.music.midi_writing import to_midi
from naepo.encode.music.musicxml import read_musicxml
from naepo.encode.music.musicxml_writing import to_musicxml
from naepo.encode.music.reading import read_score
from naepo.encode.music.safe_xml import parse_xml
from naepo.encode.music.score import Key, Meter, Note, Part, Score, Tempo
from tests.encode.music.pieces import chorales, scores

CHORD = Score(
    4,
    (Part("Piano"),),
    (Note(0, 0, 60, 4), Note(0, 0, 64, 4), Note(4, 0, 66, 10), Note(14, 0, 66, 2)),
    (Tempo(0, 90.0),),
    (Meter(0, 3, 4),),
    (Key(0, 1),),
    "An Air",
)


def xml_of(score: Score) -> Element:
    return parse_xml(to_musicxml(score).encode())


@given(scores())
@settings(max_examples=25)
def test_what_is_written_as_midi_is_read_as_the_same_score(fields):
    score = Score(**fields)
    assert read_midi(to_midi(score)) == score.simplified()


@given(chorales())
@settings(max_examples=15)
def test_what_is_written_as_musicxml_is_read_as_the_same_notes(fields):
    score = Score(**fields)
    again = read_musicxml(to_musicxml(score).encode())
    assert again.parts == score.parts
    assert again.title == score.title
    assert _times(again, again.notes) == _times(score, score.notes)
    assert _times(again, again.tempos) == _times(score, score.tempos)
    assert _times(again, again.keys) == _times(score, score.keys)


def _times(score: Score, events) -> list:
    fine = replace(score, **dict.fromkeys(("notes", "tempos", "meters", "keys"), ()))
    name = type(events[0]).__name__.lower() + "s"
    return list(getattr(replace(fine, **{name: events}).at_resolution(96), name))


def test_an_upbeat_and_its_bars_survive_musicxml():
    notes = tuple(Note(onset, 0, 60, 1) for onset in range(7))
    score = Score(1, (Part("Soprano"),), notes, (), (Meter(0, 1, 4), Meter(1, 3, 4)), (), "")
    text = to_musicxml(score)
    assert '<measure number="0" implicit="yes">' in text
    assert read_musicxml(text.encode()).meters == score.meters


def test_a_metre_that_changes_changes_the_bars():
    notes = tuple(Note(onset, 0, 60, 1) for onset in range(10))
    meters = (Meter(0, 4, 4), Meter(4, 3, 4))
    again = read_musicxml(to_musicxml(Score(1, (Part(),), notes, (), meters)).encode())
    assert again.meters == meters


def test_a_long_note_is_tied_across_bars():
    part = xml_of(CHORD).find("part")
    ties = [[tie.get("type") for tie in note.findall("tie")] for note in part.iter("note")]
    assert ties == [[], [], ["start"], ["stop"], [], []]


def test_short_notes_of_one_beat_are_beamed():
    lengths = ((0, 2), (2, 1), (3, 1), (4, 4), (8, 3), (11, 1), (12, 2))
    notes = tuple(Note(onset, 0, 60, duration) for onset, duration in lengths)
    part = xml_of(Score(4, (Part(),), notes)).find("part")
    beams = [[beam.text for beam in note.findall("beam")] for note in part.iter("note")]
    assert beams[:3] == [["begin"], ["continue", "begin"], ["end", "end"]]
    assert beams[3] == []
    assert beams[4:6] == [["begin"], ["end", "backward hook"]]
    assert beams[6] == []


def test_a_triplet_is_marked_from_its_first_note_to_its_last():
    notes = (*(Note(onset, 0, 60, 1) for onset in range(3)), Note(3, 0, 60, 3))
    part = xml_of(Score(3, (Part(),), notes)).find("part")
    marks = [[mark.get("type") for mark in note.iter("tuplet")] for note in part.iter("note")]
    assert marks[:4] == [["start"], [], ["stop"], []]


def test_pitches_are_spelled_by_the_key_and_their_signs_written_once_a_bar():
    notes = tuple(Note(onset, 0, pitch, 1) for onset, pitch in enumerate((66, 65, 65, 66)))
    part = xml_of(Score(1, (Part(),), notes, keys=(Key(0, 1),))).find("part")
    assert [step.text for step in part.iter("step")] == ["F"] * 4
    signs = [note.findtext("accidental") for note in part.iter("note")]
    assert signs == [None, "natural", None, "sharp"]


def test_in_minor_the_raised_steps_are_sharps_and_the_lowered_second_is_a_flat():
    notes = tuple(Note(onset, 0, pitch, 1) for onset, pitch in enumerate((64, 66, 61, 56)))
    for mode, steps in (("minor", "EFCA"), ("major", "EFDA")):
        part = xml_of(Score(1, (Part(),), notes, keys=(Key(0, -2, mode),))).find("part")
        assert [step.text for step in part.iter("step")] == list(steps)


@pytest.mark.parametrize(
    ("score", "reason"),
    [
        (replace(CHORD, tempos=(Tempo(0, 1.0),)), "3.58 to 6,000"),
        (replace(CHORD, tempos=(Tempo(0, 0.0),)), "3.58 to 6,000"),
        (replace(CHORD, meters=(Meter(0, 3, 5),)), "no metre 3/5"),
        (replace(CHORD, keys=(Key(0, 9),)), "0 to 7 flats"),
    ],
)
def test_what_midi_cannot_say_is_refused(score, reason):
    with pytest.raises(UserError, match=reason):
        to_midi(score)


def test_a_score_finer_than_midi_counts_is_rounded_to_what_it_can():
    fine = Score(1_000_003, (Part(),), (Note(1, 0, 60, 500_000),))
    again = read_midi(to_midi(fine))
    assert again.ticks_per_quarter <= 0x7FFF
    assert again.notes[0].duration / again.ticks_per_quarter == pytest.approx(0.5, abs=1e-4)


def test_a_file_appears_whole_or_the_old_one_stays(tmp_path, monkeypatch):
    path = tmp_path / "air.mid"
    writing.write_midi(CHORD, path)
    assert read_score(path) == CHORD.simplified()
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~_umask()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left"):
        writing.write_musicxml(CHORD, path)
    assert read_score(path) == CHORD.simplified()
    assert [each.name for each in tmp_path.iterdir()] == ["air.mid"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_folder_that_is_not_there_is_said():
    with pytest.raises(UserError, match="cannot write"):
        writing.write_midi(CHORD, Path("/no/such/folder/air.mid"))


def test_notes_of_one_part_that_overlap_come_back_as_its_voices():
    score = Score(1, (Part("Piano"),), (Note(0, 0, 60, 4), Note(1, 0, 72, 1)))
    again = read_musicxml(to_musicxml(score).encode())
    assert [part.name for part in again.parts] == ["Piano", "Piano, voice 2"]
    assert [(note.onset, note.pitch, note.duration) for note in again.notes] == [
        (0, 60, 4),
        (1, 72, 1),
    ]


def test_a_script_in_a_title_is_text():
    score = replace(CHORD, title="<script>&\x07")
    assert "<work-title>&lt;script&gt;&amp;</work-title>" in to_musicxml(score)


def test_music21_reads_what_is_written_as_the_same_notes():
    music21 = pytest.importorskip("music21")
    parsed = music21.converter.parseData(to_musicxml(CHORD), format="musicxml").stripTies()
    found = [
        (note.offset, note.quarterLength, pitch.midi)
        for note in parsed.flatten().notes
        for pitch in note.pitches
    ]
    assert sorted(found) == [(0, 1, 60), (0, 1, 64), (1, 2.5, 66), (3.5, 0.5, 66)]


def test_pretty_midi_reads_what_is_written_as_the_same_notes(tmp_path):
    pretty_midi = pytest.importorskip("pretty_midi")
    writing.write_midi(CHORD, tmp_path / "air.mid")
    found = pretty_midi.PrettyMIDI(str(tmp_path / "air.mid"))
    seconds = 60 / 90 / 4
    assert [
        (round(note.start / seconds), round(note.end / seconds), note.pitch, note.velocity)
        for note in sorted(found.instruments[0].notes, key=lambda n: (n.start, n.pitch))
    ] == [(note.onset, note.end, note.pitch, note.velocity) for note in CHORD.notes]


def test_verovio_engraves_what_is_written_without_a_complaint(capfd):
    verovio = pytest.importorskip("verovio")
    toolkit = verovio.toolkit()
    assert toolkit.loadData(to_musicxml(CHORD))
    assert toolkit.renderToSVG(1).count('class="note"') == 5
    assert capfd.readouterr().err == ""


def test_a_first_bar_that_a_metre_cuts_short_is_an_upbeat_too():
    notes = tuple(Note(onset, 0, 60, 1) for onset in range(10))
    score = Score(1, (Part(),), notes, meters=(Meter(0, 4, 4), Meter(2, 4, 4)))
    assert '<measure number="0" implicit="yes">' in to_musicxml(score)
