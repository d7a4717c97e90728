"""Chapter 9: training and inference mode: two switches, dropout, and what autograd keeps."""

from typing import Any

import numpy as np

from naepo.concepts.dropout import average, dropout, kept_by_feed_forward
from naepo.learn.blocks import Bars, Code, Matrix, Table
from naepo.learn.chapter import Chapter, Check, Experiment, Knob, Place, See, Step
from naepo.learn.experiments.costs import costs
from naepo.learn.fields import Given, Number, Vector
from naepo.learn.formulas import frac, num, plain, total
from naepo.learn.questions import Asked, Question
from naepo.learn.words import w

RUNS = 3
N_TOKENS, WIDTH, WIDE, BLOCKS = 1024, 768, 3072, 12
"""A text of the smallest GPT-2."""
MODES = ("eval_inference", "eval", "train_inference", "train")
PAPER_X, PAPER_P, PAPER_KEPT = np.array([3.0, 6.0, 9.0]), 0.25, np.array([1.0, 0.0, 1.0])
REFUSED = (
    "RuntimeError: Inference tensors cannot be saved for backward. Please do not use Tensors "
    "created in inference mode in computation tracked by autograd. To work around this, you can "
    "make a clone to get a normal tensor and use it in autograd, or use `torch.no_grad()` instead "
    "of `torch.inference_mode()`."
)
"""What torch says when a gradient is to flow through what was made in inference mode."""


def steps(given: Given) -> tuple[Step, ...]:
    """Drop, run again, average, go back; what is kept; both switches; a tensor with no way back."""
    return (
        _train(given),
        _again(given),
        _mean(given),
        _back(given),
        _kept(),
        _switches(given),
        Step(key="refused", shows=(Code(text=REFUSED),)),
    )


def names(count: int, letter: str = "x") -> list[str]:
    """Name components: x₁, x₂, ..."""
    return [letter + "₁₂₃₄₅₆"[j] for j in range(count)]


def _train(given: Given) -> Step:
    found = dropout(given.x, given.p, int(given.seed))
    said = [w("kept") if kept else w("dropped") for kept in found.kept]
    rows = zip(names(len(found.x)), found.x, said, found.y, strict=True)
    return Step(
        key="train",
        formulas=(f"{frac(plain(1), f'1 − {plain(found.p)}')} = {plain(found.factor)}",),
        shows=(Table(head=("", "x", w("mask"), "y"), rows=list(map(list, rows))),),
        says={
            "p": found.p,
            "factor": found.factor,
            "n": int((~found.kept).sum()),
            "sum": float(found.x.sum()),
            "after": float(found.y.sum()),
        },
    )


def _runs(given: Given) -> np.ndarray:
    """Run several times in training mode: another mask each time."""
    seeds = range(int(given.seed), int(given.seed) + RUNS)
    return np.array([dropout(given.x, given.p, seed).y for seed in seeds])


def _again(given: Given) -> Step:
    runs = _runs(given)
    rows = [w("run", i=i + 1) for i in range(RUNS)]
    both: list[Any] = [*rows, w("eval")]
    values = np.vstack([runs, given.x])
    return Step(
        key="again",
        shows=(
            Matrix(values=values, rows=both),
            Bars(names=both, values=values.sum(axis=1)),
        ),
        says={"x": given.x, "sums": runs.sum(axis=1), "sum": float(given.x.sum())},
    )


def _mean(given: Given) -> Step:
    found = average(given.x, given.p)
    rows = zip(names(len(given.x)), given.x, found.enlarged, found.plain, strict=True)
    off = float(np.abs(found.enlarged - given.x).max())
    return Step(
        key="mean",
        formulas=("E[y] = (1 − p) · frac{x}{1 − p} + p · 0 = x",),
        shows=(
            Table(head=("", "x", w("mean_enlarged"), w("mean_plain")), rows=list(map(list, rows))),
        ),
        checks=(Check(key="mean", error=off),),
        says={"n": found.n_masks, "share": 1 - given.p},
    )


def _back(given: Given) -> Step:
    found = dropout(given.x, given.p, int(given.seed))
    rows = zip(names(len(found.x)), found.y, np.ones(len(found.x)), found.slopes, strict=True)
    head = ("", "y", "∂L/∂y", "∂L/∂x")
    return Step(
        key="back",
        formulas=("frac{∂L}{∂x} = frac{∂L}{∂y} · frac{m}{1 − p}",),
        shows=(Table(head=head, rows=list(map(list, rows))),),
        says={"factor": found.factor},
    )


