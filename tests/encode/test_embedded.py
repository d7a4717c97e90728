"""The corpora that need no download: the same on every run, of a known size, and never run."""

import json
import sys

import pytest

from naepo.config import UserError
from naepo.encode import DataSettings, embedded, prepare
from naepo.encode.embedded import embedded_corpora, python_docs

MODULE = '''
"""What the module is for."""

raise SystemExit("a library is read, never run")

class Bird(Animal, metaclass=Meta):
    """A thing with feathers."""

    def sing(self, song: str = "tweet", *, loud=False) -> None:
        """Sing a song.

        loud: so that all hear it.
        """

    async def fly(self): pass

class Fish:
    """A thing with feathers."""
'''


@pytest.fixture
def library(tmp_path):
    """A small standard library, with what is read in it and what is not."""
    for name, text in {
        "birds.py": MODULE,
        "pack/__init__.py": '"""A package."""',
        "pack/odd.py": '"""A docstring with an odd escape: \\d."""',
        "broken.py": "def (",
        "nothing.py": "x = 1",
        "test/test_x.py": '"""Not to be read."""',
        "site-packages/other.py": '"""Not to be read."""',
        "pydoc_data/topics.py": "topics = {'for': 'The for statement.\\n', 'if': 'Choose.'}",
    }.items():
        path = tmp_path / "lib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "lib"


def test_a_document_is_the_names_signatures_and_docstrings_of_a_module(library):
    texts = list(python_docs(library=library))
    birds = next(text for text in texts if text.startswith("birds"))
    assert birds == (
        "birds\n\n    What the module is for.\n\n\n"
        "birds.Bird(Animal)\n\n    A thing with feathers.\n\n\n"
        "birds.Bird.sing(self, song: str='tweet', *, loud=False)\n\n"
        "    Sing a song.\n\n    loud: so that all hear it.\n"
    )
    assert "for\n\nThe for statement.\n" in texts and "pack\n\n    A package.\n" in texts


def test_tests_and_what_others_installed_are_not_read(library):
    assert "Not to be read" not in "".join(python_docs(library=library))
    assert len(list(python_docs(library=library))) == 5


def test_the_same_docstring_is_told_once(library):
    assert "".join(python_docs(library=library)).count("A thing with feathers") == 1


def test_a_python_without_its_library_is_told_what_to_do(tmp_path):
    with pytest.raises(UserError, match="no library of") as caught:
        list(python_docs(library=tmp_path))
    assert "notes/*.txt" in str(caught.value.hint)


@pytest.fixture
def built(library, monkeypatch):
    """Build from the small library; count how often."""
    times = []

    def build(tell):
        times.append(1)
        return python_docs(tell, library)

    monkeypatch.setitem(embedded.BUILDERS, "python-docs", build)
    return times


def test_it_is_built_once_and_named_like_a_file(built, tmp_path):
    settings = DataSettings(sources=("python-docs",), column="other", encoding="utf-16")
    told = []
    first = prepare(settings, cache=tmp_path, on_progress=lambda phase, share: told.append(phase))
    second = prepare(settings, cache=tmp_path)
    assert built == [1] and first.fingerprint == second.fingerprint
    assert told[0] == "build python-docs"
    assert first.notes[0].startswith("5 documents, ")


def test_a_damaged_one_is_built_again(built, tmp_path):
    settings = DataSettings(sources=("python-docs",))
    first = prepare(settings, cache=tmp_path)
    file = next((tmp_path / "embedded").glob("*.jsonl"))
    file.write_bytes(file.read_bytes().replace(b"feathers", b"features"))
    assert prepare(settings, cache=tmp_path).fingerprint == first.fingerprint
    assert built == [1, 1]


def test_the_list_knows_the_size_once_it_is_built(built, tmp_path):
    name, description, size, how = embedded_corpora(tmp_path)[0]
    assert (name, size) == ("python-docs", None) and description and how
    prepare(DataSettings(sources=("python-docs",)), cache=tmp_path)
    size = embedded_corpora(tmp_path)[0].size
    file = next((tmp_path / "embedded").glob("*.jsonl"))
    lines = file.read_text(encoding="utf-8").splitlines()
    assert size == sum(len(json.loads(line)["text"].encode()) for line in lines)


def test_every_listed_corpus_can_be_built_or_found():
    listed = {corpus.name: corpus for corpus in embedded_corpora()}
    assert list(listed) == [*embedded.BUILDERS, *embedded.COLLECTIONS] == list(embedded.NAMES)
    found = embedded.COLLECTIONS["bach"]()
    assert len(found) == 408
    assert listed["bach"].size == sum(path.stat().st_size for path in found)


@pytest.mark.slow
def test_the_library_of_this_python_gives_the_stated_size_twice_the_same():
    loaded = set(sys.modules)
    texts = list(python_docs())
    assert set(sys.modules) == loaded
    assert 2_000_000 < sum(len(text.encode()) for text in texts) < 6_000_000
    assert len(texts) > 300
    assert texts == list(python_docs())
