"""/look/lens, /look/contributions and their like: what a run's numbers come to."""

from dataclasses import asdict
from typing import Annotated, Any

import torch
from fastapi import APIRouter, Query
from jaxtyping import Float
from starlette.responses import Response
from torch import Tensor

from naepo.encode import Encoder
from naepo.look.contributions import (
    ablate_heads_from,
    ablate_heads_of,
    contributions,
    without_heads,
)
from naepo.look.lens import Candidate, Layer, lens, stream_norms
from naepo.look.linear import addends
from naepo.look.neurons import Favour, Neuron, strongest
from naepo.look.norms import Norm, norms
from naepo.look.rows import exact, row
from naepo.model import ModelSettings
from naepo.serve.answers import table, tensor
from naepo.serve.library import Run
from naepo.serve.requests import AblateRequest, KeptRun, Models
from naepo.serve.spelling import named

MOST_KEPT = 2_000_000
"""Numbers that are kept beside a run for the next question: 8 MB."""

router = APIRouter()


@router.get("/dot")
def dot(run: KeptRun, op: str, at_row: Annotated[int, Query(alias="row")], col: int) -> Response:
    """Send the addends of one output cell: x_j, w_j, x_j · w_j."""
    found = addends(run.trace, op, at_row, col)
    rows = torch.stack([exact(found.x), exact(found.weight), exact(found.products)])
    told = {"X-Naepo-Bias": repr(found.bias), "X-Naepo-Cell": repr(found.cell)}
    return tensor(rows, name=op, headers=told)


@router.get("/lens")
def lens_of(run: KeptRun, position: int, top: int = 10, id: int | None = None) -> Response:
    """Send what would be predicted after each layer."""
    encoder = run.opened.checkpoint.encoder
    found = lens(run.trace, position, top=top, id=id)
    return table({"layers": [_layer(encoder, layer) for layer in found]})


@router.get("/contributions")
def contributions_of(run: KeptRun, position: int, id: int | None = None) -> Response:
    """Send the addends of one logit; without an id, of the likeliest one."""
    found = contributions(run.trace, position, _chosen(run, position, id))
    return table(asdict(found) | {"sum": found.sum, "error": found.error})


@router.get("/stream")
def stream(run: KeptRun) -> Response:
    """Send the length of the residual stream at every step and position."""
    names, values = stream_norms(run.trace)
    return tensor(values, name="stream", headers={"X-Naepo-Names": ",".join(names)})


@router.get("/norm")
def norm(run: KeptRun, name: str, position: int) -> Response:
    """Send what a norm measured at a position; of the norms of heads, one entry a head."""
    found = [_norm(each) for each in norms(run.trace, name, position)]
    return table(found[0] if len(found) == 1 else found[0] | {"heads": found})


@router.get("/neurons")
def neurons(run: KeptRun, block: int, position: int, top: int = 20) -> Response:
    """Send the strongest neurons of a feed-forward, and the ids that each one favours."""
    encoder = run.opened.checkpoint.encoder
    found = strongest(run.trace, block, position, top=top)
    return table({"neurons": [_neuron(encoder, neuron) for neuron in found]})


@router.post("/ablate_heads")
def ablate(asked: AblateRequest, library: Models) -> Response:
    """Send by how much a logit changes when each head alone is switched off."""
    run = library.kept(asked.run)
    with library.overviews:
        id = _chosen(run, asked.position, asked.id)
        return tensor(_without_each(run, asked.position, id), name="ablate_heads")


def _chosen(run: Run, position: int, id: int | None) -> int:
    """Give the id that is asked about: without one, the likeliest."""
    return int(row(run.trace, "logits", position).argmax()) if id is None else id


def _without_each(run: Run, position: int, id: int) -> Float[Tensor, "n_layers n_heads"]:
    """Of a small run, what no longer depends on position and id is computed once."""
    settings, trace = run.opened.model.settings, run.trace
    if not isinstance(settings, ModelSettings):
        return ablate_heads_of(trace, position, id)  # which says that there are no heads
    n_numbers = settings.n_layers * settings.n_heads * len(trace.ids) * settings.d_model
    if trace.changes or n_numbers > MOST_KEPT:
        return ablate_heads_of(trace, position, id)
    if "without_heads" not in run.states:
        run.states["without_heads"] = without_heads(trace)
    return ablate_heads_from(trace, run.states["without_heads"], position, id)


def _layer(encoder: Encoder, layer: Layer) -> dict[str, Any]:
    told: dict[str, Any] = {
        "op": layer.op,
        "top": [_candidate(encoder, each) for each in layer.top],
        "entropy": layer.entropy,
    }
    if layer.chosen is not None:
        told |= {"target": _candidate(encoder, layer.chosen), "target_rank": layer.rank}
    return told


def _candidate(encoder: Encoder, found: Candidate) -> dict[str, Any]:
    return named(encoder, found.id) | {"probability": found.probability, "logit": found.logit}


def _norm(found: Norm) -> dict[str, Any]:
    told = {name: getattr(found, name) for name in ("kind", "mean", "variance", "rms", "eps")}
    return told | {"scale": found.scale, "error": found.error}


def _neuron(encoder: Encoder, found: Neuron) -> dict[str, Any]:
    told: dict[str, Any] = {
        "unit": found.unit,
        "activation": found.activation,
        "up": found.up,
        "norm": found.size,
        "promotes": [_favour(encoder, each) for each in found.promotes],
        "suppresses": [_favour(encoder, each) for each in found.suppresses],
    }
    return told if found.gate is None else told | {"gate": found.gate}


def _favour(encoder: Encoder, found: Favour) -> dict[str, Any]:
    return named(encoder, found.id) | {"value": found.value}
