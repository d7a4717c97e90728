"""What a model expects to stand before the first note: metre, key, tempo."""

from collections.abc import Sequence

import numpy as np
import torch

from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.grid_bars import PLAIN
from naepo.generate.constraint import Mask
from naepo.generate.decode import device_of, evaluating
from naepo.model import LanguageModel

Demands = list[Sequence[int] | None]


def opening_signs(model: LanguageModel, music: GridEncoder, given: Sequence[int]) -> Demands:
    """Give the signs of a piece: those given, and a free choice where one lacks that is expected.

    A file without a key still has one, and a model that was told the key of every piece writes the
    better for it. Where the model gives a sign more than half of the probability, the particles
    choose it by what follows. A metre that is not given is 4/4.
    """
    demands: Demands = []
    prefix = [music.end_id]
    plain = "{}/{}".format(*PLAIN)
    for is_sign, is_choice in (
        (_words(music, "/", is_inside=True), _words(music, plain)),
        (_words(music, "K:"), _words(music, "K:")),
        (_words(music, "Q:"), _words(music, "Q:")),
    ):
        own = [id for id in given if is_sign[id]]
        found = own or _expected(model, prefix, np.flatnonzero(is_choice).tolist())
        demands += [found] if found else []
        prefix += found[:1]
    return demands


def _words(music: GridEncoder, part: str, *, is_inside: bool = False) -> Mask:
    fits = [part in word if is_inside else word.startswith(part) for word in (*music.words, "")]
    return np.array(fits, dtype=np.bool_)


@torch.inference_mode()
def _expected(model: LanguageModel, prefix: list[int], choices: list[int]) -> list[int]:
    """Give the choices, the likeliest first, when one of them is expected; else none."""
    with evaluating(model):
        logits = model(torch.tensor([prefix], device=device_of(model)))[0, -1]
    shares = logits.double().softmax(-1)[choices]
    if not choices or shares.sum() <= 0.5:
        return []
    return [choices[rank] for rank in shares.argsort(descending=True).tolist()]
