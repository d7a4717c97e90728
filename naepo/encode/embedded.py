"""Corpora that need no download: built once, from what is on this machine anyway."""

import ast
import hashlib
import json
import sys
import sysconfig
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from naepo.config import UserError
from naepo.encode.cache import TEMPORARY, Cache, commit, remove_abandoned, writing
from naepo.encode.files import Source, hash_of, stamp_of
from naepo.encode.meter import OnProgress, silent
from naepo.encode.music.bach import chorale_files

VERSION = 1
"""Raised when a corpus comes out differently than before."""
NOT_READ = {
    *("test", "tests", "idle_test", "idlelib", "lib2to3", "turtledemo", "ensurepip", "encodings"),
    *("site-packages", "dist-packages", "__pycache__", "pydoc_data"),
}
"""Folders of the standard library that hold tests, tables or what others installed."""
Scope = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class EmbeddedCorpus(NamedTuple):
    """A corpus that needs no file.

    size: of its text in UTF-8, or of its files, in bytes; None until it is built or installed.
    """

    name: str
    description: str
    size: int | None
    how: str


def embedded_corpora(cache: Path | None = None) -> list[EmbeddedCorpus]:
    """List the corpora that can be named without having a file, for `naepo data`."""
    built = _built("python-docs", Cache(cache))
    size = sum(len(text.encode()) for text in _texts(built)) if built else None
    return [
        EmbeddedCorpus(
            name="python-docs",
            description="English: how Python and its standard library are used, 2 to 3 MB",
            size=size,
            how="from the help topics and the docstrings of the Python that runs naepo, in seconds",
        ),
        EmbeddedCorpus(
            name="bach",
            description="music: 408 chorales by Johann Sebastian Bach, in four voices",
            size=_size_of(bach),
            how='from the files that music21 carries: pip install "naepo[music]"',
        ),
    ]


def _size_of(collection: Callable[[], list[Path]]) -> int | None:
    """Add up the files of a collection, in bytes; None where they are not installed."""
    try:
        return sum(path.stat().st_size for path in collection())
    except UserError:
        return None


def source(name: str, cache: Cache, on_progress: OnProgress = silent) -> Source:
    """Give the file of an embedded corpus, a .jsonl; built now if it is not there yet.

    Raises: UserError when what it is built from is missing.
    """
    path = _built(name, cache) or _build(name, cache, on_progress)
    return Source(path, name, "jsonl", "", stamp_of(path.stat()), column="text")


def _built(name: str, cache: Cache) -> Path | None:
    """Give the file if it is there and its content is what its name says."""
    for path in (cache.root / "embedded").glob(f"{name}-{_origin()}-*.jsonl"):
        if path.stem.endswith(hash_of(path)[:32]):
            return path
        path.unlink(missing_ok=True)
    return None


def _origin() -> str:
    """Tell this Python and this version of the corpora from others."""
    parts = f"{VERSION} {sys.version} {sysconfig.get_path('stdlib')}"
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


def _build(name: str, cache: Cache, on_progress: OnProgress) -> Path:
    folder = cache.folder("embedded")
    remove_abandoned(folder)
    with writing(cache.root), tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=folder) as scratch:
        draft = Path(scratch) / "draft.jsonl"
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            for text in BUILDERS[name](lambda fraction: on_progress(f"build {name}", fraction)):
                file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
        path = folder / f"{name}-{_origin()}-{hash_of(draft)[:32]}.jsonl"
        commit(draft, path)
    return path


def _texts(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)["text"]


def python_docs(
    on_fraction: Callable[[float], None] = lambda fraction: None, library: Path | None = None
) -> Iterator[str]:
    """Give the documents of `python-docs`: help topics, and one document for each module.

    The order is that of the hashes of their names: fixed, and as good as shuffled, so that the end
    of the corpus, which is held out, is like the rest. No module is imported or run, they are
    parsed. A docstring that stands in many places is kept in the first only.

    Raises: UserError when this Python came without its library as .py files.
    """
    library = library or Path(sysconfig.get_path("stdlib"))
    topics = _topics(library / "pydoc_data" / "topics.py")
    modules = {
        ".".join(path.relative_to(library).with_suffix("").parts): path
        for path in _modules(library)
    }
    if not modules and not topics:
        raise UserError(
            f"this Python has no library of .py files in {library}",
            hint="train on text files of your own: naepo train notes/*.txt",
        )
    names = sorted([*topics, *modules], key=lambda name: hashlib.sha256(name.encode()).digest())
    seen: set[str] = set()
    for number, name in enumerate(names):
        on_fraction(number / len(names))
        text = topics[name] if name in topics else _document(name, modules[name], seen)
        if text:
            yield text


def _modules(library: Path) -> list[Path]:
    return [
        path
        for path in sorted(library.rglob("*.py"))
        if NOT_READ.isdisjoint(path.relative_to(library).parts)
    ]


def _parsed(path: Path) -> ast.Module:
    """Parse a file; a file that is no Python of this version counts as empty."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd escapes in old docstrings are not our business
        try:
            return ast.parse(path.read_bytes())
        except (SyntaxError, ValueError, OSError):
            return ast.Module([], [])


def _topics(path: Path) -> dict[str, str]:
    """The texts behind `help("for")` and the like, by name."""
    for statement in _parsed(path).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
            table = ast.literal_eval(statement.value)
            return {f"topic {name}": f"{name}\n\n{text.strip()}\n" for name, text in table.items()}
    return {}


def _document(name: str, path: Path, seen: set[str]) -> str:
    """Write the docstrings of a module: each under its name and signature, in order."""
    name = name.removesuffix(".__init__")
    return "\n\n".join(_entries(_parsed(path), name, "", seen))


def _entries(scope: Scope, name: str, signature: str, seen: set[str]) -> Iterator[str]:
    """Give the entry of a scope, then those of the classes and functions inside it."""
    doc = ast.get_docstring(scope)
    if doc and doc not in seen:
        seen.add(doc)
        indented = "\n".join(f"    {line}".rstrip() for line in doc.strip("\n").split("\n"))
        yield f"{name}{signature}\n\n{indented}\n"
    for inner in scope.body:
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _entries(inner, f"{name}.{inner.name}", f"({_arguments(inner)})", seen)
        elif isinstance(inner, ast.ClassDef):
            bases = ", ".join(ast.unparse(base) for base in inner.bases)
            yield from _entries(inner, f"{name}.{inner.name}", f"({bases})" if bases else "", seen)


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return ast.unparse(function.args)


def bach() -> list[Path]:
    """Give the files of the chorales, as good as shuffled: in the order of their names' hashes.

    Raises: UserError where music21, which carries them, is not installed.
    """
    return sorted(chorale_files(), key=lambda path: hashlib.sha256(path.stem.encode()).digest())


BUILDERS: dict[str, Callable[..., Iterator[str]]] = {"python-docs": python_docs}
"""Each embedded corpus of text and what builds it."""
COLLECTIONS: dict[str, Callable[[], list[Path]]] = {"bach": bach}
"""Each embedded corpus of music and what finds its files."""
NAMES = (*BUILDERS, *COLLECTIONS)
