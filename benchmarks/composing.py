"""How a model composes, with and without `--avoid parallels`: the counts of `--report`, and nats.

The model is a run that is there, such as the README's second example. Each seed writes one piece in
each way: from nothing, to the soprano of a held-out chorale, and into bars 3-4 of one. What the
corpus itself counts stands beside. Nats are the model's own, at temperature 1, for each id that was
drawn; drawn is drawn at temperature 1 and top-p 0.95, as `naepo generate` does.

    python -m benchmarks.composing runs/bach [--pieces 8] [--bars 8] [--particles 8]

A row that is there already, of the same model and settings, is not made again.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.record import RESULTS, spread, write
from naepo import checkpoint
from naepo.checkpoint import Checkpoint
from naepo.encode.corpus import open_corpus
from naepo.encode.music.counterpoint import Report, report
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.score import Score
from naepo.generate.composing import compose, fill, harmonise
from naepo.generate.manner import Composition, Manner
from naepo.generate.parallels import PARALLELS
from naepo.generate.sampling import Sampling

GAP = (3, 4)

NAME = "composing"
ANSWERS = "parallels and other counts of what a model composes, with and without avoiding them"
Way = Callable[[int, Manner], Composition]


def main() -> None:
    """Write pieces in each way, and results/composing.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--pieces", type=int, default=8)
    parser.add_argument("--bars", type=int, default=8)
    parser.add_argument("--particles", type=int, default=8)
    parser.add_argument("--again", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found = checkpoint.load(asked.run)
    learned, held_out = pieces_of(found)
    result = {
        "model": {
            "steps": found.step,
            "parameters": sum(p.numel() for p in found.model.parameters()),
            "held_out_nats": found.metrics.get("nats_per_token"),
        },
        "pieces": asked.pieces,
        "bars": asked.bars,
        "particles": asked.particles,
        "corpus": counts(report(learned)),
    }
    rows = {} if asked.again else kept(result)
    for way, write_one in ways(found, held_out, asked.bars).items():
        for avoid in ((), (PARALLELS,)):
            name = f"{way}, {PARALLELS} avoided" if avoid else way
            if name not in rows:
                rows[name] = measured(write_one, asked.pieces, asked.particles, avoid)
                print(name, rows[name], flush=True)
                write(NAME, ANSWERS, {**result, "ways": rows})


def kept(result: dict[str, Any]) -> dict[str, Any]:
    """Give the rows that are there already, of this model and these settings."""
    path = RESULTS / f"{NAME}.json"
    if not path.is_file():
        return {}
    there = json.loads(path.read_text(encoding="utf-8"))
    return there["ways"] if all(there.get(key) == result[key] for key in result) else {}


def ways(found: Checkpoint, given: list[Score], bars: int) -> dict[str, Way]:
    """Give how a piece of each number is written, in each way."""
    model, encoder = found.model, found.encoder
    return {
        "from nothing": lambda n, manner: compose(model, encoder, bars=bars, manner=manner),
        "to a soprano": lambda n, manner: harmonise(
            model, encoder, only(given[n], 0, bars), manner=manner
        ),
        "to a bass": lambda n, manner: harmonise(
            model, encoder, only(given[n], 3, bars), voice="B", manner=manner
        ),
        "into a gap": lambda n, manner: fill(model, encoder, given[n], *GAP, manner=manner),
    }


def measured(write_one: Way, n: int, particles: int, avoid: tuple[str, ...]) -> dict[str, Any]:
    """Write n pieces, and count."""
    began, pieces = time.perf_counter(), []
    for number in range(n):
        sampling = Sampling(temperature=1.0, top_p=0.95, seed=number)
        pieces.append(
            write_one(number, Manner(sampling=sampling, particles=particles, avoid=avoid))
        )
    nats = [-piece.chosen.log_probability / len(piece.chosen.ids) for piece in pieces]
    return {
        **counts(report(piece.score for piece in pieces)),
        "nats_an_id": spread([round(value, 4) for value in nats]),
        "seconds": time.perf_counter() - began,
    }


def counts(found: Report) -> dict[str, Any]:
    """Give the columns of a report, and the counts that they are shares of."""
    return {
        "pieces": found.n_pieces,
        "co_moving_pairs": found.n_co_moving,
        "parallel_fifths": found.n_fifths,
        "parallel_octaves": found.n_octaves,
        "parallels_per_1000": 1000 * (found.n_fifths + found.n_octaves) / found.n_co_moving,
        "held_share": found.held_share,
        "triad_share": found.triad_share,
        "dissonant_share": found.dissonant_share,
        "out_of_range_per_1000": found.outside_range,
    }


def only(score: Score, voice: int, bars: int) -> Score:
    """Give one voice of the beginning of a piece."""
    end = 4 * bars * score.ticks_per_quarter
    notes = [note for note in score.notes_of(voice) if note.end <= end]
    return replace(score, notes=tuple(notes))


def pieces_of(found: Checkpoint) -> tuple[list[Score], list[Score]]:
    """Give the pieces that a run has learned from, and those that were held out."""
    encoder = found.encoder
    if not isinstance(encoder, GridEncoder):
        raise SystemExit("the run is not of four voices: naepo train bach --minutes 5")
    corpus = open_corpus(Path(found.settings["plan"]["corpus_folder"]))

    def read(ids: np.ndarray) -> list[Score]:
        pieces = np.split(ids, np.flatnonzero(ids == encoder.end_id) + 1)
        return [encoder.read(encoder.decode(piece)) for piece in pieces if len(piece) > 1]

    return read(np.asarray(corpus.train.ids)), read(np.asarray(corpus.validation.ids))


if __name__ == "__main__":
    main()
