"""Vectors and what they are of, kept on disk, with exact search by cosine.

    runs/mine/embedding/vectors/
        0001-000001/        generation 1, part 1: appears whole, and is never written into
            vectors.npy     float32, (n, d), read where it lies
            entries.json    for each vector: a name, and the place in the piece
            about.json      how they were made; the same in every part
            manifest.json   size and sha256 of the three
        0001-000002/        what was added later

A new store begins a generation; the older one goes once the new one has its first vectors.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from naepo.checkpoint.folder import remove
from naepo.checkpoint.manifest import verify
from naepo.config import UserError
from naepo.embed.keeping import kept
from naepo.embed.pooling import Centering, Vectors

Array = np.ndarray
ROWS_AT_ONCE = 65_536
"""Vectors compared in one product: 64 MB at 256 numbers each."""
_PART = re.compile(r"(\d{4})-(\d{6})")


@dataclass(frozen=True, order=True)
class Entry:
    """What a vector is of. name: the piece.  place: where in it, such as "bars 5-12"; "" is all."""

    name: str
    place: str = ""


@dataclass(frozen=True)
class Hit:
    """Something that was found. score: the cosine, -1 to 1."""

    entry: Entry
    score: float


class Store:
    """A folder of vectors. `about` says how they were made, and must fit what is added or asked."""

    def __init__(self, folder: Path, generation: int, about: dict[str, Any]) -> None:
        self.folder, self.about = folder, about
        self._generation = generation
        self._parts: list[Array] = []
        self._entries: list[Entry] = []

    @classmethod
    def create(cls, folder: Path, about: Mapping[str, Any]) -> "Store":
        """Begin a new store. What stands in the folder goes when the first vectors are added."""
        generations = [generation for generation, _, _ in _parts_in(folder)]
        return cls(folder, max(generations, default=0) + 1, dict(about))

    @classmethod
    def open(cls, folder: Path) -> "Store":
        """Open a store, every byte of it verified.

        Raises: UserError when there is none, or it is not as it was written.
        """
        parts = _parts_in(folder)
        if not parts:
            raise UserError(
                f"no vectors are kept in {folder}", hint="make them: naepo embed RUN PIECES"
            )
        newest = max(generation for generation, _, _ in parts)
        store: Store | None = None
        for generation, _, part in parts:
            if generation == newest:
                verify(part)
                store = store or cls(folder, newest, json.loads(_read(part / "about.json")))
                entries = [Entry(*pair) for pair in json.loads(_read(part / "entries.json"))]
                store._take(np.load(part / "vectors.npy", mmap_mode="r"), entries)
        assert store is not None
        return store

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> list[Entry]:
        """What the vectors are of, in order."""
        return list(self._entries)

    @property
    def vectors(self) -> Vectors:
        """All vectors, shape (n, d), in memory."""
        return np.concatenate(self._parts) if self._parts else np.zeros((0, 0), dtype=np.float32)

    def add(self, vectors: Vectors, entries: Sequence[Entry]) -> None:
        """Add vectors and what they are of: all of them, or after an error none.

        Raises: UserError for NaN, infinity or another width than before, and when the disk refuses.
        """
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self._check(vectors, entries)
        part = self.folder / f"{self._generation:04d}-{len(self._parts) + 1:06d}"
        array = BytesIO()
        np.save(array, vectors, allow_pickle=False)
        with kept(part) as draft:
            draft.write("vectors.npy", [array.getbuffer()])
            draft.write("entries.json", [_json([[e.name, e.place] for e in entries])])
            draft.write("about.json", [_json(self.about)])
        for generation, _, old in _parts_in(self.folder):
            if generation < self._generation:
                remove(old)
        self._take(np.load(part / "vectors.npy", mmap_mode="r"), list(entries))

    def search(
        self,
        query: Float[Array, " d"],
        n: int = 10,
        *,
        among: Bool[Array, " n"] | None = None,
        centering: Centering | None = None,
    ) -> list[Hit]:
        """Give the n vectors with the largest cosine to the query, best first; of equals the older.

        Every vector is compared: nothing is missed.  among: which vectors may be given; None is
        all.  centering: what is taken off both first.

        Raises: UserError for a query of another width.
        """
        if self._parts and query.shape != self._parts[0].shape[1:]:
            raise UserError(
                f"the query has {query.shape[0]} numbers, the store's vectors "
                f"{self._parts[0].shape[1]}",
                hint="embed it as the store was embedded",
            )
        scores = [_cosines(block, query, centering) for block in self._blocks()]
        if not scores:
            return []
        together = np.concatenate(scores)
        best = np.argsort(-together, kind="stable")
        best = best[:n] if among is None else best[among[best]][:n]
        return [Hit(self._entries[row], float(together[row])) for row in best]

    def _take(self, vectors: Array, entries: list[Entry]) -> None:
        self._parts.append(vectors)
        self._entries.extend(entries)

    def _blocks(self) -> Iterator[Array]:
        for part in self._parts:
            for start in range(0, len(part), ROWS_AT_ONCE):
                yield part[start : start + ROWS_AT_ONCE]

    def _check(self, vectors: Vectors, entries: Sequence[Entry]) -> None:
        if vectors.ndim != 2 or len(vectors) != len(entries) or not len(entries):
            raise UserError(f"{vectors.shape} vectors for {len(entries)} entries")
        if self._parts and vectors.shape[1] != self._parts[0].shape[1]:
            raise UserError(
                f"vectors of {vectors.shape[1]} numbers for a store of {self._parts[0].shape[1]}"
            )
        bad = ~np.isfinite(vectors).all(axis=1)
        if bad.any():
            raise UserError(
                f"the vector of {entries[int(bad.argmax())].name} holds NaN or infinity"
            )


def _cosines(
    rows: Vectors, query: Float[Array, " d"], centering: Centering | None
) -> Float[Array, " n"]:
    """Give the cosine of each row to the query; 0 where a vector has no direction."""
    if centering is not None:
        rows, query = rows - centering.mean, query - centering.mean
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(query)
    return (rows @ query) / np.where(lengths > 0, lengths, 1)


def _parts_in(folder: Path) -> list[tuple[int, int, Path]]:
    """List (generation, number, folder) of every part, in order."""
    if not folder.is_dir():
        return []
    found = ((_PART.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((int(name[1]), int(name[2]), path) for name, path in found if name)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _json(content: object) -> bytes:
    """Write JSON in ASCII, which can hold file names that are no Unicode text."""
    return json.dumps(content, sort_keys=True).encode()
