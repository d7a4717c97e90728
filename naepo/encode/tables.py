"""Rows of .csv, .tsv, .jsonl and .parquet, and the column that holds the text."""

import csv
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from naepo.config import UserError, did_you_mean
from naepo.encode.decoding import Reading, characters
from naepo.encode.files import Source, open_regular

USUAL_COLUMNS = ("text", "content", "document")
MAX_ROW = 1 << 26
"""A row has at most so many characters; text files know no such limit."""
ROWS_LOOKED_AT = 100

SEPARATORS = ",;\t|"
"""What may stand between the cells of a .csv file: the one that its header holds most often."""

LONG_ROWS = "{n} rows have more fields than the first one"

Rows = Iterator[str | None]
"""The text of each row; None where a row has none."""


def rows(source: Source, reading: Reading) -> Rows:
    """Give the text of each row of a table.

    Raises: UserError for a table without a text column, and a row that cannot be read.
    """
    if source.kind == "parquet":
        return _parquet_rows(source, reading)
    lines = in_lines(characters(source, reading), source.name)
    if source.kind == "jsonl":
        return _json_rows(lines, source, reading)
    return _table_rows(lines, source, reading)


def in_lines(texts: Iterable[str], name: str) -> Iterator[str]:
    """Cut text at "\\n" only, as the formats say; a line keeps its end."""
    waiting: list[str] = []
    n_waiting = 0
    for text in texts:
        *whole, rest = text.split("\n")
        if whole:
            waiting.append(whole[0])
            yield "".join(waiting) + "\n"
            yield from (line + "\n" for line in whole[1:])
            waiting, n_waiting = [], 0
        waiting.append(rest)
        n_waiting += len(rest)
        if n_waiting > MAX_ROW:
            raise UserError(
                f"{name} has a row longer than {MAX_ROW:,} characters",
                hint="one row is one document; a longer text belongs into a .txt file",
            )
    if n_waiting:
        yield "".join(waiting)


def _json_rows(lines: Iterator[str], source: Source, reading: Reading) -> Rows:
    column = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{source.name}, line {number}"
        row = _json_object(line, place)
        if column is None:
            texts = [name for name, value in row.items() if isinstance(value, str)]
            column = _choose_column(list(row), texts, source, reading)
        value = row.get(column)
        if value is not None and not isinstance(value, str):
            raise UserError(
                f"`{column}` must be a text, got {type(value).__name__} ({place})",
                hint="--data.column NAME",
            )
        yield _without_surrogates(value, place)


def _json_object(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"not JSON: {error} ({place})") from None
    if not isinstance(row, dict):
        raise UserError(f"expected a JSON object, got {type(row).__name__} ({place})")
    return row


def _without_surrogates(value: str | None, place: str) -> str | None:
    try:
        (value or "").encode()
    except UnicodeEncodeError as error:
        code = ord(error.object[error.start])
        raise UserError(
            f"a lone surrogate, \\u{code:04x}, is no character ({place}, character {error.start})",
            hint="it was half of an emoji or the like: mend or leave out the row",
        ) from None
    return value


def cells(lines: Iterator[str], source: Source) -> Iterator[tuple[int, list[str]]]:
    """Give the cells of every row, the header too, and the line that it begins in, from 1.

    Of a .csv file quotes are as in RFC 4180, of a .tsv file a quote is a quote. A line with nothing
    in it is a row without cells.

    Raises: UserError where a quote is opened and never closed, and the like.
    """
    csv.field_size_limit(max(MAX_ROW, csv.field_size_limit()))
    first = next(lines, "")
    is_tsv = source.kind == "tsv"
    reader = csv.reader(
        itertools.chain([first], lines),
        delimiter="\t" if is_tsv else max(SEPARATORS, key=first.count),
        quoting=csv.QUOTE_NONE if is_tsv else csv.QUOTE_MINIMAL,
        quotechar=None if is_tsv else '"',
        strict=True,
    )
    before = 0
    try:
        for row in reader:
            yield before + 1, row
            before = reader.line_num
    except csv.Error as error:
        raise UserError(
            f"not a table: {error} ({source.name}, the row that begins at line {before + 1:,})",
            hint="is a quote opened and never closed, or is there one inside a cell?",
        ) from None


def _table_rows(lines: Iterator[str], source: Source, reading: Reading) -> Rows:
    table = (row for _, row in cells(lines, source))
    n_long = 0
    names = [name.strip() for name in next(table, [])]
    ahead = list(itertools.islice(table, ROWS_LOOKED_AT))
    if not ahead:
        return
    column = _choose_column(names, _text_columns(names, ahead), source, reading)
    place = names.index(column)
    for row in itertools.chain(ahead, table):
        n_long += len(row) > len(names)
        if row:
            yield row[place] if place < len(row) else None
    if n_long:
        reading.note(LONG_ROWS, n_long)


def _text_columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The columns in which something is not a number."""
    found = []
    for place, name in enumerate(names):
        values = [row[place] for row in rows if place < len(row) and row[place].strip()]
        if not all(_is_number(value) for value in values):
            found.append(name)
    return found


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _parquet_rows(source: Source, reading: Reading) -> Rows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    given = 0
    try:
        with open_regular(source.path) as file, pq.ParquetFile(file, pre_buffer=False) as table:
            schema = table.schema_arrow
            texts = [field.name for field in schema if _holds_text(field.type)]
            column = _choose_column(schema.names, texts, source, reading)
            if column not in texts:
                kind = schema.field(column).type
                raise UserError(f"`{column}` of {source.name} holds {kind}, expected text")
            n_rows = max(1, table.metadata.num_rows)
            for batch in table.iter_batches(batch_size=1024, columns=[column]):
                reading.on_bytes(source.size * batch.num_rows // n_rows)
                yield from batch.column(0).to_pylist()
                given += batch.num_rows
    except UnicodeDecodeError:
        raise UserError(f"not UTF-8 ({source.name}, after row {given + 1:,})") from None
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{source.name} is damaged, or no parquet file: {error}") from None


def _holds_text(kind: Any) -> bool:
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _choose_column(
    names: Sequence[str], texts: Sequence[str], source: Source, reading: Reading
) -> str:
    """Give the column that holds the text: the one named, a usual one, or the only one.

    Raises: UserError that lists the columns.
    """
    wanted = source.column or reading.column
    if wanted is not None:
        if wanted not in names:
            raise UserError(
                f"no column is called `{wanted}` in {source.name}", hint=did_you_mean(wanted, names)
            )
        return wanted
    for usual in USUAL_COLUMNS:
        if usual in names:
            return usual
    if len(texts) == 1:
        return texts[0]
    what = "more than one column" if texts else "no column"
    raise UserError(
        f"{what} of {source.name} holds text: its columns are " + ", ".join(names),
        hint="--data.column NAME",
    )
