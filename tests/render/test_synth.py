"""What comes out of the synthesizer, measured with a Fourier transform."""

import time

import numpy as np
import pytest

from naepo.config import UserError
from naepo.encode.music.score import Note, Part, Score, Tempo
from naepo.render.synth import TIMBRES, render
from naepo.render.timbres import BY_PROGRAM
from naepo.render.tone import tone

RATE = 22_050
QUARTER = 0.5
"""Seconds: every piece here is played at 120 quarters a minute."""


def piece(*notes: Note, parts: tuple[Part, ...] = (Part(),)) -> Score:
    return Score(1, parts, notes, tempos=(Tempo(0, 120.0),))


def spectrum(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    windowed = samples * np.hanning(samples.size)
    return np.fft.rfftfreq(samples.size, 1 / RATE), np.abs(np.fft.rfft(windowed))


def loudness(samples: np.ndarray, seconds: float, width: float = 0.02) -> float:
    start = round((seconds - width / 2) * RATE)
    return float(np.sqrt(np.mean(samples[start : start + round(width * RATE)] ** 2)))


@pytest.mark.parametrize("timbre", TIMBRES)
def test_the_strongest_partial_of_an_a_is_440_hz(timbre: str) -> None:
    hz, strength = spectrum(render(piece(Note(0, 0, 69, 4)), sample_rate=RATE, timbre=timbre))
    assert hz[strength.argmax()] == pytest.approx(440, abs=1)


def test_an_octave_is_twice_and_a_fifth_almost_three_halves_the_frequency() -> None:
    for pitch, expected in [(81, 880), (76, 440 * 2 ** (7 / 12)), (57, 220)]:
        hz, strength = spectrum(render(piece(Note(0, 0, pitch, 4)), sample_rate=RATE))
        assert hz[strength.argmax()] == pytest.approx(expected, abs=1)


def test_tuning_moves_the_a() -> None:
    hz, strength = spectrum(render(piece(Note(0, 0, 69, 4)), sample_rate=RATE, tuning=415.0))
    assert hz[strength.argmax()] == pytest.approx(415, abs=1)


@pytest.mark.parametrize("timbre", TIMBRES)
def test_a_repeated_note_has_a_dip_between_its_onsets_and_a_held_one_has_none(timbre: str) -> None:
    held = render(piece(Note(0, 0, 60, 2)), sample_rate=RATE, timbre=timbre)
    repeated = render(piece(Note(0, 0, 60, 1), Note(1, 0, 60, 1)), sample_rate=RATE, timbre=timbre)
    before, after = QUARTER - 0.1, QUARTER + 0.15
    dip = min(loudness(repeated, at) for at in np.arange(QUARTER - 0.05, QUARTER + 0.03, 0.005))
    assert dip < 0.5 * min(loudness(repeated, before), loudness(repeated, after))
    lowest = min(loudness(held, at) for at in np.arange(before, after, 0.005))
    assert lowest > 0.7 * min(loudness(held, before), loudness(held, after))


def test_it_lasts_as_long_as_the_score_and_the_dying_away_of_its_last_note() -> None:
    samples = render(piece(Note(0, 0, 60, 3)), sample_rate=RATE, timbre="strings")
    assert samples.size == round(3 * QUARTER * RATE) + round(TIMBRES["strings"].release * RATE)
    assert samples.dtype == np.float32


def test_where_no_note_is_there_is_silence() -> None:
    samples = render(piece(Note(2, 0, 60, 1), Note(6, 0, 62, 1)), sample_rate=RATE)
    release = TIMBRES["organ"].release
    assert not samples[: round(2 * QUARTER * RATE)].any()
    gap = samples[round((3 * QUARTER + release) * RATE) + 1 : round(6 * QUARTER * RATE)]
    assert gap.size > 0.5 * RATE
    assert not gap.any()
    assert abs(samples[-1]) < 1e-3


def test_a_score_without_notes_is_no_sound_at_all() -> None:
    assert render(piece(), sample_rate=RATE).size == 0


def test_the_loudest_sample_leaves_headroom_however_many_notes_sound() -> None:
    chord = [Note(0, 0, pitch, 1, velocity=127) for pitch in range(40, 90)]
    for notes in (chord, [Note(0, 0, 60, 1, velocity=1)]):
        peak = np.abs(render(piece(*notes), sample_rate=RATE)).max()
        assert peak == pytest.approx(0.89, abs=1e-4)


def test_a_note_of_higher_velocity_is_louder() -> None:
    samples = render(
        piece(Note(0, 0, 60, 1, velocity=40), Note(2, 0, 60, 1, velocity=110)), sample_rate=RATE
    )
    assert loudness(samples, 1.2) > 2 * loudness(samples, 0.2)


@pytest.mark.parametrize("timbre", TIMBRES)
def test_no_partial_lies_above_half_the_sample_rate(timbre: str) -> None:
    """At a quarter of the rate, what would be folded back lies far from every true partial."""
    rate, f = 8_000, 440 * 2 ** ((103 - 69) / 12)
    wave = tone(103, rate, TIMBRES[timbre], rate)
    strength = np.abs(np.fft.rfft(wave * np.hanning(wave.size)))
    hz = np.fft.rfftfreq(wave.size, 1 / rate)
    strength[np.abs(hz - f) < 60] = 0
    assert f < rate / 2 < 2 * f
    breath = 1e-2 if TIMBRES[timbre].breath else 1e-4
    assert strength.max() < breath * np.abs(np.fft.rfft(wave * np.hanning(wave.size))).max()


def test_timbres_sound_different() -> None:
    """No two of them have nearly the same spectrum and the same course in time."""
    seen = []
    for timbre in TIMBRES:
        samples = render(piece(Note(0, 0, 60, 4)), sample_rate=RATE, timbre=timbre)
        hz, strength = spectrum(samples)
        f = 440 * 2 ** (-9 / 12)
        bands = [strength[np.abs(hz - k * f) < 15].max() for k in range(1, 9)]
        course = [loudness(samples, at) for at in (0.03, 0.1, 0.5, 1.9)]
        seen.append(np.concatenate([np.array(bands) / bands[0], np.array(course) / max(course)]))
    apart = [np.abs(a - b).max() for i, a in enumerate(seen) for b in seen[:i]]
    assert min(apart) > 0.15


def test_the_same_score_gives_the_same_samples() -> None:
    parts = (Part(program=40), Part(is_drums=True))
    score = piece(Note(0, 0, 60, 2), Note(0, 1, 38, 1), Note(1, 1, 42, 1), parts=parts)
    first, second = (render(score, sample_rate=RATE, timbre=BY_PROGRAM) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("pitch", [35, 38, 42, 46, 50, 75])
def test_a_drum_is_a_short_burst_whatever_its_note_says(pitch: int) -> None:
    score = piece(Note(0, 0, pitch, 8), parts=(Part(is_drums=True),))
    samples = render(score, sample_rate=RATE)
    assert loudness(samples, 0.03) > 0.02
    assert not samples[round(0.36 * RATE) :].any()


def test_each_part_can_sound_by_its_program() -> None:
    flute = render(piece(Note(0, 0, 60, 2)), sample_rate=RATE, timbre="flute")
    score = piece(Note(0, 0, 60, 2), parts=(Part(program=73),))
    assert np.array_equal(render(score, sample_rate=RATE, timbre=BY_PROGRAM), flute)


def test_what_cannot_be_played_is_refused_by_name() -> None:
    score = piece(Note(0, 0, 60, 1))
    with pytest.raises(UserError, match="no timbre is called `orgen`") as refusal:
        render(score, timbre="orgen")
    assert refusal.value.hint == "did you mean `organ`?"
    with pytest.raises(UserError, match="sample_rate must be from"):
        render(score, sample_rate=0)
    with pytest.raises(UserError, match="tuning must be from"):
        render(score, tuning=0.0)


def test_a_minute_in_four_voices_is_rendered_in_less_than_two_seconds_of_one_core() -> None:
    rng = np.random.default_rng(0)
    notes = [
        Note(at, voice, int(rng.integers(48, 80)), 1) for at in range(120) for voice in range(4)
    ]
    started = time.process_time()
    samples = render(piece(*notes, parts=(Part(),) * 4), timbre="choir")
    assert samples.size > 60 * 44_100
    assert time.process_time() - started < 2
