"""Pairs of sentences and how alike people found them, from a table."""

from collections.abc import Sequence
from pathlib import Path

from naepo.config import UserError
from naepo.embed.passages import table_rows
from naepo.encode.files import Source, open_regular, shown, stamp_of
from naepo.encode.formats import kind_of

ScoredPair = tuple[str, str, float]
COLUMNS = (("sentence1", "sentence2", "score"), ("a", "b", "score"), ("text1", "text2", "score"))
"""The names of columns that are understood; else the first two are texts and the third a score."""


def read_pairs(path: Path) -> list[ScoredPair]:
    """Read a .csv or .tsv table of two texts and a score a row; scores are brought to 0 to 1.

    Without a score every pair counts as alike.

    Raises: UserError for what is no such table.
    """
    kind, packing = kind_of(path.name) or ("", "")
    if kind not in ("csv", "tsv"):
        raise UserError(f"pairs are read from a .csv or .tsv table, got {shown(path)}")
    try:
        with open_regular(path):
            pass
        source = Source(path, shown(path), kind, packing, stamp_of(path.stat()))
    except OSError as error:
        raise UserError(f"cannot read {shown(path)}: {error.strerror}") from None
    found: list[ScoredPair] = []
    names: Sequence[str] = ()
    for line, row in table_rows(source):
        names = names or _columns(list(row), source)
        score = _score(row.get(names[2], ""), source, line) if len(names) > 2 else 1.0
        found.append((row.get(names[0], ""), row.get(names[1], ""), score))
    if not found:
        raise UserError(f"no pair is in {source.name}")
    least, most = min(s for _, _, s in found), max(s for _, _, s in found)
    scale = most - min(least, 0.0) or 1.0
    return [(one, other, (score - min(least, 0.0)) / scale) for one, other, score in found]


def _columns(names: Sequence[str], source: Source) -> Sequence[str]:
    for known in COLUMNS:
        if all(name in names for name in known):
            return known
    if len(names) < 2:
        raise UserError(f"pairs need two columns of text, {source.name} has {len(names)}")
    return names[:3]


def _score(text: str, source: Source, line: int) -> float:
    try:
        score = float(text)
    except ValueError:
        raise UserError(
            f"a score must be a number, got {text!r} ({source.name}, line {line})"
        ) from None
    if score != score or abs(score) == float("inf"):
        raise UserError(f"a score must be a number, got {text!r} ({source.name}, line {line})")
    return score
