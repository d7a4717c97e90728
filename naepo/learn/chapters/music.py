"""Chapter 12: music as vectors: ones, frequencies, frequencies over time, learned, pretrained."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from naepo.concepts.music import (
    NAMES,
    Spectrogram,
    cosines,
    frequency,
    intervals,
    name,
    neighbours,
    one_hot,
    partials,
    spectrogram,
)
from naepo.learn.blocks import Bars, Matrix, Sound, Table
from naepo.learn.chapter import Chapter, Check, Experiment, Knob, Place, See, Step
from naepo.learn.experiments.progressions import progressions
from naepo.learn.fields import Choice, Given, Number, Vector
from naepo.learn.formulas import frac, plain
from naepo.learn.questions import Asked, Question
from naepo.learn.words import say, w

TABLE = Path(__file__).parents[1] / "tables" / "chords.txt"
"""Vectors of the 24 triads, learned from Bach's chorales; made by benchmarks/chord_table.py."""
GUESSED = {"semitone": 1, "tritone": 6, "fifth": 7}
NEAREST = 5
CHORDS = ("C", "G", "F", "Am", "Dm", "Em")
MAJOR, MINOR = (0, 4, 7), (0, 3, 7)
MIDDLE_C = 60


def steps(given: Given) -> tuple[Step, ...]:
    """Numbers and Hz; ones; partials; over time; counted neighbours; pretrained; side by side."""
    return (
        _numbers(given),
        _ones(given),
        _partials(given),
        _time(given),
        _counted(given),
        _pretrained(given),
        _ways(given),
    )


def tune(pitches: Any, length: float = 0.75) -> Sound:
    """Let notes be heard, one after another."""
    return Sound(notes=[(length * i, length, int(p)) for i, p in enumerate(pitches)])


def _numbers(given: Given) -> Step:
    hz = [frequency(pitch) for pitch in given.tune]
    first = int(given.tune[0])
    rows = [[name(p), float(p), f] for p, f in zip(given.tune, hz, strict=True)]
    return Step(
        key="numbers",
        formulas=(
            f"f = 440 · 2^{{{frac('p − 69', '12')}}}",
            f"440 · 2^{{{frac(f'{first} − 69', '12')}}} = {plain(hz[0])}",
        ),
        shows=(
            tune(given.tune),
            Table(head=(w("note"), w("midi"), "Hz"), rows=rows),
        ),
        says={"first": name(first), "hz": hz[0], "octave": 2 * hz[0], "semitone": 2 ** (1 / 12)},
    )


def _ones(given: Given) -> Step:
    """Show only the columns from the lowest note to the highest; the others are zeros."""
    rows = one_hot(given.tune)
    low, high = int(given.tune.min()), int(given.tune.max())
    shown = rows[:, low : high + 1]
    labels = [name(p) for p in given.tune]
    cols = [name(p) if p in given.tune else "" for p in range(low, high + 1)]
    different = len(set(map(int, given.tune))) > 1
    return Step(
        key="ones",
        shows=(Matrix(values=shown, rows=labels, cols=cols, is_share=True),),
        says={
            "width": rows.shape[1],
            "low": name(low),
            "high": name(high),
            "apart": float(np.sqrt(2)),
        },
        variant="" if different else "same",
    )


def alike(given: Given) -> np.ndarray:
    """Compare the partials of the first note with those of the 13 notes from it to its octave."""
    first, count = int(given.tune[0]), int(given.partials)
    return cosines([partials(first + k, count) for k in range(13)])[0]


def _partials(given: Given) -> Step:
    first, count = int(given.tune[0]), int(given.partials)
    like = alike(given)
    hz = [k * frequency(first) for k in range(1, count + 1)]
    near = [first + round(12 * np.log2(k)) for k in range(1, count + 1)]
    rows = [
        [str(k + 1), f, name(p), 1 / (k + 1)] for k, (f, p) in enumerate(zip(hz, near, strict=True))
    ]
    others = range(1, 12)
    best = max(others, key=lambda k: like[k])
    worst = min(others, key=lambda k: like[k])
    close, far = name(first + best), name(first + worst)
    return Step(
        key="partials",
        formulas=('"cos"(a, b) = frac{a · b}{|a| ~ |b|}',),
        shows=(
            Table(head=(w("partial"), "Hz", w("nearest_note"), w("strength")), rows=rows),
            Bars(names=[name(first + k) for k in range(13)], values=like),
            Sound(notes=_together(first, first + best), caption=w("heard_near", note=close)),
            Sound(notes=_together(first, first + worst), caption=w("heard_far", note=far)),
        ),
        checks=(Check(key="itself", error=float(like[0] - 1)),),
        says={
            "first": name(first),
            "best": close,
            "cosine": float(like[best]),
            "octave": float(like[12]),
            "worst": far,
            "least": float(like[worst]),
        },
    )


