"""What vectors of chords have learned, ours and gensim's in one run, each beside its control.

python -m benchmarks.music_vectors [--threads 1]: Bach chorales (Jsb16thSeparated.json) on the grid
of eighths, a chord being the set of pitch classes that sound. 64 numbers, window 4, three seeds.

1. Circle of fifths: Spearman's correlation, over the 66 pairs of major triads, of cosine and
   nearness on the circle. The control learns from chords in random order inside each piece, so that
   only which chords share a piece is left; the baseline counts pitch classes in common.
2. The next chord, where it changes: a linear softmax on the vectors of the four chords before it,
   trained on the train split, stopped by valid, told on test. Floors: counting (Witten-Bell),
   random vectors, the control's vectors.
3. Which way: of two chords, is a to b more frequent than b to a? Spearman's correlation, over pairs
   that follow each other 20 times or more in train, of the log ratio of the counts and what the two
   tables say, v_a · u_b - v_b · u_a.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from scipy.stats import rankdata

from benchmarks.record import data, spread, write
from naepo.embed.word_vectors import WordVectors, glove, skip_gram
from naepo.model.ngram import WittenBell

SEEDS = (0, 1, 2)
D, WINDOW, EPOCHS = 64, 4, 10
CONTEXT = 4
MOST_EPOCHS, PATIENCE = 30, 2
OFTEN = 20
RARE = 0
"""The id of every chord that train holds once or never."""

Chord = tuple[int, ...]
Pieces = list[list[int]]
Learner = Callable[[Pieces, int, int], WordVectors]


def main() -> None:
    """Measure all, and write results/music_vectors.json."""
    threads = int(sys.argv[sys.argv.index("--threads") + 1]) if "--threads" in sys.argv else 1
    torch.set_num_threads(threads)
    began = time.process_time()
    names, splits = chords()
    learners = {
        "skip_gram": _skip_gram,
        "glove": _glove,
        "glove_summed": lambda *given: _glove(*given).summed(),
        "gensim_skip_gram": _gensim,
    }
    found: dict[str, Any] = {}
    for name, learn in learners.items():
        found[name] = measured(learn, names, splits)
        print(name, json.dumps(found[name]), file=sys.stderr)
    write(
        "music_vectors",
        "what vectors of chords have learned: circle of fifths and next chord, with controls",
        {
            "data": {
                "chords": len(names),
                "eighths": {name: sum(map(len, pieces)) for name, pieces in splits.items()},
                "changes": {name: len(windows(split)[1]) for name, split in splits.items()},
            },
            "settings": {"d": D, "window": WINDOW, "epochs": EPOCHS, "seeds": SEEDS},
            "threads": threads,
            "learned": found,
            "floors": floors(names, splits),
            "which_way": which_way(names, splits),
            "cpu_seconds": time.process_time() - began,
        },
    )


def chords() -> tuple[list[Chord], dict[str, Pieces]]:
    """Give the chords that train holds twice or more, and each split as their numbers."""
    text = data("music/Jsb16thSeparated.json").read_text(encoding="utf-8")
    splits = {
        name: [
            [tuple(sorted({pitch % 12 for pitch in step if pitch >= 0})) for step in piece[::2]]
            for piece in pieces
        ]
        for name, pieces in json.loads(text).items()
    }
    counts = Counter(chord for piece in splits["train"] for chord in piece)
    names: list[Chord] = [(), *sorted(chord for chord, n in counts.items() if n > 1 and chord)]
    ids = {chord: id for id, chord in enumerate(names)}
    return names, {
        name: [[ids.get(chord, RARE) for chord in piece] for piece in pieces]
        for name, pieces in splits.items()
    }


def measured(learn: Learner, names: list[Chord], splits: dict[str, Pieces]) -> dict[str, Any]:
    """Give both figures of one learner, for its vectors and for those of its control."""
    found: dict[str, Any] = {"cpu_seconds_to_learn": []}
    for control in (False, True):
        circle, nexts = [], []
        for seed in SEEDS:
            pieces = _shuffled(splits["train"], seed) if control else splits["train"]
            began = time.process_time()
            vectors = learn(pieces, len(names), seed).vectors
            if not control:
                found["cpu_seconds_to_learn"].append(time.process_time() - began)
            circle.append(circle_of_fifths(vectors, names))
            nexts.append(next_chord(vectors, splits, seed))
        found["control_in_random_order" if control else "vectors"] = {
            "circle_of_fifths": spread(circle),
            "next_chord": _spreads(nexts),
        }
    return found


def floors(names: list[Chord], splits: dict[str, Pieces]) -> dict[str, Any]:
    """Give what needs no learned vectors."""
    classes = np.zeros((len(names), 12), dtype=np.float32)
    for row, chord in enumerate(names):
        classes[row, list(chord)] = 1
    random = [
        np.random.default_rng(seed).standard_normal((len(names), D)).astype(np.float32)
        for seed in SEEDS
    ]
    one_hot = np.eye(len(names), dtype=np.float32)
    tables = {"random_vectors": random, "pitch_classes": [classes] * 3, "one_hot": [one_hot] * 3}
    return {
        "circle_of_fifths": {"pitch_classes_in_common": circle_of_fifths(classes, names)},
        "next_chord": {
            **{f"counting_order_{order}": counted(splits, len(names), order) for order in range(4)},
            **{
                name: _spreads([next_chord(each[s], splits, s) for s in SEEDS])
                for name, each in tables.items()
            },
        },
    }


def circle_of_fifths(vectors: np.ndarray, names: list[Chord]) -> float:
    """Correlate cosine with nearness on the circle, over all pairs of major triads."""
    rows = [
        names.index(tuple(sorted((root + step) % 12 for step in (0, 4, 7)))) for root in range(12)
    ]
    one = vectors[rows] / np.linalg.norm(vectors[rows], axis=1, keepdims=True)
    a, b = np.triu_indices(12, 1)
    distance = np.minimum(7 * (a - b) % 12, 7 * (b - a) % 12)
    return _correlation((one @ one.T)[a, b], -distance)


def windows(pieces: Pieces) -> tuple[np.ndarray, np.ndarray]:
    """Give the CONTEXT chords before each change of chord, and the chord that comes."""
    before, after = [], []
    for changes in map(_changes, pieces):
        for end in range(CONTEXT, len(changes)):
            before.append(changes[end - CONTEXT : end])
            after.append(changes[end])
    return np.array(before), np.array(after)


def next_chord(vectors: np.ndarray, splits: dict[str, Pieces], seed: int) -> dict[str, float]:
    """Train a linear softmax on frozen vectors; give what it says of test where valid is best."""
    draw = torch.Generator().manual_seed(seed)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    table = torch.from_numpy(vectors / np.where(lengths > 0, lengths, 1))
    sets = {name: tuple(map(torch.from_numpy, windows(split))) for name, split in splits.items()}
    weight = torch.zeros(CONTEXT * table.shape[1], len(table), requires_grad=True)
    bias = torch.zeros(len(table), requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], lr=1e-2)

    def loss(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(table[before].flatten(1) @ weight + bias, after)

    before, after = sets["train"]
    best, since, kept = float("inf"), 0, (weight, bias)
    for _ in range(MOST_EPOCHS):
        for batch in torch.randperm(len(after), generator=draw).split(512):
            optimizer.zero_grad()
            loss(before[batch], after[batch]).backward()
            optimizer.step()
        with torch.no_grad():
            valid = float(loss(*sets["valid"]))
        since += 1
        if valid < best:
            best, since, kept = valid, 0, (weight.detach().clone(), bias.detach().clone())
        elif since == PATIENCE:
            break
    weight, bias = kept
    logits = (table[sets["test"][0]].flatten(1) @ weight + bias).detach()
    return _scores(logits.log_softmax(-1).numpy(), sets["test"][1].numpy())


def counted(splits: dict[str, Pieces], n: int, order: int) -> dict[str, float]:
    """Count the changes of train, with a fence of CONTEXT no-chords between pieces."""
    fenced = [[n] * CONTEXT + _changes(piece) for piece in splits["train"]]
    model = WittenBell.count(np.concatenate(fenced), n + 1, order)
    before, after = windows(splits["test"])
    log_probs = model.log_probs(before[:, CONTEXT - order :])[:, :n].astype(np.float64)
    # The fence is no answer: what it was given is shared among the others.
    return _scores(log_probs - np.log(np.exp(log_probs).sum(axis=1, keepdims=True)), after)


def which_way(names: list[Chord], splits: dict[str, Pieces]) -> dict[str, Any]:
    """Hold what the two tables say of direction against the counts, and dominant to tonic."""
    changes = [_changes(piece) for piece in splits["train"]]
    counts = Counter(pair for piece in changes for pair in pairwise(piece))
    pairs = [(a, b) for a, b in counts if a < b and counts[a, b] + counts[b, a] >= OFTEN]
    ratio = [np.log((counts[a, b] + 0.5) / (counts[b, a] + 0.5)) for a, b in pairs]
    triads = [names.index(tuple(sorted((r + step) % 12 for step in (0, 4, 7)))) for r in range(12)]
    fifths = [(triads[(r + 7) % 12], triads[r]) for r in range(12)]
    found: dict[str, Any] = {"pairs": len(pairs)}
    for name, order in (("vectors", False), ("control_in_random_order", True)):
        correlation, to_tonic = [], []
        for seed in SEEDS:
            pieces = _shuffled(changes, seed) if order else changes
            learned = skip_gram(
                pieces, len(names), d=D, window=1, epochs=EPOCHS, direction="after", seed=seed
            )
            assert learned.contexts is not None
            scores = learned.vectors @ learned.contexts.T
            said = [scores[a, b] - scores[b, a] for a, b in pairs]
            correlation.append(_correlation(said, ratio))
            to_tonic.append(float(np.mean([scores[a, b] > scores[b, a] for a, b in fifths])))
        found[name] = {"correlation": spread(correlation), "fifth_falls": spread(to_tonic)}
    falls = [counts[a, b] > counts[b, a] for a, b in fifths]
    return {**found, "fifth_falls_in_the_counts": float(np.mean(falls))}


def _skip_gram(pieces: Pieces, n: int, seed: int) -> WordVectors:
    return skip_gram(pieces, n, d=D, window=WINDOW, epochs=EPOCHS, seed=seed)


def _glove(pieces: Pieces, n: int, seed: int) -> WordVectors:
    return glove(pieces, n, d=D, window=WINDOW, seed=seed, x_max=10)


def _gensim(pieces: Pieces, n: int, seed: int) -> WordVectors:
    """Give gensim's skip-gram with the same settings; what it does not say is its own choice."""
    from gensim.models import Word2Vec  # pyright: ignore[reportMissingImports]

    model = Word2Vec(
        [[str(id) for id in piece] for piece in pieces],
        vector_size=D,
        window=WINDOW,
        min_count=1,
        sg=1,
        negative=5,
        epochs=EPOCHS,
        sample=0,
        seed=seed + 1,
        workers=1,
    )
    rows = np.zeros((n, D), dtype=np.float32)
    for word in model.wv.index_to_key:
        rows[int(str(word))] = model.wv[word]
    return WordVectors(tuple(map(str, range(n))), rows)


def _shuffled(pieces: Pieces, seed: int) -> Pieces:
    draw = np.random.default_rng(seed)
    return [draw.permutation(piece).tolist() for piece in pieces]


def _changes(piece: Sequence[int]) -> list[int]:
    return [*piece[:1], *(b for a, b in pairwise(piece) if a != b)]


def _scores(log_probs: np.ndarray, after: np.ndarray) -> dict[str, float]:
    said = log_probs[np.arange(len(after)), after]
    rank = (log_probs > said[:, None]).sum(axis=1)
    return {
        "perplexity": float(np.exp(-said.mean())),
        "top_1": float((rank < 1).mean()),
        "top_5": float((rank < 5).mean()),
    }


def _correlation(one: Sequence[float] | np.ndarray, other: Sequence[float] | np.ndarray) -> float:
    """Give Spearman's: Pearson's correlation of the ranks."""
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])


def _spreads(each: list[dict[str, float]]) -> dict[str, Any]:
    return {name: spread([found[name] for found in each]) for name in each[0]}


if __name__ == "__main__":
    main()
