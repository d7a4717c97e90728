"""Chapter 2: every linear map of a transformer, on four words and a width of 2, without norms."""

from dataclasses import fields as fields_of
from dataclasses import replace

import numpy as np

from naepo.concepts.tiny_gpt import Forward, Weights, forward, paper_weights
from naepo.learn.blocks import Block, Equation, Matrix, Table
from naepo.learn.chapter import Chapter, Check, Knob, Place, See, Step
from naepo.learn.chapters.gpt import VOCABULARY, words_of
from naepo.learn.fields import Given, Vector
from naepo.learn.fields import Matrix as MatrixField
from naepo.learn.formulas import column, num, table
from naepo.learn.questions import Asked, Question
from naepo.learn.words import w

WIDTH, HEADS = 128, 4
"""Of the model in the exercise."""
STATE = (1.0, -2.0)


def weights_of(given: Given) -> Weights:
    """Give the weights on paper, with the reader's W_q."""
    return replace(paper_weights(), to_q=given.W)


def run_of(given: Given) -> Forward:
    """Run the reader's four words, without norms: every number is then easy to check."""
    return forward(given.ids, weights_of(given), has_norm=False)


def steps(given: Given) -> tuple[Step, ...]:
    """Embedding, position, queries, keys and values, back, feed-forward, output; and the rest."""
    weights, run = weights_of(given), run_of(given)
    ids = run.ids
    return (
        _embedding(run, weights),
        Step(
            key="position",
            formulas=("x_p = e_p + P[p]",),
            shows=(
                Equation(
                    parts=(
                        _rows(run.embedded, ids, "e"),
                        "+",
                        _rows(weights.position, ids, "P"),
                        "=",
                        _rows(run.placed, ids, "x"),
                    )
                ),
            ),
        ),
        _query(run, weights),
        Step(
            key="key_value",
            formulas=("k = x W_k^⊤", "v = x W_v^⊤"),
            shows=(
                _map(run.placed, weights.to_k, run.k, ids, "x", "W_k", "k"),
                _map(run.placed, weights.to_v, run.v, ids, "x", "W_v", "v"),
            ),
        ),
        Step(
            key="out",
            formulas=('x = x + "mixed" · W_"out"^⊤',),
            shows=(_map(run.mixed, weights.to_out, run.attended, ids, "mixed", "W_out", "out"),),
        ),
        Step(
            key="feed_forward",
            formulas=('x = x + max(x W_"up"^⊤, 0) W_"down"^⊤',),
            shows=(
                _map(run.residual_1, weights.up, run.up, ids, "x", "W_up", "up"),
                _map(run.active, weights.down, run.down, ids, "max(up, 0)", "W_down", "down"),
            ),
            says={"hidden": weights.up.shape[0], "width": weights.up.shape[1]},
        ),
        _output(run, weights),
        _count(weights),
    )


def _rows(values: np.ndarray, ids: np.ndarray, name: str) -> Matrix:
    return Matrix(values=values, rows=words_of(ids), name=name, caption=name)


def _map(
    x: np.ndarray, weight: np.ndarray, y: np.ndarray, ids: np.ndarray, a: str, b: str, c: str
) -> Block:
    """Draw y = x Wᵀ, with W turned so that rows meet columns."""
    turned = Matrix(values=weight.T, name=f"{b}ᵀ", caption=f"{b}ᵀ")
    return Equation(parts=(_rows(x, ids, a), "·", turned, "=", _rows(y, ids, c)))


def _embedding(run: Forward, weights: Weights) -> Step:
    one_hot = np.eye(len(VOCABULARY))[run.ids]
    error = float(np.abs(one_hot @ weights.embedding - run.embedded).max())
    one_hots = Matrix(values=one_hot, rows=words_of(run.ids), name="one-hot", caption=w("one_hot"))
    looked_up = Matrix(values=weights.embedding, rows=VOCABULARY, name="E", caption="E")
    return Step(
        key="embedding",
        formulas=('e_p = "one-hot"_p · E = E["id"_p]',),
        shows=(Equation(parts=(one_hots, "·", looked_up, "=", _rows(run.embedded, run.ids, "e"))),),
        checks=(Check(key="look_up", error=error),),
    )


def _query(run: Forward, weights: Weights) -> Step:
    x, q = run.placed[-1], run.q[-1]
    lines = tuple(
        f"q_{i + 1} = {num(row[0])} · {num(x[0])} + {num(row[1])} · {num(x[1])} = {num(q[i])}"
        for i, row in enumerate(weights.to_q)
    )
    return Step(
        key="query",
        formulas=(f"{table(weights.to_q)} {column(x)} = {column(q)}", *lines),
        shows=(_map(run.placed, weights.to_q, run.q, run.ids, "x", "W_q", "q"),),
        says={"last": words_of(run.ids)[-1], "x": x, "q": q},
    )


