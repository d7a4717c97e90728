"""The checkpoints of one run: which there are, which is newest, which is best, which may go.

In: a run folder. Out: checkpoint folders in it. A broken one is set aside, never deleted, and the
only good one is never deleted either.

    runs/mine/checkpoints/step-00000500/      written once, never into
    runs/mine/checkpoints/step-00000500.r2/   the same step, saved again after going back
    runs/mine/checkpoints/best                one line: the name of the best folder
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from naepo.checkpoint.folder import remove, set_aside, write_line
from naepo.checkpoint.manifest import Broken, verify
from naepo.config import UserError

Tell = Callable[[str], None]

_FOLDER = re.compile(r"step-(\d{8,18})(?:\.r(\d{1,9}))?")


def say_nothing(message: str) -> None:
    """Take a message and keep it."""


def home_of(run: Path) -> Path:
    """Give the folder in which a run's checkpoints lie."""
    return run / "checkpoints"


def step_of(folder: Path) -> int | None:
    """Give the step of a checkpoint folder from its name; None for a name that is not ours.

    >>> step_of(Path("step-00000500")), step_of(Path("step-00000500.broken"))
    (500, None)
    """
    found = _FOLDER.fullmatch(folder.name)
    return int(found[1]) if found else None


def saved(run: Path) -> list[Path]:
    """List the checkpoint folders of a run, newest first. Nothing is opened."""
    home = home_of(run)
    folders = (
        [path for path in home.iterdir() if step_of(path) is not None] if home.is_dir() else []
    )
    return sorted(folders, key=_order, reverse=True)


def folder_of(run: Path, step: int) -> Path:
    """Give the folder of one step, the latest if it was saved more than once.

    Raises: UserError when there is none, listing the steps that there are.
    """
    for folder in saved(run):
        if step_of(folder) == step:
            return folder
    steps = sorted({step_of(folder) or 0 for folder in saved(run)})
    raise UserError(
        f"{run} has no checkpoint of step {step}",
        hint="steps: " + ", ".join(map(str, steps)) if steps else "it has none at all",
    )


def free_folder(run: Path, step: int) -> Path:
    """Give the name of a folder for this step that does not exist yet."""
    folder = home_of(run) / f"step-{step:08d}"
    revisions = [_order(path)[1] for path in saved(run) if step_of(path) == step]
    return folder.with_name(f"{folder.name}.r{max(revisions) + 1}") if revisions else folder


def good(run: Path, on_broken: Tell = say_nothing, *, first: Path | None = None) -> Iterator[Path]:
    """Go through the checkpoints that verify, newest first, and set the broken ones aside.

    first: a folder to try before all others.
    """
    for folder in sorted(saved(run), key=lambda folder: folder != first):
        try:
            verify(folder)
        except (Broken, FileNotFoundError) as error:
            if folder.exists():  # else it was pruned meanwhile, which is no damage
                on_broken(_put_away(folder, error))
            continue
        yield folder


def newest(run: Path, on_broken: Tell = say_nothing) -> Path | None:
    """Give the newest checkpoint that verifies, or None when there is none.

    A broken one is renamed to `*.broken` and told through `on_broken`; nothing is deleted.
    """
    return next(good(run, on_broken), None)


def mark_best(run: Path, folder: Path) -> None:
    """Write down which checkpoint of a run is the best so far.

    Raises: UserError when it is none of this run, or the disk refuses; the old mark then stands.
    """
    if step_of(folder) is None or not (home_of(run) / folder.name).is_dir():
        raise UserError(f"{folder} is not a checkpoint of {run}")
    try:
        write_line(home_of(run) / "best", folder.name)
    except OSError as error:
        raise UserError(
            f"cannot mark the best checkpoint: {error.strerror} (in {home_of(run)})",
            hint=f"free some space or look at the disk, then: naepo resume {run}",
        ) from error


def best(run: Path) -> Path | None:
    """Give the checkpoint that is marked as the best, or None when none is. Nothing is verified."""
    try:
        name = (home_of(run) / "best").read_text(encoding="utf-8").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    folder = home_of(run) / name
    return folder if step_of(Path(name)) is not None and folder.is_dir() else None


def prune(run: Path, *, keep_last: int = 2, keep_every: int | None = None) -> list[Path]:
    """Delete old checkpoints and give the names of those that went.

    Kept: the last `keep_last`, the best, every multiple of `keep_every` steps, and what is broken.
    The newest is read back first: while it does not verify, nothing is deleted.

    Raises: UserError when the disk refuses; what was to be deleted is then whole or gone.
    """
    folders, marked = saved(run), best(run)
    old = [folder for folder in folders[max(1, keep_last) :] if folder != marked]
    if keep_every:
        old = [folder for folder in old if (step_of(folder) or 0) % keep_every]
    if not old or not _is_good(folders[0]):
        return []
    try:
        for folder in old:
            remove(folder)
    except OSError as error:
        raise UserError(
            f"cannot delete old checkpoints: {error.strerror} (in {home_of(run)})",
            hint=f"look at the disk, then: naepo resume {run}",
        ) from error
    return old


def _order(folder: Path) -> tuple[int, int]:
    """Give step and revision; a folder without a revision is the first."""
    found = _FOLDER.fullmatch(folder.name)
    assert found is not None
    return int(found[1]), int(found[2] or 1)


def _is_good(folder: Path) -> bool:
    try:
        verify(folder)
    except Broken:
        return False
    return True


def _put_away(folder: Path, error: Exception) -> str:
    try:
        return f"{error}\n  set aside as {set_aside(folder)}"
    except OSError as trouble:
        return f"{error}\n  left where it is: {trouble.strerror}"
