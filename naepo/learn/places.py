"""Where an idea lives in naepo's own code: found by reading the source, without importing it."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from naepo.learn.chapter import Place

PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Line:
    """One line of naepo's source."""

    file: str
    line: int
    text: str


@cache
def find(place: Place) -> Line:
    """Find the line; the source is read as it is now, so that a number is never stale.

    >>> find(Place("model/norms.py", "RMSNorm.forward", "F.rms_norm(")).text[:17]
    'return F.rms_norm'
    """
    source = (PACKAGE / place.file).read_text(encoding="utf-8")
    node: ast.AST = ast.parse(source)
    for name in filter(None, place.name.split(".")):
        node = _inside(node, name, place)
    lines = source.splitlines()
    first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", len(lines))
    for number in range(first, last + 1):
        if place.piece in lines[number - 1]:
            return Line(f"naepo/{place.file}", number, lines[number - 1].strip())
    raise LookupError(f"{place.piece!r} is not in {place.name} of {place.file}")


def _inside(node: ast.AST, name: str, place: Place) -> ast.AST:
    for child in getattr(node, "body", []):
        if isinstance(child, ast.FunctionDef | ast.ClassDef) and child.name == name:
            return child
    raise LookupError(f"{place.file} has no {place.name}")
