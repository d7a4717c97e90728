"""How long the two products and two ways through memory take, here and now."""

import time
from collections.abc import Callable

from naepo.learn.blocks import Table
from naepo.learn.chapter import Step
from naepo.learn.fields import Given
from naepo.learn.words import w

SIZE, TIMES = 768, 7


def speeds(given: Given) -> Step:
    """Time a * b, a @ b, a copy along the rows and one across them; the least of several."""
    import torch

    a, b = torch.randn(SIZE, SIZE), torch.randn(SIZE, SIZE)
    turned = a.mT
    ways: dict[str, tuple[Callable[[], object], int]] = {
        "star": (lambda: a * b, SIZE**2),
        "at": (lambda: a @ b, 2 * SIZE**3),
        "along": (lambda: a.clone(), 0),
        "across": (lambda: turned.contiguous(), 0),
    }
    with torch.inference_mode():
        took = {name: least(run) for name, (run, _) in ways.items()}
    rows = []
    for name, (_, work) in ways.items():
        seconds = took[name]
        billions = work / seconds / 1e9 if work else None
        rows.append([w(f"time_{name}"), 1000 * seconds, float(work) or None, billions])
    return Step(
        key="speeds",
        shows=(Table(head=("", w("milliseconds"), w("operations"), w("giga")), rows=rows),),
        says={
            "n": SIZE,
            "more": 2 * SIZE,
            "longer": took["at"] / took["star"],
            "across": took["across"] / took["along"],
        },
    )


def least(run: Callable[[], object], times: int = TIMES) -> float:
    """Give the shortest of several durations, in seconds, after one that is not counted."""
    run()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    return max(min(found), 1e-9)
