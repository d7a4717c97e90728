"""A logit as a sum: what the embedding, each head or mixer and each feed-forward added to it.

With the scale of the last norm held at what it was in the run, everything after the residual stream
is linear, so the addends of the stream are addends of the logit (Elhage et al. 2021, "A
Mathematical Framework for Transformer Circuits", section on direct logit attribution).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from einops import einsum, rearrange
from jaxtyping import Float
from torch import Tensor

from naepo.config import UserError
from naepo.generate.decode import evaluating
from naepo.look.changes import Change
from naepo.look.norms import Norm, last_norm
from naepo.look.rows import check_id, check_position, exact, laid_out
from naepo.look.trace import Ids, Trace, trace
from naepo.model import Network, Transformer
from naepo.model.attention import visible
from naepo.model.positions import SinusoidalPositions
from naepo.model.transformer import Block

Vector = Float[Tensor, " d_model"]


@dataclass(frozen=True)
class Part:
    """One addend. name: `embedding`, `position`, `blocks.0.attention.head.2`,
    `blocks.0.attention.bias`, of a sibling `blocks.0.mixer`, `blocks.0.mlp`, `norm.bias` or
    `prior`; `change:` and the name of an op for what a change of the run added there."""

    name: str
    value: float


@dataclass(frozen=True)
class Contributions:
    """The addends of one logit, in the order of the data, and how well they add up."""

    id: int
    logit: float
    parts: tuple[Part, ...]

    @property
    def sum(self) -> float:
        """Give what the parts come to."""
        return sum(part.value for part in self.parts)

    @property
    def error(self) -> float:
        """Give how far the sum is from the logit."""
        return abs(self.sum - self.logit)


@torch.inference_mode()
def contributions(trace: Trace, position: int, id: int) -> Contributions:
    """Take the logit of an id at a position apart.

    Of a LayerNorm both the scale and the centring are held as they were in the run.

    Raises: UserError for a position or an id that does not exist.
    """
    check_position(trace, position)
    check_id(trace, id)
    names, vectors = zip(*_stream(trace, position), strict=True)
    norm = last_norm(trace, position)
    reader = exact(trace.model.output.weight[id])
    values = norm.through(torch.stack(vectors)) @ reader
    parts = [Part(*pair) for pair in zip(names, values.tolist(), strict=True)]
    parts += [Part(*pair) for pair in _after(trace, position, id, norm, reader)]
    return Contributions(id, float(trace["logits"][position, id]), tuple(parts))


def _stream(trace: Trace, position: int) -> Iterator[tuple[str, Vector]]:
    """Give the addends of the last residual state at a position."""
    state = scale_of_embedding(trace.model) * exact(trace["embedding"][position])
    yield "embedding", state
    if "position" in trace:
        added = exact(trace["position"][position])
        yield "position", added
        state = state + added
    yield from _jump(trace, "residual", position, state)
    before = "residual"
    for i in range(trace.settings.n_layers):
        at = f"blocks.{i}"
        mixer = trace.op(f"{at}.residual_1").inputs[1].removesuffix(".to_out")
        if f"{mixer}.mixed" in trace:
            yield from _heads(trace, mixer, position)
        else:
            yield mixer, exact(trace[f"{mixer}.to_out"][position])
        yield from _step(trace, before, f"{mixer}.to_out", f"{at}.residual_1", position)
        yield f"{at}.mlp", exact(trace[f"{at}.mlp.down"][position])
        yield from _step(trace, f"{at}.residual_1", f"{at}.mlp.down", f"{at}.residual_2", position)
        before = f"{at}.residual_2"


def scale_of_embedding(model: Network) -> float:
    """Give what an embedding is multiplied by before it enters the stream: 1 but for sinusoids."""
    table = model.position if isinstance(model, Transformer) else None
    return table.scale if isinstance(table, SinusoidalPositions) else 1.0


def _heads(trace: Trace, at: str, position: int) -> Iterator[tuple[str, Vector]]:
    """Give what each head of a block added, and the bias of `to_out`."""
    module = trace.model.get_submodule(f"{at}.to_out")
    assert isinstance(module, torch.nn.Linear)
    mixed = exact(trace[f"{at}.mixed"][:, position])
    weight = rearrange(exact(module.weight), "out (h d) -> h out d", h=len(mixed))
    added = einsum(mixed, weight, "h d, h out d -> h out")
    for head, each in enumerate(added):
        yield f"{at}.head.{head}", each
    total = added.sum(0)
    if module.bias is not None:
        yield f"{at}.bias", exact(module.bias)
        total = total + exact(module.bias)
    yield from _jump(trace, f"{at}.to_out", position, total)


def _step(
    trace: Trace, before: str, added: str, after: str, position: int
) -> Iterator[tuple[str, Vector]]:
    state = exact(trace[before][position]) + exact(trace[added][position])
    yield from _jump(trace, after, position, state)


def _jump(trace: Trace, name: str, position: int, expected: Vector) -> Iterator[tuple[str, Vector]]:
    """Give what a change of the run added to an op, where there is such a change."""
    if any(change.op == name for change in trace.changes):
        yield f"change:{name}", exact(trace[name][position]) - expected


def _after(
    trace: Trace, position: int, id: int, norm: Norm, reader: Vector
) -> Iterator[tuple[str, float]]:
    """Give the addends of the logit that do not come from the residual stream."""
    if norm.bias is not None:
        yield "norm.bias", float(norm.bias @ reader)
    changed = {change.op for change in trace.changes}
    if "norm" in changed:
        yield "change:norm", float((norm.after - norm.normalised()) @ reader)
    output = float(trace["output"][position, id])
    if "output" in changed:
        yield "change:output", output - float(norm.after @ reader)
    prior = 0.0
    if trace.model.prior is not None:
        prior = float(trace["prior"][position, id])
        yield "prior", prior
    if "logits" in changed:
        yield "change:logits", float(trace["logits"][position, id]) - output - prior


@torch.inference_mode()
def ablate_heads(
    model: Network,
    ids: Ids,
    position: int,
    id: int,
    changes: Sequence[Change] = (),
) -> Float[Tensor, "n_layers n_heads"]:
    """Give by how much the logit of an id at a position changes when each head alone is off.

    Off is: what the head gathers is zero at every position, as `Change(op=...mixed, head=h)` does,
    after the changes that are there already. Where a change acts after a block, its heads are run
    one by one (n_heads runs); else all heads of a block go through the model together.

    Raises: UserError for ids, a position, an id or changes that do not exist, and for a model
    without attention.
    """
    return ablate_heads_of(trace(model, ids, changes), position, id)


@torch.inference_mode()
def ablate_heads_of(base: Trace, position: int, id: int) -> Float[Tensor, "n_layers n_heads"]:
    """Give the same for a run that is there already.

    Raises: UserError for a position or an id that does not exist.
    """
    check_position(base, position)
    check_id(base, id)
    order = {op.name: n for n, op in enumerate(base.ops)}
    last = max((order[change.op] for change in base.changes), default=-1)
    rows = []
    for i in range(len(_transformer(base).blocks)):
        if last <= order[f"blocks.{i}.attention.mixed"]:
            rows.append(
                _logits(base, _together(base, i, position, position + 1)[:, 0], position, id)
            )
        else:
            rows.append(_one_by_one(base, i, position, id))
    return _changed_by(base, torch.stack(rows), position, id)


@torch.inference_mode()
def without_heads(base: Trace) -> Float[Tensor, "n_layers n_heads time d_model"]:
    """Give what the output projection reads at every position with each head alone off.

    It costs as much as `ablate_heads` at the last position, and `ablate_heads_from` answers for
    any position and id from it at once. Only of a run without changes.
    """
    assert not base.changes, "a change may act where these states have passed already"
    n_layers, time = len(_transformer(base).blocks), len(base.ids)
    return torch.stack([_together(base, i, 0, time) for i in range(n_layers)])


@torch.inference_mode()
def ablate_heads_from(
    base: Trace, without: Float[Tensor, "n_layers n_heads time d_model"], position: int, id: int
) -> Float[Tensor, "n_layers n_heads"]:
    """Give what `ablate_heads` gives, from what `without_heads` gave.

    Raises: UserError for a position or an id that does not exist.
    """
    check_position(base, position)
    check_id(base, id)
    return _changed_by(base, _logits(base, without[:, :, position], position, id), position, id)


def _transformer(base: Trace) -> Transformer:
    if not isinstance(base.model, Transformer):
        raise UserError(f"a model of kind {base.settings.kind} has no heads to switch off")
    return base.model


def _logits(
    base: Trace, read: Float[Tensor, "... d_model"], position: int, id: int
) -> Float[Tensor, "..."]:
    """Give the logit of an id for any states at a position that the output projection reads."""
    logits = exact(read) @ exact(base.model.output.weight[id])
    return logits if base.model.prior is None else logits + float(base["prior"][position, id])


def _changed_by(
    base: Trace, logits: Float[Tensor, "n_layers n_heads"], position: int, id: int
) -> Float[Tensor, "n_layers n_heads"]:
    return (logits - float(base["logits"][position, id])).to(torch.float32)


def _one_by_one(base: Trace, i: int, position: int, id: int) -> Float[Tensor, " n_heads"]:
    """Give the logit with each head of block i off, by a run for each."""
    name = f"blocks.{i}.attention.mixed"
    found = []
    for head in range(_transformer(base).settings.n_heads):
        off = trace(base.model, base.ids, [*base.changes, Change(op=name, head=head)])
        found.append(float(off["logits"][position, id]))
    return torch.tensor(found, dtype=torch.float64)


def _together(base: Trace, i: int, first: int, end: int) -> Float[Tensor, "n_heads some d_model"]:
    """Give what the output projection reads at positions from `first` to before `end`, with each
    head of block i off, from the recorded states before it.

    What follows them cannot matter, so it is left out; after the last attention, so is what stands
    before them.
    """
    model = _transformer(base)
    off = _without_each(base[f"blocks.{i}.attention.mixed"][:, :end])
    x = base[f"blocks.{i - 1}.residual_2" if i else "residual"][:end]
    rotation = None if model.rotary is None else model.rotary(0, end)
    mask = visible(end, 0, model.settings.parts.window, x.device)
    with evaluating(model):
        for n, block in enumerate(model.blocks[i:], i):
            assert isinstance(block, Block)
            if n == i:
                x = x + torch.stack([block.attention.to_out(laid_out(each)) for each in off])
            else:
                x = x + block.attention(block.norm_1(x), rotation, mask)
            if n == base.settings.n_layers - 1:
                x = x[:, first:]
            x = x + block.mlp(block.norm_2(x))
        return model.norm(x)


def _without_each(
    mixed: Float[Tensor, "n_heads time d_head"],
) -> Float[Tensor, "n_heads n_heads time d_head"]:
    """Give, for each head, all heads with that one at zero."""
    keeps = 1 - torch.eye(len(mixed), dtype=mixed.dtype, device=mixed.device)
    return einsum(mixed, keeps, "h t d, off h -> off h t d")
