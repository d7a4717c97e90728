"""Chapter 13: one step of training and one of generation, through every box of a GPT on paper."""

from dataclasses import fields as fields_of

import numpy as np

from naepo.concepts.tiny_gpt import Drawn, Update, Weights, draw, forward, paper_weights, update
from naepo.learn.blocks import Bars, Block, Equation, Matrix, Table
from naepo.learn.chapter import Chapter, Check, Knob, Place, See, Step
from naepo.learn.fields import Given, Number, Vector
from naepo.learn.formulas import frac, num, total
from naepo.learn.questions import Asked, Question
from naepo.learn.words import Label, Real, w

VOCABULARY = tuple(w(f"word_{i}") for i in range(4))
OLD, SLOPE, RATE = 0.5, -0.2, 0.1
"""Of the exercise: a weight, its gradient, the learning rate."""


def words_of(ids: np.ndarray) -> list[Label]:
    """Name positions by their words."""
    return [VOCABULARY[int(id)] for id in ids]


def rows(values: np.ndarray, ids: np.ndarray, name: str, caption: str = "") -> Matrix:
    """Draw a row of numbers for each position."""
    return Matrix(values=values, rows=words_of(ids), name=name, caption=caption or name)


def steps(given: Given) -> tuple[Step, ...]:
    """Forward box by box, the loss, back and update; then one word is drawn."""
    weights = paper_weights()
    found = update(given.ids, weights, given.rate)
    run = forward(given.ids, weights)
    ids, picked = run.ids, draw(run.logits[-1], given.temperature, given.dice)
    return (
        Step(
            key="begin",
            formulas=('x_p = E["id"_p] + P[p]',),
            shows=(
                _sum(
                    rows(run.embedded, ids, "E[id]"),
                    rows(weights.position, ids, "P"),
                    rows(run.placed, ids, "x"),
                ),
            ),
            says={"n": weights.count(), "ids": ids},
        ),
        Step(
            key="project",
            formulas=tuple(f'{letter} = "norm"(x) W_{letter}^⊤' for letter in "qkv"),
            shows=(
                _three(run.norm_1, run.q, ids, "norm(x)", "W_qᵀ", "q", weights.to_q),
                _pair(run.k, run.v, ids),
            ),
        ),
        _attention(given),
        Step(
            key="think",
            formulas=('x = x + max("norm"(x) W_"up"^⊤, 0) W_"down"^⊤',),
            shows=(
                rows(run.active, ids, "max(up, 0)"),
                _sum(
                    rows(run.residual_1, ids, "x"),
                    rows(run.down, ids, "down"),
                    rows(run.residual_2, ids, "x"),
                ),
            ),
            says={"zeros": int((run.active == 0).sum()), "all": run.active.size},
        ),
        _answer(given),
        _loss(found),
        _learn(found, weights, given),
        _write(picked),
    )


def _sum(first: Matrix, second: Matrix, result: Matrix) -> Block:
    return Equation(parts=(first, "+", second, "=", result))


def _three(
    x: np.ndarray, y: np.ndarray, ids: np.ndarray, a: str, b: str, c: str, weight: np.ndarray
) -> Block:
    middle = Matrix(values=weight.T, name=b, caption=b)
    return Equation(parts=(rows(x, ids, a), "·", middle, "=", rows(y, ids, c)))


def _pair(k: np.ndarray, v: np.ndarray, ids: np.ndarray) -> Block:
    return Equation(parts=(rows(k, ids, "k"), ",", rows(v, ids, "v")))


