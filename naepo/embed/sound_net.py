"""A small net that hears which piece a sound is of, whatever the key, the tempo and the player.

    energies of semitones  ->  pitch classes in three registers, in logarithms
                           ->  how they go with themselves, so many semitones and frames away
                           ->  turned to fewer numbers, and what two layers add  ->  a vector

The middle step is a correlation over all positions: where a piece begins and in which key it stands
leaves it as it was. The net begins as a plain turning of it (what the layers add begins at zero),
and learns what is left to learn: tempo, timbre, noise, and that a part is like the whole.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from naepo.embed.pitch_frames import LOWEST, N_PITCHES

REGISTERS = (48, 62, 76)
"""Middles of low, middle and high, MIDI pitches."""
WIDTH = 7.0
"""Semitones: how soon a register passes into the next one."""
N_LAGS = 24
"""How many frames away: 4.5 s."""


class SoundNet(nn.Module):
    """Frames of several sounds to vectors; positions after a sound's end have no say."""

    def __init__(self, d_model: int = 512, d_hidden: int = 512, n_lags: int = N_LAGS) -> None:
        super().__init__()
        self.n_lags, self.d_model, self.d_hidden = n_lags, d_model, d_hidden
        n_features = len(REGISTERS) ** 2 * 12 * n_lags
        self.register_buffer("mean", torch.zeros(n_features))
        self.turn = nn.Linear(n_features, d_model, bias=False)
        self.drop = nn.Dropout(0.2)
        self.hidden = nn.Linear(n_features, d_hidden)
        self.norm = nn.BatchNorm1d(d_hidden)
        self.output = nn.Linear(d_hidden, d_model)
        self.register_buffer("folding", registers(), persistent=False)
        nn.init.orthogonal_(self.turn.weight)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(
        self, energies: Float[Tensor, "batch 72 time"], lengths: Float[Tensor, " batch"]
    ) -> Float[Tensor, "batch d_model"]:
        """Give one vector for each sound; behind its `lengths` frames stand zeros."""
        x = self.features(energies, lengths) - self.get_buffer("mean")
        hidden = F.relu(self.norm(self.hidden(self.drop(x))))
        return self.turn(x) + self.output(hidden)

    def features(
        self, energies: Float[Tensor, "batch 72 time"], lengths: Float[Tensor, " batch"]
    ) -> Float[Tensor, "batch features"]:
        """Give what is turned: the self-correlations, with a mean square of 1."""
        found = self_correlation(self._classes(energies, lengths), self.n_lags).flatten(1)
        return F.normalize(found, dim=1) * found.shape[1] ** 0.5

    @torch.no_grad()
    def centre(self, features: Float[Tensor, "n features"]) -> None:
        """Take the mean of these as what all pieces share, which says nothing of one."""
        self.get_buffer("mean").copy_(features.mean(dim=0))

    def _classes(
        self, energies: Float[Tensor, "batch 72 time"], lengths: Float[Tensor, " batch"]
    ) -> Float[Tensor, "batch 3 12 time"]:
        """Fold octaves: the mean of a sound is 1 before the logarithm, of a frame 0 behind it."""
        folding = self.get_buffer("folding")
        folded = torch.einsum("rcp,bpt->brct", folding, energies)
        mean = folded.sum(dim=(1, 2, 3)) / (len(REGISTERS) * 12 * lengths)
        levels = torch.log1p(4 * folded / mean.clamp_min(1e-30)[:, None, None, None])
        return levels - levels.mean(dim=2, keepdim=True)


def self_correlation(
    x: Float[Tensor, "batch 3 12 time"], n_lags: int
) -> Float[Tensor, "batch 3 3 12 lags"]:
    """Give how registers go with one another at every interval and lag, as signed square roots.

    c[a, b, i, l] = sum over classes p and times t of x[a, p, t] x[b, p + i, t + l], of length 1,
    computed by the Fourier transform (Wiener 1930, Khinchin 1934). It is the same for x rolled by
    any number of classes, which is what a transposition does.
    """
    size = (12, x.shape[-1] + n_lags)
    spectrum = torch.fft.rfft2(x, size)
    product = spectrum[:, :, None].conj() * spectrum[:, None]
    found = torch.fft.irfft2(product, size)[..., :n_lags]
    unit = F.normalize(found.flatten(1), dim=1).view_as(found)
    # The root's slope is without bound at 0, and nothing flows back beyond this point.
    return unit.sign() * unit.abs().sqrt()


def registers() -> Float[Tensor, "3 12 72"]:
    """Give how much each semitone counts for each pitch class, C first, in each register."""
    pitches = torch.arange(LOWEST, LOWEST + N_PITCHES, dtype=torch.float32)
    table = torch.zeros(len(REGISTERS), 12, N_PITCHES)
    for number, middle in enumerate(REGISTERS):
        bell = torch.exp(-0.5 * ((pitches - middle) / WIDTH) ** 2)
        if number == 0:
            bell[pitches < middle] = 1
        if number == len(REGISTERS) - 1:
            bell[pitches > middle] = 1
        table[number, pitches.long() % 12, torch.arange(N_PITCHES)] = bell
    return table
