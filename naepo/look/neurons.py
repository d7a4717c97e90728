"""The feed-forward seen from its neurons: which are strong here, and which ids each one favours."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from naepo.config import UserError
from naepo.look.norms import last_norm
from naepo.look.rows import check_position, exact
from naepo.look.trace import Trace
from naepo.model import Network
from naepo.model.norms import LayerNorm


@dataclass(frozen=True)
class Favour:
    """An id, and by how much a neuron raises (or, below 0, lowers) its logit."""

    id: int
    value: float


@dataclass(frozen=True)
class Neuron:
    """One neuron at one position. What it adds to the residual stream is activation · its column of
    `down`; `size` is how long that vector is (Euclidean)."""

    unit: int
    activation: float
    gate: float | None
    """Before silu; only of SwiGLU."""
    up: float
    size: float
    promotes: tuple[Favour, ...]
    """The ids it raises most here: by what it adds directly to their logits, with the scale of the
    last norm as it was in the run. It counts that the activation may be negative."""
    suppresses: tuple[Favour, ...]
    """The ids it lowers most here, the lowest first."""


@torch.inference_mode()
def strongest(
    trace: Trace, block: int, position: int, *, top: int = 20, n_ids: int = 5
) -> list[Neuron]:
    """Give the neurons of a block that add most at a position, the strongest first.

    top: how many.  n_ids: how many ids of each that it promotes and suppresses.

    Raises: UserError for a block or a position that does not exist, or a top below 1.
    """
    check_position(trace, position)
    _check(trace.model, block, top)
    at = f"blocks.{block}.mlp"
    activation = trace[f"{at}.activation"][position]
    weight = _down(trace.model, block)
    sizes = activation.abs() * weight.norm(dim=0)
    units = sizes.nan_to_num(torch.inf).topk(min(top, len(sizes))).indices
    columns = exact(weight[:, units].T) * exact(activation[units])[:, None]
    favours = _favours(trace.model, last_norm(trace, position).through(columns), n_ids)
    return [
        Neuron(
            unit=unit,
            activation=float(activation[unit]),
            gate=float(trace[f"{at}.gate"][position, unit]) if f"{at}.gate" in trace else None,
            up=float(trace[f"{at}.up"][position, unit]),
            size=float(sizes[unit]),
            promotes=best,
            suppresses=worst,
        )
        for unit, (best, worst) in zip(units.tolist(), favours, strict=True)
    ]


@torch.inference_mode()
def promoted(
    model: Network, block: int, unit: int, *, top: int = 5
) -> tuple[tuple[Favour, ...], tuple[Favour, ...]]:
    """Give the ids that a neuron promotes and those that it suppresses, whatever the prompt.

    Its column of `down`, through the gain of the last norm and the output projection: what an
    activation of 1 adds to each logit, before the scale of that norm. Where the activation is
    negative, the two change places. Geva et al. 2022 (arXiv:2203.14680), section 3.

    Raises: UserError for a block or a neuron that does not exist, or a top below 1.
    """
    _check(model, block, top)
    weight = _down(model, block)
    if not 0 <= unit < weight.shape[1]:
        raise UserError(f"no neuron {unit}: block {block} has 0 to {weight.shape[1] - 1}")
    column = exact(weight[:, unit])
    if isinstance(model.norm, LayerNorm):
        column = column - column.mean()
    return _favours(model, (column * exact(model.norm.weight))[None], top)[0]


def _favours(
    model: Network, read: Float[Tensor, "n d_model"], top: int
) -> list[tuple[tuple[Favour, ...], tuple[Favour, ...]]]:
    """Give the ids whose logits rise and fall most, for each vector that the output reads."""
    weight = model.output.weight
    values = (read.to(weight) @ weight.T).float()
    return [(_first(each, top), _first(each, top, largest=False)) for each in values]


def _first(
    values: Float[Tensor, " vocab"], top: int, *, largest: bool = True
) -> tuple[Favour, ...]:
    found = values.topk(min(top, len(values)), largest=largest)
    pairs = zip(found.indices.tolist(), found.values.tolist(), strict=True)
    return tuple(Favour(*pair) for pair in pairs)


def _down(model: Network, block: int) -> Float[Tensor, "d_model d_ff"]:
    return model.get_parameter(f"blocks.{block}.mlp.down.weight")


def _check(model: Network, block: int, top: int) -> None:
    n_layers = model.settings.n_layers
    if not 0 <= block < n_layers:
        raise UserError(f"no block {block}: the model has blocks 0 to {n_layers - 1}")
    if top < 1:
        raise UserError(f"top must be at least 1, got {top}")
