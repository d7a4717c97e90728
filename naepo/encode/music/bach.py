"""Bach's chorales, as the wheel of music21 carries them: a corpus without a download.

408 files of MusicXML. They are found in the installed package, whose code is not run.
"""

import re
from importlib.util import find_spec
from pathlib import Path

from naepo.config import UserError

N_CHORALES = 408


def chorale_files() -> list[Path]:
    """List the files of the chorales, by their number in the catalogue of works (BWV).

    Raises: UserError where music21 is not installed, or carries no chorales.
    """
    spec = find_spec("music21")
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            "the chorales of Bach come with music21, which is not installed",
            hint='pip install "naepo[music]"',
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "corpus" / "bach"
    files = sorted(folder.glob("*.mxl"), key=_catalogue_number)
    if not files:
        raise UserError(
            f"the installed music21 carries no chorales (in {folder})",
            hint='pip install --force-reinstall "music21>=9.1"',
        )
    return files


def _catalogue_number(path: Path) -> tuple[list[int], str]:
    """Sort by the numbers in a name, so that bwv9.7 stands before bwv10.7."""
    return [int(digits) for digits in re.findall(r"\d+", path.stem)], path.stem
