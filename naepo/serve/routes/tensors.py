"""/look/tensor, /look/weight and what shows them small: real numbers, as bytes, on demand."""

from fastapi import APIRouter
from starlette.responses import Response
from torch import Tensor

from naepo.config import UserError
from naepo.look.statistics import histogram, pooled, strips
from naepo.serve.answers import table, tensor
from naepo.serve.requests import KeptRun, Models, OpenedModel
from naepo.serve.slices import cut

MOST_BINS = 2048
"""Rows or columns of an overview; a screen has not many more."""

router = APIRouter()


@router.get("/tensor")
def tensor_of_run(run: KeptRun, name: str, at: str = "") -> Response:
    """Send what an op gave, or a part of it."""
    return tensor(cut(run.trace[name], at, name), name=name)


@router.get("/strips")
def strips_of_run(run: KeptRun, position: int) -> Response:
    """Send one row of at most 64 numbers for every op: what it gave at this position."""
    return tensor(strips(run.trace, position), name="strips")


@router.get("/weight")
def weight(opened: OpenedModel, name: str, at: str = "") -> Response:
    """Send a parameter, or a part of it."""
    return tensor(cut(opened.parameter(name), at, name), name=name)


@router.get("/overview")
def overview(opened: OpenedModel, name: str, rows: int = 256, cols: int = 256) -> Response:
    """Send a parameter made small enough for a picture; a vector is one row."""
    if not (1 <= rows <= MOST_BINS and 1 <= cols <= MOST_BINS):
        raise UserError(f"rows and cols must be 1 to {MOST_BINS}, got {rows} and {cols}")
    values = opened.parameter(name)
    full = ",".join(map(str, values.shape))
    matrix = values if values.ndim == 2 else values.reshape(1, -1)
    small = pooled(matrix, rows, cols)
    return tensor(small, name=name, headers={"X-Naepo-Full-Shape": full})


@router.get("/histogram")
def histogram_of(
    library: Models,
    name: str,
    run: str | None = None,
    model: str = "0",
    checkpoint: int | None = None,
) -> Response:
    """Send how the numbers of an op (with `run`), or of a parameter, are spread."""
    return table(vars(histogram(one_of(library, name, run, model, checkpoint))))


def one_of(library: Models, name: str, run: str | None, model: str, step: int | None) -> Tensor:
    """Give what an op of a run gave; without a run, a parameter of a model."""
    if run is not None:
        return library.kept(run).trace[name]
    return library.opened(model, step).parameter(name)
