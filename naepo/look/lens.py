"""The lens: what the model would say if it stopped after each layer.

Every layer's state goes through the last norm (whose scale is that state's own) and the output
projection, with the prior if there is one. After the last layer this is what the model says.
nostalgebraist 2020, "interpreting GPT: the logit lens".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from naepo.config import UserError
from naepo.look.changes import changed_rows
from naepo.look.rows import check_id, check_position, exact
from naepo.look.trace import Trace


@dataclass(frozen=True)
class Candidate:
    """An id that may come next. logit: before the softmax, in nats."""

    id: int
    probability: float
    logit: float


@dataclass(frozen=True)
class Layer:
    """What would come next after this layer."""

    op: str
    """The op that gives the state: `residual`, then each `blocks.i.residual_2`."""
    top: tuple[Candidate, ...]
    """The likeliest ids, the likeliest first."""
    entropy: float
    """Of the whole distribution, in nats: 0 is certain, ln(vocab_size) knows nothing."""
    chosen: Candidate | None = None
    """The id that was asked about."""
    rank: int | None = None
    """Its place among all ids, from 1 (the likeliest); of equals the lower id comes first."""


@torch.inference_mode()
def lens(trace: Trace, position: int, *, top: int = 10, id: int | None = None) -> list[Layer]:
    """Give what would come next after each layer, at one position; the last is what does.

    top: how many of the likeliest ids.  id: one whose probability and rank are followed.
    Changes of the run to the last norm, the output projection or the logits act at every layer.

    Raises: UserError for a position or an id that does not exist, or a top below 1.
    """
    check_position(trace, position)
    if id is not None:
        check_id(trace, id)
    if top < 1:
        raise UserError(f"top must be at least 1, got {top}")
    names = layers(trace)
    states = torch.stack([trace[name][position] for name in names])
    logits = exact(answers(trace, states, [position] * len(names)))
    return [_layer(name, each, top, id) for name, each in zip(names, logits, strict=True)]


def layers(trace: Trace) -> list[str]:
    """Give the names of the states between blocks: after the embedding, and after each block."""
    return ["residual", *(f"blocks.{i}.residual_2" for i in range(trace.settings.n_layers))]


@torch.inference_mode()
def stream_norms(trace: Trace) -> tuple[list[str], Float[Tensor, "n_residuals time"]]:
    """Give how long the residual stream is at every step and position: names, Euclidean norms."""
    names = [op.name for op in trace.ops if op.kind == "residual"]
    return names, torch.stack([trace[name].norm(dim=-1) for name in names])


@torch.inference_mode()
def answers(
    trace: Trace, states: Float[Tensor, "n d_model"], positions: Sequence[int]
) -> Float[Tensor, "n vocab"]:
    """Give the logits that the end of the model makes of any states, as if each stood at its
    position after the last block; with the changes of the run that act there."""
    model = trace.model
    read = _touched(trace, "norm", model.norm(states), positions)
    logits = _touched(trace, "output", model.output(read), positions)
    if model.prior is not None:
        logits = logits + trace["prior"][list(positions)]
    return _touched(trace, "logits", logits, positions)


def _touched(
    trace: Trace, name: str, values: Float[Tensor, "n width"], positions: Sequence[int]
) -> Float[Tensor, "n width"]:
    """Apply the changes of the run to an op, to each row as if it stood at its position."""
    changes = [change for change in trace.changes if change.op == name]
    return changed_rows(values, trace.op(name), changes, positions)


def _layer(name: str, logits: Float[Tensor, " vocab"], top: int, id: int | None) -> Layer:
    log_p = logits.log_softmax(-1)
    p = log_p.exp()
    ids = p.topk(min(top, len(p))).indices.tolist()
    entropy = float(-torch.xlogy(p, p).sum())

    def candidate(each: int) -> Candidate:
        return Candidate(each, float(p[each]), float(logits[each]))

    found = Layer(name, tuple(map(candidate, ids)), entropy)
    if id is None:
        return found
    return replace(found, chosen=candidate(id), rank=rank(logits, id))


def rank(logits: Float[Tensor, " vocab"], id: int) -> int:
    """Give the place of an id, 1 for the highest logit; of equals the lower id comes first."""
    is_before = logits > logits[id]
    is_before[:id] |= logits[:id] == logits[id]
    return 1 + int(is_before.sum())
