"""Vectors of fixed length: what changes them, and what does not."""

import numpy as np
import pytest
import torch

from naepo.config import UserError
from naepo.embed import spectra
from naepo.embed.time_series import KINDS, N_LAGS, delta, frames, onsets, vector

RATE = 22_050
WIDTHS = {"mel": 128, "mfcc": 60, "chroma": 12, "tempogram": 384, "chroma-invariant": 192}
LENGTHS = {"mel": 256, "mfcc": 120, "chroma": 24, "tempogram": 384, "chroma-invariant": 192}


def melody(pitches, seconds=0.3, rate=RATE, overtones=(1.0, 0.5, 0.25)):
    """Notes one after another, each with an attack and a fall."""
    t = np.arange(int(seconds * rate)) / rate
    shape = np.minimum(1, t / 0.01) * np.exp(-3 * t)
    notes = []
    for pitch in pitches:
        hz = 440 * 2 ** ((pitch - 69) / 12)
        tone = sum(a * np.sin(2 * np.pi * hz * k * t) for k, a in enumerate(overtones, 1))
        notes.append(0.3 * shape * tone)
    return np.concatenate(notes).astype(np.float32)


TUNE = [60, 64, 67, 65, 62, 71, 72, 67, 69, 65, 64, 62, 60, 59, 60, 67, 64, 60]
OTHER = [60, 61, 66, 60, 61, 66, 68, 61, 60, 66, 68, 60, 61, 68, 66, 61, 60, 61]


def alike(one, other):
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_and_vectors_have_the_widths_that_are_promised(kind):
    sound = melody(TUNE[:4])
    assert frames(sound, RATE, kind).shape[1] == WIDTHS[kind]
    for length in (1, 5000, len(sound)):
        found = vector(sound[:length], RATE, kind)
        assert found.shape == (LENGTHS[kind],)
        assert found.dtype == np.float32
        assert np.isfinite(found).all()


@pytest.mark.parametrize("kind", KINDS)
def test_silence_has_a_vector_too(kind):
    assert np.isfinite(vector(np.zeros(RATE, dtype=np.float32), RATE, kind)).all()


def test_transposition_changes_chroma_but_not_what_is_invariant():
    here, there = melody(TUNE), melody([pitch + 4 for pitch in TUNE])
    assert alike(
        vector(here, RATE, "chroma-invariant"), vector(there, RATE, "chroma-invariant")
    ) > (0.99)
    assert alike(vector(here, RATE, "chroma")[:12], vector(there, RATE, "chroma")[:12]) < 0.9


def test_tempo_changes_the_tempogram_but_not_what_is_invariant():
    slow, fast = melody(TUNE, 0.375), melody(TUNE, 0.3)
    assert alike(vector(slow, RATE, "chroma-invariant"), vector(fast, RATE, "chroma-invariant")) > (
        0.98
    )
    assert alike(vector(slow, RATE, "tempogram"), vector(fast, RATE, "tempogram")) < 0.95


def test_another_tune_is_less_alike_than_the_same_one_transposed():
    here, moved, other = (
        vector(melody(notes), RATE, "chroma-invariant")
        for notes in (TUNE, [pitch - 3 for pitch in TUNE], OTHER)
    )
    assert alike(here, moved) > alike(here, other) + 0.1


def test_timbre_changes_mfcc_more_than_chroma():
    round_, sharp = melody(TUNE), melody(TUNE, overtones=(1.0, 0.1, 0.6, 0.05, 0.4, 0.0, 0.3))
    means = {"mfcc": slice(1, 20), "chroma": slice(12)}  # without loudness
    near = {
        kind: alike(vector(round_, RATE, kind)[part], vector(sharp, RATE, kind)[part])
        for kind, part in means.items()
    }
    assert 1 - near["mfcc"] > 2 * (1 - near["chroma"])


@pytest.mark.parametrize("kind", ["mel", "mfcc", "chroma"])
def test_the_rate_of_a_file_hardly_matters(kind):
    low, high = melody(TUNE[:6]), melody(TUNE[:6], rate=44_100)
    assert alike(vector(low, RATE, kind), vector(high, 44_100, kind)) > 0.99


def test_each_note_is_an_onset_and_silence_has_none():
    found = onsets(spectra.onset_strength(melody(TUNE), RATE))
    expected = np.arange(1, len(TUNE)) * 0.3 * RATE / spectra.HOP_LENGTH
    assert len(found) == len(expected)
    assert np.abs(found.numpy() - expected).max() < 3
    assert not len(onsets(torch.zeros(50)))


def test_lag_0_without_rotation_is_1_and_lags_beyond_the_end_are_0():
    rows = frames(melody(TUNE[:5]), RATE, "chroma-invariant").reshape(-1, N_LAGS, 12)
    assert rows[:, 0, 0] == pytest.approx(1, abs=1e-5)
    for lag in range(1, N_LAGS):
        assert not rows[max(0, len(rows) - lag) :, lag].any()


def test_delta_is_that_of_librosa_away_from_the_ends():
    librosa = pytest.importorskip("librosa")
    rows = torch.randn(3, 40, generator=torch.Generator().manual_seed(0))
    theirs = librosa.feature.delta(rows.numpy(), width=9)
    torch.testing.assert_close(delta(rows)[:, 4:-4], torch.from_numpy(theirs)[:, 4:-4])
    assert delta(torch.arange(20.0)[None])[0, 4:-4].tolist() == [1.0] * 12


def test_rows_are_brought_together_to_their_mean():
    sound = melody(TUNE[:3])
    fine, coarse = frames(sound, RATE, "chroma"), frames(sound, RATE, "chroma", every=4)
    assert len(coarse) == len(fine) // 4
    np.testing.assert_allclose(coarse[1], fine[4:8].mean(axis=0), rtol=1e-6)


def test_what_cannot_be_is_refused():
    with pytest.raises(UserError, match="did you mean `chroma`"):
        vector(melody(TUNE[:1]), RATE, "croma")
    with pytest.raises(UserError, match="every"):
        frames(melody(TUNE[:1]), RATE, every=0)
    with pytest.raises(UserError, match="sampling rate"):
        frames(melody(TUNE[:1]), 0)
