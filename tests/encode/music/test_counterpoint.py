"""What the report of counterpoint counts, on pieces small enough to count by hand."""

import pytest

from naepo.config import UserError
from naepo.encode.music.counterpoint import HEADINGS, Report, beside, report
from naepo.encode.music.score import Note, Part, Score

PARTS = tuple(Part(name) for name in ("S", "A", "T", "B"))
REST = 0


def chorale(*chords: tuple[int, int, int, int], steps: int = 1, title: str = "") -> Score:
    """Each chord sounds for `steps` sixteenths; every note is struck anew; REST rests."""
    notes = [
        Note(at * steps, voice, pitch, steps)
        for at, chord in enumerate(chords)
        for voice, pitch in enumerate(chord)
        if pitch != REST
    ]
    return Score(4, PARTS, tuple(notes), title=title)


C_MAJOR = (72, 67, 64, 48)


def test_a_note_of_four_sixteenths_is_struck_once_and_held_three_times() -> None:
    assert report([chorale(C_MAJOR, steps=4)]).held_share == 0.75


def test_a_repeated_note_is_not_held() -> None:
    assert report([chorale(C_MAJOR, C_MAJOR, C_MAJOR)]).held_share == 0


def test_a_voice_that_rests_holds_nothing() -> None:
    found = report([chorale((72, REST, REST, REST), steps=4)])
    assert (found.n_cells, found.n_held) == (4, 3)


@pytest.mark.parametrize(
    ("chord", "is_triad"),
    [
        (C_MAJOR, True),
        ((71, 67, 62, 43), True),
        ((72, 67, 63, 48), True),
        ((72, 66, 63, 48), True),
        ((72, 68, 64, 48), False),
        ((70, 67, 64, 48), False),
        ((72, 67, 60, 48), False),
        ((72, 67, 65, 48), False),
        ((REST, 67, 64, 48), True),
        ((REST, REST, 64, 48), False),
    ],
    ids=["C", "G", "c", "dim", "aug", "C7", "open", "sus", "three voices", "two voices"],
)
def test_a_triad_is_three_pitch_classes_a_major_minor_or_diminished_chord_apart(
    chord: tuple[int, int, int, int], is_triad: bool
) -> None:
    assert report([chorale(chord)]).triad_share == float(is_triad)


def test_dissonant_are_seconds_sevenths_and_the_tritone_in_any_octave() -> None:
    """Above C: octave, 5th, 3rd; then B, B flat, F sharp: one dissonance each with the bass."""
    assert report([chorale(C_MAJOR)]).n_dissonant == 0
    for pitch in (71, 70, 66, 62, 61):
        found = report([chorale((pitch, REST, REST, 48))])
        assert (found.n_dissonant, found.n_pairs) == (1, 1)
    for pitch in (72, 69, 68, 67, 65, 64, 63):
        assert report([chorale((pitch, REST, REST, 48))]).n_dissonant == 0


def test_parallel_fifths_are_two_voices_that_go_the_same_way_and_stay_a_fifth_apart() -> None:
    found = report([chorale((67, REST, REST, 48), (69, REST, REST, 50))])
    assert (found.n_co_moving, found.n_fifths, found.n_octaves) == (1, 1, 0)
    assert found.parallel_fifths == 1000


def test_parallel_octaves_and_unisons_are_counted_together_and_a_twelfth_is_a_fifth() -> None:
    octaves = report([chorale((72, REST, REST, 48), (74, REST, REST, 50))])
    unisons = report([chorale((60, 60, REST, REST), (62, 62, REST, REST))])
    twelfth = report([chorale((67, REST, REST, 48), (81, REST, REST, 50))])
    assert (octaves.n_octaves, unisons.n_octaves, twelfth.n_fifths) == (1, 1, 1)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((67, REST, REST, 48), (67, REST, REST, 48)),
        ((67, REST, REST, 60), (62, REST, REST, 67)),
        ((67, REST, REST, 48), (65, REST, REST, 48)),
        ((67, REST, REST, 48), (REST, REST, REST, 50)),
    ],
    ids=["repeated", "contrary", "one stays", "one stops"],
)
def test_voices_that_do_not_move_together_make_no_parallels(
    first: tuple[int, int, int, int], second: tuple[int, int, int, int]
) -> None:
    found = report([chorale(first, second)])
    assert (found.n_co_moving, found.n_fifths, found.n_octaves) == (0, 0, 0)
    assert found.parallel_fifths is None


def test_a_fifth_reached_from_a_sixth_is_no_parallel() -> None:
    found = report([chorale((69, REST, REST, 48), (71, REST, REST, 52))])
    assert (found.n_co_moving, found.n_fifths) == (1, 0)


def test_all_six_pairs_of_four_voices_are_looked_at() -> None:
    up = tuple(pitch + 2 for pitch in C_MAJOR)
    assert len(up) == 4
    found = report([chorale(C_MAJOR, up)])
    assert found.n_pairs == 12
    assert (found.n_co_moving, found.n_fifths, found.n_octaves) == (6, 1, 1)


def test_a_note_outside_the_range_of_its_voice_is_counted_once_however_long() -> None:
    found = report([chorale((84, 67, 64, 30), steps=8)])
    assert (found.n_outside, found.n_notes, found.outside_range) == (2, 4, 500)
    assert report([chorale(C_MAJOR)], ranges=((73, 80),) * 4).n_outside == 4


def test_pieces_are_summed_and_order_does_not_matter() -> None:
    one, other = chorale(C_MAJOR, steps=4), chorale((71, 67, 65, 43), (72, 67, 64, 48))
    assert report([one, other]) == report([other, one]) == report([one]) + report([other])
    assert report([one, other]).n_pieces == 2


def test_a_piece_counted_in_finer_ticks_gives_the_same_report() -> None:
    piece = chorale(C_MAJOR, (74, 69, 62, 50), steps=2)
    assert report([piece.at_resolution(480)]) == report([piece])


def test_nothing_gives_no_shares_and_a_row_of_dashes() -> None:
    for found in (report([]), report([chorale()])):
        assert found.held_share is None
        assert found.row()[1:] == ("–",) * 6


def test_rows_stand_under_their_headings() -> None:
    found = report([chorale(C_MAJOR, (74, 69, 66, 50), steps=4)])
    table = beside({"model": found, "Bach": Report(**{**vars(found), "n_pieces": 364})})
    head, model, bach = table.splitlines()
    assert len({len(head), len(model), len(bach)}) == 1
    assert all(heading in head for heading in HEADINGS)
    assert model.split()[:4] == ["model", "1", "75.0", "%"]
    assert bach.split()[:2] == ["Bach", "364"]


def test_a_piece_that_has_not_four_single_voices_is_refused_by_name() -> None:
    duet = Score(4, PARTS[:2], (Note(0, 0, 60, 1),), title="Duet")
    with pytest.raises(UserError, match="“Duet” has 2 parts, expected 4"):
        report([duet])
    chords = Score(4, PARTS, (Note(0, 2, 60, 4), Note(2, 2, 64, 4)))
    with pytest.raises(UserError, match="the tenor of a piece sounds two notes at once, at tick 2"):
        report([chords])
