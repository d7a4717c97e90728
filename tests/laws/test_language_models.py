"""What every language model must keep, whatever it is built from.

A model joins the suite by a name and a shape in `SHAPES`. Each law is checked on random weights
that leave nothing at zero, so that a part which breaks it is heard.
"""

import copy
import itertools
from dataclasses import replace
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from naepo.config import UserError
from naepo.model import LanguageModel, ModelSettings, Network, PartSettings, build, describe
from naepo.model.sibling_settings import CnnSettings, MinGruSettings, RnnParts, RnnSettings

LENGTH = 12
QWEN3 = ModelSettings(
    vocab_size=11,
    context_length=LENGTH,
    d_model=16,
    n_layers=2,
    n_heads=4,
    n_kv_heads=2,
    d_head=8,
    d_ff=24,
)


SIBLING = {
    "vocab_size": 11,
    "context_length": LENGTH,
    "d_model": 16,
    "n_layers": 2,
    "d_hidden": 12,
    "d_ff": 24,
}


def with_parts(**parts) -> ModelSettings:
    return replace(QWEN3, parts=PartSettings(**parts))


SHAPES = {
    "qwen3": QWEN3,
    "llama": with_parts(has_qk_norm=False, tie_weights=True),
    "gpt2": replace(
        with_parts(norm="layer", position="learned", mlp="gelu", has_qk_norm=False, has_bias=True),
        n_kv_heads=4,
        d_head=4,
    ),
    "sinusoidal, relu2, one key head": replace(
        with_parts(position="sinusoidal", mlp="relu2"), n_kv_heads=1
    ),
    "layer norm without bias, learned, swiglu": with_parts(norm="layer", position="learned"),
    "window of 3": with_parts(window=3),
    "window of 1, tied": with_parts(window=1, tie_weights=True),
    "dropout": with_parts(dropout=0.5, attention_dropout=0.5, has_bias=True),
    "prior of order 3": with_parts(prior_order=3),
    "one narrow layer": replace(QWEN3, n_layers=1, d_model=3, n_heads=1, n_kv_heads=1, d_head=2),
    "rnn": RnnSettings(**SIBLING),
    "rnn with all its dropout": RnnSettings(
        **SIBLING,
        parts=RnnParts(dropout=0.5, embedding_dropout=0.5, weight_drop=0.5, tie_weights=False),
    ),
    "mingru": MinGruSettings(**SIBLING),
    "mingru of the paper": MinGruSettings(**SIBLING, kernel_size=1),
    "cnn": CnnSettings(**SIBLING, kernel_size=3, n_dilations=2),
    "cnn that sees little": CnnSettings(**SIBLING, n_dilations=1),
}
BOUNDED = [name for name, shape in SHAPES.items() if shape.longest is not None]
UNBOUNDED = [name for name, shape in SHAPES.items() if shape.longest is None]

every_model = pytest.mark.parametrize("name", SHAPES)
few_examples = settings(max_examples=5, deadline=None)


@cache
def loud_model(name: str) -> Network:
    """Build a model with no weight at zero, ready to be asked (not to be changed).

    In float64: weights that are so large make the rounding of float32 larger than what is looked
    for.
    """
    model = build(SHAPES[name]).eval().double()
    generator = torch.Generator().manual_seed(1)
    for weight in model.parameters():
        noise = torch.randn(weight.shape, generator=generator, dtype=torch.float64)
        weight.data = noise * 0.4 + 1.0 if weight.ndim == 1 else noise * 0.4
    if model.prior is not None:
        model.prior.count(some_ids(time=400)[0].numpy())
    return model


