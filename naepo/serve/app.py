"""The application: routes, the page's files, and what stands in front of both."""

from collections.abc import Collection

from fastapi import FastAPI, Request
from starlette.responses import Response

from naepo import __version__
from naepo.serve import chapters
from naepo.serve.answers import say_errors
from naepo.serve.kept import Kept
from naepo.serve.library import Library
from naepo.serve.maps import Maps
from naepo.serve.routes import about, analysis, export, maps, music, run, tensors, training
from naepo.serve.safety import Doors, Safety
from naepo.serve.static import send_file

STORIES = 8
"""How many answers about whole runs are kept."""


def create_app(
    library: Library, token: str, hosts: Collection[str], *, in_notebook: bool = False
) -> FastAPI:
    """Make the application over opened models, with its doors.

    token: the key that every request under /look must carry in the header X-Naepo-Token.
    hosts: names of this server with its port, as `safety.hosts_of` gives them.
    in_notebook: whether notebooks on this machine may show the page in a frame.
    """
    app = application(library)
    app.add_middleware(
        Safety, doors=Doors(token=token, hosts=frozenset(hosts), in_notebook=in_notebook)
    )
    return app


def application(library: Library) -> FastAPI:
    """Make the application without its doors, for a server that has them in front already."""
    app = FastAPI(
        title="naepo", version=__version__, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.library = library
    app.state.maps = Maps()
    app.state.stories = Kept(STORIES)
    for routes in (about, run, tensors, analysis, maps, training, export, music):
        app.include_router(routes.router, prefix="/look")
    app.router.routes.extend(chapters.ROUTES)
    app.add_api_route("/", _index, methods=["GET", "HEAD"])
    app.add_api_route("/{name:path}", _file, methods=["GET", "HEAD"])
    say_errors(app)
    return app


async def _index(request: Request) -> Response:
    return send_file(request, "index.html")


async def _file(request: Request, name: str) -> Response:
    return send_file(request, name)
