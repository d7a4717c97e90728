"""/look/score and /look/midi: the notes of a prompt, engraved, and as a file to take along."""

from fastapi import APIRouter
from starlette.responses import Response

from naepo.encode.music.score import Score
from naepo.serve.answers import table
from naepo.serve.library import Run
from naepo.serve.notes import score_of
from naepo.serve.requests import KeptRun

router = APIRouter()


@router.get("/score")
def score(run: KeptRun) -> Response:
    """Send the pages of the score as SVG texts, which the page shows as pictures."""
    from naepo.render.engraving import score_svg

    return table({"pages": score_svg(_score(run))})


@router.get("/midi")
def midi(run: KeptRun) -> Response:
    """Send the notes as a MIDI file."""
    from naepo.encode.music.midi_writing import to_midi

    headers = {"Content-Disposition": 'attachment; filename="prompt.mid"'}
    return Response(to_midi(_score(run)), media_type="audio/midi", headers=headers)


def _score(run: Run) -> Score:
    return score_of(run.opened.checkpoint.encoder, run.prompt.ids)
