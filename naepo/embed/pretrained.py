"""Vectors of sound from a model that others trained: the mean of its hidden states.

In: a model and its feature extractor, as `transformers` makes them, and sounds. Out: a row for each
sound. The model is called, never changed; `naepo.interop.audio_model` opens one from a folder.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from naepo.config import UserError
from naepo.embed.resample import resample
from naepo.embed.spectra import Sound, to_sound

SHORTEST = 0.1
"""Seconds of which every model can make a frame: a shorter sound is followed by silence."""


class PretrainedAudio:
    """Any model that takes sound and gives hidden states (Wav2Vec2, HuBERT, WavLM, MERT, AST, ...).

    model: takes what the feature extractor gives, and `output_hidden_states=True`.
    feature_extractor: takes samples and `sampling_rate`, and knows that rate; None for a model that
    takes the samples themselves as `input_values`, at `sample_rate` Hz.
    layer: whose hidden states are taken; 0 is what goes into the first, -1 what comes out of the
    last.  max_seconds: longer sounds are cut into parts of this length.

    Raises: UserError when no sampling rate is known, or the model gives no hidden states.
    """

    def __init__(
        self,
        model: Any,
        feature_extractor: Any = None,
        *,
        sample_rate: int | None = None,
        layer: int = -1,
        max_seconds: float | int = 30,
    ) -> None:
        rate = sample_rate or getattr(feature_extractor, "sampling_rate", None)
        if rate is None:
            raise UserError(
                "no sampling rate is known: there is no feature extractor that says it",
                hint="PretrainedAudio(model, sample_rate=16_000)",
            )
        if not max_seconds >= SHORTEST:
            raise UserError(f"max_seconds must be at least {SHORTEST}, got {max_seconds}")
        self.model, self.feature_extractor = model, feature_extractor
        self.sample_rate, self.layer, self.max_seconds = int(rate), layer, max_seconds

    def vectors(self, sounds: Iterable[Sound], sample_rate: int) -> Float32[np.ndarray, "n d"]:
        """Give one row for each sound: the mean of its hidden states over time.

        sample_rate: of the sounds, in Hz; they are brought to the model's own rate.
        Sounds are read one by one, so that a row never depends on the others.

        Raises: UserError for no sounds, what is no sound, or a layer that the model does not have.
        """
        rows = [self.frames(sound, sample_rate).mean(axis=0) for sound in sounds]
        if not rows:
            raise UserError("there are no sounds")
        return np.stack(rows)

    def frames(self, samples: Sound, sample_rate: int) -> Float32[np.ndarray, "frames d"]:
        """Give the hidden states of one sound, a row for each frame of the model."""
        sound = resample(to_sound(samples).cpu(), sample_rate, self.sample_rate)
        shortest = int(SHORTEST * self.sample_rate)
        parts = sound.split(int(self.max_seconds * self.sample_rate))
        if len(parts) > 1 and len(parts[-1]) < shortest:
            parts = parts[:-1]  # a moment at the end, too short for a frame of its own
        with _evaluating(self.model), torch.no_grad():
            states = [self._states(_at_least(part, shortest)) for part in parts]
        return torch.cat(states).float().cpu().numpy()

    def _states(self, sound: Float32[Tensor, " samples"]) -> Tensor:
        """Ask the model for the hidden states of one part, shape (frames, d)."""
        if self.feature_extractor is None:
            inputs = {"input_values": sound[None]}
        else:
            inputs = self.feature_extractor(
                sound.numpy(), sampling_rate=self.sample_rate, return_tensors="pt"
            )
        device = next(self.model.parameters()).device
        inputs = {name: each.to(device) for name, each in inputs.items()}
        states = getattr(self.model(**inputs, output_hidden_states=True), "hidden_states", None)
        if not states:
            raise UserError("the model gives no hidden states", hint="open it with AutoModel")
        if not -len(states) <= self.layer < len(states):
            raise UserError(
                f"no layer {self.layer}: the model has hidden states 0 to {len(states) - 1}"
            )
        state = states[self.layer][0]
        if state.ndim != 2:
            raise UserError(
                f"hidden states are expected as (frames, d), got {tuple(state.shape)}",
                hint="models whose states are pictures are not known here",
            )
        return state


def _at_least(sound: Float32[Tensor, " samples"], n: int) -> Float32[Tensor, " longer"]:
    return torch.nn.functional.pad(sound, (0, max(0, n - len(sound))))


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """Turn dropout off, and afterwards back on where it was on."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
