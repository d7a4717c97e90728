"""Sounds as pieces of a collection: a vector for the whole of each, and for its moments of 10 s."""

from collections.abc import Sequence
from dataclasses import dataclass

from naepo.config import UserError
from naepo.embed.pitch_frames import FRAMES_PER_SECOND
from naepo.embed.sound_encoder import SoundEncoder, Vectors
from naepo.embed.sound_views import Frames
from naepo.embed.store import Entry

MOMENT_SECONDS = 10.0


@dataclass(frozen=True, eq=False)
class SoundPiece:
    """A piece as it sounds: `pitch_frames` of one recording or more; the first one is compared."""

    name: str
    recordings: tuple[Frames, ...]

    def __post_init__(self) -> None:
        if not self.recordings:
            raise UserError(f"{self.name} has no recording")


def embed_sounds(
    encoder: SoundEncoder, pieces: Sequence[SoundPiece]
) -> tuple[Vectors, list[Entry]]:
    """Give the vectors of whole pieces and of their moments, and what each is of."""
    sounds: list[Frames] = []
    entries: list[Entry] = []
    for piece in pieces:
        whole = piece.recordings[0]
        sounds.append(whole)
        entries.append(Entry(piece.name))
        for start, frames in sound_moments(whole):
            sounds.append(frames)
            end = start + frames.shape[1]
            entries.append(Entry(piece.name, f"{clock(start)}-{clock(end)}"))
    return encoder.vectors(sounds), entries


def sound_moments(frames: Frames) -> list[tuple[int, Frames]]:
    """Cut a sound into moments that overlap by half, with the frames where they begin."""
    size = round(MOMENT_SECONDS * FRAMES_PER_SECOND)
    last = max(0, frames.shape[1] - size)
    starts = [*range(0, last, size // 2), last]
    return [(start, frames[:, start : start + size]) for start in starts]


def clock(frame: int) -> str:
    """Give when a frame is, in minutes and seconds.

    >>> clock(0), clock(400)
    ('0:00', '1:14')
    """
    seconds = int(frame / FRAMES_PER_SECOND)
    return f"{seconds // 60}:{seconds % 60:02d}"
