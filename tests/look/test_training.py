"""Training from inside: what is said of kept checkpoints is what lies in them."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from naepo import checkpoint
from naepo.config import UserError, to_table
from naepo.encode import CharacterEncoder, Encoder
from naepo.look.gradients import gradient_norms, gradients_of
from naepo.look.training import embedding_on, kept, plane_of, state_of, training
from naepo.model import Transformer
from naepo.train.loss import next_token_loss


@pytest.fixture
def encoder() -> Encoder:
    return CharacterEncoder.fit(["나는 어제 학교에 갔다. we went"])


@pytest.fixture
def save(tmp_path: Path, encoder: Encoder) -> Callable[..., Path]:
    """Save a model as a step of the run `tmp_path / "run"`."""

    def save_it(model: Transformer, step: int) -> Path:
        settings = {"model": to_table(model.settings)}
        return checkpoint.save(
            tmp_path / "run",
            step,
            model=model,
            encoder=encoder,
            settings=settings,
            metrics={},
            state=None,
        )

    return save_it


@pytest.fixture
def run(save, make_model, tmp_path) -> Path:
    """Give a run of three kept steps, each a small random walk from the one before."""
    model = make_model("qwen3")
    draw = torch.Generator().manual_seed(9)
    for step in (100, 200, 300):
        save(model, step)
        for weight in model.parameters():
            weight.data = weight + 0.1 * torch.randn(weight.shape, generator=draw)
    return tmp_path / "run"


def named_weights(run: Path, step: int) -> dict[str, torch.Tensor]:
    model = checkpoint.load(run, which=step).model
    return {name: weight.detach().double() for name, weight in model.named_parameters()}


def test_every_weight_has_its_norm_its_way_and_its_turn_in_the_order_of_the_data(run):
    found = training(run)
    steps = [named_weights(run, step) for step in (100, 200, 300)]
    assert found.steps == [100, 200, 300]
    assert {moved.name for moved in found.matrices} == set(steps[0])
    assert [m.name for m in found.matrices[:3]] == [
        "embedding.weight",
        "blocks.0.norm_1.weight",
        "blocks.0.attention.to_q.weight",
    ]
    assert found.matrices[-1].name == "output.weight"
    for moved in found.matrices:
        first, second, third = (weights[moved.name].flatten() for weights in steps)
        assert moved.norm == pytest.approx([float(w.norm()) for w in (first, second, third)])
        ways = [float((w - first).norm() / first.norm()) for w in (first, second, third)]
        assert moved.moved == pytest.approx(ways, rel=1e-4)
        pairs = [(first, second), (second, third)]
        turns = [1 - float(a @ b / a.norm() / b.norm()) for a, b in pairs]
        assert moved.turned == pytest.approx(turns, rel=1e-3)
    assert found.notes == []


@pytest.mark.parametrize("shape", ["gpt2", "llama", "sinusoidal, tied, relu2", "prior"])
def test_the_weights_of_every_shape_are_named_as_the_model_names_them(shape, save, make_model, run):
    model = make_model(shape)
    for folder in kept(run).values():
        checkpoint.folder.remove(folder)
    save(model, 5)
    found = training(run)
    assert {moved.name for moved in found.matrices} == {n for n, _ in model.named_parameters()}
    for moved in found.matrices:
        norm = float(model.get_parameter(moved.name).detach().norm())
        assert moved.norm == [pytest.approx(norm)]
        assert (moved.moved, moved.turned) == ([0.0], [])


def test_a_weight_that_began_at_zero_has_no_way_to_measure_but_a_norm(save, make_model, tmp_path):
    model = make_model("qwen3")
    with torch.no_grad():
        model.output.weight.zero_()
    save(model, 0)
    with torch.no_grad():
        model.output.weight.fill_(1.0)
    save(model, 1)
    found = training(tmp_path / "run").matrices[-1]
    assert found.norm == [0.0, pytest.approx(math.sqrt(60 * 16))]
    assert math.isnan(found.moved[1]) and math.isnan(found.turned[0])


def test_a_broken_checkpoint_is_noted_and_the_others_are_shown(run):
    weights = kept(run)[200] / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-5] ^= 1
    weights.write_bytes(content)
    found = training(run)
    assert found.steps == [100, 300]
    assert len(found.notes) == 1
    assert found.notes[0].startswith("step 200 is left out: model.safetensors has changed")
    assert len(found.matrices[0].norm) == 2
    assert (kept(run)[200]).is_dir(), "looking renames nothing"


def test_of_a_step_saved_twice_the_later_one_counts(run, save, make_model):
    model = make_model("qwen3")
    with torch.no_grad():
        model.norm.weight.fill_(2.0)
    assert save(model, 300).name.endswith(".r2")
    norm = next(m for m in training(run).matrices if m.name == "norm.weight")
    assert norm.norm[2] == pytest.approx(2 * math.sqrt(16))


def test_the_curves_are_the_logged_rows_and_long_ones_are_thinned_to_their_last(run, monkeypatch):
    monkeypatch.setattr("naepo.look.training.POINTS", 4)
    rows = [
        {"kind": "step", "step": n, "loss": 1 / n, "grad_norm": n, "lr": 0} for n in range(1, 11)
    ]
    rows[9]["loss"] = None
    rows += [{"kind": "validation", "step": 10, "nats_per_character": 1.5}]
    rows += [{"kind": "note", "text": "hm"}]
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = training(run)
    assert found.loss == [
        {"step": 1, "loss": 1.0},
        {"step": 4, "loss": 0.25},
        {"step": 7, "loss": 1 / 7},
        {"step": 10, "loss": None},
    ]
    assert found.gradient[2] == {"step": 7, "grad_norm": 7}
    assert found.validation == [{"step": 10, "nats_per_character": 1.5}]
    assert found.notes == ["the curves show every 3th of 10 steps"]


def test_a_folder_that_is_no_run_has_an_empty_story(tmp_path):
    found = training(tmp_path)
    assert (found.steps, found.matrices, found.loss) == ([], [], [])
    with pytest.raises(UserError, match="no good checkpoint"):
        plane_of(tmp_path)


def test_the_state_of_a_run_changes_with_each_checkpoint_and_each_row(run, save, make_model):
    states = {state_of(run), state_of(run)}
    (run / "metrics.jsonl").write_text("{}\n")
    states.add(state_of(run))
    save(make_model("qwen3"), 400)
    states.add(state_of(run))
    assert len(states) == 3


def test_an_embedding_that_only_shifts_shows_as_that_shift_on_the_one_plane(
    save, make_model, tmp_path
):
    model, run = make_model("llama"), tmp_path / "run"
    save(model, 1)
    save(model, 2)
    plane = plane_of(run)
    with torch.no_grad():
        model.embedding.weight += 3 * torch.tensor(plane.axes[1], dtype=torch.float32)
    save(model, 1)
    before, after = embedding_on(plane, run, 2), embedding_on(plane, run, 1)
    assert before.mean(dim=0).abs().max() < 1e-5, "the plane is centred on the last embedding"
    expected = torch.tensor([0.0, 3.0]).expand(60, 2)
    torch.testing.assert_close(after - before, expected, atol=1e-4, rtol=0)


def test_a_step_that_was_not_kept_is_answered_with_those_that_were(run):
    with pytest.raises(UserError, match="no checkpoint of step 150") as told:
        embedding_on(plane_of(run), run, 150)
    assert told.value.hint == "steps: 100, 200, 300"


def test_gradient_norms_are_those_of_backward(any_model):
    ids = [3, 1, 4, 1, 5, 9, 2, 6]
    loss, norms = gradient_norms(any_model, ids)
    window = torch.tensor([ids])
    expected = next_token_loss(any_model(window[:, :-1]), window[:, 1:])
    expected.backward()
    assert loss == pytest.approx(float(expected.detach()))
    for name, weight in any_model.named_parameters():
        assert weight.grad is not None
        assert norms[name] == pytest.approx(float(weight.grad.norm()), rel=1e-5), name


def test_a_gradient_says_how_fast_the_loss_falls_along_it(make_model):
    model, ids = make_model("qwen3").double(), [3, 1, 4, 1, 5]
    loss, norms = gradient_norms(model, ids)
    window = torch.tensor([ids])
    weight, step = model.blocks[1].mlp.down.weight, 1e-3
    (slope,) = torch.autograd.grad(next_token_loss(model(window[:, :-1]), window[:, 1:]), [weight])
    with torch.no_grad():
        weight -= step * slope / slope.norm()
        lower = float(next_token_loss(model(window[:, :-1]), window[:, 1:]))
    fallen = (loss - lower) / step
    assert fallen == pytest.approx(norms["blocks.1.mlp.down.weight"], rel=1e-2)


def test_the_model_is_left_as_it_was(make_model):
    model = make_model("qwen3", dropout=0.5).train()
    model.embedding.weight.requires_grad_(False)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    assert gradient_norms(model, [1, 2, 3]) == gradient_norms(model, [1, 2, 3]), "dropout is off"
    assert all(module.training for module in model.modules() if not is_leaf_without_mode(module))
    assert not model.embedding.weight.requires_grad
    assert model.norm.weight.requires_grad
    assert all(weight.grad is None for weight in model.parameters())
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, before[name])


def is_leaf_without_mode(module: nn.Module) -> bool:
    return not list(module.parameters())


def test_a_caller_that_wants_no_gradients_gets_these_all_the_same(make_model):
    model = make_model("gpt2")
    with torch.no_grad():
        assert gradient_norms(model, [1, 2, 3])[1]["position.weight"] > 0


@pytest.mark.parametrize("n", [0, 1, 18])
def test_a_text_without_a_next_id_or_beyond_the_context_is_refused(make_model, n):
    with pytest.raises(UserError, match=f"2 to 17 ids.*got {n}"):
        gradient_norms(make_model("qwen3"), [1] * n)


def test_the_pull_of_a_text_is_told_for_every_kept_step(run, encoder):
    found = gradients_of(run, "나는 어제")
    assert found.steps == [100, 200, 300]
    assert found.n_ids == 4
    for n, step in enumerate(found.steps):
        model = checkpoint.load(run, which=step).model
        loss, norms = gradient_norms(model, encoder.encode("나는 어제").tolist())
        assert found.loss[n] == loss
        assert {name: row[n] for name, row in found.norms.items()} == norms


def test_tied_weights_pull_once(save, make_model, tmp_path):
    save(make_model("gpt2"), 1)
    found = gradients_of(tmp_path / "run", "we went")
    assert "embedding.weight" in found.norms and "output.weight" not in found.norms


def test_only_the_end_of_a_long_text_counts_and_that_is_said(run):
    found = gradients_of(run, "we went" * 9 + "나는 어제 학교에 갔다. we")
    assert found.notes == ["only the last 17 of 79 ids fit the context"]
    assert found.loss == gradients_of(run, "t나는 어제 학교에 갔다. we").loss


def test_reading_the_story_takes_no_dice(run):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    training(run)
    gradients_of(run, "we went")
    assert torch.equal(torch.rand(3), expected)
