"""What a model is made of: every module with its shape, its weights and its arithmetic.

`describe` counts without building anything: the modules are laid out on torch's "meta" device,
which knows shapes and holds no numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from naepo.model.attention import Attention
from naepo.model.costs import cached_numbers, kept_numbers, state_numbers
from naepo.model.kinds import Network, network
from naepo.model.settings import LanguageModelSettings, ModelSettings
from naepo.model.sibling_settings import CnnSettings

NOTES = {
    "Transformer": "ids -> scores for every next id",
    "Embedding": "x = W[id]",
    "LearnedPositions": "x + W[position]",
    "SinusoidalPositions": "x + waves of the position",
    "Rotary": "turns each q and k by the angle of its position",
    "ModuleList": "one after another, on one residual stream",
    "Block": "x + attention(norm_1(x)), then x + mlp(norm_2(x))",
    "RMSNorm": "x / rms(x) · g",
    "LayerNorm": "(x - mean) / std · g",
    "Attention": "softmax(q kᵀ / √d_head + mask) v",
    "to_q": "q = x Wᵀ, what a position looks for",
    "to_k": "k = x Wᵀ, what it offers",
    "to_v": "v = x Wᵀ, what it hands over",
    "to_out": "y = v Wᵀ, what was found, put together",
    "SwiGLU": "down(silu(gate(x)) · up(x))",
    "GELU": "down(gelu(up(x)))",
    "ReLU2": "down(max(up(x), 0)²)",
    "gate": "g = x Wᵀ",
    "up": "u = x Wᵀ",
    "down": "y = h Wᵀ",
    "output": "logits = x Wᵀ",
    "Rnn": "ids -> scores for every next id",
    "MinGruModel": "ids -> scores for every next id",
    "Cnn": "ids -> scores for every next id",
    "SiblingBlock": "x + mixer(norm_1(x)), then x + mlp(norm_2(x))",
    "Lstm": "c = σ(f) c + σ(i) tanh(g), h = σ(o) tanh(c)",
    "MinGru": "h = (1 - z) h + z c",
    "GatedConvolution": "value · σ(gate), of inputs in the past",
    "from_input": "i, f, g, o = x Wᵀ",
    "from_state": "and W hᵀ of the state before",
    "to_gate": "gate = u Wᵀ, u the inputs side by side",
    "to_candidate": "c = g(u Wᵀ), u the inputs side by side",
    "to_value": "value = u Wᵀ, u the inputs side by side",
    "NgramPrior": "logits + gain · ln p of an n-gram",
}


@dataclass(frozen=True)
class Node:
    """One module: where it is, what it is, and what it costs, its parts included."""

    path: str
    """Its place in the model, as in `model.get_submodule(path)`; "" for the model itself."""
    kind: str
    """Its class."""
    shape: tuple[int, ...]
    """Shape of its weight; () when it has none of its own."""
    parameters: int
    """Learned numbers; a weight shared with an earlier module is counted there only."""
    flops: int
    """Floating-point operations of the forward pass, for one id at a full context."""
    note: str
    """What it computes, as a formula or a few words."""
    parts: tuple["Node", ...] = ()

    def walk(self) -> Iterator["Node"]:
        """Give this node and all below it, in the order of the forward pass."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True)
class Memory:
    """Bytes needed to train on `batch_size` full contexts with AdamW, everything in fp32."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    cache_per_token: int
    """Keys and values that generation keeps for one id."""
    state: int
    """What generation keeps of a text, however long it is."""

    @property
    def total(self) -> int:
        """Everything that training holds at once, before the allocator's own needs."""
        return self.weights + self.gradients + self.optimizer + self.activations


@dataclass(frozen=True)
class Description:
    """A model's tree of modules, and its totals."""

    settings: LanguageModelSettings
    root: Node

    @property
    def parameters(self) -> int:
        """All learned numbers."""
        return self.root.parameters

    @property
    def embedding_parameters(self) -> int:
        """Those of the input embedding and the learned positions: looked up, not multiplied."""
        return sum(node.parameters for node in self.root.parts if node.path in _LOOKED_UP)

    @property
    def forward_flops(self) -> int:
        """Operations to read one id at a full context:

            2 · N + 4 · n_layers · n_heads · d_head · T

        N: weights of the linear maps (one multiplication and one addition each). T: positions an
        id may look at, without the saving of causality. Norms, activations and the softmax are not
        counted. Chowdhery et al. 2022 (arXiv:2204.02311), appendix B.
        """
        return self.root.flops

    @property
    def training_flops(self) -> int:
        """Operations to learn from one id: forward once, and twice as much backward, together

            6 · N + 12 · n_layers · n_heads · d_head · T

        Kaplan et al. 2020 (arXiv:2001.08361), section 2.1; Chowdhery et al. 2022, appendix B.
        """
        return 3 * self.root.flops

    def memory(self, batch_size: int = 1) -> Memory:
        """Estimate the memory of training, in bytes; the activations without dropout's masks."""
        s, number = self.settings, torch.float32.itemsize
        n_ids = batch_size * s.context_length
        return Memory(
            weights=number * self.parameters,
            gradients=number * self.parameters,
            optimizer=2 * number * self.parameters,
            activations=number * n_ids * kept_numbers(s),
            cache_per_token=number * cached_numbers(s),
            state=number * state_numbers(s),
        )