def _kept() -> Step:
    """List what one feed-forward of GPT-2 keeps, with dropout on and off."""
    on, off = (kept_by_feed_forward(N_TOKENS, WIDTH, WIDE, drops=drops) for drops in (True, False))
    rows = [
        [each.operation, each.what, w(f"needs_{each.what}"), f"{each.numbers:,}", each.mebibytes]
        for each in on
    ]
    sums = [sum(each.mebibytes for each in found) for found in (on, off)]
    rows.append([w("sum"), "", "", f"{sum(each.numbers for each in on):,}", sums[0]])
    head = (w("operation"), w("tensor"), w("needs"), w("numbers"), "MiB")
    return Step(
        key="kept",
        formulas=('y = d W_2^⊤, ~ d = "dropout"(a), ~ a = "relu"(x W_1^⊤)',),
        shows=(Table(head=head, rows=rows),),
        says={
            "n": N_TOKENS,
            "on": sums[0],
            "off": sums[1],
            "blocks": BLOCKS,
            "all": BLOCKS * sums[0],
        },
    )


def _switches(given: Given) -> Step:
    """Lay the two switches out as a table of their four positions."""
    rows = [[w(f"is_{mode}"), *_told(mode)] for mode in reversed(MODES)]
    head = ("", w("drops"), w("keeps"), w("use"))
    return Step(key="switches", shows=(Table(head=head, rows=rows),))


def _told(mode: str) -> list[Any]:
    drops, keeps = mode.startswith("train"), not mode.endswith("inference")
    return [w("yes" if drops else "no"), w("yes" if keeps else "no"), w(f"use_{mode}")]


def guess(given: Given) -> Asked:
    """Ask what becomes of a number that is kept."""
    x, p = float(given.x[0]), given.p
    return Asked(
        answer=x / (1 - p),
        mistakes={
            "same": x,
            "smaller": x * (1 - p),
            "by_p": x / p if p else -x,
            "dropped": 0.0,
        },
        says={"x": given.x, "p": p, "first": x, "share": 1 - p},
    )


def forgotten(given: Given) -> Asked:
    """Ask what happens when `eval()` is forgotten."""
    return Asked(
        answer="drops",
        mistakes={name: name for name in ("all_off", "error", "learns")},
        options=("all_off", "drops", "error", "learns"),
    )


def on_paper(given: Given) -> Asked:
    """Ask for dropout on paper, the mask being known."""
    x, kept, share = PAPER_X, PAPER_KEPT, 1 - PAPER_P
    return Asked(
        answer=tuple(x * kept / share),
        mistakes={
            "plain": tuple(x * kept),
            "times": tuple(x * kept * share),
            "by_p": tuple(x * kept / PAPER_P),
            "eval": tuple(x),
            "all": tuple(x / share),
        },
        says={"x": x, "p": PAPER_P, "share": share, "summed": total(map(num, x * kept / share))},
    )


def generating(given: Given, mode: str) -> Step:
    """Ask the same thing three times in one of the modes."""
    drops, keeps = mode.startswith("train"), not mode.endswith("inference")
    runs = _runs(given) if drops else np.tile(given.x, (RUNS, 1))
    sums = runs.sum(axis=1)
    rows = [w("run", i=i + 1) for i in range(RUNS)]
    return Step(
        key="generating",
        shows=(Matrix(values=runs, rows=rows),),
        says={
            "sums": sums,
            "mode": w(f"is_{mode}"),
            "mib": BLOCKS * sum(k.mebibytes for k in _all_kept(drops)) if keeps else 0,
            "n": N_TOKENS,
            "blocks": BLOCKS,
        },
        variant=mode,
    )


def _all_kept(drops: bool) -> tuple[Any, ...]:
    return kept_by_feed_forward(N_TOKENS, WIDTH, WIDE, drops=drops)


def is_broken(given: Given, mode: str) -> bool:
    """Whether the same question gets several answers."""
    return mode.startswith("train") and bool(np.ptp(_runs(given), axis=0).any())


CHAPTER = Chapter(
    key="modes",
    number=9,
    fields=(
        Vector(key="x", default=(4, -2, 6, 2), low=-100, high=100, most=6),
        Number(key="p", default=0.2, low=0, high=0.9, step=0.05, slides=True),
        Number(key="seed", default=30, low=0, high=999, step=1),
    ),
    guess=Question("guess", guess),
    steps=steps,
    knob=Knob(values=MODES, start=0, show=generating, breaks=is_broken),
    exercises=(Question("forgotten", forgotten), Question("on_paper", on_paper)),
    sees=(See(kind="residual"), See(kind="softmax"), See(kind="activation")),
    places=(
        Place("model/transformer.py", "Block._drop", "F.dropout("),
        Place("train/trainer.py", "Trainer.step", "self.model.train()"),
        Place("generate/decode.py", "", "model.eval()"),
        Place("generate/decode.py", "", "@torch.inference_mode()"),
        Place("train/evaluation.py", "", "@torch.inference_mode()"),
    ),
    experiments=(Experiment(key="costs", run=costs),),
)
