"""What came out of a file of music, as bytes: for a cache, and to pass between processes.

One JSON object: {"scores": [...]} or {"broken": "reason"}. A list of events is written as columns.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from naepo.encode.music.score import Key, Meter, Note, Part, Score, Tempo

EVENTS = {"parts": Part, "notes": Note, "tempos": Tempo, "meters": Meter, "keys": Key}
"""The fields of a score that hold many of one kind."""


@dataclass(frozen=True)
class Failure:
    """Why a file, or one tune of it, gave no score."""

    reason: str


Outcome = Sequence[Score | Failure]
"""What one file gave: one score or failure, or one for each tune of a book."""


def to_bytes(outcome: Outcome) -> bytes:
    """Write down what a file gave."""
    whole = [_to_table(found) for found in outcome]
    return json.dumps(whole, ensure_ascii=True, separators=(",", ":")).encode()


def from_bytes(raw: bytes) -> list[Score | Failure]:
    """Read it back. Raises: ValueError for bytes that are damaged."""
    try:
        return [_from_table(table) for table in json.loads(raw)]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a score that was kept: {error!r}") from None


def _to_table(found: Score | Failure) -> dict[str, Any]:
    if isinstance(found, Failure):
        return {"reason": found.reason}
    events = {name: _columns(getattr(found, name)) for name in EVENTS}
    return {"ticks_per_quarter": found.ticks_per_quarter, "title": found.title, **events}


def _from_table(table: dict[str, Any]) -> Score | Failure:
    if "reason" in table:
        return Failure(str(table["reason"]))
    events: dict[str, Any] = {
        name: tuple(map(kind, *table[name])) if table[name] else () for name, kind in EVENTS.items()
    }
    return Score(table["ticks_per_quarter"], title=table["title"], **events)


def _columns(events: Iterable[Any]) -> list[tuple]:
    return list(zip(*map(astuple, events), strict=True))
