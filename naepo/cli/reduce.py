"""`naepo reduce`: a map of a store, or of any table of numbers, in two dimensions."""

import csv
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse
from naepo.config import UserError, did_you_mean

if TYPE_CHECKING:
    from naepo.reduce.adding import KeptMap

TITLES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
NAMES = 60
"""Characters of a text that name a point."""


@dataclass(frozen=True, kw_only=True)
class Reduce(Arguments):
    """Draw a map and say how far to trust it. Without --png or --svg the places are printed."""

    source: Positional[Path]
    """A store, an .npy file with a row for each thing, or a .csv whose columns of numbers count."""
    method: Literal["pca", "tsne", "umap"] = "pca"
    """pca: the plane along which most varies.  tsne, umap: who is near stays near."""
    color: str | None = None
    """What points are coloured by: a mark of the store's entries (or kind, name), a column of the
    .csv; of an .npy file, a text file with a line for each row."""
    where: tuple[str, ...] = ()
    """Of a store, only what meets these conditions, as of `naepo search`."""
    png: Path | None = None
    """Paint it into this file."""
    svg: Path | None = None
    """Draw it into this file; a pointer on a point shows its name."""
    out: Path | None = None
    """Keep the map (.npz), so that points can be added later."""
    onto: Path | None = None
    """Add to a map that was kept; its points stay where they are, and the new ones get a ring."""
    seed: int = 0
    """Decides what is drawn by chance: the same seed gives the same map."""
    perplexity: float | None = None
    """Of t-SNE: how many neighbours count. Default: 30, or what fits."""
    neighbours: int | None = None
    """Of UMAP: how many neighbours count. Default: 15, or what fits."""
    most: int = 20_000
    """Of more rows so many are drawn by the seed, and that is said."""


@dataclass(frozen=True, eq=False)
class Rows:
    """What is to be drawn. marks: what it is coloured by, None for nothing."""

    rows: Any
    names: list[str]
    marks: list[str] | None


def main(arguments: list[str]) -> int:
    """Parse, read, reduce, measure, draw, keep."""
    asked = parse(Reduce, "reduce", arguments)
    given = _drawn(_read(asked), asked)
    if asked.onto is not None:
        given, kept, notes, n_old = _added(asked, given, asked.onto)
    else:
        kept, notes = _reduced(asked, given)
        n_old = len(given.rows)
    title = f"{TITLES[kept.method]} of {asked.source.name}: {len(kept.points):,} points"
    _tell(title, *notes)
    if asked.png or asked.svg:
        _draw(asked, title, notes, given, kept, n_old)
    else:
        _print(given, kept)
    if asked.out is not None:
        kept.save(asked.out)
        _tell(f"map kept: {asked.out}")
    return 0


def _reduced(asked: Reduce, given: Rows) -> "tuple[KeptMap, list[str]]":
    from naepo.reduce import reduce
    from naepo.reduce.adding import KeptMap

    if asked.method == "umap":
        _tell("UMAP compiles itself on its first use here, which takes up to a minute")
    found = reduce(
        given.rows,
        asked.method,
        asked.seed,
        perplexity=asked.perplexity,
        n_neighbours=asked.neighbours,
    )
    notes = [_worth(found.trustworthiness, found.overlap, asked.seed), *found.notes]
    about = {"names": given.names, "marks": given.marks}
    return KeptMap(given.rows, found.points, asked.method, asked.seed, about), notes


def _added(asked: Reduce, new: Rows, path: Path) -> "tuple[Rows, KeptMap, list[str], int]":
    """Place rows on an older map; give all rows, the larger map, and how many were there before."""
    import numpy as np

    from naepo.reduce import measure
    from naepo.reduce.adding import KeptMap

    old = KeptMap.load(path)
    points = np.concatenate([old.points, old.place(new.rows)])
    rows = np.concatenate([old.rows, np.asarray(new.rows, dtype=old.rows.dtype)])
    measured = measure(rows, points, seed=asked.seed)
    before = old.about.get("marks") or ([""] * len(old.points) if new.marks is not None else None)
    marks = None if before is None else [*before, *(new.marks or [""] * len(new.names))]
    both = Rows(rows, [*old.about.get("names", [""] * len(old.points)), *new.names], marks)
    kept = KeptMap(rows, points, old.method, old.seed, {"names": both.names, "marks": marks})
    worth = _worth(measured.trustworthiness, measured.overlap, old.seed)
    return both, kept, [worth, f"{len(new.names):,} points added"], len(old.points)


def _worth(trustworthiness: float | None, overlap: float | None, seed: int) -> str:
    if trustworthiness is None or overlap is None:
        return f"seed {seed}"
    return (
        f"trustworthiness {trustworthiness:.3f}, neighbour overlap {overlap:.3f} "
        f"(10 nearest), seed {seed}"
    )


