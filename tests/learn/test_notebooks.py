"""The notebooks of the chapters run from top to bottom, in marimo's format without marimo."""

import ast
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HOME = Path(__file__).parents[2] / "docs/concepts"
NOTEBOOKS = sorted(HOME.glob("*.py"))


class App:
    """A stand-in for marimo's: it runs the cells in order, each with the names that it asks for."""

    def __init__(self, **options: Any) -> None:
        self.cells: list[Callable[..., Any]] = []

    def cell(self, function: Callable[..., Any] | None = None, **options: Any) -> Any:
        if function is None:
            return self.cell
        self.cells.append(function)
        return function

    def run(self, given: dict[str, tuple[str, ...]]) -> dict[str, Any]:
        names: dict[str, Any] = {}
        for cell in self.cells:
            asked = cell.__code__.co_varnames[: cell.__code__.co_argcount]
            found = cell(**{name: names[name] for name in asked})
            made = found if isinstance(found, tuple) else () if found is None else (found,)
            for name, value in zip(given[cell.__name__], made, strict=True):
                assert name not in names, f"{name} is made in two cells: marimo refuses that"
                names[name] = value
        return names


def returned(source: str) -> dict[str, tuple[str, ...]]:
    """Give the names that each cell hands on."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            last = node.body[-1]
            assert isinstance(last, ast.Return), f"{node.name} ends without return"
            names = [each.id for each in ast.walk(last) if isinstance(each, ast.Name)]
            found[node.name] = tuple(names)
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path, monkeypatch, capsys):
    stand_in = ModuleType("marimo")
    stand_in.App = App  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "marimo", stand_in)
    app = runpy.run_path(str(path))["app"]
    assert len(app.cells) >= 2
    app.run(returned(path.read_text(encoding="utf-8")))
    assert capsys.readouterr().out.strip()


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_marimo_itself_runs_a_notebook(path):
    pytest.importorskip("marimo")
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
