"""Chapter 1: an encoding changes the form, an embedding places meaning."""

import numpy as np

from naepo.concepts.embedding import (
    ALPHABET,
    distances,
    letter_ids,
    letters,
    look_up,
    one_hot,
    train_rows,
)
from naepo.concepts.hangul import FINALS, MEDIALS, N_JAMO, N_SYLLABLES, code_point, syllable
from naepo.concepts.positions import sinusoids, turn
from naepo.learn.blocks import Arrow, Dot, Equation, Matrix, Plane, Table
from naepo.learn.chapter import Chapter, Check, Experiment, Knob, Place, See, Step
from naepo.learn.experiments.lookup import lookup
from naepo.learn.fields import Given, Text
from naepo.learn.fields import Matrix as MatrixField
from naepo.learn.formulas import num, plain, total
from naepo.learn.questions import Asked, Question
from naepo.learn.words import say, w

SIZE = len(ALPHABET)
VOWELS = "AEIOU"
OWN = 3
"""Rows of the table that are the reader's: A, B and C."""
ASKED = "C"
RATE, ARRIVING = 0.1, (1.0, -1.0)
GOLDEN = np.pi * (3 - 5**0.5)
"""The angle between neighbouring seeds of a sunflower: places that do not crowd."""
WAVES = 4
"""Width of the vectors in which positions are shown."""
KINDS = ("learned", "sinusoid", "rotary")
SOFT = 0.9
EXERCISE, SPRING = "NAEPO", "봄"
N_BYTES = 256


def table(given: Given) -> np.ndarray:
    """Give E: the reader's rows, and rows that might have been learned for all other letters."""
    place = np.arange(SIZE)
    far, by = np.sqrt((place + 0.5) / SIZE), place * GOLDEN
    around = np.stack([far * np.cos(by), far * np.sin(by)], axis=1)
    is_vowel = np.array([letter in VOWELS for letter in ALPHABET])[:, None]
    rows = np.where(is_vowel, (0.9, 0.5) + 0.4 * around, (-0.6, -0.4) + 0.75 * around).round(2)
    rows[:OWN] = given.table
    return rows


def word_ids(given: Given) -> list[int]:
    """Give the ids of the reader's word; A where it has no letter of the alphabet."""
    return letter_ids(given.word) or [0]


def steps(given: Given) -> tuple[Step, ...]:
    """Ids, one-hot, look-up, meaning, an update, positions that are added, turned, Korean."""
    return (
        _ids(given),
        _one_hot(given),
        _look_up(given),
        _meaning(given),
        _training(given),
        _waves(given),
        _turned(given),
        _korean(given),
    )


def _ids(given: Given) -> Step:
    ids = word_ids(given)
    wrong = sum(one != other for one, other in zip(letter_ids(letters(ids)), ids, strict=True))
    return Step(
        key="ids",
        shows=(Table(head=(w("letter"), "id"), rows=[[ALPHABET[each], each] for each in ids]),),
        checks=(Check(key="back", error=wrong, bound=0),),
        says={"word": letters(ids), "ids": tuple(ids), "last": SIZE - 1},
    )


def _one_hot(given: Given) -> Step:
    ids = word_ids(given)
    hot, names = one_hot(ids), list(letters(ids))
    return Step(
        key="one_hot",
        shows=(Matrix(values=hot, rows=names, cols=list(ALPHABET), is_share=True),),
        says={"size": SIZE, "n": len(ids), "all": hot.size, "apart": 2**0.5},
    )


def _look_up(given: Given) -> Step:
    """Write out the product for the first letter of the word, and read the row."""
    first, rows = word_ids(given)[0], table(given)
    found = look_up([first], rows)
    letter, around = ALPHABET[first], list(ALPHABET)
    shown = f"x · E = … + 1 · E_{letter} + …"
    hot = Matrix(values=found.one_hot, cols=around, name=letter, is_share=True)
    parts = (hot, "·", Matrix(values=rows, rows=around, name="E", mark=(first, None)), "=")
    return Step(
        key="look_up",
        formulas=(f"{shown} = ( {plain(found.product[0, 0])}, {plain(found.product[0, 1])} )",),
        shows=(Equation(parts=(*parts, Matrix(values=found.product, name=f"E_{letter}"))),),
        checks=(Check(key="same", error=float(np.abs(found.product - found.rows).max()), bound=0),),
        says={"letter": letter, "id": first, "size": SIZE, "row": found.rows[0]},
    )


