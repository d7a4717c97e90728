"""Bach chorales on a grid of sixteenths: nats per note of the test pieces, trained on two cores.

Each step is written S, A, T, B. A note is begun anew or goes on, and both name its pitch, so that
the step before says all that sounds; where the collection repeats a pitch, we write that it goes
on, which is the same information. A mark stands before each quarter. What the marks cost is counted
with the notes, and the sum is divided by the notes alone, 4 a step, silences included, as the
papers do. The first note is scored after a beginning; no end is scored.

    python -m benchmarks.jsb [--seeds 3] [--steps 1100]
"""

import argparse
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.likelihood import (
    Ids,
    Score,
    flags,
    over_seeds,
    score,
    settings_of,
    summary,
    train_one,
)
from benchmarks.record import data, write

LOW, HIGH = 36, 81
"""The pitches of the collection."""
N_PITCHES = HIGH - LOW + 1
SILENCE = -1
STEPS_A_MARK = 4
OPENING = 64
"""Steps of a soprano by which two pieces are of one melody."""


@dataclass(frozen=True)
class Raster:
    """Four voices, one id each a step: silence, a pitch begun or held; a mark, a beginning."""

    vocab_size: int = 2 * N_PITCHES + 3

    def ids(self, piece: NDArray, semitones: int) -> Ids | None:
        is_silent = piece == SILENCE
        pitches = piece + semitones
        if not (is_silent | ((pitches >= LOW) & (pitches <= HIGH))).all():
            return None
        is_held = np.zeros_like(is_silent)
        is_held[1:] = piece[1:] == piece[:-1]
        notes = np.where(is_silent, 0, pitches - LOW + 1 + N_PITCHES * is_held)
        marks = range(0, len(notes), STEPS_A_MARK)
        rows = [[self.vocab_size - 1]]
        for start in marks:
            rows += [[self.vocab_size - 2], notes[start : start + STEPS_A_MARK].ravel()]
        return np.concatenate(rows).astype(np.int64)

    def forbidden(self, ids: Ids) -> None:
        return None

    def counts(self, piece: NDArray) -> tuple[int, int]:
        return 0, piece.size


def read() -> dict[str, list[NDArray]]:
    """Give the pieces of the three splits, each of shape (steps, 4)."""
    table = json.loads(data("music/Jsb16thSeparated.json").read_text())
    return {name: [np.array(piece, dtype=np.int64) for piece in table[name]] for name in table}


def with_new_melody(pieces: dict[str, list[NDArray]]) -> list[int]:
    """Give the numbers of the test pieces that open with a soprano of no training piece."""
    known = {_melody(piece) for piece in pieces["train"]}
    return [n for n, piece in enumerate(pieces["test"]) if _melody(piece) not in known]


def _melody(piece: NDArray) -> bytes:
    soprano = piece[:OPENING, 0]
    return np.diff(np.where(soprano == SILENCE, 1_000, soprano)).tobytes()


def floors(pieces: dict[str, list[NDArray]]) -> dict[str, float]:
    """Score the test pieces by counting: each voice alone, and the note before, by place in a beat.

    Counts come from the training pieces; one is added for each pitch.
    """
    shape = (4, N_PITCHES + 1)
    alone = np.ones(shape)
    stays = np.ones((4, STEPS_A_MARK, 2))
    for piece in pieces["train"]:
        rows = np.where(piece == SILENCE, 0, piece - LOW + 1)
        for voice in range(4):
            np.add.at(alone[voice], rows[:, voice], 1)
            same = (rows[1:, voice] == rows[:-1, voice]).astype(int)
            np.add.at(stays[voice], (np.arange(1, len(rows)) % STEPS_A_MARK, same), 1)
    alone /= alone.sum(-1, keepdims=True)
    stays /= stays.sum(-1, keepdims=True)
    unigram = copy = n = 0.0
    for piece in pieces["test"]:
        rows = np.where(piece == SILENCE, 0, piece - LOW + 1)
        place = np.arange(len(rows)) % STEPS_A_MARK
        for voice in range(4):
            p = alone[voice, rows[:, voice]]
            unigram -= np.log(p).sum()
            before = alone[voice, rows[:-1, voice]]
            same = rows[1:, voice] == rows[:-1, voice]
            keep = stays[voice, place[1:], 1]
            moved = stays[voice, place[1:], 0] * p[1:] / (1 - before)
            copy -= np.log(p[0]) + np.log(np.where(same, keep, moved)).sum()
        n += rows.size
    return {"unigram": unigram / n, "copy_the_step_before": copy / n}


def one(asked: argparse.Namespace) -> dict[str, Any]:
    """Train with one seed, choose on valid, and score."""
    pieces, task = read(), Raster()
    look = pieces["valid"][::2]
    model, run = train_one(task, pieces["train"], look, asked)
    shifts = range(-asked.mixed, asked.mixed + 1)
    found = {"valid": score(model, task, pieces["valid"]).figures()}
    if asked.try_out:
        found["valid_mixed"] = score(model, task, pieces["valid"], shifts).figures()
    else:
        new = with_new_melody(pieces)
        for name, keys in (("test", (0,)), ("test_mixed", shifts)):
            scored: Score = score(model, task, pieces["test"], keys)
            found[name] = scored.figures()
            found[f"{name}_new_melody"] = scored.of(new).figures()
    print({name: round(figures["pooled"], 4) for name, figures in found.items()}, flush=True)
    return {**run, **found}


def main() -> None:
    """Run the seeds and write results/jsb.json."""
    asked = flags(
        steps=1_100, look_every=550, context=320, batch=6, dropout=0.05, mixed=3
    ).parse_args()
    if asked.try_out:
        one(asked)
        return
    pieces = read()
    runs = over_seeds(asked, one, "jsb")
    names = ("valid", "test", "test_mixed", "test_new_melody", "test_mixed_new_melody")
    write(
        "jsb",
        "nats per note, test pieces of Jsb16thSeparated.json, S-A-T-B raster of sixteenths",
        {
            "settings": {**settings_of(asked), "seeds": asked.seeds},
            "floors_test": floors(pieces),
            "pieces_with_new_melody": len(with_new_melody(pieces)),
            **summary(runs, *(f"{n}.{how}" for n in names for how in ("pooled", "per_piece"))),
            "runs": runs,
        },
    )


if __name__ == "__main__":
    main()
