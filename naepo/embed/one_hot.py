"""Notes and events as ones among zeros: the plainest vectors, and what an embedding layer does.

The one-hot rows of any ids, of text or of music, are `naepo.encode.one_hot`; here stand the proof
that an embedding is their product with a table, and the rows of a piece.
"""

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from naepo.config import UserError
from naepo.encode.explain import IdsLike, check_ids
from naepo.encode.music.score import HIGHEST, Score
from naepo.encode.one_hot import one_hot

__all__ = [
    "N_PITCHES",
    "lookup_equals_product",
    "note_rows",
    "one_hot",
    "piano_roll",
    "sounding_pitches",
]

N_PITCHES = HIGHEST + 1
IS_HEARD = 0.1
"""The share of the strongest pitch's power above which another one counts as sounding."""
LONGEST_ROLL = 1 << 20
"""Steps. A roll of so many takes 512 MiB; a piece of three hours in sixteenths has 90,000."""


def lookup_equals_product(ids: IdsLike, table: Float[Tensor, "vocab_size d_model"]) -> bool:
    """Say whether `torch.nn.Embedding` gives the very bits of one_hot(ids) @ table.

    It does for every table of finite numbers: all terms of each sum but one are zeros. Only a -0.0
    comes out of the product as 0.0, because the sum begins at 0; the two are compared as equal.

    Raises: UserError for an id outside the table, or a table that is not float32.

    >>> lookup_equals_product([2, 0, 2], torch.randn(3, 5))
    True
    """
    if table.dtype != torch.float32:
        raise UserError(f"one-hot rows are float32, and the table is {table.dtype}")
    known = check_ids(ids, len(table))
    looked_up = torch.nn.Embedding.from_pretrained(table)(torch.from_numpy(known))
    product = torch.from_numpy(one_hot(known, len(table))) @ table.detach()
    return torch.equal(looked_up, product)


def note_rows(score: Score) -> Float32[np.ndarray, "notes 128"]:
    """Give one row per note in the order of the score: 1 in the column of its pitch.

    >>> from naepo.encode.music.score import Note, Part
    >>> score = Score(4, (Part(),), (Note(0, 0, 60, 4), Note(4, 0, 67, 4)))
    >>> note_rows(score).argmax(axis=1).tolist()
    [60, 67]
    """
    return one_hot([note.pitch for note in score.notes], N_PITCHES)


def piano_roll(
    score: Score,
    *,
    steps_per_quarter: int = 4,
    part: int | None = None,
    only_onsets: bool = False,
) -> Float32[np.ndarray, "steps 128"]:
    """Give the piece as multi-hot rows, one a step: 1 for each pitch that sounds in it.

    steps_per_quarter: 4 for sixteenths; times are rounded to the nearest step, no note vanishes.
    part: a part by its number; None for all.
    only_onsets: 1 only where a note begins. A roll of what sounds cannot tell a held note from a
    repeated one; with this roll beside it, it can.

    Raises: UserError for a part that is not there, or a piece longer than LONGEST_ROLL steps.

    >>> from naepo.encode.music.score import Note, Part
    >>> score = Score(4, (Part(),), (Note(0, 0, 60, 8), Note(4, 0, 67, 4)))
    >>> [np.flatnonzero(row).tolist() for row in piano_roll(score, steps_per_quarter=1)]
    [[60], [60, 67]]
    """
    if part is not None and not 0 <= part < len(score.parts):
        raise UserError(f"no part {part}: the score has parts 0 to {len(score.parts) - 1}")
    if steps_per_quarter < 1:
        raise UserError(f"steps_per_quarter must be at least 1, got {steps_per_quarter}")
    n_quarters = score.end / score.ticks_per_quarter
    if n_quarters * steps_per_quarter > LONGEST_ROLL:
        raise UserError(
            f"the piece is {n_quarters:,.0f} quarter notes long, too long for a roll of "
            f"{LONGEST_ROLL:,} steps",
            hint="take fewer steps per quarter, or a part of the piece",
        )
    score = score.at_resolution(steps_per_quarter)
    roll = np.zeros((score.end, N_PITCHES), dtype=np.float32)
    for note in score.notes if part is None else score.notes_of(part):
        roll[note.onset : note.onset + 1 if only_onsets else note.end, note.pitch] = 1.0
    return roll


def sounding_pitches(
    energies: Float[Tensor, "pitches frames"],
) -> Float32[np.ndarray, "frames pitches"]:
    """Give the piano roll of a sound: 1 for each with over a tenth of the strongest's power.

    energies: `pitch_frames` of the sound. Its overtones sound too, and count.

    >>> sounding_pitches(torch.tensor([[9.0, 1.0], [1.0, 0.0], [0.0, 2.0]])).tolist()
    [[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    """
    strongest = energies.amax(dim=0, keepdim=True)
    return (energies > IS_HEARD * strongest).T.float().numpy()
