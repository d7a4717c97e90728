"""What stands before the application: the page and the chapters at once, what is asked of a model
once it is open.

torch and a large model take seconds to load. Until then a browser can fetch the page, draw its
frame and ask its first question, which waits here. Nothing heavy is imported for that.
"""

import asyncio
import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from naepo.config import UserError
from naepo.serve import chapters
from naepo.serve.refusals import NotFound
from naepo.serve.static import send_file

Outcome = ASGIApp | UserError


class Front:
    """ASGI application that sends the page's files, and hands everything else to another one.

    `settle` says which one, from any thread, or why there will be none.
    """

    def __init__(self) -> None:
        self.n_asked = 0
        """Questions about a model that have come so far."""
        self.has_model = True
        """Whether there is a model, or will be one when it is open."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outcome: asyncio.Future[Outcome] | None = None

    def begin(self) -> None:
        """Take requests from now on; call it inside the loop that serves them."""
        self._loop = asyncio.get_running_loop()
        self._outcome = self._loop.create_future()

    def settle(self, outcome: Outcome) -> None:
        """Let those that wait go on: to the application, or with what a person can fix."""
        assert self._loop is not None and self._outcome is not None
        self._loop.call_soon_threadsafe(self._outcome.set_result, outcome)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = _page_file(scope, receive)
        if file is not None:
            await file(scope, receive, send)
            return
        if scope["path"].startswith(chapters.PREFIX):  # they need no model
            await chapters.app({**scope, chapters.HAS_MODEL: self.has_model}, receive, send)
            return
        outcome = await self._settled()
        app = _told(outcome) if isinstance(outcome, UserError) else outcome
        await app(scope, receive, send)

    async def _settled(self) -> Outcome:
        assert self._outcome is not None
        self.n_asked += 1
        return await asyncio.shield(self._outcome)  # who leaves must not take it from the rest


def _page_file(scope: Scope, receive: Receive) -> Response | None:
    """Give a file of the page where one is asked for; the rest is for the application to answer."""
    if scope["method"] not in ("GET", "HEAD"):
        return None
    try:
        return send_file(Request(scope, receive), scope["path"].removeprefix("/") or "index.html")
    except NotFound:
        return None


def _told(error: UserError) -> Response:
    said = {"message": error.message, "hint": error.hint}
    return Response(json.dumps(said), 500, media_type="application/json")
