"""What a map is drawn of: the vectors of a store, an .npy file, or the numbers of a table."""

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naepo.config import UserError, did_you_mean

if TYPE_CHECKING:
    from naepo.cli.reduce import Reduce
    from naepo.embed.entries import Entry
    from naepo.reduce.adding import KeptMap

NAMES = 60
"""Characters of a text that name a point."""


@dataclass(frozen=True, eq=False)
class Rows:
    """What is to be drawn. marks: what it is coloured by, None for nothing.

    entries: of a store, what tells each of its entries again.  space: how its vectors were made.
    columns: of a table, which of its columns are the numbers.
    """

    rows: Any
    names: list[str]
    marks: list[str] | None
    entries: list[str] | None = None
    space: dict[str, Any] | None = None
    columns: list[str] | None = None

    def pick(self, chosen: Sequence[int]) -> "Rows":
        """Give some of them, by their numbers."""
        import numpy as np

        return Rows(
            np.asarray(self.rows)[np.array(chosen, dtype=np.int64)],
            [self.names[i] for i in chosen],
            None if self.marks is None else [self.marks[i] for i in chosen],
            None if self.entries is None else [self.entries[i] for i in chosen],
            self.space,
            self.columns,
        )


def read(asked: "Reduce", old: "KeptMap | None") -> Rows:
    """Read what is to be drawn. old: the map that it is added to.

    Raises: UserError for what is no store, array or table, and for what it does not hold.
    """
    from naepo.embed.database import is_store

    if is_store(asked.source):
        return _of_store(asked, old)
    if not asked.source.is_file():
        raise UserError(
            f"no such store or file: {asked.source}", hint="a store, an .npy or a .csv file"
        )
    if asked.where or asked.by is not None:
        raise UserError(f"{'--where' if asked.where else '--by'} is for a store")
    if asked.source.suffix.lower() == ".npy":
        return _of_npy(asked)
    return _of_table(asked, old)


def _of_store(asked: "Reduce", old: "KeptMap | None") -> Rows:
    import numpy as np

    from naepo.embed.filters import Condition
    from naepo.embed.names import below_here
    from naepo.embed.store import Store

    with Store.open(asked.source) as first:
        spaces = first.spaces
    with Store.open(asked.source, _space(asked, spaces, old)) as store:
        _say_left_out(spaces, store.about, store.n_entries - len(store))
        if not len(store) or not store.width:
            raise UserError(
                f"{asked.source} has no vectors", hint="naepo embed RUN FILES --store STORE"
            )
        chosen = np.ones(len(store), dtype=bool)
        if asked.where:
            conditions = [Condition.read(text) for text in asked.where]
            chosen = np.isin(store.ids, store.matching(conditions))
        found = store.read(store.ids[chosen].tolist())
        rows, about = store.vectors[np.isin(store.ids, list(found))], store.about
    entries = list(found.values())
    names = [f"{below_here(e.name)} {e.place} {e.text[:NAMES]}".strip() for e in entries]
    return Rows(rows, names, _marks(asked.color, entries), list(map(_told_by, entries)), about)


def _marks(color: str | None, entries: "Sequence[Entry]") -> list[str] | None:
    """Give what entries are coloured by: their marks of that name, or what every entry has."""
    from naepo.embed.filters import COLUMNS

    known = {key for entry in entries for key in entry.marks}
    if color is None:
        return None
    if color in known:
        return [entry.marks.get(color, "") for entry in entries]
    if color in COLUMNS:
        return [getattr(entry, color) for entry in entries]
    raise UserError(
        f"no entry is marked with `{color}`", hint=did_you_mean(color, [*known, *COLUMNS])
    )


