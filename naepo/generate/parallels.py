"""Parallel fifths and octaves, avoided while four voices are drawn: a wish beside the grammar.

Two voices that go the same way and are a fifth, an octave or a unison apart before and after sound
like one. Chorales keep clear of it, and a model of a few minutes has not learned that yet.
"""

import numpy as np

from naepo.config import UserError
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.voices import SILENT, VOICES
from naepo.generate.constraint import Mask

PARALLELS = "parallels"
"""What `naepo generate --avoid` calls it."""
PERFECT = (0, 7)
"""Semitones within an octave: unisons, octaves, fifths; `encode.music.counterpoint` counts so."""


class Parallels:
    """Follows a piece on the grid, and says which ids would make a parallel at the next place.

    The voices are written from the soprano down, so each is held against those above it, and what
    it was a step ago. To hold a note is no parallel: whoever sings can always do so.
    """

    def __init__(self, music: GridEncoder) -> None:
        self._pitches, self._is_note, self._end_id = music.pitches, music.is_note, music.end_id
        self._begin()

    def _begin(self) -> None:
        self._before: tuple[int, ...] = (SILENT,) * len(VOICES)
        self._now: tuple[int, ...] = ()

    def advance(self, id: int) -> None:
        """Read one more id. After an end id a new piece begins."""
        if id == self._end_id:
            self._begin()
        elif self._is_note[id]:
            self._now = (*self._now, int(self._pitches[id]))
            if len(self._now) == len(VOICES):
                self._before, self._now = self._now, ()

    def unwanted(self) -> Mask:
        """Give, for each id, whether it would make a parallel with a voice above, shape (vocab,).

        p and q are the pitches of the voice and of the one above, ' is a step ago:
            (p - p')(q - q') > 0  and  |p - q| = |p' - q'| (mod 12), one of `PERFECT`
        """
        voice, pitches = len(self._now), self._pitches
        found = np.zeros(len(pitches), dtype=np.bool_)
        own = self._before[voice]
        if own == SILENT:
            return found
        for was, now in zip(self._before, self._now, strict=False):
            interval = abs(was - own) % 12
            if SILENT in (was, now) or was == now or interval not in PERFECT:
                continue
            goes_along = (pitches - own) * (now - was) > 0
            found |= goes_along & (np.abs(pitches - now) % 12 == interval)
        return found & self._is_note & (pitches != SILENT)

    def copy(self) -> "Parallels":
        """Give another that goes on from here on its own."""
        other = Parallels.__new__(Parallels)
        other.__dict__.update(self.__dict__)
        return other


def wish_of(music: MusicEncoder, avoid: tuple[str, ...]) -> Parallels | None:
    """Give what is to be avoided, from the beginning of a piece on; None for nothing.

    Raises: UserError for something that is not known, or another encoder than the grid.
    """
    for name in avoid:
        if name != PARALLELS:
            raise UserError(
                f"nothing that can be avoided is called {name!r}", hint=f"--avoid {PARALLELS}"
            )
    if not avoid:
        return None
    if not isinstance(music, GridEncoder):
        raise UserError(
            f"parallels are told by the four-voice grid alone, got the encoder {music.kind!r}",
            hint="train with `--encoder grid`, or leave --avoid out",
        )
    return Parallels(music)
