"""From files to passages: stretches of text that are short enough to be about one thing.

Text files are cut into paragraphs, lines or sentences, or taken whole; of tables every row is a
passage, and its other columns are what it is marked with.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from naepo.config import UserError, did_you_mean
from naepo.embed.entries import Entry
from naepo.embed.names import name_of
from naepo.embed.pieces import Told, files_below
from naepo.encode.decoding import Reading, characters
from naepo.encode.files import Source, open_regular, shown, stamp_of
from naepo.encode.formats import kind_of
from naepo.encode.tables import USUAL_COLUMNS, cells, in_lines

Unit = Literal["paragraph", "line", "sentence", "file"]
LONGEST = 600
"""Characters of a paragraph; a longer one is cut at the end of a sentence."""
MOST_OF_A_ROW = 1 << 20
"""Characters of the text of one row of a table."""
_SENTENCE = re.compile(r"(?<=[.!?。…])[\"'”’)\]]*\s+")
_BLANK = re.compile(r"\n[ \t]*\n")


def read_passages(
    paths: Sequence[Path],
    *,
    unit: Unit = "paragraph",
    column: str | None = None,
    on_unread: Told,
    on_read: Callable[[Path, int], None] | None = None,
    encoding: str = "utf-8",
) -> list[Entry]:
    """Read the passages of files and of all files in folders. Their kind is "text".

    Their name is the whole path of the file, links followed: from wherever it is named, it is one.

    column: which one of a table holds the text; None takes `text`, `content` or `document`.
    on_unread: is told, in one line, of each file that is left out because it is no text.
    on_read: is told of each file that was read, and how many passages it has; it may be none.

    Raises: UserError for a table without the column or that cannot be read, and when there is
    nothing at all.
    """
    found: list[Entry] = []
    for path in files_below(paths, None):
        kind, packing = kind_of(path.name) or ("text", "")
        if kind not in ("text", "csv", "tsv", "jsonl"):
            on_unread(f"left out {shown(path)}: a {kind} file is no text")
            continue
        try:
            source = Source(path, shown(path), kind, packing, stamp_of(path.stat()))
            with open_regular(path):
                pass
            reading = Reading(encoding=encoding)
            if kind == "text":
                passages = _passages(source, reading, unit)
            else:
                passages = list(_rows(source, reading, column))
        except OSError as error:
            on_unread(f"left out {shown(path)}: {error.strerror or error}")
            continue
        if isinstance(passages, str):  # a picture among the notes is no mistake
            on_unread(f"left out {source.name}: {passages}")
            continue
        found += passages
        if on_read is not None:
            on_read(path, len(passages))
    if not found:
        raise UserError(
            f"no text was found in {', '.join(shown(path) for path in paths)}",
            hint="name files or folders of text, or tables (.csv .tsv .jsonl)",
        )
    return found


def cut(text: str, unit: Unit) -> Iterator[tuple[int, str]]:
    """Cut a text; give for each part the line it begins in, from 1, and its words.

    >>> list(cut("One. Two.\\n\\nThree", "sentence"))
    [(1, 'One.'), (1, 'Two.'), (3, 'Three')]
    """
    if unit == "file":
        parts = [(0, len(text))]
    elif unit == "line":
        parts = list(_between(text, re.compile("\n"), 0, len(text)))
    else:
        parts = list(_between(text, _BLANK, 0, len(text)))
        longest = 0 if unit == "sentence" else LONGEST
        parts = [part for start, end in parts for part in _sentences(text, start, end, longest)]
    line, at = 1, 0
    for start, end in parts:
        start += len(text[start:end]) - len(text[start:end].lstrip())
        words = text[start:end].strip()
        if words:
            line += text.count("\n", at, start)
            at = start
            yield line, words


def _between(text: str, border: re.Pattern[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    for found in border.finditer(text, start, end):
        yield start, found.start()
        start = found.end()
    yield start, end


def _sentences(text: str, start: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    """Give stretches of whole sentences that are at most so long, and of one at least."""
    first = last = start
    for begin, stop in _between(text, _SENTENCE, start, end):
        if last > first and stop - first > longest:
            yield first, last
            first = begin
        last = stop
    yield first, last


def _passages(source: Source, reading: Reading, unit: Unit) -> list[Entry] | str:
    """Give the passages of a file, or why it is no text."""
    try:
        text = "".join(characters(source, reading)).replace("\r\n", "\n")
    except UserError as error:
        return error.message
    name = name_of(source.path)
    parts = [(f"line {line}", words) for line, words in cut(text, unit)]
    return [Entry(name, "" if unit == "file" else at, "text", words) for at, words in parts]


def _rows(source: Source, reading: Reading, column: str | None) -> Iterator[Entry]:
    lines = in_lines(characters(source, reading), source.name)
    name = name_of(source.path)
    rows = _json_rows(lines, source) if source.kind == "jsonl" else table_rows(source, reading)
    for number, row in rows:
        if column is None:
            column = _usual(row, source)
        if column not in row:
            raise UserError(
                f"no column is called `{column}` in {source.name}, line {number}",
                hint=did_you_mean(column, row),
            )
        text = row[column]
        if len(text) > MOST_OF_A_ROW:
            raise UserError(
                f"a text of {len(text):,} characters ({source.name}, line {number})",
                hint=f"at most {MOST_OF_A_ROW:,}: put a long text into a file of its own",
            )
        marks = {key: value for key, value in row.items() if key != column and value}
        if text.strip():
            yield Entry(name, f"line {number}", "text", text.strip(), marks)


def _usual(row: Mapping[str, str], source: Source) -> str:
    for name in USUAL_COLUMNS:
        if name in row:
            return name
    raise UserError(
        f"which column of {source.name} holds the text? It has " + ", ".join(row),
        hint="--text COLUMN",
    )


def rows_of_table(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Give the rows of a .csv or .tsv file, each with its line.

    Raises: UserError for what is no such file, and as `table_rows`.
    """
    kind, packing = kind_of(path.name) or ("", "")
    if kind not in ("csv", "tsv"):
        raise UserError(f"expected a .csv or .tsv table, got {shown(path)}")
    try:
        with open_regular(path):
            pass
        source = Source(path, shown(path), kind, packing, stamp_of(path.stat()))
    except OSError as error:
        raise UserError(f"cannot read {shown(path)}: {error.strerror}") from None
    yield from table_rows(source)


def table_rows(
    source: Source, reading: Reading | None = None
) -> Iterator[tuple[int, dict[str, str]]]:
    """Give the rows of a .csv (quotes as in RFC 4180) or .tsv (no quotes), each with its line.

    Raises: UserError for what is no table, and a row with more cells than the header has.
    """
    read = cells(in_lines(characters(source, reading or Reading()), source.name), source)
    names = [name.strip() for name in next(read, (1, []))[1]]
    for line, row in read:
        if len(row) > len(names):
            raise UserError(
                f"a row has {len(row)} cells, the header {len(names)} "
                f"({source.name}, line {line:,})",
                hint="put a cell that holds the separator into quotes",
            )
        if row:
            yield line, dict(zip(names, row, strict=False))


def _json_rows(lines: Iterator[str], source: Source) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row: Any = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"not JSON: {error} ({source.name}, line {number})") from None
        if not isinstance(row, dict):
            raise UserError(f"expected a JSON object ({source.name}, line {number})")
        plain = {key: value for key, value in row.items() if isinstance(value, str | int | float)}
        yield number, {key: _without_halves(str(value)) for key, value in plain.items()}


def _without_halves(text: str) -> str:
    """Put U+FFFD in place of lone halves of surrogate pairs, which JSON can spell."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
