"""Fetching, against a server on this machine that behaves and misbehaves as told."""

import hashlib
import io
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request

import pytest

from naepo.config import UserError
from naepo.interop.fetch import fetch, is_remote
from naepo.interop.network import Redirects

TEXT = "내포: to hold within\n".encode() * 40_000
SUM = hashlib.sha256(TEXT).hexdigest()
WRONG = "0" * 64


@dataclass
class Answer:
    """What the server says at one path."""

    body: bytes = TEXT
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = -1
    """The Content-Length: -1 the true one, None says nothing."""


class Server:
    """A web server with a table of answers and a list of the requests it saw."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.seen: list[tuple[str, str | None]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.seen.append((self.path, self.headers.get("Authorization")))
                outer.answer(self)

            def log_message(self, *args: object) -> None:
                """Keep the tests' output clean."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.handle_error = lambda *args: None  # a client that hangs up is no error here
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.005,), daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        answer = self.answers.get(handler.path, Answer(b"nothing here", 404))
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        if answer.length is not None:
            length = len(answer.body) if answer.length == -1 else answer.length
            handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.wfile.write(answer.body)

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    here = Server()
    here.answers["/file.txt"] = Answer()
    yield here
    here.close()


@pytest.fixture
def cache(tmp_path) -> Path:
    return tmp_path / "new" / "cache"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize(
    ("source", "remote"),
    [
        ("http://host/a.txt", True),
        ("https://host/a.txt#sha256=00", True),
        ("HTTPS://HOST/A.TXT", True),
        ("hub:owner/name/a.txt", True),
        ("notes/https/a.txt", False),
        ("file:///etc/passwd", False),
        ("hub/a.txt", False),
        ("-", False),
    ],
)
def test_only_web_and_hub_addresses_are_remote(source, remote):
    assert is_remote(source) is remote


def test_a_file_comes_whole_with_its_checksum_beside_it(server, cache):
    path = fetch(f"{server.url}/file.txt", cache)
    assert path.read_bytes() == TEXT
    assert path.parent == cache
    assert path.suffix == ".txt"
    assert names(cache) == [path.name, f"{path.name}.sha256"]
    assert (cache / f"{path.name}.sha256").read_text() == f"{SUM}  {path.name}\n"


def test_the_second_call_asks_no_server(server, cache):
    first = fetch(f"{server.url}/file.txt", cache, sha256=SUM)
    server.close()
    assert fetch(f"{server.url}/file.txt#sha256={SUM.upper()}", cache) == first
    assert len(server.seen) == 1


def test_progress_counts_up_to_the_whole(server, cache):
    told = []
    fetch(f"{server.url}/file.txt", cache, on_progress=lambda *numbers: told.append(numbers))
    assert len(told) > 1
    assert told == sorted(told)
    assert told[-1] == (len(TEXT), len(TEXT))
    assert {total for _, total in told} == {len(TEXT)}


def test_a_server_that_does_not_say_the_length_is_read_to_the_end(server, cache):
    server.answers["/long"] = Answer(length=None)
    told = []
    path = fetch(f"{server.url}/long", cache, on_progress=lambda *numbers: told.append(numbers))
    assert path.read_bytes() == TEXT
    assert told[-1] == (len(TEXT), None)


def test_an_empty_file_is_a_file(server, cache):
    server.answers["/empty"] = Answer(b"")
    assert fetch(f"{server.url}/empty", cache).read_bytes() == b""


@pytest.mark.parametrize("place", ["argument", "source"])
def test_a_wrong_checksum_is_refused_with_both_sums_and_nothing_is_kept(server, cache, place):
    source = f"{server.url}/file.txt"
    with pytest.raises(UserError) as refused:
        if place == "argument":
            fetch(source, cache, sha256=WRONG)
        else:
            fetch(f"{source}#sha256={WRONG}", cache)
    assert SUM in refused.value.message
    assert WRONG in refused.value.message
    assert names(cache) == []


def test_a_copy_that_is_not_the_expected_file_is_refused_with_both_sums(server, cache):
    fetch(f"{server.url}/file.txt", cache)
    with pytest.raises(UserError) as refused:
        fetch(f"{server.url}/file.txt", cache, sha256=WRONG)
    assert SUM in refused.value.message
    assert WRONG in refused.value.message


@pytest.mark.parametrize("change", [b"", TEXT[:-1], b"X" + TEXT[1:]], ids=["empty", "cut", "same"])
def test_a_copy_that_changed_is_noticed_even_at_the_same_size(server, cache, change):
    path = fetch(f"{server.url}/file.txt", cache)
    path.write_bytes(change)
    with pytest.raises(UserError, match="changed") as refused:
        fetch(f"{server.url}/file.txt", cache)
    assert SUM in refused.value.message
    assert str(path) in str(refused.value.hint)
    path.unlink()
    assert fetch(f"{server.url}/file.txt", cache).read_bytes() == TEXT


