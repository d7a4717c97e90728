"""What instruments sound like: the partials of a tone, and how it comes and goes.

The spectra are ours, made by ear and by the textbook shape of each family (stopped pipes sound odd
partials, bowed strings all of them, about 1/k loud; struck strings are stretched and their high
partials die first: Fletcher and Rossing, The Physics of Musical Instruments, 2nd ed. 1998).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError, did_you_mean

Waveform = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Timbre:
    """One instrument. The first partial is the strongest, so that it is heard as the pitch."""

    partials: tuple[float, ...]
    """Loudness of partial 1, 2, 3, ..., relative to the first."""
    attack: float = 0.02
    """Seconds until a tone is at its loudest."""
    release: float = 0.08
    """Seconds in which it dies away after its end."""
    sustain: float = 1.0
    """Loudness it settles at while held, 0 to 1; 1 with no fading is a steady tone."""
    decay: float = 0.1
    """Seconds from the loudest to about the sustained loudness (to 37 % of the way)."""
    fading: float = 0.0
    """How fast a struck or plucked tone fades at middle C, per second; high tones fade faster."""
    damping: float = 0.0
    """How much faster each higher partial fades, as a share of `fading` per partial."""
    stretch: float = 0.0
    """Inharmonicity B: partial k lies at k f sqrt(1 + B k^2) (Fletcher 1964)."""
    vibrato: float = 0.0
    """Cents up and down."""
    vibrato_hz: float = 5.5
    """Times a second."""
    breath: float = 0.0
    """Loudness of the noise of air or bow, relative to the tone."""

    def frequencies(self, pitch_hz: float) -> NDArray[np.floating]:
        """Give the frequency of each partial, Hz, shape (n_partials,)."""
        k = np.arange(1.0, len(self.partials) + 1)
        return pitch_hz * k * np.sqrt((1 + self.stretch * k * k) / (1 + self.stretch))


def _falling(n_partials: int, power: float) -> tuple[float, ...]:
    return tuple(round(k**-power, 4) for k in range(1, n_partials + 1))


TIMBRES: dict[str, Timbre] = {
    "organ": Timbre(
        partials=(1.0, 0.75, 0.3, 0.42, 0.06, 0.14, 0.02, 0.16), attack=0.025, release=0.09
    ),
    "piano": Timbre(
        partials=(1.0, 0.62, 0.4, 0.28, 0.2, 0.13, 0.07, 0.08, 0.05, 0.04, 0.03, 0.02),
        attack=0.003,
        release=0.12,
        fading=1.1,
        damping=0.35,
        stretch=0.0004,
    ),
    "harpsichord": Timbre(
        partials=(1.0, 0.9, 0.8, 0.65, 0.55, 0.5, 0.4, 0.33, 0.3, 0.24, 0.2, 0.18, 0.15, 0.12),
        attack=0.001,
        release=0.05,
        fading=2.2,
        damping=0.12,
        stretch=0.0001,
    ),
    "strings": Timbre(
        partials=_falling(16, 1.05),
        attack=0.09,
        release=0.14,
        sustain=0.85,
        decay=0.3,
        vibrato=9.0,
        vibrato_hz=5.3,
        breath=0.004,
    ),
    "flute": Timbre(
        partials=(1.0, 0.28, 0.1, 0.03, 0.012),
        attack=0.05,
        release=0.08,
        sustain=0.9,
        decay=0.2,
        vibrato=5.0,
        vibrato_hz=4.8,
        breath=0.02,
    ),
    "clarinet": Timbre(
        partials=(1.0, 0.03, 0.6, 0.05, 0.38, 0.07, 0.22, 0.08, 0.12, 0.05, 0.06),
        attack=0.035,
        release=0.07,
        sustain=0.92,
        decay=0.15,
    ),
    "choir": Timbre(
        partials=(1.0, 0.85, 0.6, 0.3, 0.1, 0.05, 0.04, 0.04, 0.03),
        attack=0.12,
        release=0.2,
        sustain=0.9,
        decay=0.4,
        vibrato=12.0,
        vibrato_hz=5.0,
        breath=0.006,
    ),
}
"""The instruments, by name."""

BY_PROGRAM = "by-program"
"""As a timbre: each part sounds like the family of its General MIDI program."""

_FAMILIES = (
    *("piano", "harpsichord", "organ", "harpsichord", "piano", "strings", "choir", "organ"),
    *("clarinet", "flute", "clarinet", "strings", "organ", "harpsichord", "piano", "flute"),
)
"""The 16 families of General MIDI, 8 programs each, by what of ours is nearest."""


def timbre_for(name: str, program: int) -> Timbre:
    """Give the timbre of this name; for `BY_PROGRAM`, of a General MIDI program, 0 to 127.

    Raises: UserError for a name that is none.

    >>> timbre_for("by-program", 73) is TIMBRES["flute"]
    True
    """
    if name == BY_PROGRAM:
        # The harpsichord and clavinet are programs 6 and 7, among the pianos.
        family = "harpsichord" if program in (6, 7) else _FAMILIES[program % 128 // 8]
        return TIMBRES[family]
    if name not in TIMBRES:
        raise UserError(
            f"no timbre is called `{name}`", hint=did_you_mean(name, [*TIMBRES, BY_PROGRAM])
        )
    return TIMBRES[name]
