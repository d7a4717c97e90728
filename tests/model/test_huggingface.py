"""The table of names: everything we have goes out and comes back; what is wrong is refused."""

import json
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.model import ModelSettings, PartSettings, build
from naepo.model.huggingface import (
    expected_shapes,
    from_config,
    from_tensors,
    is_standard,
    model_type,
    to_config,
    to_tensors,
    why_not_standard,
)

QWEN3 = ModelSettings(
    vocab_size=11,
    context_length=16,
    d_model=12,
    n_layers=2,
    n_heads=4,
    n_kv_heads=2,
    d_head=6,
    d_ff=24,
)
GPT2_PARTS = PartSettings(
    norm="layer",
    norm_eps=1e-5,
    position="learned",
    mlp="gelu",
    has_qk_norm=False,
    has_bias=True,
    tie_weights=True,
)
GPT2 = replace(QWEN3, n_kv_heads=4, d_head=3, parts=GPT2_PARTS)
LLAMA = replace(QWEN3, parts=PartSettings(has_qk_norm=False))


def with_parts(shape: ModelSettings, **parts) -> ModelSettings:
    return replace(shape, parts=replace(shape.parts, **parts))


SHAPES = {
    "qwen3": QWEN3,
    "qwen3 tied": with_parts(QWEN3, tie_weights=True, rope_theta=123.0),
    "llama": LLAMA,
    "gpt2": GPT2,
    "gpt2 untied": with_parts(GPT2, tie_weights=False),
    "gpt2 without bias": with_parts(GPT2, has_bias=False),
    "naepo": with_parts(QWEN3, mlp="relu2", window=5, position="sinusoidal", dropout=0.25),
    "naepo with a prior": with_parts(QWEN3, prior_order=2),
    "naepo tied": with_parts(QWEN3, norm="layer", has_bias=True, tie_weights=True),
}
every_shape = pytest.mark.parametrize("name", SHAPES)


def loud(settings: ModelSettings) -> torch.nn.Module:
    model = build(settings).eval()
    generator = torch.Generator().manual_seed(0)
    for weight in model.parameters():
        weight.data = torch.randn(weight.shape, generator=generator)
    return model


@every_shape
def test_weights_go_out_and_come_back_bit_for_bit(name):
    model = loud(SHAPES[name])
    weights = from_tensors(SHAPES[name], to_tensors(model))
    assert weights.keys() == model.state_dict().keys()
    assert all(torch.equal(weights[path], w) for path, w in model.state_dict().items())
    twin = build(SHAPES[name], seed=1).eval()
    twin.load_state_dict(weights)
    ids = torch.arange(10)[None]
    assert torch.equal(twin(ids), model(ids))


@every_shape
def test_what_goes_out_is_contiguous_and_nothing_is_there_twice(name):
    tensors = to_tensors(loud(SHAPES[name]))
    assert all(t.is_contiguous() and not t.requires_grad for t in tensors.values())
    assert len({t.untyped_storage().data_ptr() for t in tensors.values()}) == len(tensors)
    assert {key: tuple(t.shape) for key, t in tensors.items()} == expected_shapes(SHAPES[name])


@every_shape
def test_settings_go_out_and_come_back(name):
    settings = SHAPES[name]
    config = json.loads(json.dumps(to_config(settings, end_id=10)))
    if name == "gpt2 without bias":  # its folder has biases, all zero
        settings = with_parts(settings, has_bias=True)
    assert from_config(config) == settings
    assert config["eos_token_id"] == 10 and config["vocab_size"] == 11


@pytest.mark.parametrize(
    ("settings", "kind"),
    [(QWEN3, "qwen3"), (LLAMA, "llama"), (GPT2, "gpt2"), (SHAPES["naepo"], "naepo")],
)
def test_each_shape_has_its_name(settings, kind):
    assert model_type(settings) == kind
    assert to_config(settings, end_id=0)["model_type"] == kind
    assert is_standard(settings) == (kind != "naepo")


WHY = {
    "window is 3, where the shape of Qwen3 and Llama has none": with_parts(QWEN3, window=3),
    "prior_order is 5, where the shape of Qwen3 and Llama has none": with_parts(
        QWEN3, prior_order=5
    ),
    'mlp is "relu2", where the shape of Qwen3 and Llama has "swiglu"': with_parts(
        QWEN3, mlp="relu2"
    ),
    'norm is "layer", where the shape of Qwen3 and Llama has "rms"': with_parts(
        QWEN3, norm="layer"
    ),
    'position is "sinusoidal", where the shape of Qwen3 and Llama has "rotary"': with_parts(
        QWEN3, position="sinusoidal"
    ),
    "has_bias is true, where the shape of Qwen3 and Llama has false": with_parts(
        QWEN3, has_bias=True
    ),
    "has_qk_norm is true, where the shape of GPT-2 has false": with_parts(GPT2, has_qk_norm=True),
    'mlp is "swiglu", where the shape of GPT-2 has "gelu"': with_parts(GPT2, mlp="swiglu"),
    "window is 2, where the shape of GPT-2 has none": with_parts(GPT2, window=2),
    "n_kv_heads is not n_heads, as it is in the shape of GPT-2": replace(GPT2, n_kv_heads=1),
    "n_heads · d_head is not d_model, as it is in the shape of GPT-2": replace(GPT2, d_head=5),
    "n_heads does not divide d_model, as it does in the shape of Llama": replace(LLAMA, d_model=10),
}


