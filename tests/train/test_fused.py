"""The fused pass computes what the modules compute: the same loss, the same gradient."""

from dataclasses import replace
from itertools import product

import pytest
import torch
from torch import nn

from naepo.model import ModelSettings, PartSettings, build
from naepo.train import fused
from naepo.train.fused import FusedLoss, parameters_of, why_not_fused
from naepo.train.loss import next_token_loss
from naepo.train.masks import Masks

SHAPE = ModelSettings(
    vocab_size=19, context_length=12, d_model=16, n_layers=2, n_heads=3, n_kv_heads=3, d_head=6,
    d_ff=20,
)  # fmt: skip
CPU = torch.device("cpu")
COMBINATIONS = [
    PartSettings(mlp=mlp, has_qk_norm=has_qk_norm, tie_weights=tie, norm_eps=eps)
    for mlp, has_qk_norm, tie, eps in product(
        ("swiglu", "relu2"), (True, False), (True, False), (1e-6, 0.1)
    )
]


def loud(parts: PartSettings, **sizes):
    """A model in which every weight has something to say."""
    model = build(replace(SHAPE, parts=parts, **sizes))
    generator = torch.Generator().manual_seed(1)
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        is_gain = weight.ndim == 1
        weight.data = 1 + 0.2 * noise if is_gain else noise * weight.shape[1] ** -0.5
        if name == "embedding.weight":
            weight.data *= 2
    return model