def _attention(given: Given) -> Step:
    run = forward(given.ids, paper_weights())
    ids, last = run.ids, len(run.ids) - 1
    seen = Matrix(
        values=run.shares,
        rows=words_of(ids),
        cols=words_of(ids),
        name="share",
        is_share=True,
        caption=w("shares"),
    )
    return Step(
        key="attend",
        formulas=(
            "s_{p j} = frac{q_p · k_j}{sqrt{2}} ~ (j ≤ p)",
            '"share"_p = "softmax"(s_p)',
            'x = x + ("share" · v) W_"out"^⊤',
        ),
        shows=(
            seen,
            _sum(
                rows(run.placed, ids, "x"),
                rows(run.attended, ids, "out"),
                rows(run.residual_1, ids, "x"),
            ),
        ),
        checks=(Check(key="shares", error=float(np.abs(run.shares.sum(axis=1) - 1).max())),),
        says={
            "last": words_of(ids)[last],
            "most": words_of(ids)[int(run.shares[last].argmax())],
            "share": 100 * float(run.shares[last].max()),
        },
    )


def _answer(given: Given) -> Step:
    run = forward(given.ids, paper_weights())
    likeliest = int(run.probabilities[-1].argmax())
    return Step(
        key="answer",
        formulas=('"logits" = "norm"(x) W_"output"^⊤, ~ p = "softmax"("logits")',),
        shows=(
            Matrix(
                values=run.logits,
                rows=words_of(run.ids),
                cols=VOCABULARY,
                name="logits",
                caption="logits",
            ),
            Matrix(
                values=run.probabilities,
                rows=words_of(run.ids),
                cols=VOCABULARY,
                name="p",
                caption="p",
                is_share=True,
            ),
        ),
        checks=(Check(key="one", error=float(np.abs(run.probabilities.sum(axis=1) - 1).max())),),
        says={
            "last": words_of(run.ids)[-1],
            "word": VOCABULARY[likeliest],
            "p": 100 * float(run.probabilities[-1].max()),
        },
    )


def _loss(found: Update) -> Step:
    ids, targets = found.before.ids, found.targets
    lines = [
        [word, target, p, -float(np.log(p))]
        for word, target, p in zip(words_of(ids), words_of(targets), found.picked, strict=True)
    ]
    terms = total(num(line[3]) for line in lines)
    return Step(
        key="loss",
        formulas=(f"L = {frac(terms, num(len(lines)))} = {num(found.loss)}",),
        shows=(Table(head=(w("after_word"), w("target"), "p", "−ln p"), rows=lines),),
        says={"loss": found.loss, "blind": float(np.log(len(VOCABULARY)))},
    )


def _learn(found: Update, weights: Weights, given: Given) -> Step:
    sizes = [
        [
            each.name,
            "×".join(map(str, getattr(weights, each.name).shape)),
            float(np.linalg.norm(getattr(found.gradient, each.name))),
        ]
        for each in fields_of(Weights)
    ]
    return Step(
        key="learn",
        formulas=("W ← W − η frac{∂L}{∂W}",),
        shows=(
            Equation(
                parts=(
                    Matrix(values=weights.output, rows=VOCABULARY, name="W_output", caption="W"),
                    f"− {given.rate:g} ·",
                    Matrix(
                        values=found.gradient.output,
                        rows=VOCABULARY,
                        name="gradient",
                        caption="∂L/∂W",
                    ),
                    "=",
                    Matrix(
                        values=found.weights.output, rows=VOCABULARY, name="W_output", caption="W"
                    ),
                )
            ),
            Table(head=(w("weights"), w("shape"), w("gradient_length")), rows=sizes),
        ),
        says={"rate": given.rate, "before": found.loss, "after": found.loss_after},
        variant="" if found.loss_after <= found.loss else "worse",
    )


def _write(found: Drawn) -> Step:
    lines = [
        [word, found.logits[i], found.scaled[i], found.probabilities[i], found.cumulated[i]]
        for i, word in enumerate(VOCABULARY)
    ]
    head = ("", "logit", "logit / T", "p", w("cumulated"))
    return Step(
        key="write",
        shows=(
            Bars(names=VOCABULARY, values=found.probabilities, is_share=True),
            Table(head=head, rows=lines, marks=((found.id, 4),)),
        ),
        says={"dice": found.dice, "word": VOCABULARY[found.id]},
    )


