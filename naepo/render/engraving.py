"""Scores as printed music: SVG pages by verovio, without a network and without a font to fetch."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any
from xml.etree import ElementTree

from naepo.config import UserError
from naepo.encode.music.score import Score
from naepo.encode.music.writing import to_musicxml
from naepo.render.picture import printable
from naepo.render.staves import bracket, close_score, place_drums, sign_in_time

MAX_NOTES = 10_000
"""More are not engraved: it takes about a second per 1,000."""
WRITTEN = (24, 16, 20, 28)
"""Times in whole parts of a quarter note that divide one of these are written as they are."""
GRIDS = (4, 12)
"""Others are rounded: to 16ths, or to 12ths when the notes begin on triplets."""
NEAR = 0.005
"""A grid fits when notes begin so near it, in quarter notes, on average; people play worse."""
OPTIONS = {
    "pageWidth": 2100,
    "pageHeight": 2970,
    "adjustPageHeight": True,
    "scale": 50,
    "svgViewBox": True,
    "svgRemoveXlink": True,
    "header": "auto",
    "footer": "none",
    "breaks": "auto",
    "smuflTextFont": "embedded",
    # Names inside the SVG come from its content: the same score, the same text.
    "xmlIdChecksum": True,
}
_alone = Lock()
"""verovio keeps its fonts in one place for all threads."""


def score_svg(score: Score) -> list[str]:
    """Engrave a piece; give one SVG a page, each standing alone.

    Four single voices come on two staves as in a hymn book, anything else on a staff a part.
    Times as people play them are rounded to 16ths, or to triplets.
    Raises: UserError without verovio, or for a piece of more than `MAX_NOTES` notes.
    """
    if len(score.notes) > MAX_NOTES:
        raise UserError(
            f"a score of {len(score.notes):,} notes is too long to engrave, "
            f"expected at most {MAX_NOTES:,}",
            hint="engrave a part of it; a piano roll has no such limit",
        )
    score = readable(score)
    root = ElementTree.fromstring(to_musicxml(score))
    if is_choir(score):
        close_score(root)
    if len(root.findall("part")) > 1:
        bracket(root)
    for number, part in enumerate(root.findall("part")):
        if score.parts[number].is_drums:
            place_drums(part)
        else:
            sign_in_time(part)
    pages = _engraved(ElementTree.tostring(root, encoding="unicode"))
    return [_titled(page, score.title or "Score") for page in pages]


def is_choir(score: Score) -> bool:
    """Whether these are four voices from high to low that each sing one note at a time."""
    if len(score.parts) != 4 or any(part.is_drums for part in score.parts):
        return False
    voices = [score.notes_of(part) for part in range(4)]
    if not all(voices):
        return False
    means = [sum(note.pitch for note in notes) / len(notes) for notes in voices]
    single = all(one.end <= two.onset for notes in voices for one, two in pairwise(notes))
    # Tenor and bass must lie where a bass clef has room for them.
    return single and means == sorted(means, reverse=True) and means[1] > 55 > means[3]


def readable(score: Score) -> Score:
    """Round a performance to what a person can read; leave alone what was written for paper."""
    simple = score.simplified()
    if any(grid % simple.ticks_per_quarter == 0 for grid in WRITTEN):
        return simple
    onsets = [Fraction(note.onset, score.ticks_per_quarter) for note in score.notes]

    def distance(grid: int) -> float:
        return sum(abs(float(onset * grid - round(onset * grid))) / grid for onset in onsets)

    fitting = (grid for grid in GRIDS if distance(grid) <= NEAR * len(onsets))
    return score.at_resolution(next(fitting, GRIDS[0]))


def import_verovio() -> Any:
    """Import verovio. Raises: UserError where it is not installed."""
    try:
        import verovio
    except ImportError:
        raise UserError("verovio is not installed", hint='pip install "naepo[music]"') from None
    return verovio


def _engraved(musicxml: str) -> list[str]:
    verovio = import_verovio()
    with _alone:
        verovio.enableLog(verovio.LOG_OFF)
        toolkit: Any = verovio.toolkit(False)
        # Where its fonts are is kept for each thread apart, and only the importing one knows it.
        toolkit.setResourcePath(str(Path(verovio.__file__).parent / "data"))
        toolkit.setOptions(OPTIONS)
        if not toolkit.loadData(musicxml):
            raise UserError("verovio cannot engrave this piece", hint="the piano roll shows it too")
        return [toolkit.renderToSVG(page) for page in range(1, toolkit.getPageCount() + 1)]


def _titled(svg: str, title: str) -> str:
    """Tell a reader for the blind what the picture is."""
    opening, _, rest = svg.partition(">")
    return f'{opening} role="img">\n   <title>{printable(title)}</title>{rest}'
