"""One update after another: stopped and resumed is never stopped; NaN never reaches the weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from naepo.config import UserError
from naepo.model import ModelSettings, PartSettings, build
from naepo.model.sibling_settings import (
    CnnSettings,
    MinGruSettings,
    RnnParts,
    RnnSettings,
    SiblingParts,
)
from naepo.train import fused
from naepo.train.batches import Windows
from naepo.train.settings import OptimizerSettings, TrainSettings
from naepo.train.trainer import PATIENCE_WITH_NAN, NotFiniteError, Trainer, fit

MODEL = ModelSettings(
    vocab_size=17, context_length=8, d_model=16, n_layers=2, n_heads=2, n_kv_heads=2, d_head=8,
    d_ff=32, parts=PartSettings(dropout=0.1),
)  # fmt: skip
IDS = np.random.default_rng(0).integers(0, 17, 400)


def make(steps: int = 12, model: ModelSettings = MODEL, **changed) -> Trainer:
    settings = TrainSettings(steps=steps, batch_size=4, **changed)
    return Trainer(build(model, seed=0), Windows(IDS, model.context_length, 0), settings)


def weights(trainer: Trainer) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in trainer.model.parameters()]


WAYS = {
    "fused, bf16": {"shards": 2, "precision": "bf16", "accumulate": 2},
    "fused, fp32": {"shards": 2},
    "modules": {},
}
SIBLING = {
    "vocab_size": 17, "context_length": 8, "d_model": 16, "n_layers": 2, "d_hidden": 12, "d_ff": 24,
}  # fmt: skip
SIBLINGS = {
    "rnn": RnnSettings(
        **SIBLING, parts=RnnParts(dropout=0.1, embedding_dropout=0.1, weight_drop=0.2)
    ),
    "mingru": MinGruSettings(**SIBLING, parts=SiblingParts(dropout=0.1)),
    "cnn": CnnSettings(**SIBLING, parts=SiblingParts(dropout=0.1)),
}
PRIOR = replace(MODEL, parts=PartSettings(dropout=0.1, prior_order=2))


@pytest.mark.parametrize("kind", SIBLINGS)
def test_a_sibling_is_resumed_bit_for_bit_on_any_number_of_cores(kind):
    runs = []
    for n_threads, stop_at in ((2, 99), (1, 3)):
        torch.set_num_threads(n_threads)
        first = make(steps=6, model=SIBLINGS[kind], shards=2, accumulate=2)
        assert first.path == "modules: 2 shards in fp32"
        fit(first, [lambda step, last=stop_at: step.number < last])
        second = make(steps=6, model=SIBLINGS[kind], shards=2, accumulate=2)
        second.model.load_state_dict(first.model.state_dict())
        second.load_state(first.state())
        torch.manual_seed(999)
        fit(second, [])
        runs.append(weights(second))
    assert all(torch.equal(a, b) for a, b in zip(*runs, strict=True))


@pytest.mark.parametrize("kind", SIBLINGS)
def test_the_shards_of_a_sibling_add_up_to_the_whole_batch(kind):
    nothing = dict.fromkeys((n for n in vars(SIBLINGS[kind].parts) if "drop" in n), 0.0)
    plain = replace(SIBLINGS[kind], parts=replace(SIBLINGS[kind].parts, **nothing))
    cut, whole = (
        make(steps=3, model=plain, shards=2, accumulate=2),
        make(steps=3, model=plain, accumulate=2),
    )
    whole.use_forward(whole.model)
    losses = [[trainer.step().loss for _ in range(3)] for trainer in (cut, whole)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def make_on(way: str, **changed) -> Trainer:
    trainer = make(**{**WAYS[way], **changed})
    if way == "modules":
        trainer.use_forward(trainer.model)
    assert trainer.path.startswith(way.partition(",")[0])
    return trainer


@pytest.mark.parametrize(
    ("way", "kind", "stop_at", "model"),
    [
        *[("fused, bf16", "muon", stop_at, MODEL) for stop_at in (1, 5, 11)],
        ("fused, bf16", "adamw", 5, MODEL),
        ("fused, bf16", "muon", 5, PRIOR),
        ("fused, fp32", "muon", 5, MODEL),
        ("modules", "muon", 5, MODEL),
        ("modules", "muon", 5, PRIOR),
        ("modules", "adamw", 11, MODEL),
    ],
)
def test_resumed_is_never_stopped_bit_for_bit(way, kind, stop_at, model):
    asked = {"optimizer": OptimizerSettings(kind=kind), "model": model}
    whole = make_on(way, **asked)
    fit(whole, [])
    first = make_on(way, **asked)
    fit(first, [lambda step: step.number < stop_at])
    second = make_on(way, **asked)
    second.model.load_state_dict(first.model.state_dict())
    second.load_state(first.state())
    torch.manual_seed(999)
    fit(second, [])
    assert second.number == whole.number
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(second), strict=True))


def test_in_shards_the_bits_do_not_depend_on_the_cores():
    runs = []
    for n_threads in (1, 2):
        torch.set_num_threads(n_threads)
        runs.append(make(steps=4, shards=2, precision="bf16"))
        fit(runs[-1], [])
        assert torch.get_num_threads() == n_threads
    assert all(torch.equal(a, b) for a, b in zip(*map(weights, runs), strict=True))


@pytest.mark.parametrize(
    ("order", "accumulate", "shards"),
    [*((None, accumulate, shards) for accumulate in (1, 2) for shards in (1, 2, 4)), (2, 2, 2)],
)
def test_fused_and_modules_train_to_the_same_weights(order, accumulate, shards):
    plain = replace(MODEL, parts=PartSettings(prior_order=order))
    trainers = []
    for n_shards in (shards, 1):
        settings = TrainSettings(steps=3, batch_size=4, accumulate=accumulate, shards=n_shards)
        windows = Windows(IDS, plain.context_length, 0)
        trainers.append(Trainer(build(plain, seed=0), windows, settings))
    trainers[1].use_forward(trainers[1].model)
    losses = [[trainer.step().loss for _ in range(3)] for trainer in trainers]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for a, b in zip(*map(weights, trainers), strict=True):
        torch.testing.assert_close(a, b, atol=2e-4, rtol=1e-3)


def test_the_way_and_its_reason_can_be_read():
    assert make(shards=2, precision="bf16").path == "fused: 2 shards in bf16"
    assert make().path == "fused: 1 shard in fp32"
    other = build(replace(MODEL, parts=PartSettings(mlp="gelu")))
    trainer = Trainer(other, Windows(IDS, 8, 0), TrainSettings(steps=1, batch_size=4))
    assert trainer.path == "modules: mlp is gelu"


def test_where_nothing_compiles_the_run_goes_on_without(monkeypatch):
    def refuse(model):
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(torch, "compile", refuse)
    plain, asked = make(), make(compile=True)
    assert asked.path == plain.path
    assert asked.step().loss == plain.step().loss


def test_what_compiles_is_used_and_computes_the_same(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda model: lambda *given: model(*given))
    plain, asked = make(), make(compile=True)
    assert asked.path == "modules: compiled"
    assert all(p.grad is None for p in asked.model.parameters())
    assert asked.step().loss == pytest.approx(plain.step().loss, rel=1e-5)


def test_shards_that_do_not_divide_the_batch_are_refused():
    with pytest.raises(UserError, match="shards must divide batch_size, got shards=3"):
        TrainSettings(steps=1, batch_size=4, shards=3)
    with pytest.raises(UserError, match="shards must be at least 1"):
        TrainSettings(steps=1, shards=0)


def test_another_seed_gives_other_weights():
    a, b = make(seed=0), make(seed=1)
    fit(a, [])
    fit(b, [])
    assert any(not torch.equal(x, y) for x, y in zip(weights(a), weights(b), strict=True))


def test_accumulated_batches_make_the_update_of_one_large_batch():
    plain = replace(MODEL, parts=PartSettings())
    trainers = []
    for batch_size, accumulate in ((8, 1), (2, 4)):
        settings = TrainSettings(steps=3, batch_size=batch_size, accumulate=accumulate)
        windows = Windows(IDS, plain.context_length, 0)
        trainers.append(Trainer(build(plain, seed=0), windows, settings))
        fit(trainers[-1], [])
    for a, b in zip(*map(weights, trainers), strict=True):
        torch.testing.assert_close(a, b, atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("way", ["fused, bf16", "modules"])
def test_a_gradient_that_is_not_finite_leaves_weights_and_optimizer_as_they_were(way, monkeypatch):
    trainer = make_on(way)
    trainer.step()
    before, state = weights(trainer), {k: v.clone() for k, v in trainer.state().tensors.items()}
    if way == "modules":
        poison(trainer)
    else:
        real = fused.head_loss
        monkeypatch.setattr(fused, "head_loss", lambda x, *rest: real(x * float("nan"), *rest))
    step = trainer.step()
    assert step.was_skipped
    assert trainer.n_skipped == 1
    assert all(torch.equal(a, b) for a, b in zip(before, weights(trainer), strict=True))
    assert all(torch.equal(state[k], v) for k, v in trainer.state().tensors.items())


def test_many_such_gradients_in_a_row_end_the_run_with_the_weights_still_good():
    trainer = make(steps=10_000)
    poison(trainer)
    with pytest.raises(NotFiniteError, match=f"{PATIENCE_WITH_NAN} times in a row"):
        fit(trainer, [])
    assert all(torch.isfinite(w).all() for w in weights(trainer))


def test_a_listener_that_answers_false_ends_the_run_after_its_step():
    trainer = make()
    fit(trainer, [lambda step: step.number < 3])
    assert trainer.number == 3


def poison(trainer: Trainer) -> None:
    """Make every gradient NaN from now on."""
    trainer.use_forward(lambda ids: trainer.model(ids) * float("nan"))