def _meaning(given: Given) -> Step:
    first, rows = word_ids(given)[0], table(given)
    apart = distances(rows, first)
    order = [int(i) for i in np.argsort(apart, kind="stable") if i != first]
    dots = [Dot(x, y, int(a in VOWELS), a) for a, (x, y) in zip(ALPHABET, rows, strict=True)]
    near = [[ALPHABET[i], apart[i], 2**0.5] for i in (*order[:3], order[-1])]
    reach = max(1.5, float(np.abs(rows).max()) * 1.1)
    return Step(
        key="meaning",
        shows=(
            Plane(dots=dots, reach=reach, axes=("E₁", "E₂")),
            Table(head=("", w("apart_embedded"), w("apart_one_hot")), rows=near),
        ),
        says={
            "letter": ALPHABET[first],
            "nearest": ALPHABET[order[0]],
            "farthest": ALPHABET[order[-1]],
        },
    )


def _training(given: Given) -> Step:
    ids, rows = word_ids(given), table(given)
    found = train_rows(ids, rows, ARRIVING, RATE)
    shown = sorted({*range(OWN), *ids})
    parts = [
        [ALPHABET[i], int(found.counts[i]), _pair(rows[i]), _pair(found.table[i])] for i in shown
    ]
    return Step(
        key="training",
        formulas=('E ← E − η · "onehot"^T · frac{∂L}{∂y}',),
        shows=(Table(head=(w("letter"), w("count"), w("before"), w("after")), rows=parts),),
        says={"arriving": ARRIVING, "rate": RATE, "still": int((found.counts == 0).sum())},
    )


def _pair(row: np.ndarray) -> str:
    return f"({say(round(row[0], 4))}, {say(round(row[1], 4))})"


def _waves(given: Given) -> Step:
    n = len(word_ids(given))
    found = sinusoids(n, WAVES)
    places = [str(i) for i in range(n)]
    waves = [f"{wave}(p/{by})" for by in ("1", "100") for wave in ("sin", "cos")]
    kinds = [[w(f"kind_{each}"), w(f"has_{each}"), w(f"beyond_{each}")] for each in KINDS]
    return Step(
        key="waves",
        shows=(
            Matrix(values=found, rows=places, cols=waves, name="p", limit=1),
            Table(head=(w("kind"), w("has"), w("beyond")), rows=kinds),
        ),
        says={"n": n, "width": WAVES},
    )


def _turned(given: Given) -> Step:
    """Turn the first letter's row as a query, the second's as a key, a place apart each time."""
    rows, ids = table(given), word_ids(given)
    q, k = rows[ids[0]], rows[ids[1 % len(ids)]]
    places = (1, 2, 5)
    turned = [turn(q, place) for place in (0, *places)]
    arrows = [Arrow(x[0], x[1], f"p={p}") for p, x in zip((0, *places), turned, strict=True)]
    products = [float(turn(q, place) @ turn(k, place - 1)) for place in places]
    shown = [[f"{p}, {p - 1}", product] for p, product in zip(places, products, strict=True)]
    other = float(turn(q, places[-1]) @ turn(k, 0))
    return Step(
        key="turned",
        formulas=(
            "q_1 → q_1 cos p − q_2 sin p",
            "q_2 → q_2 cos p + q_1 sin p",
            "q_p · k_r ~ = ~ q · k_{r − p}",
        ),
        shows=(
            Plane(arrows=arrows, reach=max(2.0, float(np.linalg.norm(q)) * 2)),
            Table(head=(w("places"), "q · k"), rows=[*shown, [f"{places[-1]}, 0", other]]),
        ),
        checks=(Check(key="distance", error=float(np.ptp(products))),),
        says={"q": ALPHABET[ids[0]], "k": ALPHABET[ids[1 % len(ids)]], "product": products[0]},
    )


def _korean(given: Given) -> Step:
    found = [syllable(each) for each in given.korean]
    known = [each for each in found if each is not None]
    head = (w("syllable"), w("code"), w("jamo"), w("bytes"))
    rows = [[s.text, s.code, " ".join(s.jamo), s.utf8.hex(" ").upper()] for s in known]
    formulas = tuple(
        f"{plain(code_point(0, 0, 0))} + ({plain(s.initial)} · {plain(len(MEDIALS))} + "
        f"{plain(s.medial)}) · {plain(len(FINALS))} + {plain(s.final)} = {plain(s.code)}"
        for s in known[:1]
    )
    return Step(
        key="korean",
        formulas=formulas,
        shows=(Table(head=head, rows=rows),) if known else (),
        says={
            "syllables": N_SYLLABLES,
            "jamo": N_JAMO,
            "bytes": N_BYTES,
            "n": len(known),
            "n_jamo": sum(len(s.jamo) for s in known),
            "n_bytes": sum(len(s.utf8) for s in known),
        },
        variant="" if known else "none",
    )