def _told_by(entry: "Entry") -> str:
    """Give what tells an entry again, in any store, and when its file was embedded anew."""
    whole = "\0".join((entry.name, entry.place, entry.text))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _space(
    asked: "Reduce", spaces: Sequence[dict[str, Any]], old: "KeptMap | None"
) -> dict[str, Any] | None:
    """Choose the vectors that are drawn; None where there are none.

    Raises: UserError when there are none of the way that is asked for.
    """
    from naepo.cli.finding_pieces import is_called, names_of

    of_map = None if old is None else old.about.get("space")
    if asked.by is None:
        fitting = [space for space in spaces if space == of_map] or spaces
    else:
        fitting = [space for space in spaces if is_called(space, asked.by)]
        if not fitting:
            raise UserError(
                f"nothing in {asked.source} was embedded by {asked.by}",
                hint=did_you_mean(asked.by, names_of(spaces)),
            )
    return fitting[0] if fitting else None


def _say_left_out(spaces: Sequence[dict[str, Any]], about: dict[str, Any], n: int) -> None:
    """Say what of a store is not drawn: vectors of different ways have nothing in common."""
    from naepo.cli.finding_pieces import names_of

    if not n:
        return
    names = list(zip(names_of(spaces), spaces, strict=True))
    others = ", ".join(f"--by {name}" for name, space in names if space != about)
    drawn = "".join(f"; drawn is {name}" for name, space in names if space == about and others)
    ways = f"were embedded in other ways ({others}) or " if others else ""
    tell(f"left out: {n:,} entries that {ways}have no vectors{drawn}")


def _of_npy(asked: "Reduce") -> Rows:
    import numpy as np

    try:
        rows = np.load(asked.source, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"not an .npy file of numbers: {error} (in {asked.source})") from None
    if not isinstance(rows, np.ndarray):
        raise UserError(f"several arrays, expected one: {asked.source}", hint="np.save one of them")
    if rows.ndim != 2:
        raise UserError(f"expected a row for each thing, got shape {rows.shape}")
    if rows.dtype.kind not in "biuf":
        raise UserError(f"expected real numbers, got {rows.dtype} (in {asked.source})")
    names = [f"row {number}" for number in range(len(rows))]
    if asked.color is None:
        return Rows(rows, names, None)
    lines = _lines(Path(asked.color))
    if len(lines) != len(rows):
        raise UserError(f"{len(rows)} rows, but {len(lines)} lines in {asked.color}")
    return Rows(rows, names, lines)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}") from None


def _of_table(asked: "Reduce", old: "KeptMap | None") -> Rows:
    import numpy as np

    from naepo.embed.passages import rows_of_table

    table = [row for _, row in rows_of_table(asked.source)]
    if not table:
        raise UserError(f"{asked.source} has no rows")
    columns = list(max(table, key=len))  # a row that is cut short has fewer
    if asked.color is not None and asked.color not in columns:
        raise UserError(
            f"no column is called `{asked.color}`", hint=did_you_mean(asked.color, columns)
        )
    is_number = {
        name: all(_number(row.get(name, "")) is not None for row in table) for name in columns
    }
    numeric = [name for name in columns if is_number[name] and name != asked.color]
    of_map = None if old is None else old.about.get("columns")
    if of_map:
        _refuse_others(asked.source, of_map, is_number)
        numeric = of_map
    if not numeric:
        raise UserError(f"{asked.source} has no column of numbers in every row")
    rows = np.array([[_number(row[name]) for name in numeric] for row in table])
    words = [name for name in columns if not is_number[name]]
    names = [" ".join(row.get(name, "") for name in words)[:NAMES] for row in table]
    marks = None if asked.color is None else [row.get(asked.color, "") for row in table]
    tell(f"columns: {', '.join(numeric)}")
    return Rows(rows, names, marks, columns=numeric)


def _refuse_others(table: Path, columns: Sequence[str], is_number: dict[str, bool]) -> None:
    """Check that a table has the columns of a map. Raises: UserError that names those missing."""
    for name in columns:
        if not is_number.get(name, False):
            raise UserError(
                f"the map is of the columns {', '.join(columns)}, and in {table} `{name}` "
                + ("holds something else than numbers" if name in is_number else "is missing"),
                hint="name the columns as in the table that the map was made of",
            )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def tell(*lines: str) -> None:
    """Print lines on standard error."""
    for line in lines:
        print(line, file=sys.stderr)
