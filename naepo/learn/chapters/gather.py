"""Chapter 10: gather, from fruit in boxes to the loss and to top-p."""

import numpy as np

from naepo.concepts.gather import NOT_A_TENSOR, gather, outside, target_loss, top_p
from naepo.learn.blocks import Block, Code, Links, Table
from naepo.learn.chapter import Chapter, Check, Knob, Place, See, Step
from naepo.learn.fields import Given, Vector
from naepo.learn.formulas import frac, num, total
from naepo.learn.questions import Asked, Question
from naepo.learn.words import Real, Word, w

FRUIT = tuple(w(f"fruit_{i}") for i in range(4))
"""What lies in the boxes 0 to 3."""
SHARE, PLACE = 0.9, 1
TENS, TAKEN = (10.0, 20.0, 30.0, 40.0), (3.0, 3.0, 0.0)
SHARES, TARGET = (0.1, 0.2, 0.7), 1


def places(given: Given) -> np.ndarray:
    """Give the index as whole numbers."""
    return given.index.astype(int)


def table_of(given: Given) -> np.ndarray:
    """Give a row of logits for each position: the reader's, turned by one place a row."""
    return np.array([np.roll(given.logits, shift) for shift in range(len(given.index))])


def steps(given: Given) -> tuple[Step, ...]:
    """Strings fail; ids; one dimension; the loss; which dim; top-p."""
    return (
        Step(key="strings", shows=(Code(text=STRINGS),)),
        _ids(),
        _boxes(given),
        _loss(given),
        _dims(given),
        _back(given),
    )


STRINGS = f""">>> torch.gather(["apple", "banana", "grape", "orange"], 0, index)
{NOT_A_TENSOR}"""


def _ids() -> Step:
    rows = [[str(i), fruit] for i, fruit in enumerate(FRUIT)]
    return Step(key="ids", shows=(Table(head=(w("id"), w("fruit")), rows=rows),))


def _boxes(given: Given) -> Step:
    index = places(given)
    return Step(
        key="boxes",
        formulas=('"out"_i = "source"_{"index"_i}',),
        shows=(fruit_links(index),),
        says={"index": index, "first": index[0], "fruit": FRUIT[index[0]]},
    )


def fruit_links(index: np.ndarray) -> Block:
    """Draw where each result comes from; what is not there is a question mark."""
    results = [FRUIT[place] if 0 <= place < len(FRUIT) else "?" for place in index]
    return Links(source=FRUIT, taken=index.tolist(), results=results)


def _loss(given: Given) -> Step:
    index = places(given)
    found = target_loss(table_of(given), index)
    rows = [
        [str(i), *row, str(target), picked]
        for i, (row, target, picked) in enumerate(
            zip(found.log_probabilities, index, found.picked, strict=True)
        )
    ]
    head = (w("position"), "ln p₀", "ln p₁", "ln p₂", "ln p₃", w("target"), w("picked"))
    marks = [(i, 1 + int(target)) for i, target in enumerate(index)]
    terms = total(num(-picked) for picked in found.picked)
    return Step(
        key="loss",
        formulas=(f'"loss" = {frac(terms, num(len(index)))} = {num(found.loss)}',),
        shows=(Table(head=head, rows=rows, marks=marks),),
        checks=(Check(key="same", error=_other_way(found.log_probabilities, index) - found.loss),),
        says={"loss": found.loss},
    )


def _other_way(log_probabilities: np.ndarray, index: np.ndarray) -> float:
    """Compute the loss with a one-hot row instead of gather: every number times 0 or 1."""
    one_hot = np.eye(log_probabilities.shape[1])[index]
    return float(-(one_hot * log_probabilities).sum(axis=1).mean())


def _dims(given: Given) -> Step:
    index, source = places(given), table_of(given)
    along_rows = gather(source, index[:, None], dim=1)
    along_cols = gather(source, index[None, :], dim=0)
    rows = [[str(i), *row] for i, row in enumerate(source)]
    marks = [(i, 1 + int(col)) for i, col in enumerate(along_rows.cols[:, 0])]
    others = [(int(row), 1 + j) for j, row in enumerate(along_cols.rows[0])]
    head = ("", "0", "1", "2", "3")
    return Step(
        key="dims",
        shows=(
            Table(caption=w("dim_one"), head=head, rows=rows, marks=marks),
            Table(caption=w("dim_zero"), head=head, rows=rows, marks=others),
        ),
        says={"one": along_rows.values[:, 0], "zero": along_cols.values[0]},
    )


