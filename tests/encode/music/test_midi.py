import os
import struct
from pathlib import Path

import numpy as np
import pytest

from naepo.config import UserError
from naepo.encode.music.midi import microseconds_of, quarters_per_minute, read_midi
from naepo.encode.music.reading import read_score
from naepo.encode.music.score import Key, Meter, Score, Tempo

DATA = Path(os.environ.get("NAEPO_DATA", Path(__file__).parents[4] / "shared" / "data"))
FAKES = DATA / "music" / "js-fakes-midi"
needs_fakes = pytest.mark.skipif(not FAKES.is_dir(), reason=f"needs {FAKES.name} (NAEPO_DATA)")

Message = tuple[int, list[int]]
"""Ticks to wait (below 128), and the bytes of an event."""


def midi(*tracks: list[Message], ticks_per_quarter: int = 8, format: int = 1) -> bytes:
    raw = b"MThd" + struct.pack(">IHHH", 6, format, len(tracks), ticks_per_quarter)
    for track in tracks:
        body = b"".join(bytes([wait, *event]) for wait, event in track) + b"\0\xff\x2f\0"
        raw += b"MTrk" + struct.pack(">I", len(body)) + body
    return raw


def on(pitch: int, velocity: int = 64, channel: int = 0) -> list[int]:
    return [0x90 | channel, pitch, velocity]


def off(pitch: int, channel: int = 0) -> list[int]:
    return [0x80 | channel, pitch, 0]


def rows(score: Score) -> list[tuple[int, int, int]]:
    return [(note.onset, note.duration, note.pitch) for note in score.notes]


def test_a_repeated_note_stays_two_notes():
    raw = midi([(0, on(60)), (7, off(60)), (0, on(60)), (8, off(60))])
    assert rows(read_midi(raw)) == [(0, 7, 60), (7, 8, 60)]


def test_a_note_on_without_force_is_a_note_off():
    assert rows(read_midi(midi([(0, on(60)), (8, on(60, 0))]))) == [(0, 1, 60)]


def test_of_two_notes_of_one_pitch_the_first_ends_first():
    raw = midi([(0, on(60)), (4, on(60, 50)), (4, off(60)), (4, off(60))])
    assert rows(read_midi(raw)) == [(0, 2, 60), (1, 2, 60)]


def test_a_note_that_never_ends_and_one_without_length_are_left_out():
    raw = midi([(0, on(50)), (0, on(60)), (8, off(60)), (0, on(62)), (0, off(62))])
    assert rows(read_midi(raw)) == [(0, 1, 60)]


def test_a_stroke_of_a_drum_without_length_is_kept():
    score = read_midi(midi([(0, on(36, channel=9)), (0, off(36, 9)), (8, on(38, channel=9))]))
    assert rows(score) == [(0, 1, 36)]
    assert score.parts[0].is_drums


def test_channels_and_programs_of_a_track_are_parts_and_a_silent_one_is_none():
    track: list[Message] = [(0, [0xC0, 5]), (0, on(60)), (8, off(60))]
    track += [(0, [0xC0, 9]), (0, on(60)), (8, off(60)), (0, [0xC1, 7])]
    track += [(0, on(36, channel=9)), (8, off(36, 9))]
    score = read_midi(midi(track))
    assert [(part.program, part.is_drums) for part in score.parts] == [
        (5, False),
        (9, False),
        (0, True),
    ]
    assert [note.part for note in score.notes] == [0, 1, 2]


def test_tempo_metre_key_title_and_names_are_kept():
    tempo, meter, key = [0xFF, 0x51, 3, 0x09, 0x27, 0xC0], [0xFF, 0x58, 4, 6, 3, 24, 8], [0xFF]
    name = [0xFF, 0x03, 6, *"곡1x"[:2].encode(), 33, 33][: 3 + 6]
    directing: list[Message] = [(0, name), (0, tempo), (0, meter), (8, [*key, 0x59, 2, 0xFD, 1])]
    playing: list[Message] = [(0, [0xFF, 0x03, 2, 0xE9, 0x41]), (0, on(60)), (8, off(60))]
    score = read_midi(midi(directing, playing))
    assert score.title == "곡1!!"
    assert score.parts[0].name == "éA"
    assert score.tempos == (Tempo(0, 100.0),)
    assert score.meters == (Meter(0, 6, 8),)
    assert score.keys == (Key(1, -3, "minor"),)


def named(raw: bytes) -> Message:
    return (0, [0xFF, 0x03, len(raw), *raw])


def names(*tracks: list[Message]) -> list[str]:
    return [part.name for part in read_midi(midi(*tracks)).parts]


SOUND: list[Message] = [(0, on(60)), (8, off(60))]


