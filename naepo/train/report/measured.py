"""The rows of `metrics.jsonl`, sorted by kind and asked by name."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from naepo.train.readable import Real
from naepo.train.report.axes import Point

Row = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """What a run measured. looks: rows of the whole validation split."""

    steps: Sequence[Row]
    looks: Sequence[Row]
    samples: Sequence[Row]
    notes: Sequence[str]

    @classmethod
    def of(cls, metrics: Sequence[Row]) -> "Measured":
        """Sort rows by their kind."""

        def rows(kind: str) -> list[Row]:
            return [row for row in metrics if row["kind"] == kind]

        notes = [row["text"] for row in rows("note")]
        return cls(rows("step"), rows("validation"), rows("sample"), notes)

    @property
    def last_look(self) -> Row:
        """The last look at the validation split; empty before the first."""
        return self.looks[-1] if self.looks else {}

    @property
    def best_look(self) -> Row:
        """The look with the lowest loss; empty when none has one."""
        known = [row for row in self.looks if row.get("nats_per_token") is not None]
        return min(known, key=lambda row: row["nats_per_token"], default={})

    @property
    def characters_per_token(self) -> Real:
        """How many characters a held-out token stands for; 1 before the first look."""
        for row in reversed(self.looks):
            if row.get("nats_per_character") and row.get("nats_per_token"):
                return row["nats_per_token"] / row["nats_per_character"]
        return 1

    @property
    def seconds(self) -> Real:
        """The time of all stretches of a run: its clock starts anew when it is resumed."""
        total = before = 0.0
        for row in self.steps:
            now = row.get("seconds") or before
            total += now - before if now >= before else now
            before = now
        return total


def points(rows: Iterable[Row], name: str, divisor: Real = 1) -> list[Point]:
    """Give (step, figure / divisor) of every row that has a finite one."""
    found = [(row["step"], row.get(name)) for row in rows]
    return [(step, y / divisor) for step, y in found if y is not None and math.isfinite(y)]
