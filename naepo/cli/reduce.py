"""`naepo reduce`: a map of a store, or of any table of numbers, in two dimensions."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse
from naepo.cli.map_rows import Rows, read, tell
from naepo.config import UserError

if TYPE_CHECKING:
    from naepo.reduce.adding import KeptMap

TITLES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


@dataclass(frozen=True, kw_only=True)
class Reduce(Arguments):
    """Draw a map and say how far to trust it. Without --png or --svg the places are printed."""

    source: Positional[Path]
    """A store, an .npy file with a row for each thing, or a .csv whose columns of numbers count."""
    method: Literal["pca", "tsne", "umap"] = "pca"
    """pca: the plane along which most varies.  tsne, umap: who is near stays near."""
    color: str | None = None
    """What points are coloured by: a mark of the store's entries, or where none is called so their
    kind, name (of the file) or place; a column of the .csv; of an .npy file, a text file with a
    line for each row."""
    by: str | None = None
    """Of a store, which vectors are drawn: of the way that `naepo embed --by` named, or neural.
    Default: the first there were, or with --onto those of the map; the others are named."""
    where: tuple[str, ...] = ()
    """Of a store, only what meets these conditions, as of `naepo search`."""
    png: Path | None = None
    """Paint it into this file."""
    svg: Path | None = None
    """Draw it into this file; a pointer on a point shows its name."""
    out: Path | None = None
    """Keep the map (.npz), so that points can be added later."""
    onto: Path | None = None
    """Add to a map that was kept; its points stay where they are, and the new ones get a ring. Of a
    store, what is on the map is not added again."""
    seed: int = 0
    """Decides what is drawn by chance: the same seed gives the same map."""
    perplexity: float | None = None
    """Of t-SNE: how many neighbours count. Default: 30, or what fits."""
    neighbours: int | None = None
    """Of UMAP: how many neighbours count. Default: 15, or what fits."""
    most: int = 20_000
    """Of more rows so many are drawn by the seed, and that is said."""


def main(arguments: list[str]) -> int:
    """Parse, read, reduce, measure, draw, keep."""
    asked = parse(Reduce, "reduce", arguments)
    _refuse(asked)
    old = _old_map(asked.onto)
    given = read(asked, old)
    if old is None:
        given = _drawn(given, asked)
        kept, notes = _reduced(asked, given)
        n_old = len(given.rows)
    else:
        given = _drawn(_not_on(old, given), asked)
        given, kept, notes = _added(asked, given, old)
        n_old = len(old.points)
    title = f"{TITLES[kept.method]} of {asked.source.name}: {len(kept.points):,} points"
    tell(title, *notes)
    if asked.png or asked.svg:
        _draw(asked, title, notes, given, kept, n_old)
    else:
        _print(given, kept)
    if asked.out is not None:
        kept.save(asked.out)
        tell(f"map kept: {asked.out}")
    return 0


def _refuse(asked: Reduce) -> None:
    """Stop before the work, not after it, where something cannot be done with it."""
    from naepo.render.files import refuse_place

    if asked.most < 2:
        raise UserError(f"--most must be at least 2, got {asked.most}", hint="--most 20000")
    for place in (asked.out, asked.png, asked.svg):
        if place is not None:
            refuse_place(place)


def _old_map(path: Path | None) -> "KeptMap | None":
    from naepo.reduce.adding import KeptMap

    return None if path is None else KeptMap.load(path)


def _reduced(asked: Reduce, given: Rows) -> "tuple[KeptMap, list[str]]":
    from naepo.reduce import reduce
    from naepo.reduce.adding import KeptMap

    if asked.method == "umap":
        tell("UMAP compiles itself on its first use here, which takes up to a minute")
    found = reduce(
        given.rows,
        asked.method,
        asked.seed,
        perplexity=asked.perplexity,
        n_neighbours=asked.neighbours,
    )
    notes = [_worth(found.trustworthiness, found.overlap, asked.seed), *found.notes]
    return KeptMap(given.rows, found.points, asked.method, asked.seed, _about(given)), notes


def _about(given: Rows) -> dict[str, Any]:
    """Give what a map remembers of what stands on it."""
    return {
        "names": given.names, "marks": given.marks, "entries": given.entries, "space": given.space,
        "columns": given.columns,
    }  # fmt: skip


def _not_on(old: "KeptMap", given: Rows) -> Rows:
    """Leave out the entries of a store that are on the map, and say how many.

    Raises: UserError when the map is of vectors that were made in another way.
    """
    if given.entries is None:
        return given
    space = old.about.get("space")
    if space is not None and space != given.space:
        raise UserError(
            "the map is of vectors made in another way, which cannot be compared with these",
            hint="leave --by out, or make a map of these: --out NAME.npz",
        )
    known = {*(old.about.get("entries") or ())}
    new = [number for number, entry in enumerate(given.entries) if entry not in known]
    if len(new) < len(given.names):
        tell(f"{len(given.names) - len(new):,} entries are on the map already")
    return given.pick(new)


def _added(asked: Reduce, new: Rows, old: "KeptMap") -> "tuple[Rows, KeptMap, list[str]]":
    """Place rows on an older map; give all rows, and the larger map."""
    import numpy as np

    from naepo.reduce import measure
    from naepo.reduce.adding import KeptMap

    n_old, n_new = len(old.points), len(new.names)
    places = old.place(new.rows) if n_new else old.points[:0]
    points = np.concatenate([old.points, places])
    rows = np.concatenate([old.rows, np.asarray(new.rows, dtype=old.rows.dtype)])
    measured = measure(rows, points, seed=asked.seed)
    both = Rows(
        rows,
        [*old.about.get("names", [""] * n_old), *new.names],
        _joined(old.about.get("marks"), n_old, new.marks, n_new),
        _joined(old.about.get("entries"), n_old, new.entries, n_new),
        old.about.get("space") or new.space,
        old.about.get("columns") or new.columns,
    )
    n_first = n_old if old.n_first is None else old.n_first
    kept = KeptMap(rows, points, old.method, old.seed, _about(both), n_first)
    worth = _worth(measured.trustworthiness, measured.overlap, old.seed)
    return both, kept, [worth, f"{n_new:,} points added"]


def _joined(
    before: list[str] | None, n_before: int, after: list[str] | None, n_after: int
) -> list[str] | None:
    """Put one column below another; a missing one is empty, and of two there is none."""
    if before is None and after is None:
        return None
    return [*(before or [""] * n_before), *(after or [""] * n_after)]


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
        tell(f"drawn: {asked.svg}")
    if asked.png is not None:
        picture.write_png(asked.png)
        tell(f"painted: {asked.png}")


def _print(given: Rows, kept: "KeptMap") -> None:
    from naepo.classify.table import TableWriter

    new = [] if given.marks is None else ["mark"]
    table = TableWriter(sys.stdout, ["x", "y", "name"], new, False)
    for number, (x, y) in enumerate(kept.points.tolist()):
        marks = [] if given.marks is None else [given.marks[number]]
        table.write([f"{x:.6g}", f"{y:.6g}", given.names[number]], marks)


def _drawn(given: Rows, asked: Reduce) -> Rows:
    """Keep at most so many rows, drawn by the seed."""
    import numpy as np

    n = len(given.rows)
    if n <= asked.most:
        return given
    tell(f"{asked.most:,} of {n:,} rows, drawn by the seed (--most {n} takes all)")
    chosen = np.sort(np.random.default_rng(asked.seed).choice(n, asked.most, replace=False))
    return given.pick(chosen.tolist())
