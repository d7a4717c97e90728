"""Training seen from inside: the kept checkpoints of a run, and how every weight moved.

`naepo train --keep-every 100` keeps what this needs. A checkpoint that is broken or has just been
pruned is left out and noted; the others are still shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from naepo.checkpoint.run import folder_of, saved, step_of
from naepo.checkpoint.weights import read_weight, read_weights
from naepo.config import UserError
from naepo.reduce import PCA
from naepo.train.metrics import Row, read_metrics

POINTS = 2_000
"""Of a curve. A longer one is thinned to rows that were measured, the last among them."""

_ORDER: tuple[str, ...] = (
    *("embedding", "position", "blocks", "norm_1", "attention"),
    *("to_q", "to_k", "to_v", "q_norm", "k_norm"),
    *("mixer", "from_input", "from_state", "to_value", "to_gate", "to_candidate", "to_out"),
    *("norm_2", "mlp", "gate", "up", "down"),
    *("norm", "output", "prior", "gain", "weight", "bias"),
)

Weights = dict[str, Float[Tensor, "..."]]


@dataclass(frozen=True)
class Moved:
    """How one weight moved over the kept checkpoints; NaN where there is nothing to divide by."""

    name: str
    """As in `model.named_parameters()`."""
    norm: list[float]
    """‖W‖ at each kept step."""
    moved: list[float]
    """‖W − W_first‖ / ‖W_first‖ at each kept step."""
    turned: list[float]
    """1 − cos(W, W_before) between each kept step and the one before: one number fewer."""


@dataclass(frozen=True)
class Training:
    """What a run kept and logged."""

    steps: list[int]
    """Of the checkpoints that could be read, rising."""
    matrices: list[Moved]
    """Every weight but tied copies, in the order of the data."""
    loss: list[Row]
    """step and loss: of single batches, as trained on. None where it was not finite."""
    gradient: list[Row]
    """step and grad_norm: of all weights together."""
    validation: list[Row]
    """Looks at the whole held-out part: step, nats_per_character, bits_per_byte, ..."""
    notes: list[str]
    """What a person should know: what was left out, and why."""


def kept(run: Path) -> dict[int, Path]:
    """Give the checkpoint folders of a run by step, rising; of a step saved twice the later one."""
    found: dict[int, Path] = {}
    for folder in saved(run):  # newest first
        found.setdefault(step_of(folder) or 0, folder)
    return dict(sorted(found.items()))


def state_of(run: Path) -> tuple[object, ...]:
    """Give what changes whenever a run has something new to show: a key to keep answers under."""
    metrics = run / "metrics.jsonl"
    size = metrics.stat().st_size if metrics.is_file() else 0
    return (str(run.resolve()), size, *(folder.name for folder in saved(run)))


def training(run: Path) -> Training:
    """Read the whole story of a run; of a folder that is none, an empty one.

    One checkpoint after another is in memory, beside the first and the last one read.
    """
    notes: list[str] = []
    steps, matrices = _movement(run, notes)
    rows = [row for row in read_metrics(run / "metrics.jsonl") if "step" in row]
    of_steps = _thinned([row for row in rows if row["kind"] == "step"], notes)
    return Training(
        steps=steps,
        matrices=matrices,
        loss=[{key: row.get(key) for key in ("step", "loss")} for row in of_steps],
        gradient=[{key: row.get(key) for key in ("step", "grad_norm")} for row in of_steps],
        validation=[_without_kind(row) for row in rows if row["kind"] == "validation"],
        notes=notes,
    )


def read_kept(run: Path, notes: list[str]) -> Iterator[tuple[int, Weights]]:
    """Go through the kept checkpoints, rising; one that cannot be read is noted instead."""
    for step, folder in kept(run).items():
        try:
            weights = read_weights(folder)
        except (UserError, FileNotFoundError) as error:
            if folder.exists():  # else it was pruned meanwhile, which is no damage
                notes.append(f"step {step:,} is left out: {getattr(error, 'message', error)}")
            continue
        yield step, weights


def plane_of(run: Path) -> PCA:
    """Fit the one plane that all checkpoints of a run are shown on: that of the last embedding.

    Raises: UserError when no checkpoint can be read.
    """
    for folder in reversed(kept(run).values()):
        try:
            return PCA.fit(read_weight(folder))
        except (UserError, FileNotFoundError):
            continue
    raise UserError(f"{run} has no good checkpoint", hint="naepo train --keep-every 100 keeps some")


def embedding_on(plane: PCA, run: Path, step: int) -> Float[Tensor, "vocab 2"]:
    """Give where the ids were at a kept step, on a plane that does not move with them.

    Raises: UserError when there is no such checkpoint, or it is broken.
    """
    points = plane.transform(read_weight(folder_of(run, step)))
    return torch.from_numpy(points).float()


@torch.no_grad()
def _movement(run: Path, notes: list[str]) -> tuple[list[int], list[Moved]]:
    steps: list[int] = []
    found: dict[str, Moved] = {}
    first: Weights = {}
    before: Weights = {}
    for step, weights in read_kept(run, notes):
        steps.append(step)
        first = first or weights
        for name, weight in weights.items():
            moved = found.setdefault(name, Moved(name, [], [], []))
            _measure(moved, weight, first[name], before.get(name))
        before = weights
    return steps, sorted(found.values(), key=lambda moved: _place(moved.name))


def _place(name: str) -> list[int]:
    """Give where a weight stands in the order of the data."""
    return [int(part) if part.isdecimal() else _ORDER.index(part) for part in name.split(".")]


def _measure(
    moved: Moved,
    weight: Float[Tensor, "..."],
    first: Float[Tensor, "..."],
    before: Float[Tensor, "..."] | None,
) -> None:
    """Add what one weight did at one step."""
    norm = _length(weight)
    moved.norm.append(norm)
    moved.moved.append(_share(_length(weight - first), moved.norm[0]))
    if before is not None:
        # |a − b|² = (|a| − |b|)² + 2 |a| |b| (1 − cos): from the difference, no digits are lost.
        last = moved.norm[-2]
        squares = _length(weight - before) ** 2 - (norm - last) ** 2
        moved.turned.append(_share(max(0.0, squares), 2 * norm * last))


def _length(weight: Float[Tensor, "..."]) -> float:
    return float(torch.linalg.vector_norm(weight))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _thinned(rows: list[Row], notes: list[str]) -> list[Row]:
    stride = -(-len(rows) // POINTS)
    if stride <= 1:
        return rows
    notes.append(f"the curves show every {stride}th of {len(rows):,} steps")
    return rows[::-1][::stride][::-1]


def _without_kind(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "kind"}
