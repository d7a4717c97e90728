"""The chapters over HTTP: before there is a model, without torch, and with the key alone."""

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from naepo.learn import NAMES
from naepo.serve.front import Front


def test_the_contents_name_every_chapter_in_both_languages(client):
    for language in ("en", "ko"):
        found = client.get("/look/learn/contents", params={"language": language}).json()
        assert [each["key"] for each in found["chapters"]] == list(NAMES)
        assert found["has_model"] is True
    assert client.get("/look/learn/contents", params={"language": "fr"}).status_code == 400


def test_a_sheet_answers_what_was_typed(client):
    asked = {"chapter": "rms", "fields": {"x": "3,4"}, "guess": "3.5355"}
    found = client.post("/look/learn/sheet", json=asked).json()
    assert found["guess"]["verdict"]["state"] == "right"
    assert found["steps"][0]["formulas"] == ['"3"^2 + "4"^2 = "25"']


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"chapter": "rsm"}, "no chapter is called"),
        ({}, "names no chapter"),
        ({"chapter": "rms", "fields": {"x": 3}}, "`fields` cannot be read"),
        ({"chapter": "rms", "knob": 1.5}, "`knob` cannot be read"),
        ({"chapter": "rms", "secret": 1}, "no `secret`"),
        ([1], "a table in JSON"),
    ],
)
def test_a_request_that_is_none_is_refused_in_words(client, asked, words):
    answer = client.post("/look/learn/sheet", json=asked)
    assert answer.status_code == 400 and words in answer.json()["message"]


def test_an_experiment_that_is_not_there_is_refused(client):
    asked = {"chapter": "rms", "experiment": "stedy"}
    answer = client.post("/look/learn/experiment", json=asked)
    assert answer.status_code == 400 and answer.json()["hint"] == "did you mean `steady`?"


def test_without_the_key_nothing_is_answered(client):
    del client.headers["X-Naepo-Token"]
    assert client.get("/look/learn/contents").status_code == 401
    assert client.get("/learn.html").status_code == 200


def test_a_chapter_is_answered_before_there_is_a_model_and_where_there_is_none():
    front = Front()
    front.has_model = False
    with ThreadPoolExecutor(1) as thread:  # this thread may have the loop of a browser
        found = thread.submit(asyncio.run, _ask(front)).result()
    assert found["has_model"] is False and front.n_asked == 0


async def _ask(front: Front) -> Any:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    front.begin()
    path = "/look/learn/contents"
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    await front(scope, receive, send)
    return json.loads(b"".join(each.get("body", b"") for each in sent[1:]))


def test_no_chapter_needs_torch_to_be_read():
    code = (
        "import sys, naepo.cli.learn\nfrom naepo import learn\n"
        "for name in learn.NAMES: learn.sheet(learn.Request(chapter=name, is_shown=True))\n"
        "assert not {'torch', 'sklearn', 'fastapi'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