def test_a_copy_without_its_checksum_is_fetched_again(server, cache):
    path = fetch(f"{server.url}/file.txt", cache)
    path.write_bytes(b"from a call that was killed")
    (cache / f"{path.name}.sha256").unlink()
    assert fetch(f"{server.url}/file.txt", cache).read_bytes() == TEXT


def test_two_addresses_with_one_file_name_have_two_copies(server, cache):
    server.answers["/other/file.txt"] = Answer(b"other")
    paths = {fetch(server.url + path, cache) for path in ("/file.txt", "/other/file.txt")}
    assert {path.read_bytes() for path in paths} == {TEXT, b"other"}


def test_hangul_and_spaces_in_a_url_reach_the_server_and_stay_readable(server, cache):
    server.answers["/%ED%95%9C%20%EA%B8%80.txt?q=%EA%B0%80"] = Answer(b"korean")
    path = fetch(f"{server.url}/한 글.txt?q=가", cache)
    assert path.read_bytes() == b"korean"
    assert path.name.endswith("한_글.txt")


def test_a_name_of_the_server_cannot_leave_the_folder(server, cache):
    server.answers["/a/..%2F..%2Fevil.txt"] = Answer(b"text")
    assert fetch(f"{server.url}/a/..%2F..%2Fevil.txt", cache).parent == cache


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_a_refusal_of_the_server_is_named(server, cache, status):
    server.answers["/no.txt"] = Answer(b"", status)
    with pytest.raises(UserError, match=f"no.txt: the server answered {status}"):
        fetch(f"{server.url}/no.txt", cache)
    assert names(cache) == []


def test_a_secret_in_the_query_is_not_shown(server, cache):
    with pytest.raises(UserError) as refused:
        fetch(f"{server.url}/no.txt?key=secret", cache)
    assert "secret" not in str(refused.value)


def test_a_body_cut_short_is_refused_and_nothing_is_kept(server, cache):
    server.answers["/cut"] = Answer(TEXT[:1000], length=len(TEXT))
    with pytest.raises(UserError, match=f"got 1000 of {len(TEXT)} bytes"):
        fetch(f"{server.url}/cut", cache)
    assert names(cache) == []


def test_a_chunked_body_cut_short_is_refused(server, cache):
    server.answers["/cut"] = Answer(
        b"5\r\nwhole\r\n64\r\npart", headers={"Transfer-Encoding": "chunked"}, length=None
    )
    # The handler speaks HTTP/1.0 by default, where clients read to the end of the connection.
    server.http.RequestHandlerClass.protocol_version = "HTTP/1.1"
    server.answers["/cut"].headers["Connection"] = "close"
    with pytest.raises(UserError, match="broke off"):
        fetch(f"{server.url}/cut", cache)
    assert names(cache) == []


@pytest.mark.parametrize("length", [-1, None], ids=["told", "untold"])
def test_a_file_that_is_too_large_is_refused(server, cache, length):
    server.answers["/large"] = Answer(length=length)
    with pytest.raises(UserError, match="too large"):
        fetch(f"{server.url}/large", cache, max_bytes=len(TEXT) - 1)
    assert names(cache) == []
    assert fetch(f"{server.url}/large", cache, max_bytes=len(TEXT)).read_bytes() == TEXT


def test_a_redirect_to_the_web_is_followed(server, cache):
    server.answers["/old"] = Answer(b"", 302, {"Location": f"{server.url}/file.txt"})
    assert fetch(f"{server.url}/old", cache).read_bytes() == TEXT


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/a", "data:,text"])
def test_a_redirect_elsewhere_is_not_followed(server, cache, place):
    server.answers["/old"] = Answer(b"", 302, {"Location": place})
    with pytest.raises(UserError, match="answered 302") as refused:
        fetch(f"{server.url}/old", cache)
    assert place in refused.value.message
    assert names(cache) == []


@pytest.mark.parametrize(
    ("origin", "target", "followed"),
    [("https", "https", True), ("http", "https", True), ("https", "http", False)],
)
def test_a_redirect_never_gives_up_the_secure_connection(origin, target, followed):
    request = Request(f"{origin}://host/a")
    arguments = (request, io.BytesIO(), 302, "Found", Message(), f"{target}://other/b?key=secret")
    if followed:
        assert Redirects().redirect_request(*arguments) is not None
    else:
        with pytest.raises(HTTPError, match="http://other/b, which is not followed") as refused:
            Redirects().redirect_request(*arguments)
        refused.value.close()


