"""Drums as bursts of noise and a falling thump: enough to keep time by."""

from dataclasses import dataclass

import numpy as np

from naepo.render.timbres import Waveform

SECONDS = 0.35
"""How long a hit is heard."""


@dataclass(frozen=True, kw_only=True)
class Drum:
    """thump_hz: where the skin's tone ends, 0 for none.  noise: its share, 0 to 1.

    fading: how fast the noise dies, per second.  hiss: whether only its high part is heard.
    """

    thump_hz: float = 0.0
    noise: float = 1.0
    fading: float = 18.0
    hiss: bool = False


KICK = Drum(thump_hz=52.0, noise=0.08, fading=60.0)
SNARE = Drum(thump_hz=185.0, noise=0.65, fading=22.0)
TOM = Drum(thump_hz=110.0, noise=0.15, fading=30.0)
CLOSED = Drum(hiss=True, fading=55.0)
OPEN = Drum(hiss=True, fading=9.0)
CLICK = Drum(thump_hz=900.0, noise=0.4, fading=90.0)

_BY_PITCH = {
    **dict.fromkeys((35, 36), KICK),
    **dict.fromkeys((38, 39, 40), SNARE),
    **dict.fromkeys((41, 43, 45, 47, 48, 50, 60, 61, 62, 63, 64), TOM),
    **dict.fromkeys((42, 44, 54, 69, 70), CLOSED),
    **dict.fromkeys((46, 49, 51, 52, 53, 55, 57, 59), OPEN),
}
"""The percussion map of General MIDI; what is not named clicks."""


def hit(pitch: int, sample_rate: int) -> Waveform:
    """Give one stroke of the drum that General MIDI has at this pitch, the same every time."""
    drum = _BY_PITCH.get(pitch, CLICK)
    seconds = np.arange(round(SECONDS * sample_rate)) / sample_rate
    noise = np.random.default_rng(pitch).uniform(-1, 1, seconds.size)
    if drum.hiss:
        noise = np.diff(noise, prepend=0.0) / 2
    wave = drum.noise * noise * np.exp(-drum.fading * seconds)
    if drum.thump_hz and drum.thump_hz < sample_rate / 4:
        # The pitch of a struck skin falls: one octave above at first, there within about 30 ms.
        turns = drum.thump_hz * (seconds + 0.03 * (1 - np.exp(-seconds / 0.03)))
        thump = np.sin(2 * np.pi * turns) * np.exp(-12 * seconds)
        wave += (1 - drum.noise) * thump
    wave *= np.minimum(1, (SECONDS - seconds) / 0.02)
    return wave.astype(np.float32)
