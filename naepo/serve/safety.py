"""Who may ask this server what. A page on this machine is not safe by being local.

Any site that a person visits can send requests to 127.0.0.1, and a name that it owns can be made to
point there (DNS rebinding). So every request must name this server as its host, come from its own
page or from no page, and, for anything of a model, carry the key that only the person was given.
"""

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

API = "/look/"
OPENINGS = ("/", "/learn.html")
"""What a link may lead to; neither tells anything secret."""
LARGEST_BODY = 1 << 20
"""Bytes of a request; a prompt is a few kB."""
NOTEBOOKS = "http://localhost:* http://127.0.0.1:* vscode-webview:"
"""Who may show the page in a frame when it belongs to a notebook on this machine."""
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; object-src 'none'; "
    "frame-ancestors {frames}; base-uri 'none'; form-action 'none'"
)
"""Nothing but what this server sends is run, drawn or asked; text can never become a script."""


@dataclass(frozen=True, kw_only=True)
class Doors:
    """What a request must show to be let in.

    token: the key, in the header X-Naepo-Token, of everything under /look.
    hosts: the names of this server with the port ("127.0.0.1:8765"); nothing else is answered.
    in_notebook: whether notebooks on this machine may show the page in a frame.
    """

    token: str
    hosts: frozenset[str]
    in_notebook: bool = False

    def refusal(self, scope: Scope) -> tuple[int, str, str] | None:
        """Give status, message and hint for a request that is not let in; None for one that is."""
        headers = _headers(scope)
        hosts = headers.get("host", [])
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            return 403, "this server answers only to its own name", "use the address it printed"
        if any(origin not in self._origins for origin in headers.get("origin", [])):
            return 403, "another site asked", "open the address that naepo look printed"
        sites = headers.get("sec-fetch-site", [])
        is_own = all(site in ("same-origin", "none") for site in sites)
        if not is_own and not self._is_opening(scope, headers):
            return 403, "another site asked", "open the address that naepo look printed"
        if scope["path"].startswith(API) and not self._has_token(headers):
            return 401, "the key is missing or wrong", "open the address that naepo look printed"
        return None

    @property
    def policy(self) -> str:
        """Give the Content-Security-Policy of every answer."""
        return POLICY.format(frames=NOTEBOOKS if self.in_notebook else "'none'")

    @property
    def _origins(self) -> set[str]:
        return {f"http://{host}" for host in self.hosts}

    def _is_opening(self, scope: Scope, headers: dict[str, list[str]]) -> bool:
        """Say whether somebody follows a link to the page itself, which tells nothing secret."""
        frames = [["document"], ["iframe"]] if self.in_notebook else [["document"]]
        return (
            scope["method"] == "GET"
            and scope["path"] in OPENINGS
            and headers.get("sec-fetch-mode") == ["navigate"]
            and headers.get("sec-fetch-dest") in frames
        )

    def _has_token(self, headers: dict[str, list[str]]) -> bool:
        shown = headers.get("x-naepo-token", [])
        return len(shown) == 1 and hmac.compare_digest(shown[0].encode(), self.token.encode())


class Safety:
    """ASGI middleware: refuses what `doors` refuses, bounds bodies, and adds the safe headers."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self.app = app
        self.doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # no websockets here
            await send({"type": "websocket.close", "code": 1008})
            return
        send = self._with_headers(scope, send)
        refusal = self.doors.refusal(scope)
        body = b"" if refusal else await _body(scope, receive)
        if body is None:
            refusal = 413, f"a request may have {LARGEST_BODY:,} bytes", "use a shorter text"
        if refusal:
            await _refuse(send, *refusal)
            return
        await self.app(scope, _replay(body or b"", receive), send)

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        is_api = scope["path"].startswith(API)
        safe = {
            "content-security-policy": self.doors.policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-resource-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cache-control": "no-store" if is_api else "no-cache",
        }

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.encode(), value.encode()) for name, value in safe.items()]
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        return send_safely


def hosts_of(port: int) -> frozenset[str]:
    """Give the names under which a server on this port is asked from its own machine."""
    end = "" if port == 80 else f":{port}"
    return frozenset(f"{name}{end}" for name in ("127.0.0.1", "localhost", "[::1]"))


def _headers(scope: Scope) -> dict[str, list[str]]:
    """Give every value of each header; a header that comes twice is seen twice."""
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """Read the whole body; None as soon as it is known to be too large."""
    lengths: Iterable[str] = _headers(scope).get("content-length", [])
    if any(length.isdecimal() and int(length) > LARGEST_BODY for length in lengths):
        return None
    body, is_more = b"", True
    while is_more:
        message = await receive()
        if message["type"] != "http.request":  # the client is gone
            break
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            return None
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body that was read as one message, then whatever comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


async def _refuse(send: Send, status: int, message: str, hint: str) -> None:
    body = json.dumps({"message": message, "hint": hint}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
