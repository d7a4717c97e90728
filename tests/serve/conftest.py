"""The application over tiny models: a Korean run, a GPT-2 of others, and a hostile vocabulary."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from naepo.serve import Library, create_app
from tests.browser import models

TOKEN = "a-key-for-the-tests"
HOST = "127.0.0.1:8765"
KEY = {"X-Naepo-Token": TOKEN}


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    home, fsync = tmp_path_factory.mktemp("serve"), os.fsync
    os.fsync = lambda held: None
    try:
        return [
            models.make_run(home / "korean"),
            models.make_gpt2(home / "gpt2"),
            models.make_hostile(home / "<img src=y onerror=alert(2)>"),
        ]
    finally:
        os.fsync = fsync


@pytest.fixture
def library(folders: list[Path]) -> Library:
    return Library(folders)


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    """A browser's own page: the right host, the right key."""
    app = create_app(library, TOKEN, [HOST, "localhost:8765", "[::1]:8765"])
    with TestClient(app, base_url=f"http://{HOST}", headers=KEY) as client:
        yield client


@pytest.fixture
def post_run(client: TestClient) -> Callable[..., dict[str, Any]]:
    """Run a prompt on the Korean model unless another is named; give the answer."""

    def post(text: str = "나는 학교에", **more: Any) -> dict[str, Any]:
        answer = client.post("/look/run", json={"text": text} | more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return post


@pytest.fixture
def get_tensor(client: TestClient) -> Callable[..., np.ndarray]:
    """Get a tensor as the page would: shape from the header, little-endian float32."""

    def get(path: str, **query: Any) -> np.ndarray:
        answer = client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/octet-stream"
        shape = [int(size) for size in answer.headers["x-naepo-shape"].split(",")]
        return np.frombuffer(answer.content, dtype="<f4").reshape(shape)

    return get