def test_a_circle_of_redirects_ends(server, cache):
    server.answers["/round"] = Answer(b"", 302, {"Location": f"{server.url}/round"})
    with pytest.raises(UserError, match="answered 302"):
        fetch(f"{server.url}/round", cache)


def test_no_network_is_said_in_one_line(cache):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(UserError) as refused:
        fetch(f"http://127.0.0.1:{port}/file.txt", cache)
    assert str(refused.value) == (
        "no network: could not reach 127.0.0.1; naepo works offline with your own files"
    )
    assert names(cache) == []


def test_an_unknown_host_is_said_in_one_line(cache, monkeypatch):
    def no_names(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_names)
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(UserError, match="no network: could not reach host"):
        fetch("https://host.invalid/file.txt", cache)


def test_a_server_that_stays_silent_is_given_up(cache, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("naepo.interop.network.TIMEOUT_SECONDS", 0.05)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(UserError, match="could not reach"),
    ):
        fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/file.txt", cache)


def test_a_server_that_speaks_no_http_is_named(cache, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as strange:

        def babble() -> None:
            connection, _ = strange.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"220 mail here\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        with pytest.raises(UserError, match="could not fetch"):
            fetch(f"http://127.0.0.1:{strange.getsockname()[1]}/file.txt", cache)
        thread.join()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("file:///etc/passwd", "only http"),
        ("ftp://host/a.txt", "only http"),
        ("notes/a.txt", "only http"),
        ("https://", "no host"),
        ("https:///a.txt", "no host"),
        ("http://host:port/a.txt", "could not fetch"),
        ("http://[::1/a.txt", "could not fetch"),
        ("http://me:secret@host/a.txt", "password"),
        ("http://host/a.txt#sha265=00", "sha265"),
        ("http://host/a.txt#sha256=00", "64 hexadecimal"),
        (f"http://host/a.txt#sha256={'g' * 64}", "64 hexadecimal"),
        ("hub:owner/name", "owner, a repository and a file"),
        ("hub:file.txt", "owner, a repository and a file"),
    ],
)
def test_a_source_that_is_none_is_refused_before_any_network(cache, monkeypatch, source, says):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: pytest.fail("network"))
    with pytest.raises(UserError, match=says) as refused:
        fetch(source, cache)
    assert "secret" not in str(refused.value)


def test_two_different_checksums_are_refused(cache):
    with pytest.raises(UserError, match="two different"):
        fetch(f"http://host/a.txt#sha256={WRONG}", cache, sha256=SUM)


def test_a_folder_that_cannot_be_written_is_named(server, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match="could not write to"):
        fetch(f"{server.url}/file.txt", tmp_path / "file" / "cache")


def test_an_interrupted_download_leaves_nothing_behind(server, cache):
    def interrupt(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(f"{server.url}/file.txt", cache, on_progress=interrupt)
    assert names(cache) == []


@pytest.fixture
def hub(server, monkeypatch):
    """Hugging Face's library, pointed at the server on this machine."""
    import huggingface_hub
    from huggingface_hub import constants

    template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "hf_private")
    return server


@pytest.mark.parametrize("prefix", ["/datasets", ""], ids=["data set", "model"])
def test_a_hub_file_is_found_among_data_sets_and_models(hub, cache, prefix):
    hub.answers[f"{prefix}/owner/name/resolve/main/deep/file.txt"] = Answer()
    path = fetch(f"hub:owner/name/deep/file.txt#sha256={SUM}", cache)
    assert path.read_bytes() == TEXT
    assert path.name.endswith("-file.txt")


def test_a_missing_hub_file_is_named(hub, cache):
    with pytest.raises(UserError, match=r"could not fetch hub:owner/name/none\.txt: .* 404"):
        fetch("hub:owner/name/none.txt", cache)


def test_the_hub_token_is_not_shown_to_a_server_redirected_to(hub, cache):
    place = "/datasets/owner/name/resolve/main/file.txt"
    hub.answers[place] = Answer(b"", 302, {"Location": f"{hub.url}/file.txt"})
    fetch("hub:owner/name/file.txt", cache)
    assert hub.seen == [(place, "Bearer hf_private"), ("/file.txt", None)]


def test_a_web_server_is_not_shown_the_hub_token(hub, cache):
    fetch(f"{hub.url}/file.txt", cache)
    assert hub.seen == [("/file.txt", None)]


def test_without_the_hub_library_the_way_to_get_it_is_said(cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UserError, match="huggingface_hub") as refused:
        fetch("hub:owner/name/file.txt", cache)
    assert refused.value.hint == 'pip install "naepo[interop]"'


def test_importing_the_module_loads_no_hub_library():
    program = "import sys, naepo.interop.fetch; sys.exit('huggingface_hub' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
