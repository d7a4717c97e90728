"""The laws by which weights are drawn."""

import math
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from naepo.model import ModelSettings, PartSettings, Transformer, build
from naepo.model.initialise import (
    EMBEDDING_STD,
    LINEAR_GAIN,
    TIED_EMBEDDING_STD,
    initialise,
    undrawn,
)

SETTINGS = ModelSettings(vocab_size=300, d_model=64, n_layers=2, d_ff=160)
LEARNED = PartSettings(position="learned", norm="layer", has_bias=True, mlp="gelu")


def weights_of(settings: ModelSettings, seed: int = 0) -> dict[str, torch.Tensor]:
    return dict(build(settings, seed).named_parameters())


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    first, again, other = (weights_of(SETTINGS, seed) for seed in (7, 7, 8))
    assert all(torch.equal(first[path], again[path]) for path in first)
    assert not torch.equal(first["embedding.weight"], other["embedding.weight"])


def test_the_global_random_state_is_neither_used_nor_changed():
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = weights_of(SETTINGS)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    assert all(torch.equal(first[path], weight) for path, weight in weights_of(SETTINGS).items())


def test_initialising_again_forgets_everything_learned():
    model = build(SETTINGS, seed=3)
    for weight in model.parameters():
        weight.data.fill_(9.0)
    initialise(model, seed=3)
    fresh = weights_of(SETTINGS, seed=3)
    assert all(torch.equal(fresh[path], weight) for path, weight in model.named_parameters())


@pytest.mark.parametrize("parts", [PartSettings(), LEARNED, PartSettings(tie_weights=True)])
def test_every_weight_keeps_its_law(parts):
    embedding = TIED_EMBEDDING_STD if parts.tie_weights else EMBEDDING_STD
    for path, weight in weights_of(replace(SETTINGS, parts=parts)).items():
        part = path.split(".")[-2]
        if path.endswith("bias") or part in ("to_out", "down", "output"):
            assert (weight == 0).all(), path
        elif "norm" in part:
            assert (weight == 1).all(), path
        else:
            is_table = part in ("embedding", "position")
            std = embedding if is_table else LINEAR_GAIN / math.sqrt(weight.shape[1])
            assert float(weight.detach().std()) == pytest.approx(std, rel=0.05), path
            assert abs(float(weight.detach().mean())) < 0.05 * std, path


@pytest.mark.parametrize("parts", [PartSettings(), LEARNED, PartSettings(tie_weights=True)])
def test_every_block_begins_as_the_identity(parts):
    states = build(replace(SETTINGS, parts=parts)).hidden(torch.arange(20)[None])
    assert all(torch.equal(state, states[0]) for state in states)


def test_the_first_prediction_is_uniform():
    logits = build(SETTINGS)(torch.arange(20)[None])
    assert_close(logits.log_softmax(-1), torch.full_like(logits, -math.log(300)))


def test_a_tied_model_begins_near_the_uniform_loss():
    settings = replace(SETTINGS, d_model=128, parts=PartSettings(tie_weights=True))
    ids = torch.randint(300, (8, 64), generator=torch.Generator().manual_seed(0))
    logits = build(settings)(ids[:, :-1])
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
    assert abs(float(loss.detach()) - math.log(300)) < 0.1


def test_a_weight_without_a_law_is_our_mistake():
    model = torch.nn.ModuleDict({"surprise": torch.nn.Linear(2, 2)})
    with pytest.raises(AssertionError, match=r"no law for the weights of surprise.weight"):
        initialise(model)


def test_an_undrawn_model_has_its_shapes_turns_no_dice_and_loads_no_compiler():
    before = torch.random.get_rng_state()
    with undrawn():
        model = Transformer(SETTINGS)
    assert torch.equal(torch.random.get_rng_state(), before)
    drawn = build(SETTINGS)
    assert {n: w.shape for n, w in model.state_dict().items()} == {
        n: w.shape for n, w in drawn.state_dict().items()
    }
    code = (
        "import sys\nfrom naepo.model import describe, ModelSettings\n"
        "describe(ModelSettings(vocab_size=9))\nassert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
