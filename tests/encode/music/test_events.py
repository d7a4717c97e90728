"""Event notations: the same tokens and times as miditok's own, what is fitted, what is refused."""

import pickle

import pytest

from naepo.config import UserError
from naepo.encode.music.event_parts import assign_programs
from naepo.encode.music.event_scale import measured
from naepo.encode.music.events import KINDS, EventEncoder
from naepo.encode.music.miditok_engine import make_tokenizer
from naepo.encode.music.score import Key, Meter, Note, Part, Score, Tempo

PIANO = (Part("", 0), Part("", 1))
DUET = Score(
    8,
    PIANO,
    (Note(0, 0, 72, 8, 90), Note(8, 0, 72, 4, 60), Note(0, 1, 48, 12, 70), Note(40, 1, 47, 3, 70)),
    tempos=(Tempo(0, 100.0),),
    meters=(Meter(0, 4, 4), Meter(32, 3, 4)),
    keys=(Key(0, -3, "minor"),),
)


@pytest.mark.parametrize("kind", KINDS)
def test_what_we_write_miditok_reads_as_we_do(kind):
    encoder = EventEncoder.fit(kind, [DUET])
    words = encoder.write(DUET).split()
    theirs = make_tokenizer(encoder.scale)
    ids = [theirs.vocab[word] for word in words]
    back = theirs.decode(ids)
    scale = back.ticks_per_quarter // encoder.ticks_per_quarter
    told = {(n.time, n.pitch, n.duration, n.velocity) for t in back.tracks for n in t.notes}
    assert told == {(n.onset * scale, n.pitch, n.duration * scale, n.velocity) for n in DUET.notes}


@pytest.mark.parametrize("kind", KINDS)
def test_our_grammar_allows_only_what_miditok_finds_no_fault_with(kind):
    encoder = EventEncoder.fit(kind, [DUET])
    graph = make_tokenizer(encoder.scale).tokens_types_graph
    for before, after in encoder.grammar().table.items():
        known = graph.get(before.value, set())
        for role in after:
            if before.value in graph:
                assert role.value in known, (before, role)


def test_a_line_is_a_bar_and_the_words_are_miditoks():
    lines = EventEncoder.fit("remi", [DUET]).write(DUET).splitlines()
    assert lines[0] == "Bar_None"
    assert lines[1].split() == [
        *("TimeSig_4/4", "Position_0", "Tempo_100.0", "KeySig_-3:1"),
        *("Program_0", "Pitch_72", "Velocity_90", "Duration_1.0.8"),
        *("Program_1", "Pitch_48", "Velocity_70", "Duration_1.4.8"),
        *("Position_8", "Program_0", "Pitch_72", "Velocity_60", "Duration_0.4.8", "Bar_None"),
    ]


def test_four_pianos_stay_four_parts():
    pianos = Score(4, (Part(),) * 4, tuple(Note(0, i, 60 + i, 4) for i in range(4)))
    encoder = EventEncoder.fit("remi", [pianos])
    back = encoder.read(encoder.write(pianos))
    assert [part.program for part in back.parts] == [0, 1, 2, 3]
    assert back.notes == pianos.at_resolution(encoder.ticks_per_quarter).notes


def test_a_part_takes_the_nearest_program_that_is_free():
    parts = (Part("", 40), Part("", 40), Part("", 0, True), Part("", 41))
    score = Score(4, parts, tuple(Note(0, i, 60, 1) for i in range(4)))
    assert assign_programs(score, range(-1, 128)) == [40, 41, -1, 42]
    assert assign_programs(score, [-1, 0, 1, 2]) == [2, 1, -1, 0]
    with pytest.raises(UserError, match="at most 2 parts and drums, got 4"):
        assign_programs(score, [-1, 0, 1])


def test_fitting_takes_the_grid_that_tells_all_times_exactly():
    assert measured("tsd", [DUET])["ticks_per_quarter"] == 8
    triplets = Score(12, (Part(),), (Note(4, 0, 60, 4), Note(9, 0, 60, 3)))
    assert measured("tsd", [DUET, triplets])["ticks_per_quarter"] == 24
    fine = Score(480, (Part(),), (Note(1, 0, 60, 7),))
    assert measured("tsd", [fine])["ticks_per_quarter"] == 24
    with pytest.raises(UserError, match="no notes"):
        measured("tsd", [])


