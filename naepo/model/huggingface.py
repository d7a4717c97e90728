"""The one table of names: our weights <-> the tensors of a Hugging Face folder.

A standard shape (Qwen3, Llama, GPT-2) is written under its family's names, any other under ours.
`huggingface_config` decides which, and writes and reads `config.json`. Nothing here touches a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeGuard

import torch
from jaxtyping import Float
from torch import Tensor

from naepo.config import UserError
from naepo.model.huggingface_config import (
    from_config,
    is_standard,
    model_type,
    to_config,
    why_not_standard,
)
from naepo.model.kinds import Network, network
from naepo.model.settings import LanguageModelSettings, ModelSettings

__all__ = [
    "expected_shapes",
    "from_config",
    "from_tensors",
    "is_standard",
    "model_type",
    "to_config",
    "to_tensors",
    "why_not_standard",
]

Shape = tuple[int, ...]
Tensors = Mapping[str, Float[Tensor, "..."]]


@dataclass(frozen=True)
class Row:
    """One of their tensors, and which of ours lie one below the other in it."""

    theirs: str
    ours: tuple[str, ...]
    is_transposed: bool = False
    """Whether theirs is [in, out] (GPT-2), where a linear map is [out, in] everywhere else."""


def _linear(theirs: str, *ours: str) -> tuple[Row, Row]:
    weight = Row(f"{theirs}.weight", tuple(f"{name}.weight" for name in ours), is_transposed=True)
    return weight, Row(f"{theirs}.bias", tuple(f"{name}.bias" for name in ours))


def _norm(theirs: str, ours: str) -> tuple[Row, Row]:
    return Row(f"{theirs}.weight", (f"{ours}.weight",)), Row(f"{theirs}.bias", (f"{ours}.bias",))


_BLOCK = "model.layers.{i}"
_LLAMA = (
    Row("model.embed_tokens.weight", ("embedding.weight",)),
    Row(_BLOCK + ".input_layernorm.weight", ("blocks.{i}.norm_1.weight",)),
    Row(_BLOCK + ".self_attn.q_proj.weight", ("blocks.{i}.attention.to_q.weight",)),
    Row(_BLOCK + ".self_attn.k_proj.weight", ("blocks.{i}.attention.to_k.weight",)),
    Row(_BLOCK + ".self_attn.v_proj.weight", ("blocks.{i}.attention.to_v.weight",)),
    Row(_BLOCK + ".self_attn.o_proj.weight", ("blocks.{i}.attention.to_out.weight",)),
    Row(_BLOCK + ".post_attention_layernorm.weight", ("blocks.{i}.norm_2.weight",)),
    Row(_BLOCK + ".mlp.gate_proj.weight", ("blocks.{i}.mlp.gate.weight",)),
    Row(_BLOCK + ".mlp.up_proj.weight", ("blocks.{i}.mlp.up.weight",)),
    Row(_BLOCK + ".mlp.down_proj.weight", ("blocks.{i}.mlp.down.weight",)),
    Row("model.norm.weight", ("norm.weight",)),
    Row("lm_head.weight", ("output.weight",)),
)
_QWEN3 = (
    *_LLAMA,
    Row(_BLOCK + ".self_attn.q_norm.weight", ("blocks.{i}.attention.q_norm.weight",)),
    Row(_BLOCK + ".self_attn.k_norm.weight", ("blocks.{i}.attention.k_norm.weight",)),
)
_HEADS = tuple("blocks.{i}.attention." + name for name in ("to_q", "to_k", "to_v"))
_GPT2 = (
    Row("transformer.wte.weight", ("embedding.weight",)),
    Row("transformer.wpe.weight", ("position.weight",)),
    *_norm("transformer.h.{i}.ln_1", "blocks.{i}.norm_1"),
    *_linear("transformer.h.{i}.attn.c_attn", *_HEADS),
    *_linear("transformer.h.{i}.attn.c_proj", "blocks.{i}.attention.to_out"),
    *_norm("transformer.h.{i}.ln_2", "blocks.{i}.norm_2"),
    *_linear("transformer.h.{i}.mlp.c_fc", "blocks.{i}.mlp.up"),
    *_linear("transformer.h.{i}.mlp.c_proj", "blocks.{i}.mlp.down"),
    *_norm("transformer.ln_f", "norm"),
    Row("lm_head.weight", ("output.weight",)),
)
_TABLES = {"qwen3": _QWEN3, "llama": _LLAMA, "gpt2": _GPT2}
_NOT_WEIGHTS = (".attn.bias", ".attn.masked_bias", ".rotary_emb.inv_freq")
"""Endings of tables that old files carry beside the weights."""


def to_tensors(model: Network) -> dict[str, Float[Tensor, "..."]]:
    """Give the weights under the names of the folder, each contiguous and none twice.

    A tied output projection is left out. A GPT-2 without biases gets zero biases, which every
    reader of that shape demands.
    """
    weights = {name: weight.detach() for name, weight in model.state_dict().items()}
    shapes = _our_shapes(_as_written(model.settings))
    like = weights["embedding.weight"]
    written = {}
    for row in _rows(model.settings):
        ours = [
            weights[name] if name in weights else like.new_zeros(shapes[name]) for name in row.ours
        ]
        joined = ours[0] if len(ours) == 1 else torch.cat(ours)
        written[row.theirs] = (joined.T if row.is_transposed else joined).contiguous()
    return written


def from_tensors(
    settings: LanguageModelSettings, tensors: Tensors
) -> dict[str, Float[Tensor, "..."]]:
    """Give our state dict from a folder's tensors, ready for `load_state_dict`.

    The tensors may share memory with those given, and keep their type.

    Raises: UserError for a tensor that is missing, unknown, of another shape, or of whole numbers.
    """
    tensors = _tidy(settings, tensors)
    _check(tensors, expected_shapes(settings))
    sizes = _our_shapes(_as_written(settings))
    weights = {}
    for row in _rows(settings):
        theirs = tensors[row.theirs]
        joined = theirs.T if row.is_transposed else theirs
        weights |= zip(row.ours, joined.split([sizes[name][0] for name in row.ours]), strict=True)
    if settings.parts.tie_weights:
        weights["output.weight"] = weights["embedding.weight"]
    return _without_zero_biases(settings, weights)


def name_in_folder(settings: LanguageModelSettings, name: str) -> str:
    """Give the name in the folder of a weight that lies there as it is with us, and alone."""
    for row in _rows(settings):
        if row.ours == (name,) and not row.is_transposed:
            return row.theirs
    raise KeyError(f"{name} does not lie alone in the folder of such a model")


def expected_shapes(settings: LanguageModelSettings) -> dict[str, Shape]:
    """Give the shape of every tensor in the folder of a model, by its name there."""
    ours, theirs = _our_shapes(_as_written(settings)), {}
    for row in _rows(settings):
        first, *rest = zip(*(ours[name] for name in row.ours), strict=True)
        shape = (sum(first), *(sizes[0] for sizes in rest))
        theirs[row.theirs] = shape[::-1] if row.is_transposed else shape
    return theirs


def _rows(settings: LanguageModelSettings) -> list[Row]:
    """Give the table for these settings, block by block, without what is tied."""
    kind = model_type(settings)
    if kind == "naepo":
        table = tuple(Row(name, (name,)) for name in _our_shapes(settings))
    else:
        table = _TABLES[kind]
    rows = []
    for row in table:
        n_copies = settings.n_layers if "{i}" in row.theirs else 1
        rows += [_in_block(row, i) for i in range(n_copies)]
    return [row for row in rows if not (settings.parts.tie_weights and "output.weight" in row.ours)]


def is_gpt2(settings: LanguageModelSettings) -> TypeGuard[ModelSettings]:
    """Whether the folder of a model is written in the shape of GPT-2."""
    return model_type(settings) == "gpt2"


def _in_block(row: Row, i: int) -> Row:
    ours = tuple(name.replace("{i}", str(i)) for name in row.ours)
    return replace(row, theirs=row.theirs.replace("{i}", str(i)), ours=ours)


def _our_shapes(settings: LanguageModelSettings) -> dict[str, Shape]:
    with torch.device("meta"):
        plan = network(settings)
    return {name: tuple(weight.shape) for name, weight in plan.state_dict().items()}


def _as_written(settings: LanguageModelSettings) -> LanguageModelSettings:
    """Give the settings whose weights lie in the folder: a GPT-2 there always has biases."""
    if not is_gpt2(settings):
        return settings
    return replace(settings, parts=replace(settings.parts, has_bias=True))


def _without_zero_biases(
    settings: LanguageModelSettings, weights: dict[str, Float[Tensor, "..."]]
) -> dict[str, Float[Tensor, "..."]]:
    """Drop the zero biases that were written for other readers only."""
    if not is_gpt2(settings) or settings.parts.has_bias:
        return weights
    for name, weight in weights.items():
        if name.endswith(".bias") and weight.any():
            raise UserError(f"the settings say has_bias = false, but {name} is not zero")
    return {name: weight for name, weight in weights.items() if not name.endswith(".bias")}


def _tidy(settings: LanguageModelSettings, tensors: Tensors) -> dict[str, Float[Tensor, "..."]]:
    """Bring the names of older files to those of today, and leave out what is no weight."""
    tidy = {name: t for name, t in tensors.items() if not name.endswith(_NOT_WEIGHTS)}
    if is_gpt2(settings):
        bare = ("wte.", "wpe.", "h.", "ln_f.")
        tidy = {f"transformer.{n}" if n.startswith(bare) else n: t for n, t in tidy.items()}
    if settings.parts.tie_weights:
        tidy = {n: t for n, t in tidy.items() if n not in ("lm_head.weight", "output.weight")}
    return tidy


def _check(tensors: Tensors, expected: Mapping[str, Shape]) -> None:
    missing = [name for name in expected if name not in tensors]
    if missing:
        raise UserError(f"{len(missing)} tensors are missing from the folder, first {missing[0]}")
    unknown = [name for name in tensors if name not in expected]
    if unknown:
        raise UserError(
            f"the folder has {len(unknown)} tensors that its config.json does not speak of, "
            f"first {unknown[0]}"
        )
    for name, shape in expected.items():
        if tuple(tensors[name].shape) != shape:
            raise UserError(f"{name} has shape {tuple(tensors[name].shape)}, expected {shape}")
        if not tensors[name].is_floating_point():
            raise UserError(f"{name} holds {tensors[name].dtype}, expected floating-point numbers")
