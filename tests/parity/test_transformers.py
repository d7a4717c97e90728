"""The transformer says what `transformers` says: both ways, on tiny random models, no download."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.testing import assert_close

from naepo.model import ModelSettings, PartSettings, build
from naepo.model.huggingface import from_config, from_tensors, to_config, to_tensors

transformers = pytest.importorskip("transformers")

LLAMA = ModelSettings(
    vocab_size=23,
    context_length=16,
    d_model=24,
    n_layers=2,
    n_heads=4,
    n_kv_heads=2,
    d_head=6,
    d_ff=40,
    parts=PartSettings(has_qk_norm=False, rope_theta=500.0, norm_eps=1e-5),
)
QWEN3 = replace(LLAMA, d_head=10, parts=PartSettings(rope_theta=1e6))
GPT2 = replace(
    LLAMA,
    n_kv_heads=4,
    d_ff=96,
    parts=PartSettings(
        norm="layer",
        norm_eps=1e-5,
        position="learned",
        mlp="gelu",
        has_qk_norm=False,
        has_bias=True,
        tie_weights=True,
    ),
)


def parts_of(settings: ModelSettings, **parts) -> ModelSettings:
    return replace(settings, parts=replace(settings.parts, **parts))


OURS = {
    "llama": LLAMA,
    "llama, tied": parts_of(LLAMA, tie_weights=True),
    "llama, one key head": replace(LLAMA, n_kv_heads=1),
    "llama, wide heads": replace(LLAMA, d_head=10),
    "qwen3": QWEN3,
    "qwen3, tied": parts_of(QWEN3, tie_weights=True),
    "qwen3, heads do not divide the width": replace(QWEN3, n_heads=3, n_kv_heads=3, d_model=20),
    "gpt2": GPT2,
    "gpt2, untied": parts_of(GPT2, tie_weights=False),
    "gpt2, no bias": parts_of(GPT2, has_bias=False),
    "gpt2, another inner width": replace(GPT2, d_ff=50),
}
ENDS = {"bos_token_id": 0, "eos_token_id": 0}
ROPE = {"rope_type": "default", "rope_theta": 5_000.0}
LLAMA_LIKE = {
    "vocab_size": 23,
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 16,
    "rope_parameters": ROPE,
    **ENDS,
}
GPT2_LIKE = {"vocab_size": 23, "n_embd": 24, "n_layer": 2, "n_head": 4, "n_positions": 16, **ENDS}
THEIRS = {
    "llama": ("LlamaConfig", LLAMA_LIKE),
    "llama, no key heads named": ("LlamaConfig", {**LLAMA_LIKE, "num_key_value_heads": None}),
    "llama, head size given": ("LlamaConfig", {**LLAMA_LIKE, "head_dim": 10}),
    "llama, tied": ("LlamaConfig", {**LLAMA_LIKE, "tie_word_embeddings": True}),
    "qwen3": ("Qwen3Config", {**LLAMA_LIKE, "head_dim": 8}),
    "qwen3, tied": ("Qwen3Config", {**LLAMA_LIKE, "head_dim": 8, "tie_word_embeddings": True}),
    "qwen3, head size left out": ("Qwen3Config", LLAMA_LIKE),
    "gpt2": ("GPT2Config", GPT2_LIKE),
    "gpt2, untied": ("GPT2Config", {**GPT2_LIKE, "tie_word_embeddings": False}),
    "gpt2, inner width given": ("GPT2Config", {**GPT2_LIKE, "n_inner": 40}),
    "gpt2, the other name of gelu": (
        "GPT2Config",
        {**GPT2_LIKE, "activation_function": "gelu_pytorch_tanh"},
    ),
}


def make_loud(model: torch.nn.Module) -> None:
    """Fill every weight with noise: no part may be silent, no gain be one."""
    generator = torch.Generator().manual_seed(3)
    for weight in model.parameters():
        noise = torch.randn(weight.shape, generator=generator)
        weight.data = 1.0 + 0.3 * noise if weight.ndim == 1 else 0.3 * noise


def ids() -> torch.Tensor:
    return torch.randint(23, (3, 16), generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize("name", OURS)
def test_what_we_write_opens_and_says_the_same(name, tmp_path):
    settings = OURS[name]
    ours = build(settings).eval()
    make_loud(ours)
    (tmp_path / "config.json").write_text(json.dumps(to_config(settings, end_id=0)))
    save_file(to_tensors(ours), tmp_path / "model.safetensors", metadata={"format": "pt"})
    theirs, loading = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, output_loading_info=True
    )
    assert not loading["missing_keys"] and not loading["unexpected_keys"]
    with torch.no_grad():
        assert_close(theirs(ids()).logits, ours(ids()), rtol=0, atol=1e-5)
    assert theirs.config.eos_token_id == 0 and theirs.dtype == torch.float32


@pytest.mark.parametrize("name", THEIRS)
def test_what_they_write_opens_here_and_says_the_same(name, tmp_path):
    kind, keys = THEIRS[name]
    theirs = transformers.AutoModelForCausalLM.from_config(getattr(transformers, kind)(**keys))
    make_loud(theirs)
    theirs.eval().save_pretrained(tmp_path)
    settings = from_config(json.loads((tmp_path / "config.json").read_text()))
    ours = build(settings).eval()
    ours.load_state_dict(from_tensors(settings, load_file(tmp_path / "model.safetensors")))
    with torch.no_grad():
        assert_close(ours(ids()), theirs(ids()).logits, rtol=0, atol=1e-5)
        pieces, state = [], ours.start(3)
        for part in ids().split(5, dim=1):
            pieces.append(ours.step(part, state)[0])
        assert_close(torch.cat(pieces, dim=1), theirs(ids()).logits, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["llama", "qwen3", "gpt2"])
def test_every_hidden_state_is_theirs(name):
    kind, keys = THEIRS[name]
    theirs = transformers.AutoModelForCausalLM.from_config(getattr(transformers, kind)(**keys))
    make_loud(theirs)
    settings = from_config(theirs.config.to_dict())
    ours = build(settings).eval()
    ours.load_state_dict(from_tensors(settings, theirs.eval().state_dict()))
    with torch.no_grad():
        expected = theirs(ids(), output_hidden_states=True).hidden_states
        states = ours.hidden(ids())
        assert len(states) == len(expected)
        for got, wanted in zip(states[:-1], expected[:-1], strict=True):
            assert_close(got, wanted, rtol=1e-5, atol=1e-5)
        assert_close(ours.norm(states[-1]), expected[-1], rtol=1e-5, atol=1e-5)


def test_a_swapped_pair_of_weights_is_noticed():
    """The parity above can fail: the same folder with gate and up exchanged says another thing."""
    ours = build(LLAMA).eval()
    make_loud(ours)
    weights = from_tensors(LLAMA, to_tensors(ours))
    gate, up = "blocks.0.mlp.gate.weight", "blocks.0.mlp.up.weight"
    weights[gate], weights[up] = weights[up], weights[gate]
    other = build(LLAMA).eval()
    other.load_state_dict(weights)
    assert (other(ids()) - ours(ids())).abs().max() > 1e-2
