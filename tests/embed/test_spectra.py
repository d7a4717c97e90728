"""Our spectra are librosa's numbers, and mean what they say."""

import numpy as np
import pytest
import torch

from naepo.config import UserError
from naepo.embed import filterbanks, spectra

RATE = 22_050


def sine(hz, seconds=1.0, rate=RATE, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(
        np.float32
    )


@pytest.fixture(scope="module")
def sound():
    """Three seconds of notes that begin and fade, with noise and silence."""
    random = np.random.default_rng(0)
    samples = 0.01 * random.standard_normal(3 * RATE)
    for start, hz in enumerate([220.0, 277.2, 329.6, 440.0, 110.0]):
        note = sine(hz) * np.exp(-4 * np.arange(RATE) / RATE)
        samples[start * RATE // 2 : start * RATE // 2 + RATE] += note[
            : 3 * RATE - start * RATE // 2
        ]
    samples[-4000:] = 0
    return samples.astype(np.float32)


@pytest.fixture(scope="module")
def librosa():
    return pytest.importorskip("librosa")


def relative(ours, theirs):
    """The largest difference, as a share of the largest number."""
    assert ours.shape == theirs.shape
    return np.abs(ours.numpy() - theirs).max() / np.abs(theirs).max()


def test_stft_is_that_of_librosa(sound, librosa):
    assert relative(spectra.stft(sound), librosa.stft(sound)) < 1e-6


def test_mel_filters_are_those_of_librosa(librosa):
    ours = filterbanks.mel_filters(RATE, 2048, 128)
    assert relative(ours, librosa.filters.mel(sr=RATE, n_fft=2048)) < 1e-6


@pytest.mark.parametrize("tuning", [0.0, -0.3])
def test_chroma_filters_are_those_of_librosa(librosa, tuning):
    ours = filterbanks.chroma_filters(RATE, 4096, tuning)
    assert relative(ours, librosa.filters.chroma(sr=RATE, n_fft=4096, tuning=tuning)) < 1e-6


def test_mel_is_that_of_librosa(sound, librosa):
    assert relative(spectra.mel(sound, RATE), librosa.feature.melspectrogram(y=sound)) < 1e-6


def test_mfcc_is_that_of_librosa(sound, librosa):
    assert relative(spectra.mfcc(sound, RATE), librosa.feature.mfcc(y=sound)) < 1e-5


def test_chroma_is_that_of_librosa(sound, librosa):
    theirs = librosa.feature.chroma_stft(y=sound, tuning=0.0)
    assert relative(spectra.chroma(sound, RATE), theirs) < 1e-5


def test_onset_strength_is_that_of_librosa(sound, librosa):
    theirs = librosa.onset.onset_strength(y=sound)
    assert relative(spectra.onset_strength(sound, RATE), theirs) < 1e-5


@pytest.mark.parametrize("n_lags", [384, 64])
def test_tempogram_is_that_of_librosa(sound, librosa, n_lags):
    theirs = librosa.feature.tempogram(y=sound, win_length=n_lags)
    assert relative(spectra.tempogram(sound, RATE, n_lags=n_lags), theirs) < 1e-5


@pytest.mark.parametrize("n", [1, 511, 2048, 5000])
def test_a_sound_of_any_length_has_a_frame_for_each_hop(n):
    frames = 1 + n // spectra.HOP_LENGTH
    quiet = np.full(n, 0.1, dtype=np.float32)
    for shown in (spectra.mfcc, spectra.chroma, spectra.tempogram):
        columns = shown(quiet, RATE)
        assert columns.shape[1] == frames
        assert columns.isfinite().all()


def test_silence_is_finite_and_has_no_pitch():
    silence = np.zeros(RATE, dtype=np.float32)
    assert spectra.chroma(silence, RATE).abs().sum() == 0
    assert spectra.mfcc(silence, RATE).isfinite().all()
    assert spectra.tempogram(silence, RATE).abs().sum() == 0


@pytest.mark.parametrize("pitch", range(48, 84, 5))
def test_the_strongest_pitch_class_of_a_sine_is_its_own(pitch):
    tone = sine(440 * 2 ** ((pitch - 69) / 12))
    assert spectra.chroma(tone, RATE)[:, 20].argmax() == pitch % 12


def test_the_bin_of_a_sine_is_as_strong_as_the_docstring_says():
    tone = sine(100 * RATE / 2048, amplitude=0.5)
    assert abs(spectra.stft(tone)[100, 20]).item() == pytest.approx(0.5 * 2048 / 4, rel=1e-4)


def test_a_pulse_shows_at_its_lag():
    clicks = np.zeros(12 * RATE, dtype=np.float32)
    period = 20 * spectra.HOP_LENGTH
    clicks[::period] = 1
    alike = spectra.tempogram(clicks, RATE).mean(dim=1)
    assert alike[10:31].argmax() + 10 == 20


def test_frames_stay_on_the_device_and_floats_of_64_bits_are_taken():
    samples = torch.from_numpy(sine(440.0)).double()
    assert spectra.mel(samples, RATE).dtype == torch.float32


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (np.zeros((2, 100), dtype=np.float32), "one channel"),
        (np.zeros(0, dtype=np.float32), "empty"),
        (np.zeros(100, dtype=np.int16), "/ 32768"),
        (np.array([0.0, np.nan]), "NaN"),
    ],
)
def test_what_is_no_sound_is_refused(samples, says):
    with pytest.raises(UserError, match=says):
        spectra.stft(samples)


def test_settings_that_cannot_be_are_refused():
    tone = sine(440.0)
    for wrong in ({"n_mfcc": 200}, {"n_mfcc": 0}, {"hop_length": 0}):
        with pytest.raises(UserError):
            spectra.mfcc(tone, RATE, **wrong)
    with pytest.raises(UserError, match="sample_rate"):
        spectra.chroma(tone, 0)
    with pytest.raises(UserError, match="n_lags"):
        spectra.tempogram(tone, RATE, n_lags=0)
