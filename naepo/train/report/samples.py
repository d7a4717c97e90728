"""What a model wrote while it learned, and what to type to make it write more."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from naepo.train.readable import number
from naepo.train.report.measured import Measured, Row
from naepo.train.report.page import heading, text

N_OPEN = 6
"""This many samples stand open, from the first to the last; the others are folded away."""


def samples_section(measured: Measured) -> str:
    """Give the samples as HTML; nothing when none was written."""
    samples = measured.samples
    if not samples:
        return ""
    open_ones = {round(i * (len(samples) - 1) / (N_OPEN - 1)) for i in range(N_OPEN)}
    shown = [_sample(row, measured.looks) for i, row in enumerate(samples) if i in open_ones]
    folded = [_sample(row, measured.looks) for i, row in enumerate(samples) if i not in open_ones]
    rest = (
        f"<details><summary>{len(folded)} more, in between</summary>{''.join(folded)}</details>"
        if folded
        else ""
    )
    return heading("What it wrote", "샘플") + "".join(shown) + rest


def _sample(row: Row, looks: Sequence[Row]) -> str:
    before = [look for look in looks if look["step"] <= row["step"]]
    loss = f"validation {number(before[-1].get('nats_per_character'))}" if before else ""
    return (
        f'<div class="sample"><div>step {row["step"]:,}<br><small>{loss}</small></div>'
        f'<pre dir="auto">{text(row["text"])}</pre></div>'
    )


def next_section(run: Path) -> str:
    """Give the commands that go on from this run, as HTML."""
    name = shlex.quote(str(run))
    lines = [
        (f'naepo generate {name} --prompt "Once"', "let it write"),
        (f"naepo resume {name} --minutes 10", "train on"),
        (f"naepo evaluate {name} other.txt", "measure it on another text"),
        (f"naepo describe {name}", "see its modules, shapes and sizes"),
    ]
    rows = [f"<tr><td><code>{text(line)}</code></td><td>{what}</td></tr>" for line, what in lines]
    return heading("What to type next", "다음") + f'<table class="next">{"".join(rows)}</table>'
