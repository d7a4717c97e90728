"""Tables of texts and labels, read strictly, and written with nothing lost.

In: .csv (quotes as in RFC 4180) and .tsv (no quotes), packed or not. Out: rows as they were, with
what was found beside them. A row that cannot be read is an error with its line, never left out.
"""

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from naepo.config import UserError, did_you_mean
from naepo.encode.decoding import Reading, characters
from naepo.encode.files import Source, open_regular, shown, stamp_of
from naepo.encode.formats import kind_of
from naepo.encode.tables import cells, in_lines

LONGEST_TEXT = 1 << 20
"""Characters of a text, as in `naepo embed`."""
NO_LABEL = ("", "nan")
"""What stands in a label's place when there is none; any case."""


@dataclass(frozen=True)
class Table:
    """A table, open at its first row. `rows` gives the line in the file, from 1, and the cells."""

    name: str
    columns: list[str]
    rows: Iterator[tuple[int, list[str]]]
    is_tsv: bool

    def place(self, column: str, flag: str) -> int:
        """Give where a column stands. Raises: UserError that names the columns there are."""
        if column not in self.columns:
            near = did_you_mean(column, self.columns)
            raise UserError(
                f"no column is called `{column}` in {self.name}: its columns are "
                + ", ".join(f"`{name}`" for name in self.columns),
                hint=near if near.startswith("did") else f"{flag} COLUMN",
            )
        return self.columns.index(column)

    def text(self, line: int, row: Sequence[str], place: int) -> str:
        """Give the text of a row. Raises: UserError for one of more than 1,048,576 characters."""
        text = row[place]
        if len(text) > LONGEST_TEXT:
            raise UserError(
                f"a text of {len(text):,} characters ({self.name}, line {line:,})",
                hint=f"at most {LONGEST_TEXT:,}: make several rows of a longer one",
            )
        return text


def open_table(path: Path, encoding: str = "utf-8") -> Table:
    """Open a .csv or .tsv file and read its header.

    Raises: UserError for what is no such file, for a header that names a column twice or none, and,
    while rows are read, for bytes that are not in the encoding, a row that is no CSV, a row with
    another number of cells, and a cell beyond all measure, with the line.
    """
    kind, packing = kind_of(path.name) or ("", "")
    if kind not in ("csv", "tsv"):
        raise UserError(
            f"{shown(path)} is no table that can be read here", hint="a .csv or .tsv file"
        )
    try:
        with open_regular(path):
            pass
        source = Source(path, shown(path), kind, packing, stamp_of(path.stat()))
    except OSError as error:
        raise UserError(f"cannot read {shown(path)}: {error.strerror}") from None
    read = cells(in_lines(characters(source, Reading(encoding=encoding)), source.name), source)
    _, names = next(read, (1, []))
    columns = [name.strip() for name in names]
    if not any(columns):
        raise UserError(f"{source.name} is empty, expected a header that names the columns")
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise UserError(
            f"the header of {source.name} names `{twice}` {columns.count(twice)} times",
            hint="give each column a name of its own",
        )
    return Table(source.name, columns, _whole(read, columns, source), kind == "tsv")


@dataclass(frozen=True)
class Examples:
    """Texts and their labels. n_empty: texts without a character, which are kept all the same."""

    texts: list[str]
    labels: list[str]
    n_empty: int


def read_examples(
    path: Path,
    text: str,
    label: str,
    *,
    encoding: str = "utf-8",
    skip_unlabelled: bool = False,
    learnt: Collection[str] | None = None,
) -> Examples:
    """Read what to learn from, or what to test on. text, label: the names of the columns.

    learnt: of a table to test on, the classes that are learnt; None for a table to learn from.

    Raises: UserError as `open_table`, for rows without a label, for no row at all, for a class that
    is not learnt, for fewer than two classes to learn, and for a text beyond all measure.
    """
    table = open_table(path, encoding)
    at_text, at_label = table.place(text, "--text"), table.place(label, "--label")
    texts, labels, without = [], [], []
    for line, row in table.rows:
        if row[at_label].strip().lower() in NO_LABEL:
            without.append(line)
            continue
        texts.append(table.text(line, row, at_text))
        labels.append(row[at_label].strip())
        if learnt is not None and labels[-1] not in learnt:
            raise UserError(
                f"`{labels[-1]}` is no class of the table that is learnt from ({table.name}, line "
                f"{line:,})",
                hint="its classes: " + ", ".join(f"`{name}`" for name in sorted(learnt)),
            )
    if without and not skip_unlabelled:
        raise UserError(
            f"{len(without):,} rows of {table.name} have no label in `{label}`, the first one at "
            f"line {without[0]:,}",
            hint="label them, or leave them out: --skip-unlabelled",
        )
    classes = sorted(set(labels))
    if len(classes) < (2 if learnt is None else 1):
        found = f"only `{classes[0]}`" if classes else "no label at all"
        raise UserError(f"a classifier tells classes apart, and `{label}` holds {found}")
    return Examples(texts, labels, sum(not text.strip() for text in texts))


class TableWriter:
    """Writes rows as they came, with new columns at the end."""

    def __init__(self, file: Any, columns: Sequence[str], new: Sequence[str], is_tsv: bool):
        self._is_tsv = is_tsv
        options: dict[str, Any] = {"lineterminator": "\r\n"}
        if is_tsv:
            options |= {"delimiter": "\t", "quoting": csv.QUOTE_NONE, "quotechar": None}
        self._writer = csv.writer(_Unix(file), **options)
        self.columns = [*columns, *(_free(name, columns) for name in new)]
        self._write(self.columns)

    def write(self, row: Sequence[str], new: Sequence[str]) -> None:
        """Write one row. Raises: UserError for a cell that a .tsv cannot hold."""
        self._write([*row, *new])

    def _write(self, row: Sequence[str]) -> None:
        try:
            self._writer.writerow(row)
        except csv.Error:
            raise UserError(
                "a .tsv file cannot hold a cell with a tab or a line break",
                hint="write a .csv file: --out NAME.csv",
            ) from None


class _Unix:
    """Ends rows by "\\n" where the writer ends them by "\\r\\n".

    Before Python 3.13 csv quotes "\\r" only where it is part of the end of a row.
    """

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, row: str) -> int:
        """Write one row, which comes whole."""
        return self._file.write(row.removesuffix("\r\n") + "\n")


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _whole(
    read: Iterator[tuple[int, list[str]]], columns: list[str], source: Source
) -> Iterator[tuple[int, list[str]]]:
    for line, row in read:
        if not row:  # a line with nothing in it: no row, but where there is one column alone
            if len(columns) > 1:
                continue
            row = [""]
        if len(row) != len(columns):
            raise UserError(
                f"a row has {len(row)} cells, the header {len(columns)} ({source.name}, line "
                f"{line:,})",
                hint="put a cell that holds the separator into quotes",
            )
        yield line, row