@pytest.mark.parametrize("reason", WHY)
def test_a_shape_of_its_own_says_why(reason):
    assert why_not_standard(WHY[reason]) == reason
    assert to_config(WHY[reason], end_id=0)["architectures"] == ["NaepoForCausalLM"]


def test_a_qwen3_folder_has_the_published_names():
    assert sorted(expected_shapes(replace(QWEN3, n_layers=1))) == sorted(
        [
            "model.embed_tokens.weight",
            "model.layers.0.input_layernorm.weight",
            "model.layers.0.self_attn.q_proj.weight",
            "model.layers.0.self_attn.k_proj.weight",
            "model.layers.0.self_attn.v_proj.weight",
            "model.layers.0.self_attn.o_proj.weight",
            "model.layers.0.self_attn.q_norm.weight",
            "model.layers.0.self_attn.k_norm.weight",
            "model.layers.0.post_attention_layernorm.weight",
            "model.layers.0.mlp.gate_proj.weight",
            "model.layers.0.mlp.up_proj.weight",
            "model.layers.0.mlp.down_proj.weight",
            "model.norm.weight",
            "lm_head.weight",
        ]
    )


def test_a_gpt2_folder_has_the_published_shapes():
    shapes = expected_shapes(replace(GPT2, n_layers=1, d_ff=48))
    assert shapes["transformer.h.0.attn.c_attn.weight"] == (12, 36)
    assert shapes["transformer.h.0.attn.c_attn.bias"] == (36,)
    assert shapes["transformer.h.0.mlp.c_fc.weight"] == (12, 48)
    assert shapes["transformer.h.0.mlp.c_proj.weight"] == (48, 12)
    assert shapes["transformer.wpe.weight"] == (16, 12)
    assert "lm_head.weight" not in shapes


def test_a_gpt2_without_biases_is_written_with_zero_biases():
    tensors = to_tensors(loud(SHAPES["gpt2 without bias"]))
    biases = [t for key, t in tensors.items() if key.endswith(".bias")]
    assert len(biases) == 2 * 6 + 1 and all((bias == 0).all() for bias in biases)
    tensors["transformer.ln_f.bias"] += 1
    with pytest.raises(UserError, match=r"has_bias = false, but norm.bias is not zero"):
        from_tensors(SHAPES["gpt2 without bias"], tensors)


def test_names_of_older_gpt2_files_are_understood():
    model = loud(GPT2)
    tensors = {key.removeprefix("transformer."): t for key, t in to_tensors(model).items()} | {
        "h.0.attn.bias": torch.ones(1, 1, 16, 16),
        "lm_head.weight": torch.zeros(11, 12),
    }
    weights = from_tensors(GPT2, tensors)
    assert all(torch.equal(weights[path], w) for path, w in model.state_dict().items())


BROKEN_TENSORS = {
    "1 tensors are missing from the folder, first model.norm.weight": lambda t: t.pop(
        "model.norm.weight"
    ),
    "the folder has 1 tensors that its config.json does not speak of, first x.lora": lambda t: (
        t.update({"x.lora": torch.zeros(1)})
    ),
    "model.norm.weight has shape (3,), expected (12,)": lambda t: t.update(
        {"model.norm.weight": torch.zeros(3)}
    ),
    "model.norm.weight has shape (), expected (12,)": lambda t: t.update(
        {"model.norm.weight": torch.tensor(1.0)}
    ),
    "model.norm.weight holds torch.int8, expected floating-point numbers": lambda t: t.update(
        {"model.norm.weight": torch.zeros(12, dtype=torch.int8)}
    ),
}


@pytest.mark.parametrize("message", BROKEN_TENSORS)
def test_tensors_that_do_not_fit_are_refused(message):
    tensors = to_tensors(loud(QWEN3))
    BROKEN_TENSORS[message](tensors)
    with pytest.raises(UserError) as caught:
        from_tensors(QWEN3, tensors)
    assert message == caught.value.message


def llama_config(**changes) -> dict:
    return {**to_config(LLAMA, end_id=0), **changes}


def gpt2_config(**changes) -> dict:
    return {**to_config(GPT2, end_id=0), **changes}


