"""Moments of sounds are ten seconds that overlap by half, and say when they are."""

import numpy as np
import pytest
import torch

from naepo.config import UserError
from naepo.embed.sound_encoder import untuned
from naepo.embed.sound_pieces import SoundPiece, embed_sounds, sound_moments


def frames(n):
    return torch.from_numpy(np.random.default_rng(n).exponential(size=(72, n)).astype(np.float32))


def test_moments_cover_the_sound_and_a_short_one_is_one_moment():
    sound = frames(130)
    found = sound_moments(sound)
    assert [start for start, _ in found] == [0, 27, 54, 76]
    assert all(torch.equal(part, sound[:, start : start + 54]) for start, part in found)
    assert [part.shape[1] for _, part in sound_moments(frames(7))] == [7]


def test_the_first_recording_is_compared_whole_and_in_moments():
    encoder, sound = untuned(), frames(100)
    vectors, entries = embed_sounds(encoder, [SoundPiece("a", (sound, frames(90)))])
    assert [entry.place for entry in entries] == ["", "0:00-0:10", "0:05-0:15", "0:08-0:18"]
    np.testing.assert_allclose(vectors[0], encoder.vectors([sound])[0], atol=3e-3)
    np.testing.assert_allclose(vectors[2], encoder.vectors([sound[:, 27:81]])[0], atol=3e-3)


def test_a_piece_without_a_recording_is_refused():
    with pytest.raises(UserError, match="silence has no recording"):
        SoundPiece("silence", ())