def batch(time: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.randint(19, (4, time + 1), generator=torch.Generator().manual_seed(2))
    return ids[:, :-1], ids[:, 1:]


def of_modules(model, ids, targets) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    model.zero_grad()
    loss = next_token_loss(model(ids), targets)
    loss.backward()
    return loss.detach(), {name: p.grad.clone() for name, p in model.named_parameters()}


def of_fused(model, dtype, ids, targets, seed: int = 0, folds=None):
    twin = FusedLoss(model, dtype)
    twin.refresh()
    loss, gradients = twin.part(ids, targets, targets.numel(), seed, folds)
    names = {parameter: name for name, parameter in model.named_parameters()}
    pairs = zip(twin.parameters, gradients, strict=True)
    return loss, {names[parameter]: gradient.float() for parameter, gradient in pairs}


def worst_error(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> float:
    assert found.keys() == wanted.keys()
    assert all(wanted[name].norm() > 1e-3 for name in wanted), "a gradient that says nothing"
    return max(float((found[n] - wanted[n]).norm() / wanted[n].norm()) for n in wanted)


def whole_error(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> float:
    ours, theirs = (torch.cat([g[n].flatten() for n in wanted]) for g in (found, wanted))
    return float((ours - theirs).norm() / theirs.norm())


def short(parts: PartSettings) -> str:
    flags = {"qk_norm": parts.has_qk_norm, "tied": parts.tie_weights}
    return "-".join([parts.mlp, f"{parts.norm_eps:g}", *(n for n, on in flags.items() if on)])


@pytest.mark.parametrize("parts", COMBINATIONS, ids=short)
def test_in_fp32_loss_and_every_gradient_are_those_of_the_modules(parts):
    model, (ids, targets) = loud(parts), batch()
    wanted_loss, wanted = of_modules(model, ids, targets)
    loss, found = of_fused(model, torch.float32, ids, targets)
    torch.testing.assert_close(loss, wanted_loss, rtol=1e-6, atol=1e-6)
    assert worst_error(found, wanted) < 1e-5


@pytest.mark.parametrize("parts", COMBINATIONS[::2], ids=short)
def test_in_bf16_they_are_near(parts):
    model, (ids, targets) = loud(parts), batch()
    wanted_loss, wanted = of_modules(model, ids, targets)
    loss, found = of_fused(model, torch.bfloat16, ids, targets)
    torch.testing.assert_close(loss, wanted_loss, rtol=5e-3, atol=0)
    assert 1e-5 < whole_error(found, wanted) < 0.02


def with_prior(**parts):
    model = loud(PartSettings(prior_order=2, **parts))
    model.prior.count(torch.randint(19, (400,), generator=torch.Generator().manual_seed(4)).numpy())
    return model


@pytest.mark.parametrize("tie", [True, False])
def test_an_n_gram_prior_has_the_gradient_that_the_modules_give_it(tie):
    model, (ids, targets) = with_prior(tie_weights=tie), batch()
    folds = torch.arange(4)[:, None].expand(ids.shape)
    model.zero_grad()
    wanted_loss = next_token_loss(model(ids, folds), targets)
    wanted_loss.backward()
    wanted = {name: p.grad for name, p in model.named_parameters()}
    loss, found = of_fused(model, torch.float32, ids, targets, folds=folds)
    torch.testing.assert_close(loss, wanted_loss.detach())
    assert worst_error(found, wanted) < 1e-5
    assert loss != of_fused(model, torch.float32, ids, targets)[0], "nothing was left out"


def test_a_sequence_may_be_shorter_than_the_context():
    model, (ids, targets) = loud(PartSettings()), batch(time=5)
    _, wanted = of_modules(model, ids, targets)
    assert worst_error(of_fused(model, torch.float32, ids, targets)[1], wanted) < 1e-5


def test_the_parts_of_a_batch_add_up_to_the_whole():
    model, (ids, targets) = loud(PartSettings()), batch()
    twin = FusedLoss(model, torch.float32)
    twin.refresh()
    whole_loss, whole = twin.part(ids, targets, targets.numel(), 0)
    rows = zip(ids.split(1), targets.split(1), strict=True)
    parts = [twin.part(i, t, targets.numel(), 0) for i, t in rows]
    torch.testing.assert_close(sum(loss for loss, _ in parts), whole_loss)
    for pieces, wanted in zip(zip(*(g for _, g in parts), strict=True), whole, strict=True):
        torch.testing.assert_close(sum(pieces), wanted, rtol=1e-4, atol=1e-6)


def test_it_reads_the_weights_anew_at_each_refresh():
    model, (ids, targets) = loud(PartSettings()), batch()
    twin = FusedLoss(model, torch.float32)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1.5)
    twin.refresh()
    loss, _ = twin.part(ids, targets, targets.numel(), 0)
    torch.testing.assert_close(loss, next_token_loss(model(ids), targets).detach())


@pytest.mark.parametrize("mlp", ["swiglu", "relu2"])
def test_with_dropout_it_is_the_gradient_of_its_own_loss(mlp):
    """Steps along the gradient, with the same masks, change the loss as the gradient says."""
    model, (ids, targets) = loud(PartSettings(mlp=mlp, dropout=0.25)), batch()
    _, gradients = of_fused(model, torch.float32, ids, targets, seed=3)
    length = torch.cat([gradient.flatten() for gradient in gradients.values()]).norm()
    losses = []
    for step in (-1e-2, 1e-2):
        moved = loud(PartSettings(mlp=mlp, dropout=0.25))
        with torch.no_grad():
            for name, weight in moved.named_parameters():
                weight.add_(gradients[name], alpha=float(step / length))
        losses.append(of_fused(moved, torch.float32, ids, targets, seed=3)[0])
    torch.testing.assert_close((losses[1] - losses[0]) / 2e-2, length, rtol=1e-2, atol=0)


def test_dropout_depends_on_its_seed_alone():
    model, (ids, targets) = loud(PartSettings(dropout=0.5)), batch()
    torch.manual_seed(1)
    first, _ = of_fused(model, torch.float32, ids, targets, seed=3)
    torch.manual_seed(2)
    again, _ = of_fused(model, torch.float32, ids, targets, seed=3)
    other, _ = of_fused(model, torch.float32, ids, targets, seed=4)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_a_mask_drops_its_share_and_keeps_the_mean(rate):
    mask = Masks(rate, seed=0).draw(1000, 301)
    assert mask is not None
    assert len(mask.unique()) == 2
    assert float((mask == 0).float().mean()) == pytest.approx(rate, abs=0.005)
    assert float(mask.mean()) == pytest.approx(1, abs=0.01)


def test_without_dropout_nothing_is_drawn():
    assert Masks(0.0, seed=0).draw(3, 5) is None


def test_neighbouring_seeds_give_masks_that_have_nothing_in_common():
    a, b = (Masks(0.5, seed=seed).draw(100, 100) for seed in (0, 1))
    assert float((a == b).float().mean()) == pytest.approx(0.5, abs=0.03)


def test_every_parameter_of_a_block_has_its_place():
    for parts in COMBINATIONS:
        block = build(replace(SHAPE, parts=parts)).blocks[0]
        assert set(parameters_of(block)) == set(block.parameters())


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"norm": "layer"}, "norm is layer"),
        ({"position": "learned"}, "position is learned"),
        ({"mlp": "gelu"}, "mlp is gelu"),
        ({"has_bias": True}, "has_bias is True"),
        ({"window": 4}, "window is 4"),
        ({"attention_dropout": 0.1}, "attention_dropout is 0.1"),
    ],
)
def test_what_it_cannot_compute_it_refuses_with_a_reason(parts, why):
    assert why_not_fused(build(replace(SHAPE, parts=PartSettings(**parts))), CPU) == why


def test_it_refuses_other_sizes_devices_and_models():
    model = build(SHAPE)
    assert why_not_fused(model, CPU) is None
    assert why_not_fused(model, torch.device("cuda")) == "the device is cuda"
    assert why_not_fused(nn.Linear(2, 2), CPU) == "the model is a Linear"
    grouped = build(replace(SHAPE, n_kv_heads=1))
    assert why_not_fused(grouped, CPU) == "n_kv_heads is 1"
    long = build(replace(SHAPE, context_length=fused.LONGEST_CONTEXT + 1))
    assert why_not_fused(long, CPU) == "context_length is above 512"
    model.embedding.weight.requires_grad_(False)
    assert why_not_fused(model, CPU) == "some weights are not trained, or not fp32"


def test_a_part_that_it_does_not_know_is_never_left_out_in_silence():
    model = build(SHAPE)
    model.something_new = nn.Linear(2, 2)
    assert why_not_fused(model, CPU) == "the model has a Linear"
