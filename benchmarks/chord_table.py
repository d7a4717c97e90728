"""Vectors of the 24 triads, learned from Bach's chorales: the pretrained table of a chapter.

python -m benchmarks.chord_table: reads the train split of Jsb16thSeparated.json on the grid of
eighths, a chord being the set of pitch classes that sound, said once while it lasts; every piece in
all twelve keys, so that no key is favoured. Skip-gram, 8 numbers, window 2, one seed. Writes
naepo/learn/tables/chords.txt in word2vec's text format, major and minor triads alone.
"""

import json
from collections import Counter
from itertools import groupby
from pathlib import Path

import numpy as np

from benchmarks.record import data
from naepo.embed.vector_files import save
from naepo.embed.vectors import WordVectors
from naepo.embed.word_vectors import skip_gram

TABLE = Path(__file__).parents[1] / "naepo" / "learn" / "tables" / "chords.txt"
ROOTS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
TRIADS = {"": (0, 4, 7), "m": (0, 3, 7)}
D, WINDOW, EPOCHS, SEED = 8, 2, 3, 0

Chord = tuple[int, ...]


def main() -> None:
    """Learn, and write the table."""
    pieces = [transposed(piece, by) for piece in chorales() for by in range(12)]
    counts = Counter(chord for piece in pieces for chord in piece)
    kinds = [chord for chord, n in counts.items() if n > 1]
    ids = {chord: i for i, chord in enumerate(kinds)}
    rows = [[ids[chord] for chord in piece if chord in ids] for piece in pieces]
    learned = skip_gram(rows, len(kinds), d=D, window=WINDOW, epochs=EPOCHS, seed=SEED)
    named = {
        ROOTS[root] + kind: ids[tuple(sorted((root + step) % 12 for step in steps))]
        for kind, steps in TRIADS.items()
        for root in range(12)
    }
    vectors = learned.vectors[list(named.values())]
    vectors = np.round(vectors - learned.vectors.mean(axis=0), 4)
    TABLE.parent.mkdir(exist_ok=True)
    save(WordVectors(tuple(named), vectors.astype(np.float32)), TABLE)


def chorales() -> list[list[Chord]]:
    """Give the chords of each piece, each said once while it lasts."""
    text = data("music/Jsb16thSeparated.json").read_text(encoding="utf-8")
    return [
        [chord for chord, _ in groupby(map(classes, piece[::2]))]
        for piece in json.loads(text)["train"]
    ]


def classes(step: list[int]) -> Chord:
    """Give the pitch classes that sound."""
    return tuple(sorted({pitch % 12 for pitch in step if pitch >= 0}))


def transposed(piece: list[Chord], by: int) -> list[Chord]:
    """Move every chord up by some semitones."""
    return [tuple(sorted((each + by) % 12 for each in chord)) for chord in piece]


if __name__ == "__main__":
    main()
