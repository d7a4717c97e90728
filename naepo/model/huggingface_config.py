"""Our settings <-> the `config.json` of a Hugging Face folder (`huggingface` has the weights).

Three shapes are *standard*: Qwen3, Llama and GPT-2 open in `transformers`, and in what reads its
folders, as they stand. Any other shape says so: `"model_type": "naepo"`, with our settings under
`"model"`. A `config.json` may come from anywhere: what is malformed, unknown or beyond measure is
refused before anything is built from it.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeGuard

from naepo.config import UserError, did_you_mean
from naepo.model.kinds import read_settings, settings_table
from naepo.model.settings import LanguageModelSettings, ModelSettings, PartSettings

Config = dict[str, Any]
ARCHITECTURES = {
    "qwen3": "Qwen3ForCausalLM",
    "llama": "LlamaForCausalLM",
    "gpt2": "GPT2LMHeadModel",
    "naepo": "NaepoForCausalLM",
}
GELU_TANH = ("gelu_new", "gelu_pytorch_tanh")
SOURCE = "config.json"


def why_not_standard(settings: LanguageModelSettings) -> str | None:
    """Say why no other program can open this shape, or None when they can.

    >>> why_not_standard(ModelSettings(vocab_size=9, parts=PartSettings(mlp="relu2")))
    'mlp is "relu2", where the shape of Qwen3 and Llama has "swiglu"'
    """
    if not isinstance(settings, ModelSettings):
        return f"its kind is {settings.kind}, where other programs open transformers"
    parts, is_gpt2 = settings.parts, settings.parts.position == "learned"
    name = "GPT-2" if is_gpt2 else "Qwen3 and Llama"
    wanted = {"position": "rotary", "norm": "rms", "mlp": "swiglu", "has_bias": False}
    if is_gpt2:
        wanted = {"norm": "layer", "mlp": "gelu", "has_qk_norm": False}
    for key, value in {**wanted, "window": None, "prior_order": None}.items():
        got = getattr(parts, key)
        if got != value:
            return f"{key} is {_toml(got)}, where the shape of {name} has {_toml(value)}"
    d_heads = settings.n_heads * settings.d_head
    if is_gpt2 and settings.n_kv_heads != settings.n_heads:
        return "n_kv_heads is not n_heads, as it is in the shape of GPT-2"
    if is_gpt2 and d_heads != settings.d_model:
        return "n_heads · d_head is not d_model, as it is in the shape of GPT-2"
    if not is_gpt2 and not parts.has_qk_norm and settings.d_model % settings.n_heads:
        return "n_heads does not divide d_model, as it does in the shape of Llama"
    return None


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else f'"{value}"' if isinstance(value, str) else str(value)


def is_standard(settings: LanguageModelSettings) -> TypeGuard[ModelSettings]:
    """Whether `transformers` opens this shape as it stands: Qwen3, Llama or GPT-2."""
    return why_not_standard(settings) is None


def model_type(settings: LanguageModelSettings) -> str:
    """Name the shape as `config.json` does: "qwen3", "llama", "gpt2", or else "naepo"."""
    if not is_standard(settings):
        return "naepo"
    if settings.parts.position == "learned":
        return "gpt2"
    return "qwen3" if settings.parts.has_qk_norm else "llama"


def to_config(settings: LanguageModelSettings, *, end_id: int, dtype: str = "float32") -> Config:
    """Give the `config.json` of a model, with every key that any reader looks for.

    end_id: the id that begins, ends and pads.  dtype: of the weights beside it, "float32" or
    "bfloat16". Dropout is a setting of training, and not in it.
    """
    kind = model_type(settings)
    if not is_standard(settings):
        keys = _own_config(settings)
    else:
        keys = _gpt2_config(settings) if kind == "gpt2" else _llama_config(settings)
    return {
        "architectures": [ARCHITECTURES[kind]],
        "model_type": kind,
        "vocab_size": settings.vocab_size,
        **keys,
        "tie_word_embeddings": settings.parts.tie_weights,
        "initializer_range": 0.02,
        "use_cache": True,
        "bos_token_id": end_id,
        "eos_token_id": end_id,
        "pad_token_id": end_id,
        "torch_dtype": dtype,
        "dtype": dtype,
    }


def _llama_config(settings: ModelSettings) -> Config:
    theta = settings.parts.rope_theta
    is_qwen3 = settings.parts.has_qk_norm
    return {
        "hidden_size": settings.d_model,
        "intermediate_size": settings.d_ff,
        "num_hidden_layers": settings.n_layers,
        "num_attention_heads": settings.n_heads,
        "num_key_value_heads": settings.n_kv_heads,
        "head_dim": settings.d_head,
        "hidden_act": "silu",
        "max_position_embeddings": settings.context_length,
        "rms_norm_eps": settings.parts.norm_eps,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "rope_theta": theta,
        "rope_parameters": {"rope_type": "default", "rope_theta": theta},
        **({"use_sliding_window": False} if is_qwen3 else {"mlp_bias": False}),
    }


def _gpt2_config(settings: ModelSettings) -> Config:
    is_usual = settings.d_ff == 4 * settings.d_model
    return {
        "n_embd": settings.d_model,
        "n_layer": settings.n_layers,
        "n_head": settings.n_heads,
        "n_positions": settings.context_length,
        "n_ctx": settings.context_length,
        "n_inner": None if is_usual else settings.d_ff,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": settings.parts.norm_eps,
        "resid_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "attn_pdrop": 0.0,
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "reorder_and_upcast_attn": False,
        "add_cross_attention": False,
    }


def _own_config(settings: LanguageModelSettings) -> Config:
    return {"model": settings_table(settings)}


def from_config(config: Mapping[str, Any]) -> LanguageModelSettings:
    """Read the settings of a model from its `config.json`; dropout is taken as 0.

    A key that is left out has the default of its architecture, as in `transformers`.

    Raises: UserError for another architecture, a variant that we do not compute, a missing or
    malformed key, or a size beyond all measure.
    """
    kind = str(config.get("model_type"))
    read = {
        "naepo": _from_own_config,
        "llama": _from_llama_config,
        "qwen3": partial(_from_llama_config, is_qwen3=True),
        "gpt2": _from_gpt2_config,
    }.get(kind)
    if read is None:
        raise UserError(
            f"model_type is {kind} ({SOURCE}): not an architecture that naepo can compute",
            hint=did_you_mean(kind, ARCHITECTURES),
        )
    try:
        return read(config)
    except UserError as error:
        raise UserError(f"{error.message} ({SOURCE})", hint=error.hint) from None


def _from_own_config(config: Mapping[str, Any]) -> LanguageModelSettings:
    table = config.get("model")
    if not isinstance(table, Mapping):
        raise UserError(f"`model` must be a table of settings, got {table!r}")
    return read_settings(table, "naepo's settings")


def _from_llama_config(config: Mapping[str, Any], is_qwen3: bool = False) -> ModelSettings:
    _must_be(config, "hidden_act", "silu")
    for key in ("attention_bias", "mlp_bias", "use_sliding_window"):
        _must_be(config, key, False)
    d_model = _whole(config, "hidden_size")
    n_heads = _whole(config, "num_attention_heads")
    n_kv_heads = 32 if is_qwen3 and "num_key_value_heads" not in config else n_heads
    return ModelSettings(
        vocab_size=_whole(config, "vocab_size"),
        context_length=_whole(config, "max_position_embeddings", 32_768 if is_qwen3 else 2_048),
        d_model=d_model,
        n_layers=_whole(config, "num_hidden_layers"),
        n_heads=n_heads,
        n_kv_heads=_whole(config, "num_key_value_heads", n_kv_heads),
        d_head=_whole(config, "head_dim", 128 if is_qwen3 else d_model // n_heads),
        d_ff=_whole(config, "intermediate_size"),
        parts=PartSettings(
            norm_eps=_number(config, "rms_norm_eps", 1e-6),
            rope_theta=_rope_theta(config),
            has_qk_norm=is_qwen3,
            tie_weights=_truth(config, "tie_word_embeddings", False),
        ),
    )


def _from_gpt2_config(config: Mapping[str, Any]) -> ModelSettings:
    _must_be(config, "activation_function", *GELU_TANH)
    _must_be(config, "scale_attn_weights", True)
    for key in ("scale_attn_by_inverse_layer_idx", "add_cross_attention"):
        _must_be(config, key, False)
    d_model, n_heads = _whole(config, "n_embd"), _whole(config, "n_head")
    if d_model % n_heads:
        raise UserError(f"n_head must divide n_embd, got {n_heads} and {d_model}")
    return ModelSettings(
        vocab_size=_whole(config, "vocab_size"),
        context_length=_whole(config, "n_positions", 1_024),
        d_model=d_model,
        n_layers=_whole(config, "n_layer"),
        n_heads=n_heads,
        n_kv_heads=n_heads,
        d_head=d_model // n_heads,
        d_ff=_whole(config, "n_inner", 4 * d_model),
        parts=PartSettings(
            norm="layer",
            norm_eps=_number(config, "layer_norm_epsilon", 1e-5),
            position="learned",
            mlp="gelu",
            has_qk_norm=False,
            has_bias=True,
            tie_weights=_truth(config, "tie_word_embeddings", True),
        ),
    )


def _rope_theta(config: Mapping[str, Any]) -> float:
    """Read the rotary base from either form; the newer one (`rope_parameters`) wins."""
    for key in ("rope_parameters", "rope_scaling"):
        table = config.get(key) or {}
        if not isinstance(table, Mapping):
            raise UserError(f"`{key}` must be a table, got {table!r}")
        kind = table.get("rope_type", table.get("type", "default"))
        if kind != "default" or set(table) - {"rope_type", "type", "rope_theta"}:
            raise UserError(f"`{key}` stretches positions, which naepo does not: {table}")
        if "rope_theta" in table:
            return _number(table, "rope_theta")
    return _number(config, "rope_theta", 10_000.0)


def _whole(config: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = config.get(key)
    value = default if value is None else value
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UserError(f"`{key}` must be a whole number above 0, got {value!r}")
    return value


def _number(config: Mapping[str, Any], key: str, default: float | None = None) -> float:
    value = config.get(key, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value < 1e300:
        raise UserError(f"`{key}` must be a finite number above 0, got {value!r}")
    return float(value)


def _truth(config: Mapping[str, Any], key: str, default: bool) -> bool:
    value = config.get(key, default)
    if not isinstance(value, bool):
        raise UserError(f"`{key}` must be true or false, got {value!r}")
    return value


def _must_be(config: Mapping[str, Any], key: str, *allowed: object) -> None:
    """Refuse a variant of the architecture that we would compute wrongly; left out is the first."""
    value = config.get(key, allowed[0])
    if value not in allowed:
        wanted = " or ".join(_toml(choice) for choice in allowed)
        raise UserError(f"`{key}` must be {wanted}, got {value!r}")
