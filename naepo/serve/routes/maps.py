"""/look/map, /look/neighbours and /look/frequencies: the ids of a model as points."""

import hashlib
import json
from typing import Any

import torch
from fastapi import APIRouter
from jaxtyping import Float
from starlette.responses import Response
from torch import Tensor

from naepo.look.embedding_map import embedding_map, frequencies, neighbours
from naepo.reduce import Reduction
from naepo.serve.answers import table, tensor
from naepo.serve.refusals import NotFound
from naepo.serve.requests import DrawnMaps, MapRequest, Models, OpenedModel
from naepo.serve.source import Opened
from naepo.serve.spelling import named

BYTES_OF_A_POINT = 8

router = APIRouter()


@router.post("/map")
def ask_for_map(asked: MapRequest, library: Models, maps: DrawnMaps) -> Response:
    """Draw a map: PCA now, the others in the background, to be asked after."""
    opened = library.opened(asked.model, asked.checkpoint)
    found = maps.ask(
        _hash(opened, asked),
        lambda: _draw(opened, asked),
        at_once=asked.method == "pca",
        size=opened.model.settings.vocab_size * BYTES_OF_A_POINT,
    )
    return table(found.table())


@router.get("/map")
def map_so_far(map: str, maps: DrawnMaps) -> Response:
    """Tell how far a map is."""
    return table(maps.get(map).table())


@router.get("/map/points")
def map_points(map: str, maps: DrawnMaps) -> Response:
    """Send where the ids lie."""
    return tensor(maps.points(map), name="points")


@router.get("/neighbours")
def neighbours_of(opened: OpenedModel, id: int, top: int = 20) -> Response:
    """Send the ids that are nearest in the full space."""
    encoder = opened.checkpoint.encoder
    found = neighbours(opened.model, id, top)
    told = [
        named(encoder, each.id) | {"cosine": each.cosine, "distance": each.distance}
        for each in found
    ]
    return table({"neighbours": told})


@router.get("/frequencies")
def frequencies_of(opened: OpenedModel) -> Response:
    """Send how often each id stands in the text that the model was trained on."""
    facts = opened.source.facts_of_text
    if "frequencies" not in facts:
        facts["frequencies"] = frequencies(opened.checkpoint)
    counts = facts["frequencies"]
    if counts is None:
        raise NotFound("the text that this model was trained on is not at hand")
    return tensor(counts, name="frequencies")


def _draw(opened: Opened, asked: MapRequest) -> tuple[Float[Tensor, "n 2"], dict[str, Any]]:
    found: Reduction = embedding_map(
        opened.model,
        asked.method,
        seed=asked.seed,
        perplexity=asked.perplexity,
        n_neighbours=asked.neighbours,
    )
    facts = {
        "method": found.method,
        "seed": found.seed,
        "n": len(found.points),
        "seconds": found.seconds,
        "trustworthiness": found.trustworthiness,
        "overlap": found.overlap,
        "notes": list(found.notes),
    }
    return torch.from_numpy(found.points), facts


def _hash(opened: Opened, asked: MapRequest) -> str:
    where = [str(opened.checkpoint.folder.resolve()), opened.source.key]
    how = asked.model_dump(exclude={"model", "checkpoint"})
    return hashlib.sha256(json.dumps([where, how]).encode()).hexdigest()[:24]
