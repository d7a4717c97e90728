"""Which checkpoint is opened, and what is refused before it can do harm."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from naepo.checkpoint import load, load_state, mark_best
from naepo.checkpoint.manifest import MANIFEST, Broken, entry_of, manifest_text, read_manifest
from naepo.checkpoint.tensors import NotFinite, read_tensors, to_pieces
from naepo.config import UserError
from naepo.encode import CharacterEncoder


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def seal(folder: Path) -> None:
    """Write the manifest anew over whatever the files now hold."""
    entries = {name: entry_of(folder / name) for name in read_manifest(folder)}
    (folder / MANIFEST).write_text(manifest_text(entries))


def edit(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def make_foreign(folder: Path) -> Path:
    """Leave only what a Hugging Face folder holds."""
    shutil.rmtree(folder / "training")
    (folder / MANIFEST).unlink()
    (folder / "naepo.toml").unlink()
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "run"


def test_the_best_is_opened_or_the_last_or_the_one_that_was_asked_for(save_step, run: Path):
    folders = {step: save_step(step) for step in (1, 2, 3)}
    assert load(run).folder == folders[3]
    mark_best(run, folders[2])
    assert load(run).folder == folders[2]
    assert load(run, which="last").folder == folders[3]
    assert load(run, which=1).folder == load(run, which="1").folder == folders[1]
    assert load(folders[1]).folder == folders[1]


@pytest.mark.parametrize("which", ["first", "", "-1", "1.5", "٣x"])
def test_an_unknown_choice_is_refused_with_the_known_ones(save_step, run: Path, which: str):
    save_step(1)
    with pytest.raises(UserError, match=r"which checkpoint: got") as caught:
        load(run, which=which)
    assert "best" in (caught.value.hint or "")


def test_a_broken_best_is_set_aside_and_the_newest_opened(save_step, run: Path):
    folders = [save_step(step) for step in (1, 2, 3)]
    mark_best(run, folders[1])
    flip(folders[1] / "model.safetensors")
    told: list[str] = []
    assert load(run, on_broken=told.append).folder == folders[2]
    assert len(told) == 1
    assert "model.safetensors has changed" in told[0]
    assert folders[1].with_name("step-00000002.broken").is_dir()


def test_a_broken_step_that_was_asked_for_is_not_replaced_by_another(save_step, run: Path):
    save_step(1)
    flip(save_step(2) / "naepo.toml")
    with pytest.raises(Broken, match=r"naepo.toml has changed"):
        load(run, which=2)


def test_a_run_without_a_good_checkpoint_says_so(save_step, run: Path):
    flip(save_step(1) / "tokenizer.json")
    with pytest.raises(UserError, match=r"has no good checkpoint"):
        load(run)


def test_a_path_that_leads_nowhere_is_named(tmp_path: Path):
    with pytest.raises(UserError, match=r"no such folder: .*none"):
        load(tmp_path / "none")
    with pytest.raises(UserError, match=r"neither a run nor a checkpoint"):
        load(tmp_path)
    with pytest.raises(UserError, match=r"no training state"):
        load_state(tmp_path)


def test_a_changed_training_state_is_refused(save_step):
    folder = save_step(1)
    flip(folder / "training" / "state.safetensors")
    for read in (load, load_state):
        with pytest.raises(Broken, match=r"training/state.safetensors has changed"):
            read(folder)


def test_a_missing_manifest_is_not_forgiven(save_step):
    folder = save_step(1)
    (folder / MANIFEST).unlink()
    with pytest.raises(Broken, match=r"manifest.json is missing"):
        load(folder)


def test_another_tokenizer_of_the_same_size_is_refused(save_step, encoder):
    folder = save_step(1)
    other = CharacterEncoder("".join(map(chr, range(97, 96 + encoder.vocab_size))))
    assert other.vocab_size == encoder.vocab_size
    other.save(folder)
    seal(folder)
    with pytest.raises(
        UserError, match=r"tokenizer.json is not the one that the model was trained"
    ):
        load(folder)


@pytest.mark.parametrize(
    "key", ["num_hidden_layers", "rope_parameters", "rms_norm_eps", "head_dim"]
)
def test_config_and_settings_that_disagree_are_refused(save_step, key: str):
    folder = save_step(1)

    def change(config: dict[str, Any]) -> None:
        config[key] = {"rope_theta": 7.0} if key == "rope_parameters" else 2 * config[key]

    edit(folder / "config.json", change)
    seal(folder)
    with pytest.raises(UserError, match=rf"config.json and naepo.toml disagree on `{key}`: .*run"):
        load(folder)


def test_settings_that_do_not_fit_the_weights_are_refused(save_step, make_model, encoder):
    folder, other = save_step(1), save_step(2, model=make_model(encoder.vocab_size, mlp="gelu"))
    for name in ("config.json", "naepo.toml"):
        shutil.copy(other / name, folder / name)
    seal(folder)
    with pytest.raises(UserError, match=r"tensors .*\(in .*step-00000001\)"):
        load(folder)


def test_a_newer_format_says_upgrade(save_step):
    folder = save_step(1)
    text = (folder / "naepo.toml").read_text()
    (folder / "naepo.toml").write_text(text.replace("\nformat = 1\n", "\nformat = 2\n"))
    seal(folder)
    with pytest.raises(UserError, match=r"checkpoint format 2, expected 1") as caught:
        load(folder)
    assert "upgrade" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 50_000, "#" * (2 << 20), "a =", "[model]"], ids=range(4)
)
def test_settings_that_are_none_are_refused(save_step, text: str):
    folder = save_step(1)
    (folder / "naepo.toml").write_text(text)
    seal(folder)
    with pytest.raises(UserError, match=r"naepo.toml"):
        load(folder)


def test_an_encoder_beyond_the_model_is_refused_even_when_all_agree(save_step, encoder):
    folder = save_step(1)
    larger = CharacterEncoder("".join(map(chr, range(97, 97 + encoder.vocab_size))))
    larger.save(folder)
    text = (folder / "naepo.toml").read_text()
    text = text.replace(encoder.fingerprint, larger.fingerprint)
    head, stamp = text.split("[checkpoint]")
    stamp = stamp.replace(f"= {encoder.vocab_size}\n", f"= {larger.vocab_size}\n")
    (folder / "naepo.toml").write_text(f"{head}[checkpoint]{stamp}")
    seal(folder)
    with pytest.raises(UserError, match=rf"has {larger.vocab_size} ids, the model only"):
        load(folder)


def test_a_folder_of_others_is_opened_with_a_note(save_step, model):
    folder = make_foreign(save_step(1))
    loaded = load(folder)
    assert loaded.notes == (f"not verified: {folder} has no manifest.json",)
    ours, theirs = model.state_dict(), loaded.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert loaded.step == 0
    assert loaded.settings["model"]["n_layers"] == 2


def shard(folder: Path) -> None:
    """Split the weights over two files with an index, as large models are."""
    tensors = read_tensors(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names, places = sorted(tensors), {}
    for number, part in enumerate((names[::2], names[1::2]), start=1):
        file = f"model-0000{number}-of-00002.safetensors"
        (folder / file).write_bytes(b"".join(to_pieces({n: tensors[n] for n in part})))
        places |= dict.fromkeys(part, file)
    index = {"metadata": {"total_size": 1}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def test_weights_in_shards_are_put_together(save_step, model):
    folder = make_foreign(save_step(1))
    shard(folder)
    loaded = load(folder).model.state_dict()
    assert all(torch.equal(weight, loaded[name]) for name, weight in model.state_dict().items())


def test_a_missing_shard_is_named(save_step):
    folder = make_foreign(save_step(1))
    shard(folder)
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(UserError, match=r"no such file: .*model-00002-of-00002.safetensors"):
        load(folder)


@pytest.mark.parametrize("place", ["../x.safetensors", "/x.safetensors", "x.bin", 3, None, ""])
def test_an_index_that_leads_elsewhere_is_refused(save_step, place):
    folder = make_foreign(save_step(1))
    shard(folder)
    index = folder / "model.safetensors.index.json"
    edit(index, lambda content: content["weight_map"].update({"norm": place}))
    with pytest.raises(UserError, match=r"is not a file name of weights"):
        load(folder)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.ckpt"])
def test_a_pickle_is_never_opened(save_step, name: str):
    folder = make_foreign(save_step(1))
    (folder / "model.safetensors").rename(folder / name)
    with pytest.raises(UserError, match=rf"{name} is a pickle, .* never opened"):
        load(folder)


def test_missing_weights_are_named(save_step):
    folder = make_foreign(save_step(1))
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"model.safetensors is missing"):
        load(folder)


HUGE = 10**15


@pytest.mark.parametrize(
    "changes",
    [
        {"num_hidden_layers": HUGE},
        {"vocab_size": HUGE},
        {"hidden_size": HUGE},
        {"intermediate_size": HUGE},
        {"max_position_embeddings": HUGE},
        {"head_dim": HUGE},
        {"num_attention_heads": HUGE, "num_key_value_heads": HUGE},
        {"max_position_embeddings": 10**8},
        {"num_hidden_layers": 3},
    ],
    ids=str,
)
def test_a_config_cannot_ask_for_memory_that_the_weights_lack(save_step, changes):
    folder = make_foreign(save_step(1))
    edit(folder / "config.json", lambda config: config.update(changes))
    began = time.perf_counter()
    with pytest.raises(UserError, match=r"\(in .*step-00000001\)"):
        load(folder)
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"model_type": "mamba"}', "\xff"])
def test_a_config_that_is_none_is_refused(save_step, text: str):
    folder = make_foreign(save_step(1))
    (folder / "config.json").write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match=r"\(in .*step-00000001"):
        load(folder)


def test_weights_of_others_that_are_not_finite_are_refused(save_step):
    folder = make_foreign(save_step(1))
    tensors = read_tensors(folder / "model.safetensors")
    tensors["model.norm.weight"][0] = float("nan")
    (folder / "model.safetensors").write_bytes(b"".join(to_pieces(tensors)))
    with pytest.raises(NotFinite, match=r"model.norm.weight holds NaN"):
        load(folder)


def test_half_precision_weights_of_others_become_single(save_step, model):
    folder = make_foreign(save_step(1))
    tensors = {n: t.bfloat16() for n, t in read_tensors(folder / "model.safetensors").items()}
    (folder / "model.safetensors").write_bytes(b"".join(to_pieces(tensors)))
    loaded = load(folder).model
    assert loaded.norm.weight.dtype == torch.float32
    assert torch.equal(loaded.norm.weight, model.norm.weight.bfloat16().float())


def test_a_tokenizer_with_more_ids_than_the_model_is_refused(save_step):
    folder = make_foreign(save_step(1))
    CharacterEncoder("".join(map(chr, range(33, 127)))).save(folder)
    with pytest.raises(UserError, match=r"the tokenizer has 95 ids, the model only"):
        load(folder)