def _together(*pitches: int) -> list[tuple[float, float, int]]:
    """One after another, then at once."""
    n = len(pitches)
    return [(0.75 * i, 0.75, p) for i, p in enumerate(pitches)] + [
        (0.75 * n, 2.0, p) for p in pitches
    ]


@cache
def _heard(pitches: tuple[int, ...], count: int) -> Spectrogram:
    return spectrogram(pitches, count=min(count, 2))


def _time(given: Given) -> Step:
    """Show the spectrogram by semitones: at each note's frequency, the strength of each frame."""
    found = _heard(tuple(map(int, given.tune)), int(given.partials))
    low, high = int(given.tune.min()) - 1, int(given.tune.max()) + 1
    pitches = range(high, low - 1, -1)
    bins = [int(np.abs(found.hz - frequency(p)).argmin()) for p in pitches]
    strengths = (found.strengths[:, bins].T * 4 / found.frames.shape[1]).round(3)
    loudest = [name(pitches[int(column.argmax())]) for column in strengths.T]
    seconds = found.frames.shape[1] / found.rate
    return Step(
        key="time",
        formulas=("X_f = ∑_t x_t e^{−2 π i f t}",),
        shows=(
            Matrix(values=strengths, rows=[name(p) for p in pitches], is_share=True),
            Table(
                head=(w("frame"), w("loudest")),
                rows=[[str(i + 1), each] for i, each in enumerate(loudest)],
            ),
        ),
        says={
            "n": len(loudest),
            "ms": 1000 * seconds,
            "bins": len(found.hz),
            "width": float(found.hz[1]),
        },
    )


def _counted(given: Given) -> Step:
    found = neighbours(given.tune)
    labels = [name(p) for p in found.pitches.tolist()]
    apart = found.cosines - 2 * np.eye(len(labels))
    i, j = np.unravel_index(int(apart.argmax()), apart.shape)
    return Step(
        key="counted",
        shows=(
            Matrix(values=found.counts, rows=labels, cols=labels, caption=w("counts")),
            Matrix(values=found.cosines, rows=labels, cols=labels, caption=w("likeness")),
            tune([found.pitches[i], found.pitches[j]]),
        ),
        says={
            "one": labels[int(i)],
            "other": labels[int(j)],
            "cosine": float(found.cosines[i, j]),
            "n": int(found.counts.sum()),
        },
    )


