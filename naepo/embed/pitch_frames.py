"""Sound as energies of semitones, frame by frame: what a net of ours listens to.

On this axis a transposition is a shift, another tempo a stretch, another instrument another set of
harmonics above the same tones: each of them can be made anew from the frames, without the sound.
"""

from functools import cache

import torch
from jaxtyping import Float, Float32
from torch import Tensor

from naepo.embed.resample import resample
from naepo.embed.spectra import Sound, power, to_sound

RATE = 11_025
"""Samples a second that frames are made from: up to 5.5 kHz, above the highest tone looked at."""
N_FFT, HOP_LENGTH = 4096, 2048
"""Samples: bins are 2.7 Hz apart, and 5.4 frames make a second."""
FRAMES_PER_SECOND = RATE / HOP_LENGTH
LOWEST, N_PITCHES = 36, 72
"""Six octaves of MIDI pitches from the C of 65 Hz."""


def pitch_frames(samples: Sound, sample_rate: int) -> Float32[Tensor, "72 frames"]:
    """Give the mean power near each semitone, C2 to B7, in frames of 0.37 s, 5.4 a second.

    Raises: UserError for samples that are no sound.
    """
    sound = resample(to_sound(samples), sample_rate, RATE)
    return semitone_filters() @ power(sound, n_fft=N_FFT, hop_length=HOP_LENGTH)


@cache
def semitone_filters() -> Float[Tensor, "72 bins"]:
    """Give bells round the semitones, each of sum 1, and never narrower than a bin.

    In the lowest octave a bell takes in its neighbours too: the window is too short to tell more.
    """
    hz = torch.arange(N_FFT // 2 + 1, dtype=torch.float64) * RATE / N_FFT
    pitch = 69 + 12 * torch.log2(hz.clamp_min(1) / 440)
    width = 0.7 * (0.75 * torch.gradient(pitch)[0]).clamp_min(0.5)
    centres = torch.arange(LOWEST, LOWEST + N_PITCHES)[:, None]
    bells = torch.exp(-0.5 * ((pitch - centres) / width) ** 2)
    return (bells / bells.sum(dim=1, keepdim=True)).float()