def some_ids(batch: int = 1, time: int = LENGTH, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(QWEN3.vocab_size, (batch, time), generator=generator)


def same(got: torch.Tensor, expected: torch.Tensor) -> None:
    assert_close(got, expected, rtol=1e-10, atol=1e-10)


def sees_back(name: str) -> int:
    """How many positions back an answer can see, through all layers."""
    shape = SHAPES[name]
    if isinstance(shape, CnnSettings):
        return shape.receptive_field - 1
    window = shape.parts.window if isinstance(shape, ModelSettings) else None
    return shape.n_layers * ((window or LENGTH) - 1)


@every_model
def test_it_is_a_language_model(name):
    assert isinstance(loud_model(name), LanguageModel)


@every_model
def test_the_future_cannot_change_the_past(name):
    model, ids = loud_model(name), some_ids()
    logits = model(ids)
    for now in range(0, LENGTH - 1, 2):
        other = ids.clone()
        other[:, now + 1 :] = (other[:, now + 1 :] + 1 + now) % QWEN3.vocab_size
        same(model(other)[:, : now + 1], logits[:, : now + 1])


@every_model
def test_no_gradient_flows_from_the_past_to_the_future(name):
    model, now = loud_model(name), 4
    x = model.hidden(some_ids())[0].detach().requires_grad_()
    handle = model.embedding.register_forward_hook(lambda *_: x)
    try:
        (gradient,) = torch.autograd.grad(model(some_ids())[0, now].sum(), x)
    finally:
        handle.remove()
    assert (gradient[0, now + 1 :] == 0).all()
    assert (gradient[0, now] != 0).any()


@every_model
def test_every_id_counts_where_it_stands_and_later(name):
    model, ids = loud_model(name), some_ids()
    other = ids.clone()
    other[0, 3] = (other[0, 3] + 1) % QWEN3.vocab_size
    moved = (model(other) - model(ids)).abs().amax(dim=(0, 2))
    reach = 3 + sees_back(name)
    assert (moved[3 : reach + 1] > 1e-6).all()
    assert (moved[reach + 1 :] == 0).all(), "further back than the windows reach"


@pytest.mark.parametrize("name", [n for n in SHAPES if sees_back(n)])
def test_the_order_of_the_past_matters(name):
    model = loud_model(name)
    last = model(torch.tensor([[1, 2, 3], [2, 1, 3]]))[:, -1]
    assert (last[0] - last[1]).abs().max() > 1e-4


@every_model
@few_examples
@given(data=st.data())
def test_reading_in_pieces_is_reading_at_once(name, data):
    model, ids = loud_model(name), some_ids(batch=2)
    cuts = data.draw(st.sets(st.integers(1, LENGTH - 1)), label="cuts")
    edges = [0, *sorted(cuts), LENGTH]
    state, heard = model.start(batch_size=2), []
    for begin, end in itertools.pairwise(edges):
        logits, state = model.step(ids[:, begin:end], state)
        heard.append(logits)
        assert state.position == end
    same(torch.cat(heard, dim=1), model(ids))


@every_model
@few_examples
@given(batch=st.integers(1, 5), time=st.integers(1, LENGTH), seed=st.integers(0, 9))
def test_texts_side_by_side_do_not_disturb_each_other(name, batch, time, seed):
    model, ids = loud_model(name), some_ids(batch, time, seed)
    same(model(ids), torch.cat([model(one[None]) for one in ids]))


@every_model
def test_the_last_hidden_state_is_what_the_output_reads(name):
    model, ids = loud_model(name), some_ids(batch=2)
    states = model.hidden(ids)
    assert len(states) == model.settings.n_layers + 1
    assert all(state.shape == (2, LENGTH, model.settings.d_model) for state in states)
    logits = model.output(model.norm(states[-1]))
    assert torch.equal(logits if model.prior is None else logits + model.prior(ids), model(ids))


@every_model
def test_the_first_hidden_state_tells_ids_apart(name):
    first = loud_model(name).hidden(torch.tensor([[1], [2]]))[0]
    assert (first[0] - first[1]).abs().max() > 1e-3


@every_model
def test_asked_twice_it_answers_the_same(name):
    model, ids = loud_model(name), some_ids(batch=2)
    assert torch.equal(model(ids), model(ids))


@pytest.mark.parametrize("name", ["dropout", "rnn with all its dropout"])
def test_dropout_is_heard_in_training_and_only_there(name):
    model, ids = build(SHAPES[name]), some_ids(batch=2)
    model.load_state_dict(loud_model(name).state_dict())
    none = dict.fromkeys((n for n in vars(SHAPES[name].parts) if "drop" in n), 0.0)
    silent = build(replace(SHAPES[name], parts=replace(SHAPES[name].parts, **none)))
    silent.load_state_dict(model.state_dict())
    same(model.eval()(ids), silent.train()(ids))
    model.train()
    assert not torch.equal(model(ids), model(ids))


@every_model
def test_the_gradient_reaches_every_weight(name):
    model = build(SHAPES[name])
    model.load_state_dict(loud_model(name).state_dict())
    ids = some_ids(batch=2)
    (model(ids) * torch.randn(11, generator=torch.Generator().manual_seed(2))).sum().backward()
    for path, weight in model.named_parameters():
        used = weight.grad if path != "embedding.weight" else weight.grad[ids.unique()]
        sees_only_itself = not sees_back(name)
        is_choice = path.split(".")[-2] in ("to_q", "to_k", "q_norm", "k_norm")
        assert (used != 0).any() or (sees_only_itself and is_choice), f"no gradient reaches {path}"


@pytest.mark.parametrize("name", BOUNDED)
def test_more_ids_than_the_context_holds_are_refused(name):
    model = loud_model(name)
    with pytest.raises(UserError, match=r"at most 12 ids at once, got 13"):
        model(some_ids(time=LENGTH + 1))


@pytest.mark.parametrize("name", UNBOUNDED)
def test_a_sibling_reads_on_and_on_and_remembers_no_more_for_it(name):
    model, ids = loud_model(name), some_ids(time=5 * LENGTH)
    _, state = model.step(ids[:, :LENGTH], model.start())
    few = state.n_bytes()
    logits, state = model.step(ids[:, LENGTH:], state)
    same(logits, model(ids)[:, LENGTH:])
    assert state.n_bytes() == few == 2 * describe(model).memory().state  # float64, not float32


@every_model
def test_texts_of_a_batch_can_be_chosen_and_doubled_midway(name):
    model, ids = loud_model(name), some_ids(batch=3)
    _, state = model.step(ids[:, :5], model.start(3))
    rows = torch.tensor([2, 0, 2])
    logits, _ = model.step(ids[rows, 5:], state.select(rows))
    same(logits, model(ids)[rows, 5:])


@pytest.mark.parametrize("name", BOUNDED)
def test_a_step_too_far_is_refused_and_leaves_the_state_as_it_was(name):
    model, ids = loud_model(name), some_ids()
    _, state = model.step(ids[:, :8], model.start())
    with pytest.raises(UserError, match=r"at most 12 ids at once, got 13"):
        model.step(ids[:, :5], state)
    logits, state = model.step(ids[:, 8:], state)
    same(logits, model(ids)[:, 8:])


@every_model
def test_half_the_bits_say_nearly_the_same(name):
    model, ids = copy.deepcopy(loud_model(name)).float(), some_ids()
    with torch.autocast("cpu", torch.bfloat16):
        close, state = model(ids), model.start()
        in_pieces = torch.cat([model.step(part, state)[0] for part in ids.split(5, dim=1)], dim=1)
    exact = model(ids).detach()
    noise = 0.15 * float(exact.std())
    assert_close(close.float(), exact, rtol=0.1, atol=noise)
    assert_close(in_pieces, close, rtol=0.1, atol=noise)
