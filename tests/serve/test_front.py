"""The page is there before the model is; what is asked of the model waits, and is answered."""

import asyncio
import subprocess
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from naepo.config import UserError
from naepo.serve.front import Front


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end in a thread of its own: this one may have the loop of a browser."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, main).result()


async def ask(front: Front, path: str, method: str = "GET") -> tuple[int, bytes]:
    """Ask as a server would; give status and body."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    await front(scope, receive, send)
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:])


async def application(scope, receive, send):
    await Response(Request(scope).url.path)(scope, receive, send)


@pytest.mark.parametrize("path", ["/", "/app.js", "/core/api.js"])
def test_the_page_is_sent_before_there_is_a_model(path):
    async def before():
        front = Front()
        front.begin()
        return await ask(front, path)

    status, body = run(before())
    assert status == 200
    assert body


@pytest.mark.parametrize(
    ("path", "method"), [("/look/about", "GET"), ("/nothing.js", "GET"), ("/", "POST")]
)
def test_everything_else_waits_for_the_application(path, method):
    async def while_it_opens():
        front = Front()
        front.begin()
        asked = asyncio.create_task(ask(front, path, method))
        await asyncio.sleep(0.01)
        has_waited = not asked.done() and front.n_asked == 1
        await asyncio.to_thread(front.settle, application)
        return has_waited, await asked

    has_waited, (status, body) = run(while_it_opens())
    assert has_waited
    assert status == 200
    assert body.decode().endswith(path)


def test_who_leaves_takes_nothing_from_those_who_wait():
    async def one_leaves():
        front = Front()
        front.begin()
        first, second = (asyncio.create_task(ask(front, "/look/about")) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        front.settle(application)
        return await second

    assert run(one_leaves())[0] == 200


def test_a_model_that_cannot_be_opened_is_told_to_those_who_wait():
    async def broken():
        front = Front()
        front.begin()
        asked = asyncio.create_task(ask(front, "/look/about"))
        await asyncio.sleep(0.01)
        front.settle(UserError("the weights are broken", hint="copy them again"))
        return await asked

    assert run(broken()) == (
        500,
        b'{"message": "the weights are broken", "hint": "copy them again"}',
    )


def test_nothing_heavy_is_loaded_before_the_page_is_served():
    code = (
        "import sys; import naepo.cli.look, naepo.serve.run, naepo.serve.paths\n"
        "assert not {'torch', 'fastapi', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
