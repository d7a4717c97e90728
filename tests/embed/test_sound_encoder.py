"""The net of sound: what a transposition leaves as it was, what views are, what is kept."""

import math

import numpy as np
import pytest
import torch

from naepo.config import UserError
from naepo.embed import sound_encoder
from naepo.embed.contrast import ContrastSettings
from naepo.embed.pitch_frames import LOWEST, N_PITCHES, RATE, pitch_frames, semitone_filters
from naepo.embed.sound_net import SoundNet, registers, self_correlation
from naepo.embed.sound_views import changed, draw_pair, shifted, side_by_side, stretched


def tone(pitch, seconds=1.0, rate=RATE):
    time = np.arange(int(seconds * rate)) / rate
    return np.sin(2 * math.pi * 440 * 2 ** ((pitch - 69) / 12) * time).astype(np.float32)


def noise_frames(seed, n=140):
    draw = np.random.default_rng(seed)
    return torch.from_numpy(draw.exponential(size=(N_PITCHES, n)).astype(np.float32))


@pytest.mark.parametrize("pitch", [43, 55, 69, 88, 107])
def test_a_tone_is_loudest_at_its_semitone_at_whatever_rate(pitch):
    for rate in (RATE, 22_050):
        frames = pitch_frames(tone(pitch, rate=rate), rate)
        assert frames.shape == (N_PITCHES, 1 + RATE // 2048)
        assert int(frames.mean(dim=1).argmax()) == pitch - LOWEST


def test_every_bell_of_a_semitone_sums_to_one():
    torch.testing.assert_close(semitone_filters().sum(dim=1), torch.ones(N_PITCHES))


def test_self_correlation_is_the_sum_over_all_places_and_blind_to_the_key():
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(1, 3, 12, 9))).float()
    found = self_correlation(x, 4)[0]
    plain = torch.zeros(3, 3, 12, 4)
    for interval in range(12):
        for lag in range(4):
            later = x[0].roll(-interval, dims=1)[..., lag:]
            plain[:, :, interval, lag] = torch.einsum("act,bct->ab", x[0][..., : 9 - lag], later)
    plain = plain / plain.norm()
    torch.testing.assert_close(found, plain.sign() * plain.abs().sqrt(), atol=2e-3, rtol=1e-3)
    torch.testing.assert_close(self_correlation(x.roll(5, dims=2), 4)[0], found, atol=2e-3, rtol=0)


def test_every_semitone_counts_for_its_pitch_class_alone():
    table = registers()
    for semitone in range(N_PITCHES):
        classes = table[:, :, semitone].sum(dim=0).nonzero().flatten().tolist()
        assert classes == [(LOWEST + semitone) % 12]


def test_a_sound_has_the_same_vector_alone_and_beside_longer_ones():
    encoder = sound_encoder.untuned()
    sounds = [noise_frames(0, 20), noise_frames(1, 33), noise_frames(2, 90)]
    together = encoder.vectors(sounds)
    for sound, vector in zip(sounds, together, strict=True):
        np.testing.assert_allclose(encoder.vectors([sound])[0], vector, atol=3e-3)
    assert encoder.vectors([]).shape == (0, 512)


def test_louder_is_the_same():
    encoder = sound_encoder.untuned()
    np.testing.assert_allclose(
        encoder.vectors([noise_frames(0)]), encoder.vectors([100 * noise_frames(0)]), atol=3e-3
    )


def test_shifting_up_and_down_loses_only_what_leaves_the_range():
    frames = noise_frames(0, 3)
    assert torch.equal(shifted(frames, 2)[2:], frames[:-2])
    assert not shifted(frames, 2)[:2].any() and not shifted(frames, -3)[-3:].any()
    assert torch.equal(shifted(shifted(frames, -4), 4)[4:], frames[4:])
    assert shifted(frames, 0) is frames and stretched(frames, 2.0).shape[1] == 6


def test_one_view_is_a_stretch_inside_the_other_and_chance_decides_all(monkeypatch):
    monkeypatch.setattr("naepo.embed.sound_views.changed", lambda frames, draw: frames)
    frames = torch.arange(200.0).expand(N_PITCHES, -1)
    lengths = set()
    for seed in range(40):
        views = draw_pair([frames], np.random.default_rng(seed))
        short, long = sorted(views, key=lambda view: view.shape[1])
        assert long[0, 0] <= short[0, 0] and short[0, -1] <= long[0, -1]
        lengths.add(short.shape[1] < long.shape[1] and views[0] is short)
    assert lengths == {True, False}
    one, other = (changed(frames, np.random.default_rng(3)) for _ in range(2))
    assert torch.equal(one, other)


def test_a_sound_without_frames_is_refused():
    with pytest.raises(UserError, match="no frame"):
        side_by_side([noise_frames(0, 4), noise_frames(0, 4)[:, :0]])


def test_tuning_is_the_same_for_equal_seeds_and_leaves_the_random_state(tmp_path):
    pieces = [[noise_frames(n)] for n in range(4)]
    how = ContrastSettings(steps=2, batch_size=4, seed=3)
    state = torch.get_rng_state()
    one, other = (sound_encoder.tune_sound(pieces, how) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    found = one.vectors([noise_frames(9)])
    np.testing.assert_array_equal(found, other.vectors([noise_frames(9)]))
    assert np.abs(found - sound_encoder.untuned(3).vectors([noise_frames(9)])).max() > 1e-4


def test_an_encoder_comes_back_from_the_disk_and_a_changed_byte_is_found(tmp_path):
    assert sound_encoder.load(tmp_path) is None
    encoder = sound_encoder.SoundEncoder(SoundNet(16, 32, 4).eval())
    folder = sound_encoder.save(tmp_path, encoder)
    again = sound_encoder.load(tmp_path)
    assert again is not None
    sounds = [noise_frames(0)]
    np.testing.assert_array_equal(again.vectors(sounds), encoder.vectors(sounds))
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.raises(UserError, match="has changed"):
        sound_encoder.load(tmp_path)


def test_untuned_it_keeps_angles_as_the_self_correlations_have_them():
    """Orthogonal rows: what is turned to as many numbers keeps every angle."""
    net = SoundNet(d_model=108, d_hidden=8, n_lags=1).eval()
    batch = side_by_side([noise_frames(0), noise_frames(1, 60)])
    with torch.no_grad():
        features, vectors = net.features(*batch), net(*batch)
    torch.testing.assert_close(vectors @ vectors.T, features @ features.T, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(features.square().mean(dim=1), torch.ones(2))


def test_tuning_needs_two_pieces_and_a_recording_of_each():
    how = ContrastSettings(steps=1)
    for pieces in ([[noise_frames(0)]], [[noise_frames(0)], []]):
        with pytest.raises(UserError, match="at least 2 pieces"):
            sound_encoder.tune_sound(pieces, how)