def _draw(
    asked: Reduce, title: str, notes: list[str], given: Rows, kept: "KeptMap", n_old: int
) -> None:
    from naepo.render.files import whole
    from naepo.render.scatter import scatter

    is_new = [number >= n_old for number in range(len(kept.points))]
    picture = scatter(
        kept.points, title=title, notes=notes, marks=given.marks, names=given.names, rings=is_new
    )
    if asked.svg is not None:
        with whole(asked.svg) as temporary:
            temporary.write_text(picture.svg(), encoding="utf-8")
        _tell(f"drawn: {asked.svg}")
    if asked.png is not None:
        picture.write_png(asked.png)
        _tell(f"painted: {asked.png}")


def _print(given: Rows, kept: "KeptMap") -> None:
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["x", "y", "name", *(["mark"] if given.marks is not None else [])])
    for number, (x, y) in enumerate(kept.points.tolist()):
        marks = [] if given.marks is None else [given.marks[number]]
        table.writerow([f"{x:.6g}", f"{y:.6g}", given.names[number], *marks])


def _drawn(given: Rows, asked: Reduce) -> Rows:
    """Keep at most so many rows, drawn by the seed."""
    import numpy as np

    n = len(given.rows)
    if n <= asked.most:
        return given
    _tell(f"{asked.most:,} of {n:,} rows, drawn by the seed (--most {n} takes all)")
    chosen = np.sort(np.random.default_rng(asked.seed).choice(n, asked.most, replace=False))
    marks = None if given.marks is None else [given.marks[i] for i in chosen]
    return Rows(np.asarray(given.rows)[chosen], [given.names[i] for i in chosen], marks)


def _read(asked: Reduce) -> Rows:
    from naepo.embed.database import is_store

    if is_store(asked.source):
        return _of_store(asked)
    if not asked.source.is_file():
        raise UserError(
            f"no such store or file: {asked.source}", hint="a store, an .npy or a .csv file"
        )
    if asked.where:
        raise UserError("--where is for a store")
    if asked.source.suffix.lower() == ".npy":
        return _of_npy(asked)
    return _of_table(asked)


def _of_store(asked: Reduce) -> Rows:
    import numpy as np

    from naepo.embed.filters import COLUMNS, Condition
    from naepo.embed.store import Store

    with Store.open(asked.source) as store:
        if not len(store) or not store.width:
            raise UserError(
                f"{asked.source} has no vectors", hint="naepo embed RUN FILES --store STORE"
            )
        chosen = np.ones(len(store), dtype=bool)
        if asked.where:
            conditions = [Condition.read(text) for text in asked.where]
            chosen = np.isin(store.ids, store.matching(conditions))
        entries = list(store.read(store.ids[chosen].tolist()).values())
        rows = store.vectors[chosen]
    names = [f"{e.name} {e.place} {e.text[:NAMES]}".strip() for e in entries]
    if asked.color is None:
        return Rows(rows, names, None)
    if asked.color in COLUMNS:
        return Rows(rows, names, [getattr(entry, asked.color) for entry in entries])
    known = {key for entry in entries for key in entry.marks}
    if asked.color not in known:
        raise UserError(
            f"no entry is marked with `{asked.color}`",
            hint=did_you_mean(asked.color, [*known, *COLUMNS]),
        )
    return Rows(rows, names, [entry.marks.get(asked.color, "") for entry in entries])


def _of_npy(asked: Reduce) -> Rows:
    import numpy as np

    try:
        rows = np.load(asked.source, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise UserError(f"not an .npy file of numbers: {error} (in {asked.source})") from None
    if rows.ndim != 2:
        raise UserError(f"expected a row for each thing, got shape {rows.shape}")
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


def _of_table(asked: Reduce) -> Rows:
    import numpy as np

    from naepo.embed.passages import rows_of_table

    table = [row for _, row in rows_of_table(asked.source)]
    columns = list(table[0]) if table else []
    if asked.color is not None and asked.color not in columns:
        raise UserError(
            f"no column is called `{asked.color}`", hint=did_you_mean(asked.color, columns)
        )
    is_number = {
        name: all(_number(row.get(name, "")) is not None for row in table) for name in columns
    }
    numeric = [name for name in columns if is_number[name] and name != asked.color]
    if not numeric:
        raise UserError(f"{asked.source} has no column of numbers in every row")
    rows = np.array([[_number(row[name]) for name in numeric] for row in table])
    words = [name for name in columns if not is_number[name]]
    names = [" ".join(row.get(name, "") for name in words)[:NAMES] for row in table]
    marks = None if asked.color is None else [row.get(asked.color, "") for row in table]
    _tell(f"columns: {', '.join(numeric)}")
    return Rows(rows, names, marks)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _tell(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)