_LOOKED_UP = ("embedding", "position")


def describe(model: Network | LanguageModelSettings) -> Description:
    """Describe a model, or the model that settings would build, without building it."""
    settings = model if isinstance(model, LanguageModelSettings) else model.settings
    with torch.device("meta"):
        plan = network(settings)
    return Description(settings, _node("", plan, settings, counted=set()))


def _node(path: str, module: nn.Module, settings: LanguageModelSettings, counted: set[int]) -> Node:
    name, kind = path.rpartition(".")[2], type(module).__name__
    own = [p for p in module.parameters(recurse=False) if id(p) not in counted]
    weight = getattr(module, "weight", None)
    is_shared = weight is not None and id(weight) in counted
    counted.update(id(p) for p in own)
    parts = tuple(
        _node(f"{path}.{child}" if path else child, part, settings, counted)
        for child, part in module.named_children()
    )
    note = NOTES.get(name) or NOTES.get(kind, "")
    if getattr(module, "bias", None) is not None:
        note = note.replace("Wᵀ", "Wᵀ + b").replace("· g", "· g + b")
    return Node(
        path=path,
        kind=kind,
        shape=tuple(weight.shape) if weight is not None else (),
        parameters=sum(p.numel() for p in own) + sum(part.parameters for part in parts),
        flops=_own_flops(module, settings) + sum(part.flops for part in parts),
        note=note + " (W is the embedding's)" * is_shared,
        parts=parts,
    )


def _own_flops(module: nn.Module, settings: LanguageModelSettings) -> int:
    if isinstance(module, nn.Linear):
        return 2 * module.weight.numel()
    if isinstance(module, Attention) and isinstance(settings, ModelSettings):
        looks_at = min(settings.context_length, settings.parts.window or settings.context_length)
        return 4 * settings.n_heads * settings.d_head * looks_at
    return 0


def render(description: Description, batch_size: int = 1) -> str:
    """Draw the description as a plain-text tree with its totals, for a terminal.

    Blocks that are alike are drawn once. batch_size: for the memory of training.
    """
    rows = list(_rows(description.root, "", ""))
    wide = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        f"{tree:<{wide[0]}}  {kind:<{wide[1]}}  {shape:<{wide[2]}}  "
        f"{parameters:>{wide[3]}}  {flops:>{wide[4]}}  {note}".rstrip()
        for tree, kind, shape, parameters, flops, note in rows
    ]
    return "\n".join([*lines, "", *_totals(description, batch_size)])


Row = tuple[str, str, str, str, str, str]


def _rows(node: Node, indent: str, branch: str) -> Iterator[Row]:
    if not node.path:
        yield ("model", "", "shape", "parameters", "FLOPs/id", "")
    name = node.path.rpartition(".")[2] or node.kind.lower()
    shape = " × ".join(map(str, node.shape))
    yield (
        indent + branch + name,
        node.kind,
        shape,
        f"{node.parameters:,}",
        f"{node.flops:,}" if node.flops else "",
        node.note,
    )
    inner = indent + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
    parts = node.parts
    if node.kind == "ModuleList" and len(parts) > 1:
        yield from _rows(parts[0], inner, "├─ ")
        alike = f"1 to {len(parts) - 1}" if len(parts) > 2 else "1"
        yield (inner + "└─ " + alike, "", "", "", "", "each the same as 0")
        return
    for i, part in enumerate(parts, start=1):
        yield from _rows(part, inner, "└─ " if i == len(parts) else "├─ ")


def _totals(description: Description, batch_size: int) -> list[str]:
    d, length = description, description.settings.context_length
    memory = d.memory(batch_size)
    grows = f"{_size(memory.cache_per_token)} of keys and values for each id"
    stays = f"{_size(memory.state)} of state, however much is read"
    if isinstance(d.settings, CnnSettings):
        apart = ", ".join(str(d.settings.dilation(i)) for i in range(d.settings.n_layers))
        stays += f"; it sees {d.settings.receptive_field:,} ids back (inputs {apart} apart)"
    return [
        f"parameters    {d.parameters:,}, "
        f"{d.parameters - d.embedding_parameters:,} without the input embedding",
        f"arithmetic    {d.forward_flops:,} FLOPs to read one id at a context of {length}, "
        f"{d.training_flops:,} to learn from it",
        f"weights       {_size(memory.weights)} (fp32)",
        f"training      {_size(memory.total)} for {batch_size} × {length} ids with AdamW: "
        f"gradients {_size(memory.gradients)}, optimizer {_size(memory.optimizer)}, "
        f"activations {_size(memory.activations)}",
        f"generation    {stays if memory.state else grows}",
    ]


def _size(n_bytes: int) -> str:
    """Say a number of bytes for people.

    >>> _size(1000), _size(1536), _size(3 * 2**20)
    ('1000 B', '1.5 KiB', '3.0 MiB')
    """
    if n_bytes < 1024:
        return f"{n_bytes} B"
    power = min((n_bytes.bit_length() - 1) // 10, 4)
    return f"{n_bytes / 1024**power:.1f} {('KiB', 'MiB', 'GiB', 'TiB')[power - 1]}"
