"""When each tick is heard."""

import pytest

from naepo.config import UserError
from naepo.encode.music.score import Note, Part, Score, Tempo
from naepo.render.clock import Clock, seconds_of, timed


def piece(*tempos: Tempo, ticks: int = 4, end: int = 16) -> Score:
    return Score(ticks, (Part(),), (Note(0, 0, 60, end),), tempos=tempos)


def test_a_piece_without_a_tempo_is_played_at_96_quarters_a_minute() -> None:
    assert seconds_of(piece()) == pytest.approx(4 * 60 / 96)


def test_a_change_of_tempo_counts_from_its_tick_on() -> None:
    clock = Clock(piece(Tempo(0, 60.0), Tempo(8, 120.0)))
    assert clock.seconds([0, 4, 8, 12, 16]).tolist() == pytest.approx([0, 1, 2, 2.5, 3])


def test_the_first_tempo_holds_from_the_start_even_when_it_comes_late() -> None:
    assert Clock(piece(Tempo(8, 120.0))).seconds([8])[0] == pytest.approx(1)


def test_of_two_tempos_at_one_tick_one_holds_and_time_never_runs_back() -> None:
    times = Clock(piece(Tempo(4, 60.0), Tempo(4, 120.0))).seconds(range(17))
    assert (times[1:] > times[:-1]).all()


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_a_tempo_that_is_no_speed_is_refused(speed: float) -> None:
    with pytest.raises(UserError, match="tempo"):
        Clock(piece(Tempo(0, speed)))


def test_a_piece_of_more_than_an_hour_is_refused() -> None:
    with pytest.raises(UserError, match="expected at most 3,600"):
        seconds_of(piece(Tempo(0, 60.0), ticks=1, end=3_601))


def test_a_piece_gets_a_tempo_from_its_start_and_is_heard_as_before() -> None:
    for given in (piece(), piece(Tempo(8, 120.0)), piece(Tempo(0, 60.0), Tempo(8, 120.0))):
        made = timed(given)
        assert made.tempos[0].onset == 0
        assert seconds_of(made) == seconds_of(given)
    assert timed(piece()).tempos == (Tempo(0, 96.0),)
    assert timed(piece(Tempo(8, 60.0)), 120.0).tempos == (Tempo(0, 120.0), Tempo(8, 60.0))