def turned(given: Given, rate: Real) -> Step:
    """Train once with this learning rate."""
    found = update(given.ids, paper_weights(), rate)
    lines = [
        [word, target, before, after]
        for word, target, before, after in zip(
            words_of(found.before.ids),
            words_of(found.targets),
            found.picked,
            found.after.probabilities[np.arange(len(found.targets)), found.targets],
            strict=True,
        )
    ]
    head = (w("after_word"), w("target"), w("p_before"), w("p_after"))
    return Step(
        key="rate",
        shows=(Table(head=head, rows=lines),),
        says={"rate": rate, "before": found.loss, "after": found.loss_after},
        variant="" if found.loss_after <= found.loss else "worse",
    )


def is_worse(given: Given, rate: Real) -> bool:
    """Whether one step of this size makes the loss larger."""
    found = update(given.ids, paper_weights(), rate)
    return not found.loss_after <= found.loss


def guess(given: Given) -> Asked:
    """Ask for the likeliest next word."""
    run = forward(given.ids, paper_weights())
    p = run.probabilities[-1]
    answer, least, last = int(p.argmax()), int(p.argmin()), int(run.ids[-1])
    mistakes = {"repeat": last} if last != answer else {}
    mistakes |= {"least": least} if least not in (answer, last) else {}
    told = {f"word_{i}": word for i, word in enumerate(VOCABULARY)}
    told |= {f"t{i}": VOCABULARY[int(id)] for i, id in enumerate(run.ids)}
    return Asked(
        answer=f"w{answer}",
        mistakes={name: f"w{id}" for name, id in mistakes.items()},
        options=tuple(f"w{i}" for i in range(len(VOCABULARY))),
        says=told | {"p": 100 * float(p[answer])},
    )


def blind(given: Given) -> Asked:
    """Ask for the loss of a model that knows nothing."""
    n = len(VOCABULARY)
    return Asked(
        answer=float(np.log(n)),
        mistakes={
            "bits": float(np.log2(n)),
            "share": 1 / n,
            "tens": float(np.log10(n)),
            "sign": -float(np.log(n)),
        },
        says={"n": n, "p": 1 / n},
    )


def weight(given: Given) -> Asked:
    """Ask for one weight after one step."""
    return Asked(
        answer=OLD - RATE * SLOPE,
        mistakes={
            "sign": OLD + RATE * SLOPE,
            "no_rate": OLD - SLOPE,
            "step": -RATE * SLOPE,
            "replaced": SLOPE,
        },
        says={"old": OLD, "slope": SLOPE, "rate": RATE},
    )


CHAPTER = Chapter(
    key="gpt",
    number=13,
    fields=(
        Vector(key="ids", default=(0, 1, 2, 3), low=0, high=3, least=4, most=4),
        Number(key="rate", default=0.5, low=0, high=20, step=0.1, slides=True),
        Number(key="temperature", default=1, low=0.1, high=5, step=0.1, slides=True),
        Number(key="dice", default=0.5, low=0, high=1, step=0.05, slides=True),
    ),
    guess=Question("guess", guess),
    steps=steps,
    knob=Knob(values=(0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0), start=1, show=turned, breaks=is_worse),
    exercises=(Question("blind", blind), Question("weight", weight)),
    sees=(
        See(kind="embedding"),
        See(kind="norm", name="norm_1"),
        See(kind="linear", name="to_q"),
        See(kind="softmax", view="attention"),
        See(kind="linear", name="to_out"),
        See(kind="residual", name="residual_1"),
        See(kind="activation"),
        See(kind="linear", name="output"),
        See(kind="probabilities"),
        See(kind="logits", view="path"),
    ),
    places=(
        Place("model/transformer.py", "Block.forward", "self.attention(self.norm_1(x)"),
        Place("train/loss.py", "", "F.cross_entropy("),
        Place("train/gradients.py", "", "loss.backward()"),
        Place("generate/sampling.py", "", "- noise).argmax(-1)"),
    ),
)
