"""/look/export: the exact numbers of a tensor as a file."""

import re
from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response
from torch import Tensor

from naepo.look.export import to_csv, to_npy
from naepo.serve.requests import Models
from naepo.serve.routes.tensors import one_of
from naepo.serve.slices import cut, read_slices

router = APIRouter()


@router.get("/export")
def export(
    library: Models,
    name: str,
    run: str | None = None,
    model: str = "0",
    checkpoint: int | None = None,
    format: Literal["csv", "npy"] = "csv",
    at: str = "",
) -> Response:
    """Send an op's tensor (with `run`) or a parameter, or a part of it, as a file."""
    whole = one_of(library, name, run, model, checkpoint)
    part = cut(whole, at, name)
    if format == "npy":
        return _file(to_npy(part), name, "npy", "application/octet-stream")
    starts = [each.start for each in read_slices(at, whole.shape, name)]
    text = to_csv(part, _axes(library, name, run, whole), starts)
    return _file(text.encode(), name, "csv", "text/csv; charset=utf-8")


def _axes(library: Models, name: str, run: str | None, values: Tensor) -> tuple[str, ...]:
    if run is not None:
        return library.kept(run).trace.op(name).axes
    return ("out", "in") if values.ndim == 2 else ("out",)


def _file(content: bytes, name: str, ending: str, kind: str) -> Response:
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    headers = {"Content-Disposition": f'attachment; filename="{plain}.{ending}"'}
    return Response(content, media_type=kind, headers=headers)
