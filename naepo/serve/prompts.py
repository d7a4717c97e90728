"""From what a person typed to what the model reads, and what to show before anything is typed."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from naepo.config import UserError
from naepo.encode import Encoder
from naepo.encode.normal_form import NormalForm, normalized
from naepo.serve.notes import cadence
from naepo.train.metrics import read_metrics

LONGEST_SUGGESTION = 40
"""Characters of the first prompt."""
SHORTEST_LINE = 12
"""A line shorter than this says too little to be a first prompt."""
BARS = 2
"""Of a sample of music, that are a first prompt; a line is a bar."""
GREETINGS = ("나는 어제 학교에 가서 친구를 만났다", "The cat sat on the mat because")


@dataclass(frozen=True)
class Prompt:
    """A prompt as the model reads it. n_cut: ids that stood before the first and did not fit."""

    text: str
    ids: tuple[int, ...]
    n_cut: int


def read_prompt(text: str, encoder: Encoder, context_length: int, form: NormalForm) -> Prompt:
    """Turn text into the ids that the model reads; of a text that is too long, the last ones.

    An empty text is the end id alone, as a new document begins.
    form: Unicode normal form of the text that the model was trained on.

    Raises: UserError for a text that the encoder cannot hold.
    """
    text = normalized(text, form)
    ids = encoder.encode(text).tolist() or [encoder.end_id]
    return Prompt(text, tuple(ids[-context_length:]), max(0, len(ids) - context_length))


def read_ids(ids: list[int], encoder: Encoder, context_length: int) -> Prompt:
    """Take ids as they are given.

    Raises: UserError when there are none, or one is not of the encoder.
    """
    wrong = [id for id in ids if not 0 <= id < encoder.vocab_size]
    if wrong or not ids:
        got = wrong[0] if wrong else "none"
        raise UserError(f"ids must be from 0 to {encoder.vocab_size - 1}, got {got}")
    ids = ids[-context_length:]
    return Prompt(encoder.decode(ids), tuple(ids), max(0, len(ids) - context_length))


def suggest(run: Path, encoder: Encoder) -> str:
    """Give a first prompt: how the newest sample of a run begins, else a sentence it can hold."""
    samples = [row["text"] for row in read_metrics(run / "metrics.jsonl") if _is_sample(row)]
    if encoder.unit == "event":
        bars = [
            text for text in map(_first_bars, samples[-1:]) if text and _can_hold(encoder, text)
        ]
        return bars[0] if bars else cadence(encoder)
    lines = [line.strip() for text in samples[-1:] for line in text.split("\n")]
    lines = [line for line in lines if len(line) >= SHORTEST_LINE and "\ufffd" not in line]
    for text in [*(_first_words(line) for line in lines), *_greetings(encoder)]:
        if _can_hold(encoder, text):
            return text
    return ""


def _is_sample(row: dict[str, Any]) -> bool:
    return row["kind"] == "sample" and isinstance(row.get("text"), str)


def _first_bars(notation: str) -> str:
    """Cut a piece of music behind a bar.

    >>> _first_bars("C5 E4 |\\nB4 D4 |\\nC5 C4 |\\n")
    'C5 E4 |\\nB4 D4 |\\n'
    """
    return "".join(notation.splitlines(keepends=True)[:BARS])


def _first_words(line: str) -> str:
    """Cut a line on a word boundary.

    >>> _first_words("one two three four five six seven eight nine ten")
    'one two three four five six seven eight'
    """
    if len(line) <= LONGEST_SUGGESTION:
        return line
    whole = re.match(rf"(.{{1,{LONGEST_SUGGESTION}}})\s", line)
    return whole[1].rstrip() if whole else line[:LONGEST_SUGGESTION]


def _greetings(encoder: Encoder) -> list[str]:
    """Korean first, for an encoder to which Korean is more than bytes."""
    korean, english = GREETINGS
    if not _can_hold(encoder, korean):
        return [english]
    is_at_home = len(encoder.encode(korean)) <= len(korean)
    return [korean, english] if is_at_home else [english, korean]


def _can_hold(encoder: Encoder, text: str) -> bool:
    try:
        encoder.encode(text)
    except UserError:
        return False
    return True
