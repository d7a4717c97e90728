"""A cache of its own and files to read, for every test of a corpus."""

import pytest

from naepo.encode import Corpus, DataSettings, prepare


@pytest.fixture
def store(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def write(tmp_path):
    """Write text under a name, and give its path."""

    def write_text(name: str, text: str | bytes) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write_text


@pytest.fixture
def make(store):
    """Prepare a corpus in a cache of its own."""

    def prepare_here(*sources: str, **how) -> Corpus:
        return prepare(DataSettings(sources=sources, **how), cache=store)

    return prepare_here
