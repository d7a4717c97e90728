"""The notes behind the ids of a prompt, for pictures and for listening; of text there are none."""

import re
from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from naepo.config import UserError
from naepo.encode import Encoder
from naepo.encode.music.encoder import MusicEncoder, Sounding
from naepo.encode.music.score import Note, Part, Score

CADENCE = ((72, 67, 64, 48), (72, 69, 65, 53), (71, 67, 62, 55), (72, 67, 64, 48))
"""Tonic, subdominant, dominant, tonic in C major: soprano, alto, tenor and bass (MIDI pitches)."""
PITCH = re.compile(r"(?:Pitch|NoteOn)_(\d+)")
"""How miditok's notations name a pitch, apart from the rest of its note."""
BLANKS = ("␣", "\\n")
"""What stands behind the word in the label of a music encoder, and says nothing."""


def music(encoder: Encoder) -> MusicEncoder | None:
    """Give the encoder when it is one of music."""
    if encoder.unit == "event" and isinstance(encoder, MusicEncoder):
        return encoder
    return None


def label(encoder: Encoder, shown: str) -> str:
    """Give the word of a music encoder alone; what any other shows, as it is."""
    if encoder.unit == "event":
        for blank in BLANKS:
            shown = shown.removesuffix(blank)
    return shown


def notes_of(encoder: Encoder, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Tell the note of each id as {"note": {onset, duration, pitch, voice}}, null where it is none.

    onset, duration: quarter notes.  pitch: MIDI number.  voice: from 0.
    Of an encoder of text: nothing to tell, an empty dict for each id.
    """
    found = music(encoder)
    if found is None:
        return [{}] * len(ids)
    return [{"note": _told(sounding)} for sounding in found.soundings(ids)]


def vocabulary_of(encoder: Encoder, kinds: Sequence[str], labels: Sequence[str]) -> dict[str, Any]:
    """Tell of every id its pitch as {"notes": [...]}, null for ids that have none.

    kinds: what each id of the model is made of. Where ids tell voices, one that sings alone is of
    the kind of its voice instead, "1" for the first.
    """
    found = music(encoder)
    if found is None:
        return {}
    alone = [found.soundings([id])[0] for id in range(encoder.vocab_size)]
    alone += [None] * (len(kinds) - len(alone))
    has_voices = len({each.part for each in alone if each}) > 1
    told = [
        str(each.part + 1) if each and has_voices else kind
        for each, kind in zip(alone, kinds, strict=True)
    ]
    named = map(PITCH.fullmatch, labels)
    pitches = [
        sounding.pitch if sounding else int(name[1]) if name else None
        for sounding, name in zip(alone, named, strict=True)
    ]
    return {"notes": pitches, "kinds": told}


def score_of(encoder: Encoder, ids: Sequence[int]) -> Score:
    """Give the piece that ids write: as the encoder reads it, else the notes alone.

    Raises: UserError when they are ids of a text, or write no note.
    """
    found = music(encoder)
    if found is None:
        raise UserError("this model reads text, and text has no notes")
    try:
        score = found.read(found.decode(ids))
    except UserError:  # a prompt may be no well-formed piece, and has notes for all that
        score = _of_soundings(found.soundings(ids))
    if not score.notes:
        raise UserError("there is no note in this prompt", hint="write one, such as the first does")
    return score


def cadence(encoder: Encoder) -> str:
    """Write four chords, a quarter each, as a first prompt; empty where the words cannot."""
    found = music(encoder)
    notes = [Note(at, part, CADENCE[at][part], 1) for at in range(4) for part in range(4)]
    parts = tuple(map(Part, ("Soprano", "Alto", "Tenor", "Bass")))
    try:
        return found.write(Score(1, parts, tuple(notes))) if found else ""
    except UserError:
        return ""


def _told(sounding: Sounding | None) -> dict[str, Any] | None:
    if sounding is None:
        return None
    times = {"onset": float(sounding.onset), "duration": float(sounding.duration)}
    return times | {"pitch": sounding.pitch, "voice": sounding.part}


def _of_soundings(soundings: Sequence[Sounding | None]) -> Score:
    """Put the notes together, on the coarsest grid on which all of them are exact."""
    heard = list(dict.fromkeys(each for each in soundings if each is not None))
    times = [time for each in heard for time in (each.onset, each.duration)]
    ticks = lcm(*(time.denominator for time in times))

    def counted(time: Fraction) -> int:
        return int(time * ticks)

    notes = tuple(
        Note(counted(each.onset), each.part, each.pitch, max(1, counted(each.duration)))
        for each in heard
    )
    n_parts = max((each.part for each in heard), default=0) + 1
    return Score(ticks, (Part(),) * n_parts, notes)
