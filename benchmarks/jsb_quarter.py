"""The joint likelihood of a step, on a grid of quarters: Bach chorales and folk tunes (Nottingham).

Each step is written as its pitches from the highest down, and an end of the step. The sum over
these ids is -ln p of the whole chord, exactly; it is comparable with models of the joint
distribution (RNN-NADE, DMM), and stricter than independent sigmoids. What cannot follow (a pitch
that is not lower) is given probability 0 when scoring. As in the TCN paper's protocol, steps 2 to T
are scored, and all pieces are pooled.

    python -m benchmarks.jsb_quarter [--data JSB_Chorales|Nottingham] [--seeds 3] [--again]

Each seed's result is kept as it is done (`likelihood.over_seeds`): a run that was cut off goes on.
"""

import argparse
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.likelihood import Ids, flags, over_seeds, score, settings_of, summary, train_one
from benchmarks.record import data, write

N_KEYS = 88
SPLITS = {"train": "traindata", "valid": "validdata", "test": "testdata"}
SHAPES = {
    "JSB_Chorales": {"steps": 800, "width": 96, "layers": 4, "dropout": 0.25, "context": 256},
    "Nottingham": {"steps": 2_400, "width": 128, "layers": 4, "dropout": 0.1, "context": 512},
}
"""What suits each collection, found on its validation pieces."""


@dataclass(frozen=True)
class Chords:
    """Pitches from the highest down, then the end of the step; a beginning in front of a piece."""

    lowest: int
    highest: int
    vocab_size: int = N_KEYS + 2

    @property
    def end_of_step(self) -> int:
        return N_KEYS

    def ids(self, piece: NDArray, semitones: int) -> Ids | None:
        steps, keys = np.nonzero(piece)
        if len(keys) and not (
            keys.min() + semitones >= self.lowest and keys.max() + semitones <= self.highest
        ):
            return None
        # one row for each id: its step, its place in the step (the end last), the id
        ends = np.arange(len(piece))
        rows = np.concatenate([steps, ends])
        ids = np.concatenate([keys + semitones, np.full(len(piece), self.end_of_step)])
        place = np.concatenate([-keys, np.ones(len(piece), dtype=np.int64)])
        order = np.lexsort((place, rows))
        return np.concatenate([[N_KEYS + 1], ids[order]]).astype(np.int64)

    def forbidden(self, ids: Ids) -> NDArray[np.bool_]:
        after_start = np.where(ids < N_KEYS, ids, N_KEYS)  # pitches below this may follow
        mask = np.arange(self.vocab_size)[None] >= after_start[:, None]
        mask[:, self.end_of_step] = False
        return mask

    def counts(self, piece: NDArray) -> tuple[int, int]:
        return int(piece[0].sum()) + 1, len(piece) - 1


@cache
def read(name: str) -> dict[str, list[NDArray]]:
    """Give the pieces of the three splits, each of shape (steps, 88), 0 or 1."""
    from scipy.io import loadmat

    table = loadmat(data(f"music/{name}.mat"))
    return {split: list(table[key][0]) for split, key in SPLITS.items()}


def floor(pieces: dict[str, list[NDArray]]) -> dict[str, float]:
    """Score by counting: each key on its own, and by whether it sounded the step before."""
    alone = np.ones((N_KEYS, 2))
    after = np.ones((N_KEYS, 2, 2))
    keys = np.arange(N_KEYS)
    for piece in pieces["train"]:
        for row in piece.astype(int):
            alone[keys, row] += 1
        for before, row in zip(piece[:-1].astype(int), piece[1:].astype(int), strict=True):
            after[keys, before, row] += 1
    alone /= alone.sum(-1, keepdims=True)
    after /= after.sum(-1, keepdims=True)
    nats = np.zeros(2)
    n = 0
    for piece in pieces["test"]:
        for before, row in zip(piece[:-1].astype(int), piece[1:].astype(int), strict=True):
            nats -= np.log(alone[keys, row]).sum(), np.log(after[keys, before, row]).sum()
            n += 1
    return {"each_key_alone": nats[0] / n, "each_key_after_itself": nats[1] / n}


def one(asked: argparse.Namespace) -> dict[str, Any]:
    """Train with one seed, choose on valid, and score."""
    pieces = read(asked.data)
    used = np.nonzero(np.concatenate(pieces["train"]).any(0))[0]
    task = Chords(int(used.min()), int(used.max()))
    few = pieces["valid"][:: 1 if asked.data == "JSB_Chorales" else 4]
    model, run = train_one(task, pieces["train"], few, asked)
    shifts = range(-asked.mixed, asked.mixed + 1)
    found = {"valid": score(model, task, few).figures()}
    found["valid_mixed"] = score(model, task, few, shifts).figures()
    if not asked.try_out:
        found["test"] = score(model, task, pieces["test"]).figures()
        found["test_mixed"] = score(model, task, pieces["test"], shifts).figures()
    print({name: round(figures["pooled"], 4) for name, figures in found.items()}, flush=True)
    return {**run, **found}


def main() -> None:
    """Run the seeds and write results/jsb_quarter.json or results/nottingham.json."""
    parser = flags(data="JSB_Chorales", look_every=100)
    name = parser.parse_known_args()[0].data
    parser.set_defaults(**SHAPES[name])
    asked = parser.parse_args()
    if asked.try_out:
        one(asked)
        return
    figure = "jsb_quarter" if name == "JSB_Chorales" else "nottingham"
    runs = over_seeds(asked, one, figure)
    write(
        figure,
        f"nats per step of quarters, test pieces of {name}.mat, joint, steps 2 to T",
        {
            "settings": {**settings_of(asked), "seeds": asked.seeds},
            "floors_test": floor(read(name)),
            **summary(runs, "valid.pooled", "test.pooled", "test_mixed.pooled"),
            "runs": runs,
        },
    )


if __name__ == "__main__":
    main()
