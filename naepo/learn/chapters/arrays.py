"""Chapter 11: arrays and matrices: two products, memory, shapes, and where a network has them."""

from typing import Any

import numpy as np

from naepo.concepts.arrays import broadcast, layout, products, split_heads
from naepo.concepts.matrices import (
    convolution,
    layer,
    recurrent_step,
    softmax,
    update,
)
from naepo.learn.blocks import Bars, Code, Equation, Table
from naepo.learn.blocks import Matrix as Cells
from naepo.learn.chapter import Chapter, Check, Experiment, Knob, Place, See, Step
from naepo.learn.experiments.speeds import speeds
from naepo.learn.fields import Given, Matrix
from naepo.learn.formulas import num, plain, total
from naepo.learn.questions import Asked, Question
from naepo.learn.words import Label, say, w

TOKENS = ("t₁", "t₂")
VOCABULARY = ((0.5, 0.0), (0.0, 0.5), (0.5, 0.5), (-0.5, 0.0))
"""An output matrix: a row for each of four ids."""
LABELS = ((0.5, -0.5), (-0.5, 0.5))
"""A classifier: a row for each of two labels."""
ARRIVING, RATE = ((1.0, -1.0), (0.0, 2.0)), 0.1
"""∂L/∂y of two tokens, and a learning rate."""
INPUT, STATE = (0.1, 0.2), (0.5, -0.5)
DIFFERENCE = (-1.0, 1.0)
"""A kernel that tells how much the signal rises."""
BOX, INDEX = (2, 3, 4), (1, 0, 2)
VOCAB, WIDTH, WIDE = 50257, 768, 3072
GPT_2 = (
    ("embedding", (VOCAB, WIDTH)),
    ("to_q", (WIDTH, WIDTH)),
    ("to_k", (WIDTH, WIDTH)),
    ("to_v", (WIDTH, WIDTH)),
    ("to_out", (WIDTH, WIDTH)),
    ("up", (WIDE, WIDTH)),
    ("down", (WIDTH, WIDE)),
)
"""The matrices of the smallest one, as torch keeps them."""
PAIRS = (((2, 2), (2,)), ((2, 2), (2, 1)), ((4, 1), (3,)), ((5, 1, 4), (3, 1)), ((4,), (2,)))
REFUSED = (
    "RuntimeError: The size of tensor a (4) must match the size of tensor b (2) "
    "at non-singleton dimension 0"
)
"""What torch says."""


def steps(given: Given) -> tuple[Step, ...]:
    """Two products, memory, shapes, layers, scores, where and how they move, other nets, heads."""
    return (
        _products(given),
        _memory(given),
        _shapes(given),
        _layer(given),
        _scores(given),
        _where(given),
        _others(given),
        _heads(given),
    )


def _cells(name: str, values: Any, **more: Any) -> Cells:
    return Cells(values=np.atleast_2d(values), name=name, **more)


def _upright(name: str, values: np.ndarray) -> Cells:
    return _cells(name, values[:, None])


def _tokens(name: str, values: Any) -> Cells:
    return _cells(name, values, rows=TOKENS)


def _equation(*parts: Cells | str, caption: Label = "") -> Equation:
    return Equation(parts=parts, caption=caption)


def _products(given: Given) -> Step:
    found = products(given.A, given.B)
    assert found.star is not None
    a, b = _cells("A", given.A), _cells("B", given.B)
    terms = total(f"{num(a)} · {num(b)}" for a, b in zip(given.A[0], given.B[:, 0], strict=True))
    star = f"{num(given.A[0, 0])} · {num(given.B[0, 0])} = {plain(found.star[0, 0])}"
    swapped = products(given.B, given.A).at[0]
    return Step(
        key="products",
        formulas=(f"(A * B)_11 = {star}", f'(A "@" B)_11 = {terms} = {plain(found.at[0, 0])}'),
        shows=(
            _equation(a, "*", b, "=", _cells("A * B", found.star)),
            _equation(a, "@", b, "=", _cells("A @ B", found.at)),
        ),
        says={"star": found.star[0], "at": found.at[0], "swapped": swapped},
    )


def _memory(given: Given) -> Step:
    plainly, turned = layout(given.A), layout(given.A.T)
    rows: list[list[Any]] = [
        [name, _shape(each.shape), _shape(each.strides), say(each.memory)]
        for name, each in (("A", plainly), ("Aᵀ", turned))
    ]
    place = turned.place((0, 1))
    return Step(
        key="memory",
        formulas=("m = i · s_0 + j · s_1",),
        shows=(Table(head=("", w("shape"), w("strides"), w("memory")), rows=rows),),
        checks=(Check(key="same", error=float(turned.memory[place] - given.A.T[0, 1])),),
        says={"memory": plainly.memory, "place": place, "value": given.A[1, 0]},
    )


