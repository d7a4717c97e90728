"""Ids as the page is told them: bytes as base64, a label for one line, characters where whole.

Token text, whatever it is, travels as data in JSON and as nothing else.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from naepo.encode import Encoder
from naepo.look.tokens import Cell, Group, cells, groups, vocabulary
from naepo.serve.notes import label, notes_of, vocabulary_of


def named(encoder: Encoder, id: int) -> dict[str, Any]:
    """Tell one id: its label, and its text (null where its bytes are no whole characters)."""
    (cell,) = cells(encoder, [id])
    (group,) = groups([cell])
    return {"id": id, "label": label(encoder, cell.label), "text": group.text}


def prompt_table(encoder: Encoder, ids: Sequence[int]) -> dict[str, Any]:
    """Tell a prompt: each token (of music: its note), and the groups that are whole characters."""
    found, notes = cells(encoder, ids), notes_of(encoder, ids)
    tokens = [_token(encoder, cell) | note for cell, note in zip(found, notes, strict=True)]
    return {
        "tokens": tokens,
        "groups": [_group(group) for group in groups(found)],
    }


def vocabulary_table(encoder: Encoder, n_ids: int) -> dict[str, Any]:
    """Tell every id of a model: its label, what it is made of, its bytes."""
    found = vocabulary(encoder, n_ids)
    contents = [_base64(content) for content in found.contents]
    labels = [label(encoder, each) for each in found.labels]
    told = {"labels": labels, "kinds": found.scripts, "bytes": contents}
    return told | vocabulary_of(encoder, found.scripts, labels)


def _token(encoder: Encoder, cell: Cell) -> dict[str, Any]:
    shown = label(encoder, cell.label)
    return {"id": cell.id, "bytes": _base64(cell.content), "label": shown}


def _group(group: Group) -> dict[str, Any]:
    return {"start": group.start, "end": group.end, "text": group.text, "kind": group.kind}


def _base64(content: bytes) -> str:
    return b64encode(content).decode("ascii")
