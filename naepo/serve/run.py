"""The server as a process: a port on this machine, the address with its key, a clean end."""

import gc
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from naepo.config import UserError
from naepo.serve.front import Front
from naepo.serve.safety import Doors, Safety, hosts_of

if TYPE_CHECKING:  # torch and the application are loaded while the page is served already
    from naepo.serve.library import Library

ADDRESS = "127.0.0.1"
"""This machine alone; there is no option for another one."""
SECONDS_TO_END = 2
NO_MODEL = UserError(
    "there is no model here yet",
    hint="naepo train python-docs --minutes 2 --out runs/first; naepo learn --run runs/first",
)
"""Told to whoever asks for one, while the chapters are read."""


def serve(
    open_library: "Callable[[], Library] | None",
    *,
    port: int = 0,
    opens_browser: bool = True,
    in_notebook: bool = False,
    page: str = "",
    fragment: str = "",
) -> None:
    """Serve the page until Ctrl-C, or in a notebook until standard input is closed.

    open_library: gives the opened models; called beside the server, which sends the page meanwhile.
    None where there is no model: then only the chapters are answered.
    page, fragment: what is opened of it, and the state behind "#".
    port: 0 takes a free one. The address is said on standard error, and alone on standard output.

    Raises: UserError when the port is taken, or the models cannot be opened.
    """
    listening = listen(port)
    token = secrets.token_urlsafe(24)
    number = listening.getsockname()[1]
    url = f"http://{ADDRESS}:{number}/{page}?token={token}" + (f"#{fragment}" if fragment else "")
    front = Front()
    front.has_model = open_library is not None
    doors = Doors(token=token, hosts=hosts_of(number), in_notebook=in_notebook)
    opening = None if open_library is None else _Opening(front, open_library)

    def begin() -> None:
        front.begin()
        opening.start() if opening else front.settle(NO_MODEL)
        if page:
            _in_background(_warm_chapters)
        _say(url, opens_browser)

    server = _Server(
        uvicorn.Config(
            Safety(front, doors),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=SECONDS_TO_END,
        ),
        on_ready=begin,
    )
    if opening is not None:
        opening.on_error = lambda: setattr(server, "should_exit", True)
    if in_notebook:
        _in_background(lambda: _end_with_parent(server))
    with listening:
        server.run(sockets=[listening])
    if opening is not None and opening.error is not None:
        raise opening.error


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


class _Opening(threading.Thread):
    """Loads torch and the models beside the server, then lets the questions in."""

    def __init__(self, front: Front, open_library: "Callable[[], Library]") -> None:
        super().__init__()  # no daemon: ended in the middle of loading, torch would abort
        self.error: Exception | None = None
        self.on_error: Callable[[], None] = lambda: None
        self._front = front
        self._open_library = open_library

    def run(self) -> None:
        try:
            with _uncollected(), ThreadPoolExecutor(1) as beside:
                import naepo.serve.library  # noqa: F401 # torch, which both sides need

                opening = beside.submit(self._open_library)
                from naepo.serve.app import application
                from naepo.serve.routes.run import warm

                library = opening.result()
                self._front.settle(application(library))
        except Exception as error:
            self.error = error
            is_theirs = isinstance(error, UserError)
            self._front.settle(error if is_theirs else UserError("naepo made a mistake"))
            self.on_error()
        else:
            _in_background(lambda: warm(library, is_asked=lambda: self._front.n_asked > 0))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let nothing be collected while much is loaded to stay: a twentieth of the time of it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _say(url: str, opens_browser: bool) -> None:
    print(f"look inside: {url}", file=sys.stderr)
    print("end it with Ctrl-C", file=sys.stderr, flush=True)
    print(url, flush=True)
    if opens_browser:
        _in_background(lambda: webbrowser.open(url))


def _end_with_parent(server: uvicorn.Server) -> None:
    """Wait until nobody holds the other end of standard input, then end."""
    while sys.stdin.read(4096):
        pass
    server.should_exit = True


def _warm_chapters() -> None:
    """Load the chapters before they are asked for: the first one opens as quickly as the next."""
    from naepo import learn

    for language in learn.LANGUAGES:
        learn.contents(language)


def _in_background(work: Callable[[], object]) -> None:
    threading.Thread(target=work, daemon=True).start()