def _shapes(given: Given) -> Step:
    a, row, column = _cells("A", given.A), given.B[0], given.B[:, :1]
    return Step(
        key="shapes",
        shows=(
            _equation(a, "+", _cells("(2,)", row), "=", _cells("(2, 2)", given.A + row)),
            _equation(a, "+", _cells("(2, 1)", column), "=", _cells("(2, 2)", given.A + column)),
            _fitting(),
        ),
        says={"row": row, "column": column[:, 0]},
    )


def _fitting() -> Table:
    rows: list[list[Any]] = []
    for left, right in PAIRS:
        shape = broadcast(left, right).shape
        rows.append([_shape(left), _shape(right), w("error") if shape is None else _shape(shape)])
    return Table(head=(w("one"), w("other"), w("result")), rows=rows)


def _shape(sizes: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"


def _layer(given: Given) -> Step:
    found = layer(given.A, given.B)
    wrong = given.A @ given.B
    terms = total(f"{num(x)} · {num(b)}" for x, b in zip(given.A[0], given.B[1], strict=True))
    weight, x, y = _cells("Wᵀ", found.turned), _tokens("x", given.A), _tokens("y", found.y)
    return Step(
        key="layer",
        formulas=("y = x W^⊤", f"y_12 = {terms} = {plain(found.y[0, 1])}"),
        shows=(_equation(x, "·", weight, "=", y),),
        says={"y": found.y[0], "wrong": wrong[0]},
    )


def _scores(given: Given) -> Step:
    """The mean of the tokens is a sentence vector; ids and labels are scored from it."""
    sentence = given.A.mean(axis=0)
    mean = np.full((1, len(given.A)), 1 / len(given.A))
    ids, labels = (softmax(layer([sentence], each).y[0]) for each in (VOCABULARY, LABELS))
    names = [str(i) for i in range(len(ids.scores))]
    rows = zip(names, ids.scores, np.exp(ids.scores), ids.shares, strict=True)
    classes = zip("AB", labels.scores, labels.shares, strict=True)
    return Step(
        key="scores",
        formulas=("p_i = frac{e^{s_i}}{∑_j e^{s_j}}",),
        shows=(
            _equation(_cells("1/n", mean), "·", _tokens("x", given.A), "=", _cells("x̄", sentence)),
            Table(head=(w("id"), w("score"), "eˢ", w("share")), rows=list(map(list, rows))),
            Bars(names=names, values=ids.shares, is_share=True),
            Table(head=(w("label"), w("score"), w("share")), rows=list(map(list, classes))),
        ),
        checks=(Check(key="one", error=float(ids.shares.sum() - 1)),),
        says={
            "sentence": sentence,
            "n": len(names),
            "likeliest": int(ids.scores.argmax()),
            "share": float(ids.shares.max()),
            "vocab": VOCAB,
        },
    )


def _where(given: Given) -> Step:
    """List the matrices of GPT-2, and move one of them."""
    rows = [[name, w(f"is_{name}"), _shape(size), f"{size[0] * size[1]:,}"] for name, size in GPT_2]
    moved = update(given.B, given.A, ARRIVING, RATE)
    arriving, x = _cells("(∂L/∂y)ᵀ", np.transpose(ARRIVING)), _cells("x", given.A)
    weight, gradient = _cells("W", given.B), _cells("∂L/∂W", moved.gradient)
    return Step(
        key="where",
        formulas=("W ← W − η frac{∂L}{∂W}, ~ frac{∂L}{∂W} = (frac{∂L}{∂y})^⊤ x",),
        shows=(
            Table(head=(w("name"), w("does"), w("shape"), w("numbers")), rows=rows),
            _equation(arriving, "·", x, "=", gradient),
            _equation(weight, f"− {say(RATE)} ·", gradient, "=", _cells("W′", moved.after)),
        ),
        says={"rate": RATE, "gradient": moved.gradient[0], "after": moved.after[0]},
    )


def _others(given: Given) -> Step:
    """A recurrent step and a convolution, each as one product."""
    after = recurrent_step(given.A, given.B, INPUT, STATE)
    slid = convolution(given.A.ravel(), DIFFERENCE)
    joined, both = _cells("[A B]", after.joined), _upright("[x; h]", after.stacked)
    kernels, signal = _cells("K", slid.matrix), _upright("x", slid.signal)
    return Step(
        key="others",
        formulas=(
            'h_t = "tanh"(W_x x_t + W_h h_{t−1})',
            "W_x x_t + W_h h_{t−1} = [ rows{W_x&W_h} ] [ rows{x_t;h_{t−1}} ]",
        ),
        shows=(
            _equation(joined, "·", both, "=", _upright("Σ", after.sums), caption=w("recurrent")),
            _equation(kernels, "·", signal, "=", _upright("y", slid.y), caption=w("convolution")),
        ),
        says={
            "sums": after.sums,
            "h": after.h,
            "kernel": slid.kernel,
            "signal": slid.signal,
            "y": slid.y,
        },
    )


def _heads(given: Given) -> Step:
    """Two heads of width two: one array of three axes, and a product for each head."""
    wide = np.hstack([given.A, given.B])
    heads = split_heads(wide, 2)
    scores = heads @ heads.transpose(0, 2, 1) / np.sqrt(2)
    rows = [
        [name, _shape(found.shape), _shape(found.strides)]
        for name, found in (("x", layout(wide)), ("t (h d) → h t d", layout(heads)))
    ]
    return Step(
        key="heads",
        formulas=("s = frac{q k^⊤}{sqrt{2}}",),
        shows=(
            _tokens("x = [A B]", wide),
            Table(head=("", w("shape"), w("strides")), rows=rows),
            *[_head(i, heads[i], scores[i]) for i in range(2)],
        ),
        says={"first": scores[0][0], "second": scores[1][0]},
    )


def _head(i: int, q: np.ndarray, scores: np.ndarray) -> Equation:
    keys, found = _cells("kᵀ", q.T), _tokens("s", scores)
    return _equation(_tokens("q", q), "·", keys, "/ √2 =", found, caption=w("head", i=i + 1))


def guess(given: Given) -> Asked:
    """Ask for the first row of A @ B."""
    a, b = given.A, given.B
    return Asked(
        answer=tuple((a @ b)[0]),
        mistakes={
            "star": tuple((a * b)[0]),
            "swapped": tuple((b @ a)[0]),
            "turned": tuple((a @ b.T)[0]),
        },
        says={"A": say(a.tolist()), "B": say(b.tolist())},
    )


def entry(given: Given) -> Asked:
    """Ask where in memory an entry of an array of three axes lies."""
    box = layout(np.arange(np.prod(BOX)).reshape(BOX))
    columns = layout(np.asfortranarray(np.arange(np.prod(BOX)).reshape(BOX)))
    place = box.place(INDEX)
    return Asked(
        answer=place,
        mistakes={
            "columns": columns.place(INDEX),
            "from_one": place + 1,
            "sizes": int(np.dot(INDEX, BOX)),
            "added": sum(INDEX),
        },
        says={"shape": _shape(BOX), "index": say(list(INDEX)), "strides": box.strides},
        is_exact=True,
    )


def weight(given: Given) -> Asked:
    """Ask for the shape of a linear layer's weight, and how it is used."""
    options = ("out_in", "in_out", "square")
    return Asked(
        answer="out_in",
        mistakes={"in_out": "in_out", "square": "square"},
        options=options,
        says={"shape": "(5, 3)"},
    )


def errors(given: Given, kind: str) -> Step:
    """Subtract predictions from targets, in shapes that fit, seem to fit, and do not."""
    y, said = given.A.ravel(), given.B.ravel()
    shapes = {"same": (4,), "column": (4, 1), "row": (1, 4), "two": (2,)}
    shape = shapes[kind]
    fitted = broadcast((4,), shape).shape
    says = {"left": "(4,)", "right": _shape(shape), "wanted": float(((y - said) ** 2).mean())}
    if fitted is None:
        return Step(key="errors", shows=(Code(text=REFUSED),), says=says, variant="refused")
    found = y - said[: int(np.prod(shape))].reshape(shape)
    says |= {"fitted": _shape(fitted), "loss": float((found**2).mean()), "n": found.size}
    return Step(
        key="errors",
        shows=(_cells("y − ŷ", found),),
        formulas=(f'L = frac{{1}}{{{plain(found.size)}}} ∑ (y − "ŷ")^2 = {plain(says["loss"])}',),
        says=says,
        variant="wrong" if fitted == (4, 4) else "",
    )


def is_broken(given: Given, kind: str) -> bool:
    """Whether the shapes are refused, or give more errors than there are targets."""
    return kind in ("column", "two")


CHAPTER = Chapter(
    key="arrays",
    number=11,
    fields=(
        Matrix(key="A", default=((1, 2), (3, 4))),
        Matrix(key="B", default=((2, 0), (1, 3))),
    ),
    guess=Question("guess", guess),
    steps=steps,
    knob=Knob(values=("same", "row", "column", "two"), start=0, show=errors, breaks=is_broken),
    exercises=(Question("entry", entry), Question("weight", weight)),
    sees=(
        See(kind="linear", name="to_q"),
        See(kind="heads", name="attention.q"),
        See(kind="scores"),
        See(kind="linear", name="up"),
        See(kind="embedding"),
        See(kind="linear", name="output"),
        See(kind="probabilities"),
        See(kind="logits", view="training"),
    ),
    places=(
        Place("model/attention.py", "Attention.project", "self.to_q(x)"),
        Place("model/attention.py", "Attention._split", "rearrange("),
        Place("model/mlp.py", "SwiGLU.__init__", "self.up = nn.Linear("),
        Place("model/lstm.py", "Lstm.__init__", "self.from_state = nn.Linear("),
        Place("model/convolution.py", "GatedConvolution.forward", "self.to_value(read)"),
        Place("train/optimizers.py", "Muon._update_batch", "parameter.add_("),
    ),
    experiments=(Experiment(key="speeds", run=speeds),),
)
