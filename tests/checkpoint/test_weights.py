"""Weights without a network: those of the opened checkpoint, and verified as they are."""

import pytest
import torch

from naepo.checkpoint import load
from naepo.checkpoint.manifest import Broken
from naepo.checkpoint.weights import read_weight, read_weights


@pytest.mark.parametrize("parts", [{}, {"tie_weights": True}, {"position": "learned"}])
def test_they_are_those_of_the_opened_model_and_none_twice(save_step, make_model, encoder, parts):
    model = make_model(encoder.vocab_size, **parts)
    folder = save_step(5, model=model, settings={})
    opened = dict(load(folder).model.named_parameters())
    found = read_weights(folder)
    assert found.keys() == opened.keys()
    assert all(torch.equal(found[name], opened[name]) for name in opened)
    assert torch.equal(read_weight(folder), opened["embedding.weight"])


def test_a_changed_file_of_weights_is_refused_and_a_changed_training_state_does_not_matter(
    save_step,
):
    folder = save_step(5)
    state = folder / "training" / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-1] + b"!")
    assert read_weights(folder)
    for name in ("naepo.toml", "model.safetensors"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(Broken, match=f"{name} has changed"):
            read_weights(folder)
        with pytest.raises(Broken, match=f"{name} has changed"):
            read_weight(folder)
        (folder / name).write_bytes(whole)


def test_a_weight_that_does_not_lie_alone_is_not_read_by_itself(save_step):
    with pytest.raises(KeyError, match="does not lie alone"):
        read_weight(save_step(5), "blocks.7.attention.to_q.weight")
