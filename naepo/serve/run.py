"""The server as a process: a port on this machine, the address with its key, a clean end."""

import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable

import uvicorn

from naepo.config import UserError
from naepo.serve.app import create_app
from naepo.serve.library import Library
from naepo.serve.routes.run import warm
from naepo.serve.safety import hosts_of

ADDRESS = "127.0.0.1"
"""This machine alone; there is no option for another one."""
SECONDS_TO_END = 2


def serve(
    library: Library, *, port: int = 0, opens_browser: bool = True, in_notebook: bool = False
) -> None:
    """Serve the page until Ctrl-C, or in a notebook until standard input is closed.

    port: 0 takes a free one. The address is said on standard error, and alone on standard output.

    Raises: UserError when the port is taken.
    """
    listening = listen(port)
    token = secrets.token_urlsafe(24)
    number = listening.getsockname()[1]
    url = f"http://{ADDRESS}:{number}/?token={token}"
    app = create_app(library, token, hosts_of(number), in_notebook=in_notebook)
    server = _Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=SECONDS_TO_END,
        ),
        on_ready=lambda: _say(url, library, opens_browser),
    )
    if in_notebook:
        _in_background(lambda: _end_with_parent(server))
    with listening:
        server.run(sockets=[listening])


def listen(port: int) -> socket.socket:
    """Take a port of this machine; 0 takes a free one.

    Raises: UserError when it is taken, or not a port that one may take.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((ADDRESS, port))
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        why = error.strerror if isinstance(error, OSError) else "it must be 0 to 65535"
        raise UserError(
            f"cannot listen on port {port}: {why}",
            hint="leave --port out, and a free one is taken",
        ) from None
    return listening


class _Server(uvicorn.Server):
    """A server that tells when it takes requests."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


def _say(url: str, library: Library, opens_browser: bool) -> None:
    print(f"look inside: {url}", file=sys.stderr)
    print("end it with Ctrl-C", file=sys.stderr, flush=True)
    print(url, flush=True)
    if opens_browser:
        _in_background(lambda: webbrowser.open(url))
    _in_background(lambda: warm(library))


def _end_with_parent(server: uvicorn.Server) -> None:
    """Wait until nobody holds the other end of standard input, then end."""
    while sys.stdin.read(4096):
        pass
    server.should_exit = True


def _in_background(work: Callable[[], object]) -> None:
    threading.Thread(target=work, daemon=True).start()
