"""The chapters over HTTP: what they hold, a chapter with a person's numbers, an experiment.

They need no model and no torch, so they are answered before there is one (`front`). Numbers leave
as words and pictures that are already computed: the page draws them.
"""

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from naepo.config import UserError

PREFIX = "/look/learn/"
HAS_MODEL = "naepo.has_model"
"""In the scope of a request: whether this server has a model beside the chapters."""


async def _contents(request: Request) -> Response:
    language = request.query_params.get("language", "en")
    has_model = request.scope.get(HAS_MODEL, True)
    return await _answer(lambda: {"chapters": _list(language), "has_model": has_model})


async def _sheet(request: Request) -> Response:
    asked = await request.body()
    return await _answer(lambda: _open(asked))


async def _experiment(request: Request) -> Response:
    asked = await request.body()
    return await _answer(lambda: _try(asked))


def _list(language: str) -> Any:
    from naepo import learn

    return learn.contents(learn.language(language))


def _open(body: bytes) -> Any:
    from naepo import learn

    return learn.sheet(learn.read_request(_table(body)))


def _try(body: bytes) -> Any:
    from naepo import learn

    asked = _table(body)
    key = str(asked.pop("experiment", ""))
    return learn.experiment(learn.read_request(asked), key)


def _table(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UserError("a chapter is asked for with a table in JSON")
    return found


async def _answer(work: Callable[[], Any]) -> Response:
    """Run the work beside the loop; a mistake that a person can fix is told in words."""
    try:
        content, status = await run_in_threadpool(work), 200
    except UserError as error:
        content, status = {"message": error.message, "hint": error.hint}, 400
    except Exception:  # our fault: told here, not there
        traceback.print_exc(file=sys.stderr)
        content, status = {"message": "naepo made a mistake", "hint": None}, 500
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text, status, media_type="application/json")


ROUTES = (
    Route(PREFIX + "contents", _contents, methods=["GET"]),
    Route(PREFIX + "sheet", _sheet, methods=["POST"]),
    Route(PREFIX + "experiment", _experiment, methods=["POST"]),
)
app = Router(ROUTES)
