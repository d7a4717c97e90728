"""The page's files, as they lie in `naepo/look/page/`, and what lies over them: from
`naepo/look/music_page/` what only music needs, from `naepo/learn/page/` the chapters. Read-only,
nothing outside, no listing."""

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

import naepo
from naepo.serve.refusals import NotFound

PAGES = tuple(
    Path(naepo.__file__).parent / room for room in ("look/page", "look/music_page", "learn/page")
)
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}
"""Written here, as what the system says of .js differs from machine to machine."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")


def page_file(name: str, *roots: Path) -> Path:
    """Give the file of the page that is called so, from the first folder that has it.

    Raises: NotFound for everything that is not a file of a known kind under one of the `roots`.
    """
    if _NAME.fullmatch(name) is not None:
        for root in roots or PAGES:
            path = root / name
            is_inside = path.is_file() and path.resolve().is_relative_to(root.resolve())
            if is_inside and path.suffix in TYPES:
                return path
    raise NotFound("the page has no such file")


def send_file(request: Request, name: str, *roots: Path) -> Response:
    """Send one file of the page; a browser that has it already is told so."""
    path = page_file(name, *roots)
    stamp = path.stat()
    tag = f'"{stamp.st_mtime_ns:x}-{stamp.st_size:x}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers={"etag": tag})
