"""Sounds for the retrieval figure: pieces played by two synthesizers, and played otherwise."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from jaxtyping import Float

from benchmarks.record import data
from naepo.embed.pitch_frames import RATE, pitch_frames
from naepo.embed.sound_views import Frames
from naepo.encode.music.bach import chorale_files
from naepo.encode.music.library import Broken, read_all
from naepo.encode.music.reading import read_score
from naepo.encode.music.score import Score, Tempo
from naepo.render import soundfont
from naepo.render.synth import render

QUARTERS = 48
"""Of each test piece: 24 s at 120 quarter notes a minute."""
QUARTERS_TO_LEARN = 60
CROP_SECONDS, HOP_SECONDS = 10, 5
SNR_DB = 10
GALLERY = "piano"
"""The timbre of ours that plays the gallery; it plays nothing that is learned from."""
LEARNED = ("organ", "harpsichord", "strings", "flute", "clarinet", "choir")
OTHER_PROGRAMS = (6, 19, 24, 48, 52, 71, 73)
"""General MIDI: harpsichord, organ, guitar, strings, choir, clarinet, flute."""
PERTURBATIONS = ("timbre", "tempo", "transposed", "crop", "noise")


@dataclass(eq=False)
class Heard:
    """A sound, and its frames once they are asked for."""

    samples: Float[np.ndarray, " samples"]

    @cached_property
    def frames(self) -> Frames:
        """The energies of its semitones."""
        return pitch_frames(self.samples, RATE)

    def moments(self) -> "list[Heard]":
        """Give stretches of 10 s that overlap by half."""
        size, hop = CROP_SECONDS * RATE, HOP_SECONDS * RATE
        last = max(0, len(self.samples) - size)
        starts = sorted({*range(0, last, hop), last})
        return [Heard(self.samples[start : start + size]) for start in starts]


def test_pieces() -> list[Score]:
    """Give the 100 pieces that nothing is learned from."""
    files = sorted(data("music/js-fakes-midi").glob("*.mid"))[:100]
    return [excerpt(read_score(path), QUARTERS) for path in files]


def recordings(n_pieces: int, seed: int = 0) -> list[list[Frames]]:
    """Play chorales of Bach, each by two timbres of ours: the frames that are learned from."""
    draw = np.random.default_rng(seed)
    scores = [s for s in read_all(chorale_files()[:n_pieces]) if not isinstance(s, Broken)]
    return [
        [
            ours(excerpt(score, QUARTERS_TO_LEARN), str(timbre)).frames
            for timbre in draw.choice(LEARNED, 2, replace=False)
        ]
        for score in scores
    ]


def ours(score: Score, timbre: str = GALLERY) -> Heard:
    """Play by the synthesizer of ours."""
    return Heard(render(score, sample_rate=RATE, timbre=timbre))


def theirs() -> tuple[str, Callable[[Score, int], Heard]]:
    """Give the second synthesizer, by its name: FluidSynth, or where it is not, organ of ours."""
    spec = find_spec("pretty_midi")
    font = Path(spec.origin or "").parent / "TimGM6mb.sf2" if spec else None
    if shutil.which("fluidsynth") is None or font is None or not font.is_file():
        return "ours, organ", lambda score, program: ours(score, "clarinet" if program else "organ")

    def play(score: Score, program: int) -> Heard:
        parts = tuple(replace(part, program=program) for part in score.parts)
        return Heard(soundfont.render(replace(score, parts=parts), font, RATE))

    return "FluidSynth, TimGM6mb.sf2", play


def perturbed(
    score: Score, what: str, play: Callable[[Score, int], Heard], draw: np.random.Generator
) -> Heard:
    """Play a piece by the second synthesizer, and in one way otherwise."""
    if what == "timbre":
        return play(score, int(draw.choice(OTHER_PROGRAMS)))
    if what == "tempo":
        factor = float(np.exp(draw.uniform(np.log(0.8), np.log(1.25))))
        return play(replace(score, tempos=(Tempo(0, 120 * factor),)), 0)
    if what == "transposed":
        return play(score.transposed(int(draw.integers(1, 7)) * int(draw.choice([-1, 1]))), 0)
    sound = play(score, 0).samples
    if what == "crop":
        start = int(draw.integers(max(1, len(sound) - CROP_SECONDS * RATE)))
        return Heard(sound[start : start + CROP_SECONDS * RATE])
    noise = draw.standard_normal(len(sound)).astype(np.float32)
    level = np.sqrt(np.mean(sound**2) / 10 ** (SNR_DB / 10))
    return Heard(sound + noise * np.float32(level))


def excerpt(score: Score, quarters: int) -> Score:
    """Give the beginning of a piece, at 120 quarter notes a minute."""
    end = quarters * score.ticks_per_quarter
    notes = tuple(
        replace(note, duration=min(note.duration, end - note.onset))
        for note in score.notes
        if note.onset < end
    )
    return replace(score, notes=notes, tempos=(Tempo(0, 120.0),), meters=(), keys=())
