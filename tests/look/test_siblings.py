"""Looking inside a sibling of the transformer: time is walked, and what is not there is said."""

import pytest
import torch
from torch.testing import assert_close

from naepo.config import UserError
from naepo.look import Change, layout, trace
from naepo.look.contributions import ablate_heads, contributions
from naepo.look.gradients import gradient_norms
from naepo.look.linear import opened
from naepo.look.neurons import strongest
from naepo.model import Network, build
from naepo.model.kinds import settings_of

IDS = [3, 1, 4, 1, 5, 9, 2, 6]
MIXED = {"rnn": "cell", "mingru": "state", "cnn": "gated"}
every_kind = pytest.mark.parametrize("kind", MIXED)


def model_of(kind: str) -> Network:
    sizes = {"d_model": 8, "n_layers": 2, "d_hidden": 6, "d_ff": 12}
    model = build(settings_of(kind)(vocab_size=11, context_length=8, **sizes)).eval()
    draw = torch.Generator().manual_seed(2)
    for weight in model.parameters():
        weight.data = weight + 0.4 * torch.randn(weight.shape, generator=draw)
    return model


@every_kind
def test_the_walk_gives_what_the_model_gives(kind):
    model = model_of(kind)
    found = trace(model, IDS)
    assert [op.name for op in layout(model.settings)] == list(found)
    assert_close(found["logits"], model(torch.tensor([IDS]))[0])
    for op in found.ops:
        assert found[op.name].shape == op.shape(len(IDS)), op.name
        assert op.code.text


@every_kind
def test_a_change_of_a_state_reaches_what_comes_after_and_nothing_before(kind):
    model, at = model_of(kind), f"blocks.0.mixer.{MIXED[kind]}"
    plain = trace(model, IDS)
    off = trace(model, IDS, [Change(op=at, position=3)])
    assert (off[at][3] == 0).all()
    moved = (off["logits"] - plain["logits"]).abs().amax(1) > 1e-6
    reached = {"rnn": [3, 4, 5, 6, 7], "mingru": [3, 4, 5, 6, 7], "cnn": [3, 5]}[kind]
    assert moved.nonzero().flatten().tolist() == reached  # the second block reads 0 and 2 back


@every_kind
def test_a_part_of_a_state_is_taken_from_another_prompt(kind):
    model, at = model_of(kind), f"blocks.0.mixer.{MIXED[kind]}"
    other = trace(model, IDS[::-1])
    patched = trace(model, IDS, [Change(op=at, position=2, patch=other, patch_position=5)])
    assert torch.equal(patched[at][2], other[at][5])


@every_kind
def test_a_mixer_is_one_part_of_a_logit_and_a_linear_map_that_opens(kind):
    found = trace(model_of(kind), IDS)
    told = contributions(found, 7, 4)
    assert [part.name for part in told.parts if part.name.endswith("mixer")] == [
        "blocks.0.mixer",
        "blocks.1.mixer",
    ]
    assert told.error < 1e-4
    assert opened(found, "blocks.1.mixer.to_out").error < 1e-5
    assert len(strongest(found, 1, 7, top=3)) == 3


@every_kind
def test_a_text_pulls_on_every_weight_of_a_sibling(kind):
    loss, norms = gradient_norms(model_of(kind), IDS)
    assert loss > 0
    assert all(norm > 0 for norm in norms.values()), norms


@every_kind
def test_heads_cannot_be_switched_off_where_there_are_none(kind):
    with pytest.raises(UserError, match=f"a model of kind {kind} has no heads to switch off"):
        ablate_heads(model_of(kind), IDS, 7, 4)
