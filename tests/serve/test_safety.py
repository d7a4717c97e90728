"""Whoever is not the page of this server, opened by the person who started it, gets nothing."""

import pytest
from starlette.testclient import TestClient

from naepo.serve import create_app
from naepo.serve.safety import LARGEST_BODY, hosts_of
from tests.serve.conftest import HOST, KEY, TOKEN

FROM_ELSEWHERE = {
    "another host": {"Host": "evil.example:8765"},
    "another port": {"Host": "127.0.0.1:8766"},
    "no port": {"Host": "127.0.0.1"},
    "a host that ends like ours": {"Host": "evil.example/127.0.0.1:8765"},
    "another origin": {"Origin": "http://evil.example"},
    "another page on this machine": {"Origin": "http://127.0.0.1:9000"},
    "an origin without a name": {"Origin": "null"},
    "a secure twin": {"Origin": "https://127.0.0.1:8765"},
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "another server on this machine": {"Sec-Fetch-Site": "same-site"},
    "another site that navigates": {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    },
}


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD", "PUT"])
@pytest.mark.parametrize("headers", FROM_ELSEWHERE.values(), ids=FROM_ELSEWHERE)
def test_a_request_from_elsewhere_is_refused_whatever_its_method_and_key(client, method, headers):
    answer = client.request(method, "/look/about", headers=headers)
    assert answer.status_code == 403
    if method != "HEAD":
        assert set(answer.json()) == {"message", "hint"}
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("headers", FROM_ELSEWHERE.values(), ids=FROM_ELSEWHERE)
def test_the_files_of_the_page_are_refused_to_others_too(client, headers):
    assert client.get("/app.js", headers=headers).status_code == 403


def test_a_page_that_is_asked_by_two_names_at_once_is_refused(client):
    answer = client.get(
        "/look/about", headers=[("Host", HOST), ("Host", "evil.example"), *KEY.items()]
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/look/about", "/look/tensor?run=x&name=y", "/look/nothing"])
@pytest.mark.parametrize("key", [None, "", "wrong", TOKEN[:-1], TOKEN + "x", "ключ".encode()])
def test_without_the_key_nothing_is_told_not_even_what_exists(client, path, key):
    del client.headers["X-Naepo-Token"]
    answer = client.get(path, headers={} if key is None else {"X-Naepo-Token": key})
    assert answer.status_code == 401
    assert "printed" in answer.json()["hint"]


def test_the_key_in_the_address_opens_nothing(client):
    del client.headers["X-Naepo-Token"]
    assert client.get("/look/about", params={"token": TOKEN}).status_code == 401


def test_a_key_that_is_shown_twice_is_none(client):
    answer = client.get("/look/about", headers=[("X-Naepo-Token", TOKEN), ("X-Naepo-Token", "x")])
    assert answer.status_code == 401


@pytest.mark.parametrize("name", ["127.0.0.1:8765", "localhost:8765", "[::1]:8765"])
def test_all_names_of_this_machine_and_the_page_itself_are_answered(client, name):
    own = {"Host": name, "Origin": f"http://{name}", "Sec-Fetch-Site": "same-origin"}
    assert client.get("/look/about", headers=own).status_code == 200


def test_a_link_from_anywhere_opens_the_page_itself_but_not_in_a_frame(client):
    following = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=following | {"Sec-Fetch-Dest": "document"}).status_code != 403
    assert client.get("/", headers=following | {"Sec-Fetch-Dest": "iframe"}).status_code == 403
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_only_a_server_for_a_notebook_lets_notebooks_of_this_machine_frame_it(library):
    answers = {}
    for in_notebook in (False, True):
        app = create_app(library, TOKEN, [HOST], in_notebook=in_notebook)
        framed = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}
        answers[in_notebook] = TestClient(app, base_url=f"http://{HOST}").get(
            "/", headers=framed | {"Sec-Fetch-Dest": "iframe"}
        )
    assert answers[False].status_code == 403
    assert "frame-ancestors 'none'" in answers[False].headers["content-security-policy"]
    assert answers[True].status_code != 403
    policy = answers[True].headers["content-security-policy"]
    assert "frame-ancestors http://localhost:* http://127.0.0.1:*" in policy


@pytest.mark.parametrize("path", ["/", "/look/about", "/look/nothing", "/nothing.js"])
def test_every_answer_forbids_what_a_page_does_not_need(client, path):
    headers = client.get(path).headers
    for rule in ("default-src 'self'", "base-uri 'none'", "form-action 'none'"):
        assert rule in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-store" if path.startswith("/look/") else "no-cache")


def test_a_refusal_carries_the_same_headers(client):
    headers = client.get("/look/about", headers={"Host": "evil.example"}).headers
    assert "default-src 'self'" in headers["content-security-policy"]


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(client):
    large = b"x" * (LARGEST_BODY + 1)
    assert client.post("/look/run", content=large).status_code == 413
    pieces = iter([large[: LARGEST_BODY // 2]] * 3)
    assert client.post("/look/run", content=pieces).status_code == 413


def test_a_text_as_large_as_is_allowed_is_read(client):
    text = "나" * (LARGEST_BODY // 4)
    answer = client.post("/look/run", json={"text": text})
    assert answer.status_code in (200, 400)
    small = client.post("/look/run", json={"text": text[:20_000]})
    assert small.json()["cut"] > 0


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/look/openapi.json"])
def test_no_catalogue_of_the_routes_is_served(client, path):
    assert client.get(path).status_code == 404


def test_a_port_that_browsers_leave_out_is_left_out():
    assert hosts_of(80) == {"127.0.0.1", "localhost", "[::1]"}
    assert hosts_of(8765) == {"127.0.0.1:8765", "localhost:8765", "[::1]:8765"}
