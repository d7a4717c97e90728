"""The files of the page, and nothing else on this disk."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from naepo.serve.refusals import NotFound
from naepo.serve.static import TYPES, page_file, send_file

OUTSIDE = (
    "../secret.js",
    "..%2fsecret.js",
    "%2e%2e/secret.js",
    "core/../../secret.js",
    "core//dom.js",
    "./app.js",
    "/etc/passwd",
    "//etc/passwd",
    "C:/secret.js",
    "core\\..\\..\\secret.js",
    ".hidden.js",
    "core",
    "core/",
    "notes.py",
    "app.js\0.css",
    "link.js",
    "",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    page = tmp_path / "page"
    (page / "core").mkdir(parents=True)
    for name in ("index.html", "app.js", "app.css", "core/dom.js", "notes.py", ".hidden.js"):
        (page / name).write_text(f"this is {name}")
    (tmp_path / "secret.js").write_text("a secret")
    (page / "link.js").symlink_to(tmp_path / "secret.js")
    return page


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_is_not_a_file_of_the_page_is_not_there(root, name):
    with pytest.raises(NotFound):
        page_file(name, root)


@pytest.mark.parametrize(
    "name", ["../serve/app.py", "..%2fserve%2fapp.py", "%2e%2e/trace.py", "core"]
)
def test_the_application_gives_nothing_outside_either(client, name):
    answer = client.get(f"/{name}")
    assert answer.status_code == 404
    assert "import" not in answer.text


@pytest.mark.parametrize("ending", TYPES)
def test_every_kind_of_file_says_what_it_is(root, ending):
    (root / f"file{ending}").write_bytes(b"content")
    client = TestClient(Starlette(routes=[Route("/{name:path}", _send(root))]))
    answer = client.get(f"/file{ending}")
    assert answer.content == b"content"
    assert answer.headers["content-type"] == TYPES[ending]
    assert ending != ".js" or answer.headers["content-type"].startswith("text/javascript")


def test_a_browser_that_has_a_file_is_not_sent_it_again_until_it_changes(root):
    client = TestClient(Starlette(routes=[Route("/{name:path}", _send(root))]))
    tag = client.get("/app.js").headers["etag"]
    again = client.get("/app.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    (root / "app.js").write_text("changed, and longer than before")
    assert client.get("/app.js", headers={"If-None-Match": tag}).status_code == 200


def _send(root: Path):
    async def send(request):
        return send_file(request, request.path_params["name"], root)

    return send
