"""A model of others, tiny and random: what it says of a sound, and that it stays as it was."""

import numpy as np
import pytest
import torch

from naepo.config import UserError
from naepo.embed.pretrained import PretrainedAudio

transformers = pytest.importorskip("transformers")
RATE = 16_000


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(
        hidden_size=12,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8, 8),
        conv_stride=(10, 8),
        conv_kernel=(20, 8),
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
    )
    return transformers.Wav2Vec2Model(config)


@pytest.fixture(scope="module")
def extractor():
    return transformers.Wav2Vec2FeatureExtractor(sampling_rate=RATE, do_normalize=True)


def sounds(n=3, rate=RATE):
    draw = np.random.default_rng(0)
    return [draw.standard_normal(rate // 4 * (i + 1)).astype(np.float32) for i in range(n)]


def test_a_row_is_the_mean_of_the_last_hidden_state(model, extractor):
    found = PretrainedAudio(model, extractor).vectors(sounds(), RATE)
    assert found.shape == (3, 12)
    model.eval()
    for row, sound in zip(found, sounds(), strict=True):
        inputs = extractor(sound, sampling_rate=RATE, return_tensors="pt")
        with torch.no_grad():
            expected = model(**inputs).last_hidden_state[0].mean(dim=0)
        torch.testing.assert_close(torch.from_numpy(row), expected)


def test_a_row_does_not_depend_on_the_other_sounds(model, extractor):
    audio = PretrainedAudio(model, extractor)
    together = audio.vectors(sounds(), RATE)
    alone = np.concatenate([audio.vectors([sound], RATE) for sound in sounds()])
    assert together.tobytes() == alone.tobytes()


def test_the_model_stays_as_it_was(model, extractor):
    model.train()
    before = {name: each.clone() for name, each in model.state_dict().items()}
    PretrainedAudio(model, extractor).vectors(sounds(1), RATE)
    assert all(module.training for module in model.modules())
    assert all(torch.equal(each, before[name]) for name, each in model.state_dict().items())
    assert all(each.grad is None for each in model.parameters())


def test_layers_are_counted_from_what_goes_into_the_first(model, extractor):
    layers = [
        PretrainedAudio(model, extractor, layer=i).vectors(sounds(1), RATE) for i in range(-1, 3)
    ]
    assert np.array_equal(layers[0], layers[3])
    assert not np.array_equal(layers[1], layers[2])
    with pytest.raises(UserError, match=r"no layer 3: .* 0 to 2"):
        PretrainedAudio(model, extractor, layer=3).vectors(sounds(1), RATE)


def test_long_sounds_are_cut_and_short_ones_are_followed_by_silence(model, extractor):
    audio = PretrainedAudio(model, extractor, max_seconds=0.25)
    (long,) = sounds(1, 4 * RATE)
    quarters = [audio.frames(part, RATE) for part in np.split(long, 4)]
    np.testing.assert_array_equal(audio.frames(long, RATE), np.concatenate(quarters))
    rest = np.concatenate([long[:4000], long[:5]])
    assert audio.frames(rest, RATE).shape == quarters[0].shape
    assert np.isfinite(audio.vectors([long[:1]], RATE)).all()


def test_sounds_are_brought_to_the_rate_of_the_model(model, extractor):
    audio = PretrainedAudio(model, extractor)
    low, high = (
        np.sin(2 * np.pi * 440 * np.arange(rate // 2) / rate).astype(np.float32)
        for rate in (RATE, 44_100)
    )
    one, two = audio.vectors([low], RATE)[0], audio.vectors([high], 44_100)[0]
    assert one @ two / np.linalg.norm(one) / np.linalg.norm(two) > 0.99


def test_without_a_feature_extractor_the_rate_must_be_said(model):
    assert PretrainedAudio(model, sample_rate=RATE).vectors(sounds(1), RATE).shape == (1, 12)
    with pytest.raises(UserError, match="no sampling rate"):
        PretrainedAudio(model)


def test_what_cannot_be_is_refused(model, extractor):
    audio = PretrainedAudio(model, extractor)
    with pytest.raises(UserError, match="no sounds"):
        audio.vectors([], RATE)
    with pytest.raises(UserError, match="one channel"):
        audio.vectors([np.zeros((10, 2), dtype=np.float32)], RATE)
    with pytest.raises(UserError, match="max_seconds"):
        PretrainedAudio(model, extractor, max_seconds=0)
    silent = torch.nn.Linear(1, 1)
    silent.forward = lambda **_: None
    with pytest.raises(UserError, match="gives no hidden states"):
        PretrainedAudio(silent, extractor).vectors(sounds(1), RATE)
