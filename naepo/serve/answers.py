"""How answers leave: tables as strict JSON, tensors as little-endian float32, errors in words."""

import json
import math
import sys
import traceback
from typing import Any

import torch
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from jaxtyping import Shaped
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from torch import Tensor

from naepo.config import UserError
from naepo.serve.refusals import Gone, NotFound


def table(content: Any, status: int = 200) -> Response:
    """Send a table as JSON. What JSON cannot say, NaN and infinity, is sent as null."""
    try:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(content), ensure_ascii=False, separators=(",", ":"))
    body = text.encode("utf-8", "replace")  # a lone surrogate in a name is sent as "?"
    return Response(body, status, media_type="application/json")


def tensor(
    values: Shaped[Tensor, "..."], *, name: str = "", headers: dict[str, str] | None = None
) -> Response:
    """Send a tensor: its cells in C order, its shape in the header X-Naepo-Shape."""
    array = values.detach().to("cpu", torch.float32).contiguous().numpy().astype("<f4", copy=False)
    told = {"X-Naepo-Shape": ",".join(map(str, array.shape)), "X-Naepo-Name": name}
    return Response(
        array.tobytes(), media_type="application/octet-stream", headers=told | (headers or {})
    )


def say_errors(app: FastAPI) -> None:
    """Let every error leave as {message, hint}; what is our fault is told on standard error."""
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_middleware(Faults)


class Faults:
    """ASGI middleware: an error that is our fault is told on standard error, not to the client."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            if not has_begun:
                answer = _error(500, "naepo made a mistake", "the terminal says where")
                await answer(scope, receive, send)


def _error(status: int, message: str, hint: str | None = None) -> Response:
    return table({"message": message, "hint": hint}, status)


def _user_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    status = {NotFound: 404, Gone: 410}.get(type(error), 400)
    return _error(status, error.message, error.hint)


def _wrong_request(request: Request, error: Exception) -> Response:
    """Name the first field that is wrong, as it stands in the request."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "query"))
    return _error(400, f"`{place or 'request'}`: {first['msg']}")


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, str(error.detail))


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
