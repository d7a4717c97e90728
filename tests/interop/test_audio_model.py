"""A folder of an audio model is opened from this machine alone, or refused in words."""

import json

import numpy as np
import pytest
import torch

from naepo.config import UserError
from naepo.embed.pretrained import PretrainedAudio
from naepo.interop.audio_model import open_audio_model

transformers = pytest.importorskip("transformers")


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    config = transformers.HubertConfig(
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        conv_dim=(4, 4),
        conv_stride=(10, 8),
        conv_kernel=(20, 8),
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
    )
    transformers.HubertModel(config).save_pretrained(tmp_path / "model")
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def test_a_folder_gives_a_model_that_embeds(folder):
    sound = np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    found = PretrainedAudio(*open_audio_model(folder)).vectors([sound], 16_000)
    assert found.shape == (1, 8)
    again = PretrainedAudio(*open_audio_model(str(folder))).vectors([sound], 16_000)
    assert found.tobytes() == again.tobytes()


def test_a_name_of_a_hub_is_not_looked_up(tmp_path):
    with pytest.raises(UserError, match="not the folder of a model"):
        open_audio_model("facebook/wav2vec2-base")


@pytest.mark.parametrize("missing", ["model.safetensors", "preprocessor_config.json"])
def test_a_folder_with_something_missing_is_refused(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(UserError, match="could not open the model"):
        open_audio_model(folder)


def test_a_pickle_is_not_opened_in_place_of_safetensors(folder):
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(UserError, match="could not open the model"):
        open_audio_model(folder)


def test_code_of_the_folder_is_not_run(folder):
    config = json.loads((folder / "config.json").read_text())
    config["model_type"] = "unheard-of"
    config["auto_map"] = {"AutoConfig": "trap.Config", "AutoModel": "trap.Model"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "trap.py").write_text("raise SystemExit('ran')")
    with pytest.raises(UserError, match="could not open the model"):
        open_audio_model(folder)
