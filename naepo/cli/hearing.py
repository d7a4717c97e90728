"""Pieces as they sound, for verbs: recordings are read, scores are played by our synthesizer."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from naepo.config import UserError
from naepo.embed.names import from_here, name_of
from naepo.embed.pieces import files_below, scores_in
from naepo.embed.pitch_frames import RATE, pitch_frames
from naepo.embed.sound_pieces import SoundPiece
from naepo.encode.music.reading import ENDINGS

AUDIO = (".wav", ".flac", ".ogg", ".mp3")
"""Endings of recordings, in small letters."""
TIMBRES = ("piano", "strings", "organ")
"""By which a score is played; the first is compared, the others are for tuning."""

Sound = tuple[Any, int]
"""Samples from -1 to 1, shape (n_samples,), and how many a second."""


def are_recordings(paths: Sequence[Path]) -> bool:
    """Say whether what is named, or lies in folders that are, are recordings alone.

    Raises: UserError for a path that is not there.
    """
    files = files_below(paths, None)
    return bool(files) and all(path.suffix.lower() in AUDIO for path in files)


def tell_of_recordings(paths: Sequence[Path], say: Callable[[str], None]) -> None:
    """Say how many recordings in the folders that are named are left out where notes are read."""
    left_out = files_below([path for path in paths if path.is_dir()], AUDIO)
    if left_out:
        say(f"recordings left out, which --sound takes: {len(left_out):,} (first: {left_out[0]})")


def hear(
    paths: Sequence[Path], *, on_unread: Callable[[str], None], n_timbres: int = 1
) -> list[SoundPiece]:
    """Read or play every piece that is named or lies in the folders that are named.

    n_timbres: by how many instruments a score is played.

    Raises: UserError when nothing could be heard.
    """
    played = sounds(paths, on_unread=on_unread, timbres=TIMBRES[:n_timbres], sample_rate=RATE)
    return [
        SoundPiece(name, tuple(pitch_frames(samples, rate) for samples, rate in recordings))
        for name, recordings in played
    ]


def sounds(
    paths: Sequence[Path],
    *,
    on_unread: Callable[[str], None],
    timbres: Sequence[str] = TIMBRES[:1],
    sample_rate: int,
) -> Iterator[tuple[str, list[Sound]]]:
    """Give each piece by its name with its recordings, one after another.

    timbres: by what a score is played.  sample_rate: at which; recordings of a person keep theirs.

    Raises: UserError when nothing could be heard.
    """
    files = files_below(paths, (*AUDIO, *ENDINGS))
    n_heard = 0
    for name, hear_it in _each(files, timbres, sample_rate):
        try:
            yield name, hear_it()
            n_heard += 1
        except UserError as error:
            on_unread(f"left out {from_here(name)}: {error.message}")
    if not n_heard:
        raise UserError(
            f"nothing to hear was found in {', '.join(map(str, paths))}",
            hint="name recordings (" + " ".join(AUDIO) + ") or music (" + " ".join(ENDINGS) + ")",
        )


def _each(
    files: list[Path], timbres: Sequence[str], sample_rate: int
) -> Iterator[tuple[str, Callable[[], list[Sound]]]]:
    """Give what reads, or plays, each piece."""
    from naepo.render.sound import read_audio

    for path in files:
        if path.suffix.lower() in AUDIO:
            yield name_of(path), lambda path=path: [read_audio(path)]
    for name, score in scores_in([path for path in files if path.suffix.lower() not in AUDIO]):
        yield name, lambda name=name, score=score: _played(name, score, timbres, sample_rate)


def _played(name: str, score: Any, timbres: Sequence[str], sample_rate: int) -> list[Sound]:
    """Play a piece; where it says no tempo, in the one that its kind of file means."""
    from naepo.encode.music.midi import PLAIN_TEMPO
    from naepo.encode.music.score import Score
    from naepo.render.clock import timed
    from naepo.render.synth import render

    if not isinstance(score, Score):
        raise UserError(score.reason)
    is_midi = ENDINGS.get(Path(name).suffix.lower()) == "midi"
    score = timed(score, PLAIN_TEMPO if is_midi else None)
    return [(render(score, sample_rate=sample_rate, timbre=t), sample_rate) for t in timbres]
