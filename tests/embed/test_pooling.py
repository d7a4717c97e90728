"""Pooled states are what the model's own states say, however they are batched and cut."""

import numpy as np
import pytest
import torch

from naepo.config import UserError
from naepo.embed.pooling import Centering, hidden_vectors
from naepo.encode import CharacterEncoder
from naepo.model import ModelSettings, PartSettings, build

ENCODER = CharacterEncoder("abcdef")


@pytest.fixture
def model():
    parts = PartSettings(dropout=0.5)
    return build(
        ModelSettings(
            vocab_size=ENCODER.vocab_size,
            context_length=8,
            d_model=16,
            n_layers=3,
            n_heads=2,
            n_kv_heads=2,
            d_head=8,
            d_ff=24,
            parts=parts,
        ),
        seed=1,
    )


def states(model, ids, layer):
    """The states of a short text after an end id, without that id's."""
    with torch.no_grad():
        model.eval()
        return model.hidden(torch.tensor([[ENCODER.end_id, *ids]]))[layer][0, 1:].numpy()


@pytest.mark.parametrize("layer", [0, 1, 3])
def test_a_short_sequence_is_the_mean_the_largest_or_the_last_of_its_states(model, layer):
    ids = [0, 3, 2, 5]
    seen = states(model, ids, layer)
    for pooling, expected in (("mean", seen.mean(0)), ("max", seen.max(0)), ("last", seen[-1])):
        (vector,) = hidden_vectors(model, ENCODER, [ids], layer=layer, pooling=pooling)
        np.testing.assert_allclose(vector, expected, atol=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "max", "last"])
def test_many_at_once_are_the_same_as_one_by_one_whatever_the_batch(model, pooling):
    draw = np.random.default_rng(0)
    sequences = [draw.integers(6, size=n) for n in (1, 30, 7, 8, 0, 15)]
    together = hidden_vectors(model, ENCODER, sequences, pooling=pooling)
    for tokens_at_once in (1, 20):
        cut = hidden_vectors(
            model, ENCODER, sequences, pooling=pooling, tokens_at_once=tokens_at_once
        )
        np.testing.assert_allclose(cut, together, atol=1e-6)
    for row, ids in zip(together, sequences, strict=True):
        (alone,) = hidden_vectors(model, ENCODER, [ids], pooling=pooling)
        np.testing.assert_allclose(row, alone, atol=1e-6)


def test_windows_of_a_long_sequence_count_by_their_tokens(model):
    ids = np.random.default_rng(1).integers(6, size=17).tolist()
    parts = [states(model, ids[start : start + 7], 2) for start in (0, 7, 14)]
    (vector,) = hidden_vectors(model, ENCODER, [ids], layer=2)
    np.testing.assert_allclose(vector, np.concatenate(parts).mean(0), atol=1e-6)
    (last,) = hidden_vectors(model, ENCODER, [ids], layer=2, pooling="last")
    np.testing.assert_allclose(last, parts[-1][-1], atol=1e-6)


def test_the_model_is_left_as_it_was_and_dropout_has_no_say(model):
    model.train()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    once = hidden_vectors(model, ENCODER, [[1, 2, 3]])
    assert model.training
    np.testing.assert_array_equal(once, hidden_vectors(model, ENCODER, [[1, 2, 3]]))
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


def test_no_sequences_give_no_vectors(model):
    assert hidden_vectors(model, ENCODER, []).shape == (0, 16)


def test_a_layer_or_a_pooling_that_is_not_there_is_refused(model):
    for layer in (4, -5):
        with pytest.raises(UserError, match="layer must be from -4 to 3"):
            hidden_vectors(model, ENCODER, [[1]], layer=layer)
    with pytest.raises(UserError, match="one of mean, last, max"):
        hidden_vectors(model, ENCODER, [[1]], pooling="median")


def test_what_all_vectors_share_is_taken_off_by_the_gallery_s_mean():
    gallery = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32) + 100
    centering = Centering.fit(gallery)
    assert abs(centering.transform(gallery).mean(0)).max() < 1e-4
    assert not Centering.fit(gallery[:1]).mean.any()
