"""Which ids belong to which voice of the four-voice grid, and how boldly each voice is drawn."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from naepo.config import UserError
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.voices import VOICES


def voice_of_ids(encoder: GridEncoder) -> NDArray[np.int64]:
    """Give the voice of each id, 0 (soprano) to 3 (bass), and -1 for marks, signs and the end."""
    of_words = [VOICES.find(word[0]) if word[1:2] == ":" else -1 for word in encoder.words]
    return np.array([*of_words, -1])


def temperature_of_ids(
    encoder: MusicEncoder, temperature: float, by_voice: Mapping[str, float]
) -> Float[Tensor, "vocab"] | None:
    """Give each id the temperature of its voice, and `temperature` where none is named.

    At each place of the grid one voice alone may come, so it is the temperature of that place.

    Raises: UserError for a voice that is none, a temperature outside 0 to 100, or another encoder.
    """
    if not by_voice:
        return None
    if not isinstance(encoder, GridEncoder):
        raise UserError(
            f"a temperature for each voice needs the four-voice grid, got the encoder "
            f"{encoder.kind!r}",
            hint="train with `--encoder grid`, or use one temperature",
        )
    temperatures = torch.full((encoder.vocab_size,), temperature)
    voices = torch.from_numpy(voice_of_ids(encoder))
    for name, value in by_voice.items():
        if not 0 <= value <= 100:
            raise UserError(f"the temperature of {name} must be from 0 to 100, got {value}")
        temperatures[voices == voice_number(name)] = value
    return temperatures


def voice_number(name: str) -> int:
    """Give the number of a voice by its letter, 0 (S) to 3 (B). Raises: UserError for another."""
    number = VOICES.find(name) if len(name) == 1 else -1
    if number < 0:
        raise UserError(
            f"a voice must be S, A, T or B, got {name!r}",
            hint="S is soprano, A alto, T tenor, B bass",
        )
    return number
