"""What goes into a checkpoint comes out of it, bit for bit; what must not go in does not."""

import json
import re
import socket
from pathlib import Path

import pytest
import torch

import naepo.checkpoint
from naepo.checkpoint import TrainingState, load, load_state
from naepo.checkpoint.run import home_of
from naepo.checkpoint.tensors import NotFinite
from naepo.config import UserError, to_table
from naepo.encode import CharacterEncoder

SHAPES = {
    "qwen3": {},
    "llama": {"has_qk_norm": False, "tie_weights": True},
    "gpt2": {
        "position": "learned",
        "norm": "layer",
        "mlp": "gelu",
        "has_qk_norm": False,
        "has_bias": True,
        "tie_weights": True,
    },
    "of its own": {"mlp": "relu2", "position": "sinusoidal", "window": 3, "dropout": 0.5},
    "of its own, tied": {"mlp": "relu2", "norm": "layer", "tie_weights": True},
}


def names_in(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_model_is_loaded_bit_for_bit(shape: str, save_step, make_model, encoder):
    model = make_model(encoder.vocab_size, **SHAPES[shape]).eval()
    loaded = load(save_step(3, model=model))
    ours, theirs = model.state_dict(), loaded.model.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    ids = torch.randint(0, encoder.vocab_size, (2, 16))
    assert torch.equal(model(ids), loaded.model(ids))
    assert loaded.model.settings == model.settings


def test_all_else_is_loaded_too(save_step, encoder, model):
    loaded = load(save_step(3))
    assert loaded.step == 3
    assert loaded.metrics == {"nats_per_token": 1.25, "step": 3}
    assert loaded.settings == {
        "train": {"steps": 9, "seed": 1},
        "model": to_table(model.settings),
    }
    assert loaded.encoder.fingerprint == encoder.fingerprint
    assert loaded.encoder.decode(loaded.encoder.encode("a 내포")) == "a 내포"
    assert loaded.notes == ()
    assert not loaded.model.training


def test_a_training_state_is_loaded_bit_for_bit(save_step, state):
    loaded = load_state(save_step(3))
    assert loaded.numbers == state.numbers
    assert loaded.tensors.keys() == state.tensors.keys()
    for name, tensor in state.tensors.items():
        assert loaded.tensors[name].dtype == tensor.dtype
        assert torch.equal(loaded.tensors[name], tensor)


def test_a_model_in_double_precision_stays_in_it(save_step, model):
    with torch.no_grad():
        model.double().norm.weight += 1e-12
    loaded = load(save_step(3, model=model))
    ours, theirs = model.state_dict(), loaded.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_folder_holds_what_others_look_for_and_no_pickle(save_step):
    folder = save_step(3)
    expected = {"config.json", "generation_config.json", "model.safetensors", "naepo.toml"}
    expected |= {"tokenizer.json", "tokenizer_config.json", "manifest.json"}
    expected |= {"training/state.json", "training/state.safetensors"}
    assert expected <= names_in(folder)
    for name in names_in(folder):
        assert (folder / name).suffix in {".json", ".toml", ".safetensors"}


def test_our_code_neither_pickles_nor_evaluates():
    forbidden = re.compile(r"import pickle|torch\.load\(|torch\.save\(|\beval\(|\bexec\(|marshal")
    for file in Path(naepo.checkpoint.__file__).parent.glob("*.py"):
        code = file.read_text().replace("model.eval(", "")
        assert not forbidden.search(code), file


def test_a_tied_weight_is_written_once(save_step, make_model, encoder):
    tied = save_step(3, model=make_model(encoder.vocab_size, tie_weights=True))
    free = save_step(4, model=make_model(encoder.vocab_size))
    difference = 4 * 8 * encoder.vocab_size
    sizes = [(folder / "model.safetensors").stat().st_size for folder in (tied, free)]
    assert sizes[1] - sizes[0] > difference
    assert b"lm_head" not in (tied / "model.safetensors").read_bytes()


def test_the_generation_config_knows_the_end(save_step, encoder):
    written = json.loads((save_step(3) / "generation_config.json").read_text())
    ends = [written[f"{name}_token_id"] for name in ("bos", "eos", "pad")]
    assert ends == [encoder.end_id] * 3


def test_a_checkpoint_without_training_state_says_so(save_step):
    folder = save_step(3, state=None)
    assert load(folder).step == 3
    with pytest.raises(UserError, match=r"saved without a training state"):
        load_state(folder)


def test_none_is_left_out_of_metrics_and_settings(save_step):
    settings = {"train": {"steps": 9, "patience": None}}
    loaded = load(save_step(3, metrics={"loss": 1.0, "floor": None}, settings=settings))
    assert loaded.metrics == {"loss": 1.0}
    assert loaded.settings["train"] == {"steps": 9}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_never_reach_the_disk(value, save_step, model, tmp_path: Path):
    save_step(1)
    before = names_in(tmp_path)
    with torch.no_grad():
        model.blocks[1].mlp.up.weight[0, 0] = value
    with pytest.raises(NotFinite, match=r"layers.1.mlp.up_proj.weight holds NaN or infinity"):
        save_step(2)
    assert names_in(tmp_path) == before


def test_a_state_that_is_not_finite_never_reaches_the_disk(save_step, tmp_path: Path):
    poisoned = TrainingState(tensors={"moment": torch.tensor([1.0, float("nan")])}, numbers={})
    with pytest.raises(NotFinite, match=r"moment holds .* \(the training state at step 2\)"):
        save_step(2, state=poisoned)
    assert names_in(tmp_path) == set()


def test_an_encoder_with_more_ids_than_the_model_is_refused(save_step, model):
    with pytest.raises(UserError, match=r"the encoder has 64 ids, the model only"):
        save_step(2, encoder=CharacterEncoder("".join(map(chr, range(33, 96)))))


def test_saving_and_loading_turn_no_dice(save_step):
    before = torch.get_rng_state()
    load(save_step(3))
    assert torch.equal(torch.get_rng_state(), before)


def test_loading_asks_no_network(save_step, monkeypatch):
    folder = save_step(3)

    def refuse(*anything):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    load(folder)


def test_a_step_saved_again_is_a_new_folder(save_step, model, tmp_path: Path):
    first = save_step(3)
    with torch.no_grad():
        model.norm.weight += 1
    second = save_step(3)
    assert first != second
    assert home_of(tmp_path / "run") == second.parent
    loaded = load(tmp_path / "run", which=3)
    assert loaded.folder == second
    assert torch.equal(loaded.model.norm.weight, model.norm.weight)


def test_the_counts_of_a_prior_come_back_bit_for_bit(save_step, make_model, encoder):
    model = make_model(encoder.vocab_size, prior_order=2)
    ids = torch.randint(encoder.vocab_size, (300,))
    model.prior.count(ids.numpy())
    loaded = load(save_step(1, model=model)).model
    assert torch.equal(loaded(ids[None, :16]), model.eval()(ids[None, :16]))


def test_a_prior_without_its_counts_is_refused(save_step, make_model, encoder):
    folder = save_step(1, model=make_model(encoder.vocab_size, prior_order=2))
    (folder / "prior.safetensors").unlink()
    with pytest.raises(UserError, match=r"prior\.safetensors"):
        load(folder)