@cache
def pretrained() -> tuple[list[str], np.ndarray]:
    """Read the table: names of chords, and their vectors."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    parts = [line.split() for line in lines]
    return [row[0] for row in parts], np.array([list(map(float, row[1:])) for row in parts])


def classes(chord: str) -> tuple[int, ...]:
    """Give the three pitch classes of a chord: "Am" is A, C and E."""
    is_minor = chord.endswith("m")
    root = NAMES.index(chord[:-1] if is_minor else chord)
    return tuple((root + step) % 12 for step in (MINOR if is_minor else MAJOR))


def pitches(chord: str) -> list[int]:
    """Give a chord round middle C, its root lowest."""
    root, *rest = classes(chord)
    low = MIDDLE_C - 12 + root if root > 6 else MIDDLE_C + root
    return [low, *[low + (each - root) % 12 for each in rest]]


def shared(chord: str, other: str) -> float:
    """Compare two chords as ones among twelve: notes in common, divided by three."""
    return len(set(classes(chord)) & set(classes(other))) / 3


def nearest(chord: str) -> list[tuple[str, float]]:
    """Give the nearest chords of the table, nearest first, with their cosines."""
    names, vectors = pretrained()
    like = cosines(vectors)[names.index(chord)]
    order = [int(i) for i in np.argsort(-like, kind="stable") if names[i] != chord]
    return [(names[i], float(like[i])) for i in order]


def chords(*names: str, length: float = 1.5) -> Sound:
    """Let chords be heard, one after another."""
    notes = [(length * i, length, p) for i, each in enumerate(names) for p in pitches(each)]
    return Sound(notes=notes)


def _pretrained(given: Given) -> Step:
    order = nearest(given.chord)
    close, far = order[:NEAREST], order[-1]
    names = [each for each, _ in close] + [far[0]]
    like = [cosine for _, cosine in close] + [far[1]]
    common = [shared(given.chord, each) for each in names]
    table, vectors = pretrained()
    rows = [list(row) for row in zip(names, like, common, strict=True)]
    heard: list[Any] = []
    for each in (*names[:3], far[0]):
        sound = chords(given.chord, each, given.chord)
        caption = w("heard_chord", own=given.chord, chord=each)
        heard.append(Sound(notes=sound.notes, caption=caption))
    return Step(
        key="pretrained",
        shows=(
            Table(head=(w("chord"), w("cosine"), w("shared")), rows=rows),
            Bars(names=names, values=like),
            *heard,
        ),
        says={
            "chord": given.chord,
            "n": len(table),
            "d": vectors.shape[1],
            "first": close[0][0],
            "second": close[1][0],
            "third": close[2][0],
            "far": far[0],
        },
    )


def _ways(given: Given) -> Step:
    """Lay the four ways side by side."""
    heard = _heard(tuple(map(int, given.tune)), int(given.partials))
    sizes = {
        "one_hot": one_hot(given.tune).shape[1],
        "frames": len(heard.hz),
        "counted": len(set(map(int, given.tune))),
        "table": pretrained()[1].shape[1],
    }
    rows = [[w(f"way_{key}"), say(size), w(f"near_{key}")] for key, size in sizes.items()]
    return Step(key="ways", shows=(Table(head=(w("way"), w("width"), w("near")), rows=rows),))


def guess(given: Given) -> Asked:
    """Ask which note sounds most like the first: what matters is which partials meet."""
    first = int(given.tune[0])
    like = alike(given)
    best = max(GUESSED, key=lambda key: like[GUESSED[key]])
    says = {key: name(first + step) for key, step in GUESSED.items()}
    told = {f"like_{key}": float(like[step]) for key, step in GUESSED.items()}
    return Asked(
        answer=best,
        options=tuple(GUESSED),
        mistakes={key: key for key in GUESSED if key != best},
        says={"first": name(first), "count": int(given.partials)} | says | told,
    )


def fifth(given: Given) -> Asked:
    """Ask for the frequency of the note seven semitones above A4."""
    return Asked(
        answer=frequency(76),
        mistakes={
            "straight": 440 + 7 * 440 / 12,
            "pure": 440 * 3 / 2,
            "octave": 880.0,
            "down": frequency(62),
        },
        says={
            "a": 440,
            "steps": 7,
            "n": 12,
            "factor": 2 ** (7 / 12),
            "semitone": 440 * 2 ** (1 / 12) - 440,
        },
    )


def common(given: Given) -> Asked:
    """Ask for the cosine of two chords as ones among twelve."""
    return Asked(
        answer=shared("C", "Am"),
        mistakes={
            "count": 2.0,
            "union": 2 / 4,
            "no_root": 2 / 9,
            "different": 0.0,
            "apart": 2**0.5,
        },
        says={"n": 12, "dot": 2},
    )


def moved(given: Given, by: float) -> Step:
    """Play the tune in another key, and ask each kind of vector whether it is the same."""
    ones, parts, steps = _compared(given, by)
    rows = [
        [w("as_ones"), ones],
        [w("as_partials"), parts],
        [w("as_steps"), steps],
    ]
    pitches = given.tune + by
    return Step(
        key="moved",
        shows=(
            tune(pitches),
            Table(head=(w("as"), w("cosine")), rows=rows),
        ),
        says={"by": by, "ones": ones, "partials": parts, "steps": steps},
        variant="" if ones > 1 - 1e-9 else "other",
    )


def _compared(given: Given, by: float) -> tuple[float, float, float]:
    """Give the cosines of the tune and the moved one: as ones, as partials, and as intervals."""
    count = int(given.partials)
    before, after = given.tune, given.tune + by
    ones = cosines([one_hot(before).ravel(), one_hot(after).ravel()])[0, 1]
    heard = [np.concatenate([partials(p, count) for p in each]) for each in (before, after)]
    steps = [intervals(before), intervals(after)]
    return float(ones), float(cosines(heard)[0, 1]), float(cosines(steps)[0, 1])


def is_broken(given: Given, by: float) -> bool:
    """Whether ones among zeros no longer know the tune."""
    return _compared(given, by)[0] < 0.5


CHAPTER = Chapter(
    key="music",
    number=12,
    fields=(
        Vector(key="tune", default=(60, 64, 67, 72, 67, 64), low=48, high=83, least=2, most=6),
        Number(key="partials", default=6, low=3, high=8, step=1, slides=True),
        Choice(key="chord", options=CHORDS),
    ),
    guess=Question("guess", guess),
    steps=steps,
    knob=Knob(values=(0.0, 1.0, 2.0, 5.0, 7.0, 12.0), start=0, show=moved, breaks=is_broken),
    exercises=(Question("fifth", fifth), Question("common", common)),
    sees=(
        See(kind="embedding", view="map"),
        See(kind="embedding"),
        See(kind="linear", name="output"),
        See(kind="probabilities"),
    ),
    places=(
        Place("embed/one_hot.py", "note_rows", "one_hot("),
        Place("embed/spectra.py", "stft", "torch.stft("),
        Place("embed/word_vectors.py", "_tell_apart", "pull ="),
        Place("embed/vector_files.py", "", "def load("),
        Place("embed/vectors.py", "WordVectors._closest", "cosines ="),
    ),
    experiments=(Experiment(key="skip_gram", run=progressions),),
)
