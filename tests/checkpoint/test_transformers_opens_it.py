"""A checkpoint opens in transformers as it stands, and a folder of transformers opens here."""

from pathlib import Path

import pytest
import torch

from naepo.checkpoint import load
from naepo.encode import BPEEncoder, ByteEncoder, CharacterEncoder

TEXT = "the cat sat on the mat, 고양이가 매트 위에 앉았다. 2026!\n"
ENCODERS = {
    "characters": CharacterEncoder.fit([TEXT]),
    "bytes": ByteEncoder(),
    "bpe": BPEEncoder.train([TEXT * 10], vocab_size=300),
}
SHAPES = {
    "qwen3": {},
    "llama": {"has_qk_norm": False, "tie_weights": True},
    "gpt2": {"position": "learned", "norm": "layer", "mlp": "gelu", "has_qk_norm": False},
}
SIZES = {"vocab_size": 300, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2}
SIZES |= {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4}
SIZES |= {"max_position_embeddings": 32}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ENCODERS)
def test_a_checkpoint_gives_the_same_ids_and_scores_in_transformers(
    shape: str, kind: str, save_step, make_model
):
    transformers = pytest.importorskip("transformers")
    encoder = ENCODERS[kind]
    model = make_model(encoder.vocab_size, **SHAPES[shape]).eval()
    folder = save_step(1, model=model, encoder=encoder)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    ids = encoder.encode(TEXT)
    assert tokenizer(TEXT)["input_ids"] == ids.tolist()
    assert tokenizer.decode(ids.tolist()) == TEXT
    assert tokenizer.eos_token_id == theirs.generation_config.eos_token_id == encoder.end_id
    batch = torch.from_numpy(ids)[None, :16]
    with torch.no_grad():
        torch.testing.assert_close(theirs(batch).logits, model(batch), rtol=1e-4, atol=1e-4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("shape", SHAPES)
def test_a_folder_of_transformers_gives_the_same_scores_here(shape: str, tmp_path: Path):
    transformers = pytest.importorskip("transformers")
    if shape == "gpt2":
        config = transformers.GPT2Config(
            vocab_size=300, n_embd=16, n_layer=2, n_head=4, n_positions=32
        )
        theirs = transformers.GPT2LMHeadModel(config)
    elif shape == "llama":
        theirs = transformers.LlamaForCausalLM(transformers.LlamaConfig(**SIZES))
    else:
        theirs = transformers.Qwen3ForCausalLM(transformers.Qwen3Config(**SIZES))
    theirs.eval().save_pretrained(tmp_path, max_shard_size="20KB")
    ENCODERS["bpe"].save(tmp_path)
    assert (tmp_path / "model.safetensors.index.json").is_file()
    loaded = load(tmp_path)
    assert loaded.notes == (f"not verified: {tmp_path} has no manifest.json",)
    ids = loaded.encoder.encode(TEXT)
    assert ids.tolist() == ENCODERS["bpe"].encode(TEXT).tolist()
    batch = torch.from_numpy(ids)[None, :16]
    with torch.no_grad():
        torch.testing.assert_close(loaded.model(batch), theirs(batch).logits, rtol=1e-5, atol=1e-5)
