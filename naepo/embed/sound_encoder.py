"""The neural embedding of sound: a net tuned so that views of one piece come close; kept on disk.

runs/mine/embedding/sound/
    model.safetensors   the net's weights
    embedding.toml      its sizes
    manifest.json       size and sha256 of both
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from naepo.checkpoint.manifest import verify
from naepo.checkpoint.tensors import read_tensors, refuse_non_finite, to_pieces
from naepo.config import UserError, from_table, read_toml, to_table, to_toml
from naepo.embed.contrast import ContrastSettings, OnStep, Pair, pull_together
from naepo.embed.keeping import kept
from naepo.embed.pitch_frames import pitch_frames
from naepo.embed.sound_net import SoundNet
from naepo.embed.sound_views import Frames, draw_pair, side_by_side
from naepo.embed.spectra import Sound

Vectors = Float[np.ndarray, "n d_model"]
FOLDER = "sound"
FORMAT = 1
AT_ONCE = 64
"""Sounds in one batch."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The `[sound]` table of embedding.toml."""

    format: int
    d_model: int
    d_hidden: int
    n_lags: int


@dataclass(frozen=True, eq=False)
class SoundEncoder:
    """Sounds in, vectors out: alike where the piece is, whoever plays it, in whatever key."""

    net: SoundNet

    def vectors(self, sounds: Sequence[Frames]) -> Vectors:
        """Give one vector for each sound, of its `pitch_frames`; float32, shape (n, d_model)."""
        self.net.eval()
        found = [np.zeros((0, self.net.d_model), dtype=np.float32)]
        with torch.inference_mode():
            for start in range(0, len(sounds), AT_ONCE):
                batch = side_by_side(sounds[start : start + AT_ONCE])
                found.append(self.net(*batch).numpy())
        return np.concatenate(found)

    def vector(self, samples: Sound, sample_rate: int) -> Float[np.ndarray, " d_model"]:
        """Give the vector of one sound, from its samples."""
        return self.vectors([pitch_frames(samples, sample_rate)])[0]


def untuned(seed: int = 0) -> SoundEncoder:
    """Give an encoder that has learned nothing; the global random state is not used."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SoundEncoder(SoundNet().eval())


def tune_sound(
    pieces: Sequence[Sequence[Frames]], settings: ContrastSettings, *, on_step: OnStep | None = None
) -> SoundEncoder:
    """Tune an encoder on pieces, each with one recording or more, all of the same time.

    Recordings are `pitch_frames`; other keys, tempos and players are made from them. Several
    recordings, by different instruments, teach more than what is made.

    Raises: UserError for fewer than two pieces, or one that has no recording.
    """
    if len(pieces) < 2 or not all(pieces):
        raise UserError(f"tuning needs at least 2 pieces with a recording, got {len(pieces)}")
    encoder = untuned(settings.seed)
    parameters = list(encoder.net.parameters())
    with torch.inference_mode():
        shared = [encoder.net.features(*side_by_side([piece[0]])) for piece in pieces]
    encoder.net.centre(torch.cat(shared))

    def draw(generator: np.random.Generator) -> Pair:
        chosen = generator.permutation(len(pieces))[: settings.batch_size]
        pairs = [draw_pair(pieces[piece], generator) for piece in chosen]
        return [one for one, _ in pairs], [other for _, other in pairs]

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)  # of the dropout
        encoder.net.train()
        pull_together(
            lambda views: encoder.net(*side_by_side(views)), parameters, draw, settings, on_step
        )
    encoder.net.eval()
    return encoder


def settings(
    *, seconds: float | None = None, steps: int | None = None, seed: int = 0
) -> ContrastSettings:
    """Give how this net is best tuned, as measured: slowly, from what it begins as."""
    return ContrastSettings(
        seconds=seconds, steps=steps, batch_size=64, temperature=0.05, lr=2e-4, seed=seed
    )


def save(home: Path, encoder: SoundEncoder) -> Path:
    """Keep an encoder in home/sound, whole or not at all; one that was there goes.

    Raises: UserError when the disk refuses, or a weight is no number.
    """
    net = encoder.net
    weights = dict(net.state_dict())
    refuse_non_finite(weights, "the encoder of sound")
    shape = Shape(format=FORMAT, d_model=net.d_model, d_hidden=net.d_hidden, n_lags=net.n_lags)
    with kept(home / FOLDER) as draft:
        draft.write("model.safetensors", to_pieces(weights))
        draft.write("embedding.toml", [to_toml({"sound": to_table(shape)}).encode()])
    return home / FOLDER


def load(home: Path) -> SoundEncoder | None:
    """Open the encoder that is kept in home; None when there is none.

    Raises: UserError when it is damaged, or was written by a newer naepo.
    """
    folder = home / FOLDER
    if not folder.is_dir():
        return None
    verify(folder)
    source = folder / "embedding.toml"
    shape = from_table(Shape, read_toml(source).get("sound", {}), str(source), "sound")
    if shape.format != FORMAT:
        raise UserError(f"embedding format {shape.format}, expected {FORMAT} (in {source})")
    net = SoundNet(shape.d_model, shape.d_hidden, shape.n_lags)
    weights = read_tensors(folder / "model.safetensors")
    if {n: w.shape for n, w in weights.items()} != {
        n: w.shape for n, w in net.state_dict().items()
    }:
        raise UserError(f"the weights do not fit the sizes (in {folder})")
    net.load_state_dict(weights)
    return SoundEncoder(net.eval())
