"""What was given comes out as it went in: times, velocities, instruments, ornaments, ties."""

from dataclasses import replace

from naepo.encode.music.events import EventEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.score import Key, Meter, Note, Part, Score, Tempo
from naepo.encode.music.voices import PARTS
from naepo.generate.given import continued, filled

GRID = GridEncoder(steps_per_quarter=1)
STRINGS = (Part("Cello", 42), Part("Violin", 40))
SIGNS = {"tempos": (Tempo(0, 97.5),), "meters": (Meter(0, 4, 4),), "keys": (Key(0, 1),)}


def played(*notes: tuple[int, int, int, int, int], parts: tuple[Part, ...] = STRINGS) -> Score:
    """Notes (onset, part, pitch, duration, velocity) in tenths of a quarter, three bars of 4/4."""
    return Score(10, parts, tuple(Note(*note) for note in notes), title="As it is", **SIGNS)


DUET = played(
    (1, 1, 72, 18, 33), (20, 1, 74, 2, 60), (22, 1, 76, 17, 61),  # a grace note, early and late
    (41, 1, 77, 38, 90), (79, 1, 79, 40, 91),
    (0, 0, 40, 40, 50), (40, 0, 43, 40, 52), (80, 0, 45, 39, 54),
)  # fmt: skip


def with_bar_2(score: Score, *new: Note) -> Score:
    """What comes back from the words when their second bar was written anew."""
    known = GRID.read(GRID.write(score))
    return replace(known, notes=(*(n for n in known.notes if not 4 <= n.onset < 8), *new))


def test_around_a_gap_every_note_is_as_it_was_and_in_it_as_written_by_the_same_instruments():
    told = with_bar_2(DUET, Note(4, 0, 81, 4), Note(4, 3, 41, 2), Note(6, 3, 45, 2))
    made = filled(GRID, DUET, told, 4, 8)
    new = (Note(40, 1, 81, 39, 61), Note(40, 0, 41, 20, 52), Note(60, 0, 45, 20, 52))
    outside = (note for note in DUET.notes if note.onset not in (40, 41))
    assert made == replace(DUET, notes=(*outside, *new))


def test_a_note_that_sounds_into_a_gap_ends_as_written_and_one_that_sounds_out_of_it_as_it_did():
    score = played((0, 0, 40, 83, 50), (83, 0, 41, 20, 50))
    cut = with_bar_2(score, Note(7, 3, 40, 1))
    cut = replace(cut, notes=(Note(0, 3, 40, 5), Note(7, 3, 40, 1), *cut.notes_of(3)[2:]))
    assert filled(GRID, score, cut, 4, 8).notes == (
        Note(0, 0, 40, 50, 50), Note(70, 0, 40, 10, 50), Note(83, 0, 41, 20, 50),
    )  # fmt: skip
    tied = played((0, 0, 40, 40, 50), (40, 0, 43, 75, 50))
    told = with_bar_2(tied, Note(4, 3, 45, 3), Note(7, 3, 43, 5))
    assert filled(GRID, tied, told, 4, 8).notes == (
        Note(0, 0, 40, 40, 50), Note(40, 0, 45, 30, 50), Note(70, 0, 43, 45, 50),
    )  # fmt: skip


def test_a_gap_at_the_end_has_nothing_after_it():
    told = with_bar_2(played((0, 0, 40, 40, 50), (40, 0, 43, 40, 70)), Note(4, 3, 45, 4))
    made = filled(GRID, played((0, 0, 40, 40, 50), (40, 0, 43, 40, 70)), told, 4)
    assert made.notes == (Note(0, 0, 40, 40, 50), Note(40, 0, 45, 40, 50))


def test_a_theme_stays_note_by_note_and_voices_that_join_it_stand_in_their_order():
    theme = played((1, 0, 50, 18, 33), (20, 0, 48, 22, 35), parts=(Part("Bassoon", 70),))
    told = GRID.read(GRID.write(theme))
    voice = GRID.read(GRID.write(theme)).notes[0].part
    new = (Note(4, voice, 47, 4), Note(4, 0, 74, 4))
    made = continued(GRID, theme, replace(told, notes=(*told.notes, *new)))
    assert made.parts == (PARTS[0], Part("Bassoon", 70))
    assert made.notes_of(1) == (
        Note(1, 1, 50, 18, 33), Note(20, 1, 48, 22, 35), Note(42, 1, 47, 38, 33),
    )  # fmt: skip
    assert made.notes_of(0) == (Note(40, 0, 74, 40, 33),)
    assert (made.title, made.tempos, made.meters) == (theme.title, theme.tempos, theme.meters)


def test_events_keep_their_instruments_and_no_pitch_of_a_part_sounds_twice_at_once():
    band = (Part("Solo", 73), Part("Kit", 0, is_drums=True), Part("Pad", 88))
    score = played(
        (0, 0, 72, 9, 30), (0, 2, 60, 103, 99), (0, 1, 36, 1, 120), (40, 0, 74, 10, 40),
        (41, 1, 38, 1, 121), (81, 0, 76, 10, 50), parts=band,
    )  # fmt: skip
    remi = EventEncoder("remi", longest=16, drums=(35, 60), programs=(-1, 0, 80), velocity=80)
    known = remi.read(remi.write(score))
    outside = [note for note in known.notes if not 32 <= note.onset < 64]
    number = {part.program: n for n, part in enumerate(known.parts) if not part.is_drums}
    new = (Note(40, number[0], 60, 4), Note(48, number[80], 76, 40), Note(56, 2, 40, 1))
    assert [part.is_drums for part in known.parts] == [False, False, True]
    made = filled(remi, score, replace(known, notes=(*outside, *new)), 32, 64)
    made = made.at_resolution(40)
    assert made.parts == band
    kept = {note for note in score.at_resolution(40).notes if note.pitch in (72, 36, 76)}
    assert kept <= set(made.notes)
    assert set(made.notes) - kept == {
        Note(0, 2, 60, 200, 99), Note(200, 2, 60, 212, 99),  # struck anew, and it ends when it did
        Note(240, 0, 76, 80, 40), Note(280, 1, 40, 5, 120),
    }  # fmt: skip