@pytest.mark.parametrize("pitch", [0, 42, 127])
@pytest.mark.parametrize("kind", KINDS)
def test_drums_may_all_play_one_pitch(kind, pitch):
    clicks = tuple(Note(4 * beat, 1, pitch, 1) for beat in range(4))
    parts = (Part(), Part("Click", is_drums=True))
    score = Score(4, parts, (Note(0, 0, 60, 16), *clicks), meters=(Meter(0, 4, 4),))
    encoder = EventEncoder.fit(kind, [score])
    read = encoder.read(encoder.write(score))
    drums = [note for note in read.notes if read.parts[note.part].is_drums]
    assert [note.pitch for note in drums] == [pitch] * 4


def test_one_velocity_needs_no_words():
    soft = Score(4, (Part(),), (Note(0, 0, 60, 4, 33),))
    encoder = EventEncoder.fit("tsd", [soft])
    assert encoder.write(soft).split() == ["Pitch_60", "Duration_1.0.1"]
    assert encoder.read(encoder.write(soft)).notes[0].velocity == 33


def test_metres_of_halves_and_eighths_keep_their_times_exactly():
    meters = (Meter(0, 3, 2), Meter(48, 6, 8), Meter(72, 4, 4))
    notes = tuple(Note(3 * i, 0, 60 + i % 5, 1 + i % 7) for i in range(34))
    score = Score(8, (Part(),), notes, meters=meters)
    for kind in KINDS:
        encoder = EventEncoder.fit(kind, [score])
        assert encoder.read(encoder.write(score)).notes == score.notes


@pytest.mark.parametrize("kind", KINDS)
def test_an_incomplete_note_tells_nothing(kind):
    encoder = EventEncoder.fit(kind, [DUET])
    words = encoder.write(DUET).split()
    for stop in range(len(words)):
        notes = encoder.read(" ".join(words[:stop])).notes
        assert len(notes) <= len(DUET.notes)
    assert encoder.read(words[-1]).notes == ()


def test_a_longer_note_is_cut_and_none_vanishes():
    encoder = EventEncoder("tsd", longest=4)
    score = Score(8, (Part(),), (Note(0, 0, 60, 100), Note(300, 0, 60, 8)))
    assert [note.duration for note in encoder.read(encoder.write(score)).notes] == [32, 8]


@pytest.mark.parametrize(
    "score, reason",
    [
        (Score(8, (Part("", 0, True),), (Note(0, 0, 40, 1),)), "no words for drums"),
        (Score(8, (Part(),), (Note(0, 0, 12, 1),)), "tells pitches from 21 to 108, got 12"),
        (Score(8, (Part(),), (Note(0, 0, 60, 1),), meters=(Meter(0, 7, 8),)), "no metre 7/8"),
        (Score(8, (Part(),) * 5, tuple(Note(0, i, 60, 1) for i in range(5))), "at most 4 parts"),
    ],
)
def test_what_miditok_would_drop_without_a_word_is_refused(score, reason):
    encoder = EventEncoder("remi")
    assert not encoder.accepts(score)
    with pytest.raises(UserError, match=reason):
        encoder.write(score)


def test_a_pause_that_structured_has_no_word_for_is_refused():
    far = Score(8, (Part(),), (Note(0, 0, 60, 8), Note(800, 0, 60, 8)))
    with pytest.raises(UserError, match="pauses of at most 16"):
        EventEncoder("structured").write(far)


def test_a_kind_that_is_none_and_a_grid_that_does_not_fit_are_refused():
    with pytest.raises(UserError, match="did you mean `remi`"):
        EventEncoder("remy")
    with pytest.raises(UserError, match="cannot count 1/16 notes"):
        EventEncoder("remi", ticks_per_quarter=2, meters=[(6, 16)])


def test_an_encoder_can_be_sent_to_another_process():
    encoder = EventEncoder.fit("remi", [DUET])
    assert pickle.loads(pickle.dumps(encoder)).write(DUET) == encoder.write(DUET)
