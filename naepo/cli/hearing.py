"""Pieces as they sound, for verbs: recordings are read, scores are played by our synthesizer."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from naepo.config import UserError
from naepo.embed.pieces import files_below, scores_in
from naepo.embed.pitch_frames import RATE, pitch_frames
from naepo.embed.sound_pieces import SoundPiece
from naepo.encode.music.reading import ENDINGS

AUDIO = (".wav", ".flac", ".ogg", ".mp3")
"""Endings of recordings, in small letters."""
TIMBRES = ("piano", "strings", "organ")
"""By which a score is played; the first is compared, the others are for tuning."""


def are_recordings(paths: Sequence[Path]) -> bool:
    """Say whether what is named are recordings alone, which a model of notes cannot read."""
    return bool(paths) and all(path.suffix.lower() in AUDIO for path in paths)


def hear(
    paths: Sequence[Path], *, on_unread: Callable[[str], None], n_timbres: int = 1
) -> list[SoundPiece]:
    """Read or play every piece that is named or lies in the folders that are named.

    n_timbres: by how many instruments a score is played.

    Raises: UserError when nothing could be heard.
    """
    found = list(_heard(files_below(paths, (*AUDIO, *ENDINGS)), on_unread, n_timbres))
    if not found:
        raise UserError(
            f"nothing to hear was found in {', '.join(map(str, paths))}",
            hint="name recordings (" + " ".join(AUDIO) + ") or music (" + " ".join(ENDINGS) + ")",
        )
    return found


def _heard(
    files: list[Path], on_unread: Callable[[str], None], n_timbres: int
) -> Iterator[SoundPiece]:
    from naepo.encode.music.score import Score
    from naepo.render.sound import read_audio
    from naepo.render.synth import render

    for path in (path for path in files if path.suffix.lower() in AUDIO):
        try:
            yield SoundPiece(str(path), (pitch_frames(*read_audio(path)),))
        except UserError as error:
            on_unread(f"left out {path}: {error.message}")
    for name, score in scores_in([path for path in files if path.suffix.lower() not in AUDIO]):
        try:
            if not isinstance(score, Score):
                raise UserError(score.reason)
            played = (
                render(score, sample_rate=RATE, timbre=timbre) for timbre in TIMBRES[:n_timbres]
            )
            yield SoundPiece(name, tuple(pitch_frames(samples, RATE) for samples in played))
        except UserError as error:
            on_unread(f"left out {name}: {error.message}")
