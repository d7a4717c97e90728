"""The page's files, as they lie in `naepo/look/page/`: read-only, nothing outside, no listing."""

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

import naepo
from naepo.serve.refusals import NotFound

PAGE = Path(naepo.__file__).parent / "look/page"
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


def page_file(name: str, root: Path = PAGE) -> Path:
    """Give the file of the page that is called so.

    Raises: NotFound for everything that is not a file of a known kind under `root`.
    """
    path = root / name
    is_plain = _NAME.fullmatch(name) is not None and path.suffix in TYPES
    if not is_plain or not path.is_file() or not path.resolve().is_relative_to(root.resolve()):
        raise NotFound("the page has no such file")
    return path


def send_file(request: Request, name: str, root: Path = PAGE) -> Response:
    """Send one file of the page; a browser that has it already is told so."""
    path = page_file(name, root)
    stamp = path.stat()
    tag = f'"{stamp.st_mtime_ns:x}-{stamp.st_size:x}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers={"etag": tag})
