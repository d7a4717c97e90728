"""Pairs of sentences and how alike people found them, from a table."""

from collections.abc import Sequence
from pathlib import Path

from naepo.config import UserError
from naepo.embed.passages import rows_of_table
from naepo.encode.files import shown

ScoredPair = tuple[str, str, float]
COLUMNS = (("sentence1", "sentence2", "score"), ("a", "b", "score"), ("text1", "text2", "score"))
"""The names of columns that are understood; else the first two are texts and the third a score."""


def read_pairs(path: Path) -> list[ScoredPair]:
    """Read a .csv or .tsv table of two texts and a score a row; scores are brought to 0 to 1.

    Without a score every pair counts as alike.

    Raises: UserError for what is no such table.
    """
    found: list[ScoredPair] = []
    names: Sequence[str] = ()
    for line, row in rows_of_table(path):
        names = names or _columns(list(row), path)
        score = _score(row.get(names[2], ""), path, line) if len(names) > 2 else 1.0
        found.append((row.get(names[0], ""), row.get(names[1], ""), score))
    if not found:
        raise UserError(f"no pair is in {shown(path)}")
    least, most = min(s for _, _, s in found), max(s for _, _, s in found)
    scale = most - min(least, 0.0) or 1.0
    return [(one, other, (score - min(least, 0.0)) / scale) for one, other, score in found]


def _columns(names: Sequence[str], path: Path) -> Sequence[str]:
    for known in COLUMNS:
        if all(name in names for name in known):
            return known
    if len(names) < 2:
        raise UserError(f"pairs need two columns of text, {shown(path)} has {len(names)}")
    return names[:3]


def _score(text: str, path: Path, line: int) -> float:
    try:
        score = float(text)
    except ValueError:
        raise UserError(
            f"a score must be a number, got {text!r} ({shown(path)}, line {line})"
        ) from None
    if score != score or abs(score) == float("inf"):
        raise UserError(f"a score must be a number, got {text!r} ({shown(path)}, line {line})")
    return score
