"""Notes as vectors, against torch, scikit-learn and naepo's own rooms of music."""

import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import cosine_similarity

from naepo.concepts.music import (
    N_PITCHES,
    cosines,
    frequency,
    intervals,
    neighbours,
    one_hot,
    partials,
    spectrogram,
)


def test_an_octave_doubles_and_twelve_equal_steps_make_it():
    assert frequency(57) == 220
    steps = [frequency(p + 1) / frequency(p) for p in range(60, 72)]
    np.testing.assert_allclose(steps, 2 ** (1 / 12))


def test_one_hot_is_torchs_and_no_two_notes_are_nearer_than_others():
    rows = one_hot([60, 61, 67])
    known = torch.nn.functional.one_hot(torch.tensor([60, 61, 67]), N_PITCHES)
    np.testing.assert_array_equal(rows, known)
    apart = [np.linalg.norm(rows[0] - rows[1]), np.linalg.norm(rows[0] - rows[2])]
    assert apart == pytest.approx([np.sqrt(2)] * 2)


def test_partials_meet_at_the_fifth_and_the_octave_and_not_at_the_semitone():
    like = cosines([partials(p, 6) for p in (60, 61, 66, 67, 72)])[0]
    assert like[1] == like[2] == 0
    assert 0 < like[3] < like[4] < 1


def test_cosines_are_those_of_scikit_learn():
    rows = np.random.default_rng(0).normal(size=(5, 7))
    np.testing.assert_allclose(cosines(rows), cosine_similarity(rows))


def test_the_spectrogram_is_torchs_stft():
    found = spectrogram([60, 69], count=3)
    known = torch.stft(
        torch.tensor(found.waves), 512, 512, window=torch.hann_window(512, dtype=torch.float64),
        center=False, return_complex=True,
    ).abs()  # fmt: skip
    np.testing.assert_allclose(found.strengths, known.mT.numpy(), atol=1e-8)


@pytest.mark.parametrize("pitch", [57, 60, 69, 76])
def test_the_strongest_bin_is_that_of_the_note(pitch):
    found = spectrogram([pitch])
    loudest = found.hz[found.strengths.argmax(axis=1)]
    assert np.abs(loudest - frequency(pitch)).max() <= found.rate / 512 / 2 + 0.01


def test_neighbours_are_counted_in_both_directions_and_never_itself():
    found = neighbours([60, 62, 64, 62], window=1)
    np.testing.assert_array_equal(found.counts, found.counts.T)
    assert found.counts.sum() == 6
    wide = neighbours([60, 62, 64, 62], window=3)
    assert wide.counts.sum() == 12


def test_intervals_do_not_know_the_key():
    tune = np.array([60, 64, 67, 65])
    np.testing.assert_array_equal(intervals(tune), intervals(tune + 5))
    assert intervals(tune).tolist() == [4, 3, -2]
