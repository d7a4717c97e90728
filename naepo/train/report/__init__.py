"""The report of a run: `report.html`, one file that opens offline and reads without a script.

In: what was set, what was measured, what counting reaches. Out: a page for a person.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from naepo.config import Table, UserError
from naepo.train.floors import Floors
from naepo.train.report.curves import loss_section
from naepo.train.report.head import head_section
from naepo.train.report.measured import Measured
from naepo.train.report.page import document
from naepo.train.report.samples import next_section, samples_section
from naepo.train.report.tables import floors_section, settings_section

__all__ = ["write_report"]


def write_report(
    run: Path,
    *,
    settings: Table,
    plan_reasons: Sequence[str],
    floors: Floors | None,
    machine: Table,
    metrics: Sequence[dict[str, Any]],
) -> Path:
    """Write `report.html` into a run folder, whole or not at all, and give its path.

    settings: the tables of `naepo.toml`.  metrics: the rows of `metrics.jsonl`.

    Raises: UserError when the disk takes no more.
    """
    measured = Measured.of(metrics)
    sections = [
        head_section(run, settings, floors, measured),
        loss_section(floors, measured),
        samples_section(measured),
        next_section(run),
        floors_section(floors, measured),
        settings_section(settings, plan_reasons, machine, measured.notes),
    ]
    path = run / "report.html"
    _write_whole(path, document(f"{run.name} · naepo", "\n".join(filter(None, sections))))
    return path


def _write_whole(path: Path, content: str) -> None:
    part = path.with_suffix(".html.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise UserError(f"cannot write {path}: {error.strerror}") from error
