"""A map that is kept, and new points added to it: the old ones stay where they are.

PCA places new rows by its axes, exactly. t-SNE and UMAP have no formula for a place, so a new row
stands at the median of where its nearest old rows stand, which is where Policar, Strazar and Zupan
2021 ("Embedding to reference t-SNE space addresses batch effects", doi:10.1007/s10994-021-06043-1)
begin; they go on from there, we do not. It can only say what the old rows already show.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Float, Int

from naepo.config import UserError
from naepo.reduce.pca import PCA
from naepo.reduce.rows import Array, Map, Rows, to_rows

NEAREST = 10
"""Old rows whose places decide that of a new one."""
ROWS_AT_ONCE = 1_024


@dataclass(frozen=True, eq=False)
class KeptMap:
    """Rows, where they stand, and how they came there. about: what else its maker wants to know.

    n_first: how many of the rows the map was made of; those after them were added to it. None: all.
    """

    rows: Rows
    points: Map
    method: str
    seed: int
    about: dict[str, Any]
    n_first: int | None = None

    def place(self, rows: Any) -> Map:
        """Give the places of new rows on this map.

        Raises: UserError for rows of another width, NaN or infinity.
        """
        new = to_rows(rows)
        if new.shape[1] != self.rows.shape[1]:
            raise UserError(
                f"the map is of rows of {self.rows.shape[1]} numbers, got {new.shape[1]}",
                hint="make the new rows as those of the map were made",
            )
        if self.method == "pca":
            return self._plane().transform(new).astype(np.float32)
        k = min(NEAREST, len(self.rows))
        # far from 0, squares of float32 would have no digits left for what lies between the rows
        centre = self.rows.mean(axis=0, dtype=np.float64)
        dtype = np.result_type(self.rows, new)
        old, new = ((some - centre).astype(dtype) for some in (self.rows, new))
        found = [
            np.median(self.points[_nearest(old, new[start : start + ROWS_AT_ONCE], k)], axis=1)
            for start in range(0, len(new), ROWS_AT_ONCE)
        ]
        return np.concatenate(found).astype(np.float32)

    def _plane(self) -> PCA:
        """Find the plane again. Raises: UserError where it cannot be known any more."""
        plane = PCA.fit(self.rows[: self.n_first], seed=self.seed)
        if self.n_first is None:
            size = float(np.abs(self.points).max(initial=1.0))
            away = np.abs(plane.transform(self.rows) - self.points).max(initial=0.0)
            if away > 1e-3 * size:
                raise UserError(
                    "points were added to this map by an older naepo, which does not say to how "
                    "many, so that its plane is not known",
                    hint="make it again from all rows: naepo reduce ... --out map.npz",
                )
        return plane

    def save(self, path: Path) -> None:
        """Keep it as an .npz file, whole or not at all.

        Raises: UserError when it cannot be written; what had the name is then as it was.
        """
        told = {"method": self.method, "seed": self.seed, "n_first": self.n_first}
        head = json.dumps({**told, "about": self.about})
        temporary = path.with_name(f".tmp-{path.name}-{os.getpid()}")
        try:
            with temporary.open("wb") as file:
                np.savez(file, rows=self.rows, points=self.points, head=np.array(head))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror or error}") from None
        finally:
            with suppress(OSError):
                temporary.unlink()

    @classmethod
    def load(cls, path: Path) -> "KeptMap":
        """Open a map that was kept. Raises: UserError for what is none."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                head = json.loads(str(arrays["head"]))
                rows, points = to_rows(arrays["rows"]), to_rows(arrays["points"])
            if len(rows) != len(points) or points.shape[1] != 2:
                raise ValueError("rows and points do not fit")
            told = head["method"], head["seed"], head["about"], head.get("n_first")
            return cls(rows, points, *told)
        except FileNotFoundError:
            raise UserError(f"no such map: {path}", hint="keep one: --out map.npz") from None
        except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise UserError(f"not a map that was kept: {error} (in {path})") from None


def _nearest(rows: Rows, of: Float[Array, "asked width"], k: int) -> Int[Array, "asked k"]:
    """Give the k nearest rows of each new one, by euclidean distance."""
    squares = np.square(rows).sum(axis=1) - 2 * of @ rows.T
    return np.argpartition(squares, k - 1, axis=1)[:, :k]
