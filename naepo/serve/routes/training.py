"""/look/training: how the weights moved, and where a text pulls them, over the kept checkpoints."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from naepo.encode.normal_form import normalized
from naepo.look.gradients import gradients_of
from naepo.look.training import embedding_on, plane_of, state_of, training
from naepo.serve.answers import table, tensor
from naepo.serve.kept import Kept
from naepo.serve.requests import Models
from naepo.serve.source import Source

router = APIRouter()


@router.get("/training")
def training_of(request: Request, library: Models, model: str = "0") -> Response:
    """Send what a run kept and logged; of a model that is no run, empty lists."""
    source = library.source(model)
    found = _once(request, "training", source, lambda: training(source.run))
    matrices = [vars(each) for each in found.matrices]
    return table(vars(found) | {"matrices": matrices})


@router.get("/training/gradients")
def gradients(request: Request, library: Models, text: str, model: str = "0") -> Response:
    """Send the norm of the gradient of a text's loss, by weight and kept checkpoint."""
    source = library.source(model)
    text = normalized(text, library.opened(model).form)
    found = _once(request, f"gradients {text}", source, lambda: gradients_of(source.run, text))
    matrices = [{"name": name, "norm": norms} for name, norms in found.norms.items()]
    told = {"steps": found.steps, "loss": found.loss, "n_ids": found.n_ids, "notes": found.notes}
    return table(told | {"matrices": matrices})


@router.get("/training/map")
def training_map(
    request: Request, library: Models, model: str = "0", checkpoint: int | None = None
) -> Response:
    """Send where the ids were at a kept checkpoint, on one plane for all of them."""
    source = library.source(model)
    step = library.opened(model).step if checkpoint is None else checkpoint
    plane = _once(request, "plane", source, lambda: plane_of(source.run))
    return tensor(embedding_on(plane, source.run, step), name="training/map")


def _once(request: Request, what: str, source: Source, work: Callable[[], Any]) -> Any:
    """Give what was worked out before, unless the run has something new to show since."""
    kept: Kept[Any] = request.app.state.stories
    key = repr((what, *state_of(source.run)))
    found = kept.get(key)
    if found is None:
        found = work()
        kept.put(key, found, 1)
    return found