def test_a_name_in_latin_1_keeps_its_letters_in_each_part_of_its_track():
    assert names([named(b"Geige \xfc"), *SOUND]) == ["Geige ü"]
    two = [(0, on(62, channel=1)), (8, off(62, 1))]
    assert names([named(b"x")], [named(b"\xe4\xf6"), *SOUND, *two]) == ["äö", "äö"]


def test_names_alike_but_for_their_lost_letters_are_told_apart_by_their_order_or_not_at_all():
    first, second = [named(b"\xfc"), *SOUND], [named(b"\xe4"), *SOUND]
    assert names(first, second) == ["ü", "ä"]
    assert names([*first, (0, on(62, channel=1)), (8, off(62, 1))], second) == ["?", "?", "?"]


@pytest.mark.parametrize("tempo", [66.0, 90.0, 92.5, 110.0, 133.33, 399.99])
def test_a_tempo_whose_microseconds_were_cut_off_is_read_as_it_was_meant(tempo):
    assert quarters_per_minute(int(60_000_000 / tempo)) == tempo
    assert quarters_per_minute(microseconds_of(tempo)) == tempo


def test_a_tempo_that_was_read_is_read_the_same_when_it_has_been_written():
    counts = [*range(10_000, 40_000, 9), *range(149_900, 150_400), *range(660_000, 670_000, 7)]
    for tempo in map(quarters_per_minute, counts):
        assert quarters_per_minute(microseconds_of(tempo)) == tempo


def test_patterns_that_stand_for_themselves_are_refused_and_a_single_one_is_read():
    with pytest.raises(UserError, match="2 patterns") as error:
        read_midi(midi(SOUND, SOUND, format=2))
    assert error.value.hint
    assert rows(read_midi(midi(SOUND, format=2))) == [(0, 1, 60)]


def test_of_several_signs_at_one_tick_the_last_holds_and_nonsense_is_left_out():
    meter = [0xFF, 0x58, 4, 3, 2, 24, 8]
    nonsense = [[0xFF, 0x59, 2, 100, 0], [0xFF, 0x51, 3, 0, 0, 0], [0xFF, 0x58, 4, 0, 2, 24, 8]]
    signs: list[Message] = [(0, [0xFF, 0x58, 4, 4, 2, 24, 8]), (0, meter)]
    signs += [(1, event) for event in nonsense]
    score = read_midi(midi([*signs, (0, on(60)), (8, off(60))]))
    assert (score.meters, score.tempos, score.keys) == ((Meter(0, 3, 4),), (), ())


def test_a_file_wrapped_in_riff_is_read():
    raw = midi([(0, on(60)), (8, off(60))])
    wrapped = b"RIFF" + struct.pack("<I", len(raw) + 12) + b"RMIDdata" + struct.pack("<I", len(raw))
    assert rows(read_midi(wrapped + raw)) == [(0, 1, 60)]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not a MIDI file"),
        (b"MThd", "not a MIDI file"),
        (bytes(200), "not a MIDI file"),
        (midi([(0, on(60)), (8, off(60))], ticks_per_quarter=0), "0 ticks"),
        (midi([(0, on(60)), (8, off(60))], ticks_per_quarter=0xE728), "frames of film"),
    ],
)
def test_what_is_no_midi_is_refused_with_its_reason(raw, reason):
    with pytest.raises(UserError, match=reason):
        read_midi(raw)


@needs_fakes
def test_every_file_of_js_fakes_is_read_as_symusic_and_pretty_midi_read_it():
    symusic, pretty_midi = pytest.importorskip("symusic"), pytest.importorskip("pretty_midi")
    paths = sorted(FAKES.glob("*.mid"))
    assert len(paths) == 100
    for number, path in enumerate(paths):
        score = read_score(path)
        theirs = symusic.Score(path)
        scale = theirs.tpq // score.ticks_per_quarter
        ours = [(n.onset * scale, n.duration * scale, n.pitch, n.velocity) for n in score.notes]
        expected = [
            (note.time, note.duration, note.pitch, note.velocity)
            for track in theirs.tracks
            for note in track.notes
        ]
        assert sorted(ours) == sorted(expected), path.name
        if number % 20 == 0:
            _equals_pretty_midi(score, pretty_midi.PrettyMIDI(str(path)))


def _equals_pretty_midi(score: Score, theirs) -> None:
    assert score.tempos == (Tempo(0, 120.0),)
    seconds = 0.5 / score.ticks_per_quarter
    notes = [note for instrument in theirs.instruments for note in instrument.notes]
    expected = sorted((note.start, note.end, note.pitch) for note in notes)
    ours = sorted((n.onset * seconds, n.end * seconds, n.pitch) for n in score.notes)
    np.testing.assert_allclose(ours, expected, atol=1e-6)
