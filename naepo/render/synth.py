"""A small additive synthesizer: a tone is a sum of sines, a piece a sum of tones.

Made for listening anywhere, without a download: the same score gives the same samples, bit by bit.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from naepo.config import UserError
from naepo.encode.music.score import Note, Score
from naepo.render import drums
from naepo.render.clock import Clock, seconds_of
from naepo.render.timbres import TIMBRES, Timbre, Waveform, timbre_for
from naepo.render.tone import tone

__all__ = ["TIMBRES", "render"]

PEAK = 0.89
"""The loudest sample of a piece: 1 dB below what a file can hold."""
LOWEST_RATE, HIGHEST_RATE = 4_000, 192_000
"""Samples a second."""


def render(
    score: Score, *, sample_rate: int = 44_100, timbre: str = "organ", tuning: float = 440.0
) -> Waveform:
    """Play a piece; give its samples, mono, shape (n_samples,), the loudest at `PEAK`.

    timbre: one of `TIMBRES`, or "by-program" for each part's own.  tuning: Hz of the A above
    middle C, in equal temperament.  n_samples: the piece, and the last note's dying away.
    Raises: UserError for an unknown timbre, an absurd rate, or a piece of more than an hour.
    """
    _check(sample_rate, tuning)
    n_samples = round(seconds_of(score) * sample_rate)
    voices = [timbre_for(timbre, part.program) for part in score.parts]
    tail = _tail(score, voices)
    mix = np.zeros(n_samples + round(tail * sample_rate), dtype=np.float32)
    for sound, struck in _gathered(score, voices, sample_rate).items():
        wave = sound.wave(sample_rate, tuning)
        for start, velocity in struck:
            piece = mix[start : start + wave.size]
            piece += wave[: piece.size] * np.float32((velocity / 127) ** 1.5)
    loudest = np.abs(mix).max(initial=0.0)
    return mix * np.float32(PEAK / loudest) if loudest > 0 else mix


@dataclass(frozen=True)
class _Sound:
    """What is computed once, however often it is struck; timbre None is a drum."""

    timbre: Timbre | None
    pitch: int
    n_samples: int

    def wave(self, sample_rate: int, tuning: float) -> Waveform:
        if self.timbre is None:
            return drums.hit(self.pitch, sample_rate)
        return tone(self.pitch, self.n_samples, self.timbre, sample_rate, tuning)


def _tail(score: Score, voices: list[Timbre]) -> float:
    """Give for how many seconds a piece is heard after its last note's end."""
    heard = {note.part for note in score.notes}
    releases = (
        drums.SECONDS if score.parts[part].is_drums else voices[part].release for part in heard
    )
    return max(releases, default=0.0)


def _gathered(
    score: Score, voices: list[Timbre], sample_rate: int
) -> dict[_Sound, list[tuple[int, int]]]:
    """Give each sound of the piece with its (first sample, velocity)s."""
    clock = Clock(score)
    onsets = clock.seconds([note.onset for note in score.notes])
    ends = clock.seconds([note.end for note in score.notes])
    struck_at = {(note.part, note.pitch, note.onset) for note in score.notes}
    found = defaultdict(list)
    for note, onset, end in zip(score.notes, onsets, ends, strict=True):
        lasts = end - onset
        if (note.part, note.pitch, note.end) in struck_at:
            # It has died away when it is struck again, so that a repeated note is no held one.
            lasts -= min(voices[note.part].release, lasts / 2)
        sound = _sound(note, score, voices, max(1, round(lasts * sample_rate)))
        found[sound].append((round(onset * sample_rate), note.velocity))
    return found


def _sound(note: Note, score: Score, voices: list[Timbre], n_samples: int) -> _Sound:
    if score.parts[note.part].is_drums:
        return _Sound(None, note.pitch, 0)
    return _Sound(voices[note.part], note.pitch, n_samples)


def _check(sample_rate: int, tuning: float) -> None:
    if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
        raise UserError(
            f"sample_rate must be from {LOWEST_RATE:,} to {HIGHEST_RATE:,} a second, "
            f"got {sample_rate:,}",
            hint="44100 is what a CD holds; 22050 is enough to compare pieces",
        )
    if not 200 <= tuning <= 900:
        raise UserError(f"tuning must be from 200 to 900 Hz, got {tuning}", hint="440 is usual")
