"""Where what is embedded of a run is kept: beside its checkpoints, never inside one."""

from pathlib import Path

from naepo.config import UserError

VECTORS, SOUNDS = "vectors", "sound-vectors"


def home_of(run: Path, out: Path | None = None) -> Path:
    """Give the folder for a run's vectors and its tuned encoder: `out`, or RUN/embedding.

    Raises: UserError for a checkpoint or a foreign folder without `out`: a checkpoint is sealed,
    and nothing may be written into it.
    """
    if out is not None:
        return out
    if not run.exists():
        raise UserError(f"no such run: {run}")
    if not (run / "checkpoints").is_dir():
        raise UserError(
            f"{run} is no run's folder, so there is no place in it for vectors",
            hint="say where to keep them: --out FOLDER (and --at FOLDER for `naepo search`)",
        )
    return run / "embedding"


def vectors_in(home: Path) -> Path:
    """Give the folder of the vectors that a model of notes or text made."""
    return home / VECTORS


def sounds_in(home: Path) -> Path:
    """Give the folder of the vectors of sounds."""
    return home / SOUNDS