def _output(run: Forward, weights: Weights) -> Step:
    likeliest = int(run.logits[-1].argmax())
    scores = Matrix(
        values=run.logits,
        rows=words_of(run.ids),
        cols=VOCABULARY,
        name="logits",
        caption="logits",
    )
    turned = Matrix(values=weights.output.T, cols=VOCABULARY, name="W", caption="W_outputᵀ")
    return Step(
        key="output",
        formulas=('"logits" = x W_"output"^⊤',),
        shows=(Equation(parts=(_rows(run.residual_2, run.ids, "x"), "·", turned)), scores),
        says={"last": words_of(run.ids)[-1], "word": VOCABULARY[likeliest]},
    )


def _count(weights: Weights) -> Step:
    parts = [(each.name, getattr(weights, each.name)) for each in fields_of(Weights)]
    lines = [[name, "×".join(map(str, part.shape)), float(part.size)] for name, part in parts]
    return Step(
        key="count",
        shows=(Table(head=(w("weights"), "[out, in]", w("numbers")), rows=lines),),
        says={"n": weights.count()},
    )


def swapped(given: Given, kind: str) -> Step:
    """Swap the first two words, with and without positions: what does the last word notice?"""
    before, after = _both(given, kind)
    names = [w("as_typed"), w("swapped")]
    mixed = np.stack([before.mixed[-1], after.mixed[-1]])
    is_same = bool(np.allclose(mixed[0], mixed[1]))
    return Step(
        key="order",
        shows=(Matrix(values=mixed, rows=names, name="mixed", caption=w("last_mixed")),),
        says={
            "first": words_of(before.ids)[0],
            "second": words_of(before.ids)[1],
            "last": words_of(before.ids)[-1],
            "kind": w(f"knob_is_{kind}"),
        },
        variant="same" if is_same else "",
    )


def _both(given: Given, kind: str) -> tuple[Forward, Forward]:
    weights = weights_of(given)
    if kind == "without":
        weights = replace(weights, position=np.zeros_like(weights.position))
    ids = given.ids.astype(int)
    other = ids[[1, 0, 2, 3]]
    return tuple(forward(each, weights, has_norm=False) for each in (ids, other))  # pyright: ignore


def is_blind(given: Given, kind: str) -> bool:
    """Whether the last word gathers the same, though different words have changed places."""
    before, after = _both(given, kind)
    is_same = bool(np.allclose(before.mixed[-1], after.mixed[-1]))
    return is_same and bool(before.ids[0] != before.ids[1])


def guess(given: Given) -> Asked:
    """Ask for the query of the last word."""
    run = run_of(given)
    x, bare = run.placed[-1], run.embedded[-1]
    return Asked(
        answer=tuple(run.q[-1]),
        mistakes={
            "transposed": tuple(given.W.T @ x),
            "no_position": tuple(given.W @ bare),
            "unchanged": tuple(x),
        },
        says={
            "last": words_of(run.ids)[-1],
            "e": bare,
            "p": paper_weights().position[len(run.ids) - 1],
            "matrix": [list(map(float, row)) for row in given.W],
        },
    )


def size(given: Given) -> Asked:
    """Ask how many numbers the query's matrix has."""
    return Asked(
        answer=WIDTH * WIDTH,
        mistakes={
            "one_head": WIDTH * WIDTH // HEADS,
            "many": WIDTH * WIDTH * HEADS,
            "sum": 2 * WIDTH,
            "three": 3 * WIDTH * WIDTH,
        },
        says={"width": WIDTH, "heads": HEADS, "d_head": WIDTH // HEADS},
        is_exact=True,
    )


def inner(given: Given) -> Asked:
    """Ask for the feed-forward of one state, after the activation."""
    up = paper_weights().up
    raw = up @ np.array(STATE)
    return Asked(
        answer=tuple(np.maximum(raw, 0)),
        mistakes={
            "no_relu": tuple(raw),
            "absolute": tuple(np.abs(raw)),
            "before": tuple(up @ np.maximum(STATE, 0)),
        },
        says={"x": STATE, "matrix": [list(map(float, row)) for row in up], "raw": raw},
    )


CHAPTER = Chapter(
    key="transformations",
    number=2,
    fields=(
        Vector(key="ids", default=(0, 1, 2, 3), low=0, high=3, least=4, most=4),
        MatrixField(key="W", default=((1, 1), (0, 1)), low=-10, high=10),
    ),
    guess=Question("guess", guess),
    steps=steps,
    knob=Knob(values=("with", "without"), start=0, show=swapped, breaks=is_blind),
    exercises=(Question("size", size), Question("inner", inner)),
    sees=(
        See(kind="embedding"),
        See(kind="position"),
        See(kind="linear", name="to_q"),
        See(kind="linear", name="to_k"),
        See(kind="linear", name="to_v"),
        See(kind="linear", name="to_out"),
        See(kind="linear", name="up"),
        See(kind="linear", name="down"),
        See(kind="linear", name="output"),
    ),
    places=(
        Place("model/attention.py", "Attention.project", "self.to_q(x)"),
        Place("model/attention.py", "Attention.merge", "self.to_out("),
        Place("model/mlp.py", "SwiGLU.forward", "self.down("),
        Place("model/transformer.py", "Transformer.forward", "self.output("),
    ),
)