def guess(given: Given) -> Asked:
    """Ask for what a one-hot row times the table gives."""
    rows, place = table(given), letter_ids(ASKED)[0]
    return Asked(
        answer=tuple(rows[place]),
        mistakes={
            "off_by_one": tuple(rows[place - 1]),
            "first": tuple(rows[0]),
            "sum": tuple(rows[:OWN].sum(axis=0).round(9) + 0.0),
            "times_id": tuple(place * rows[place]),
        },
        says={"letter": ASKED, "id": place, "size": SIZE, "before": ALPHABET[place - 1]},
    )


def width(given: Given) -> Asked:
    """Ask how many numbers a word is in one-hot encoding."""
    n = len(EXERCISE)
    return Asked(
        answer=n * SIZE,
        mistakes={"letter": SIZE, "ids": n, "sum": n + SIZE, "zeros": n * SIZE - n},
        says={"word": EXERCISE, "size": SIZE, "n": n},
        is_exact=True,
    )


def spring(given: Given) -> Asked:
    """Ask for the code point of a syllable from the numbers of its jamo."""
    found = syllable(SPRING)
    assert found is not None
    first, middle, last = found.initial, found.medial, found.final
    base = code_point(0, 0, 0)
    return Asked(
        answer=found.code,
        mistakes={
            "no_base": found.code - base,
            "swapped": base + (first * len(FINALS) + middle) * len(MEDIALS) + last,
            "final": found.code - 1,
            "no_final": found.code - last,
        },
        says={
            "syllable": SPRING,
            "jamo": " ".join(found.jamo),
            "initial": first,
            "medial": middle,
            "final": last,
            "base": base,
            "medials": len(MEDIALS),
            "finals": len(FINALS),
        },
        is_exact=True,
    )


def mixed(given: Given, kind: str) -> Step:
    """Change what stands in the one-hot row, or in the table, and compare with the row itself."""
    hot, rows, place = _mixture(given, kind)
    product = hot @ rows
    read = rows[place] if place < SIZE else np.full(2, np.nan)
    shown = [[f"y{sign}", a, b] for sign, a, b in zip("₁₂", product, read, strict=True)]
    others = [(ALPHABET[i], x) for i, x in enumerate(hot) if x]
    return Step(
        key="mixed",
        formulas=(total(f"{num(x)} · E_{name}" for name, x in others),) if others else (),
        shows=(
            Matrix(values=hot[None], cols=list(ALPHABET), rows=["x"], is_share=True),
            Table(head=("", w("by_product"), w("by_row")), rows=shown),
        ),
        says={"name": w(f"knob_is_{kind}"), "share": SOFT, "last": SIZE - 1, "size": SIZE},
        variant="" if kind == "whole" else kind,
    )


def _mixture(given: Given, kind: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Give the row of numbers, the table, and the id that is looked up."""
    place = SIZE if kind == "outside" else letter_ids(ASKED)[0]
    hot, rows = one_hot([place])[0], table(given)
    if kind == "soft":
        hot = hot * SOFT + one_hot([1])[0] * (1 - SOFT)
    if kind == "two":
        hot = hot + one_hot([0])[0]
    if kind == "nan":
        rows[1] = np.nan
    return hot, rows, place


def is_broken(given: Given, kind: str) -> bool:
    """Whether the product is not the row."""
    hot, rows, place = _mixture(given, kind)
    return place >= SIZE or not np.array_equal(hot @ rows, rows[place])


CHAPTER = Chapter(
    key="encoding",
    number=1,
    fields=(
        Text(key="word", default="CAB", most=6),
        MatrixField(
            key="table", default=((0.8, 0.6), (-0.5, -0.2), (-0.3, -0.7)), low=-2, high=2, step=0.1
        ),
        Text(key="korean", default="한글", most=4),
    ),
    guess=Question("guess", guess),
    steps=steps,
    knob=Knob(
        values=("whole", "soft", "two", "nan", "outside"), start=0, show=mixed, breaks=is_broken
    ),
    exercises=(Question("width", width), Question("spring", spring)),
    sees=(
        See(kind="embedding"),
        See(kind="embedding", view="map"),
        See(kind="position"),
        See(kind="heads", name="attention.q"),
    ),
    places=(
        Place("encode/one_hot.py", "one_hot", "rows[np.arange(len(known)), known]"),
        Place("model/transformer.py", "Transformer._begin", "x = self.embedding(ids)"),
        Place("model/positions.py", "sinusoidal_table", "rearrange([a.sin(), a.cos()]"),
        Place("model/positions.py", "rotate", "torch.addcmul("),
        Place("encode/byte_level.py", "ByteEncoder.encode", "np.frombuffer(to_utf8(text)"),
    ),
    experiments=(Experiment(key="lookup", run=lookup),),
)