def _back(given: Given) -> Step:
    found = top_p(given.logits, SHARE, PLACE)
    kept = found.order[: found.n_kept]
    rows = [
        [str(i), str(id), FRUIT[id], p, before, w("kept" if i < found.n_kept else "dropped")]
        for i, (id, p, before) in enumerate(
            zip(found.order, found.sorted, found.before, strict=True)
        )
    ]
    head = (w("sorted_place"), w("id"), w("fruit"), "p", w("likelier"), "")
    links = Links(
        source=[f"id {id}" for id in kept],
        taken=[found.place],
        results=[f"id {found.id}"],
        names=(w("order"), w("drawn"), w("result")),
    )
    return Step(
        key="back",
        shows=(Table(head=head, rows=rows), links),
        says={
            "share": SHARE,
            "n": found.n_kept,
            "place": found.place,
            "id": found.id,
            "fruit": FRUIT[found.id],
            "wrong": FRUIT[found.place],
        },
    )


def moved(given: Given, place: Real) -> Step:
    """Let the first index go to a place; outside, torch refuses."""
    index = np.array([int(place), *places(given)[1:]])
    error = outside(index, len(FRUIT))
    shows = (fruit_links(index), *((Code(text=error),) if error else ()))
    variant = "before" if place < 0 else "beyond" if error else ""
    return Step(key="moved", shows=shows, variant=variant, says={"place": int(place), "size": 4})


def is_outside(given: Given, place: Real) -> bool:
    """Whether torch refuses the place."""
    return outside([place], len(FRUIT)) is not None


def guess(given: Given) -> Asked:
    """Ask which fruit comes first."""
    index = places(given)
    scattered = [i for i, place in enumerate(index) if place == 0]
    asked = {f"f{i}": f"f{i}" for i in range(4)}
    answer = f"f{index[0]}"
    mistakes = {"scatter": f"f{scattered[0]}"} if scattered else {}
    mistakes = {name: value for name, value in mistakes.items() if value != answer}
    return Asked(
        answer=answer,
        mistakes=mistakes,
        options=tuple(asked),
        says={"index": index, "first": index[0], **_fruit()},
    )


def _fruit() -> dict[str, Word]:
    return {f"fruit_{i}": fruit for i, fruit in enumerate(FRUIT)}


def row(given: Given) -> Asked:
    """Ask for a gather with a place that is taken twice."""
    taken = [TENS[int(place)] for place in TAKEN]
    return Asked(
        answer=tuple(taken),
        mistakes={
            "one_based": tuple(TENS[int(place) - 1] for place in TAKEN),
            "index": TAKEN,
            "sorted": tuple(sorted(taken)),
        },
        says={"source": TENS, "index": TAKEN},
        is_exact=True,
    )


def goal(given: Given) -> Asked:
    """Ask for the loss of one target."""
    logs = [-float(np.log(p)) for p in SHARES]
    return Asked(
        answer=logs[TARGET],
        mistakes={
            "likeliest": logs[2],
            "one_based": logs[TARGET - 1],
            "no_log": SHARES[TARGET],
            "sign": -logs[TARGET],
            "bits": float(-np.log2(SHARES[TARGET])),
        },
        says={"shares": SHARES, "target": TARGET, "share": SHARES[TARGET]},
    )


CHAPTER = Chapter(
    key="gather",
    number=10,
    fields=(
        Vector(key="index", default=(2, 0, 1, 3), low=0, high=3, least=4, most=4),
        Vector(key="logits", default=(0.5, 2, -1, 1), low=-20, high=20, step=0.5, least=4, most=4),
    ),
    guess=Question("guess", guess),
    steps=steps,
    knob=Knob(values=(-1, 0, 1, 2, 3, 4), start=3, show=moved, breaks=is_outside),
    exercises=(Question("row", row), Question("goal", goal)),
    sees=(See(kind="logits"), See(kind="probabilities"), See(kind="embedding")),
    places=(
        Place("generate/sampling.py", "", "kept_by_rank.gather("),
        Place("generate/particles.py", "", "log_p.gather("),
        Place("train/loss.py", "", "F.cross_entropy("),
    ),
)