BROKEN_CONFIGS = {
    "model_type is mamba": llama_config(model_type="mamba"),
    "model_type is None": {},
    "`hidden_size` must be a whole number above 0, got None": llama_config(hidden_size=None),
    "`hidden_size` must be a whole number above 0, got 2.0": llama_config(hidden_size=2.0),
    "`hidden_size` must be a whole number above 0, got True": llama_config(hidden_size=True),
    "`hidden_size` must be a whole number above 0, got '12'": llama_config(hidden_size="12"),
    "`num_hidden_layers` must be a whole number above 0, got -1": llama_config(
        num_hidden_layers=-1
    ),
    "vocab_size × d_model must be at most": llama_config(vocab_size=10**12),
    "n_layers must be at most 1,024": llama_config(num_hidden_layers=10**9),
    "n_kv_heads must divide n_heads": llama_config(num_key_value_heads=3),
    "d_head must be even for rotary positions": llama_config(head_dim=7),
    "`rms_norm_eps` must be a finite number above 0": llama_config(rms_norm_eps=float("nan")),
    "`rms_norm_eps` must be a finite number above 0, got '1e-6'": llama_config(rms_norm_eps="1e-6"),
    "`rope_theta` must be a finite number above 0": llama_config(
        rope_parameters={"rope_theta": 10**400}
    ),
    "`hidden_act` must be \"silu\", got 'gelu'": llama_config(hidden_act="gelu"),
    "`attention_bias` must be false, got True": llama_config(attention_bias=True),
    "`mlp_bias` must be false, got True": llama_config(mlp_bias=True),
    "`tie_word_embeddings` must be true or false, got 1": llama_config(tie_word_embeddings=1),
    "`rope_parameters` stretches positions": llama_config(
        rope_parameters={"rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0}
    ),
    "`rope_scaling` stretches positions": llama_config(
        rope_parameters=None, rope_scaling={"type": "linear", "factor": 2.0}
    ),
    "`rope_parameters` must be a table, got 7": llama_config(rope_parameters=7),
    "`use_sliding_window` must be false, got True": {
        **to_config(QWEN3, end_id=0),
        "use_sliding_window": True,
    },
    '`activation_function` must be "gelu_new" or "gelu_pytorch_tanh"': gpt2_config(
        activation_function="gelu"
    ),
    "`scale_attn_weights` must be true": gpt2_config(scale_attn_weights=False),
    "`scale_attn_by_inverse_layer_idx` must be false": gpt2_config(
        scale_attn_by_inverse_layer_idx=True
    ),
    "n_head must divide n_embd, got 5 and 12": gpt2_config(n_head=5),
    "`model` must be a table of settings, got None": {"model_type": "naepo"},
    "unknown key `d_modle`": {"model_type": "naepo", "model": {"vocab_size": 3, "d_modle": 4}},
}


@pytest.mark.parametrize("message", BROKEN_CONFIGS)
def test_a_config_that_we_cannot_compute_is_refused(message):
    with pytest.raises(UserError) as caught:
        from_config(BROKEN_CONFIGS[message])
    assert message in caught.value.message
    assert "(config.json)" in caught.value.message


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_value_anywhere_is_read_or_refused_never_a_crash(data):
    whole = data.draw(
        st.sampled_from([to_config(s, end_id=0) for s in SHAPES.values()]), label="config"
    )
    key = data.draw(st.sampled_from(sorted(whole)), label="key")
    broken = {**whole, key: data.draw(ANYTHING, label="value")}
    try:
        read = from_config(broken)
    except UserError:
        return
    assert isinstance(read, ModelSettings)


def test_older_configs_name_the_rotary_base_at_the_top():
    config = llama_config(rope_theta=777.0)
    del config["rope_parameters"]
    assert from_config(config).parts.rope_theta == 777.0
    assert from_config({**config, "rope_scaling": None}).parts.rope_theta == 777.0
    del config["rope_theta"]
    assert from_config(config).parts.rope_theta == 10_000.0


def test_of_two_rotary_bases_the_newer_form_wins():
    config = llama_config(rope_theta=777.0, rope_parameters={"rope_theta": 888})
    assert from_config(config).parts.rope_theta == 888.0


def test_keys_left_out_have_the_defaults_of_their_family():
    keys = ("head_dim", "num_key_value_heads", "tie_word_embeddings", "rms_norm_eps")
    whole = llama_config(hidden_size=16)
    llama = from_config({k: v for k, v in whole.items() if k not in keys})
    assert (llama.d_head, llama.n_kv_heads) == (4, 4)
    assert (llama.parts.tie_weights, llama.parts.norm_eps) == (False, 1e-6)
    whole = to_config(replace(QWEN3, n_heads=32), end_id=0)
    qwen3 = from_config({k: v for k, v in whole.items() if k not in keys})
    assert (qwen3.d_head, qwen3.n_kv_heads) == (128, 32)
    gpt2 = gpt2_config(n_inner=None)
    del gpt2["tie_word_embeddings"], gpt2["layer_norm_epsilon"]
    assert from_config(gpt2).d_ff == 48
    assert from_config(gpt2).parts.tie_weights


def test_the_number_type_is_said_in_both_forms():
    config = to_config(QWEN3, end_id=0, dtype="bfloat16")
    assert config["dtype"] == config["torch_dtype"] == "bfloat16"
    assert config["rope_theta"] == config["rope_parameters"]["rope_theta"] == 10_000.0
