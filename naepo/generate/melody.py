"""A given voice: taken from a score, moved to where the model knows it, demanded note by note."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from naepo.config import UserError
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.score import Note, Score
from naepo.encode.music.voices import PARTS, assign
from naepo.generate.bar_lines import bar_lines
from naepo.generate.constraint import Plan, rules_after
from naepo.generate.decode import Note as Say
from naepo.generate.signs import opening_signs
from naepo.generate.voices import voice_number
from naepo.model import LanguageModel

MOST_SEMITONES = 24
"""A melody is moved by at most two octaves to fit a voice."""


@dataclass(frozen=True)
class Melody:
    """A voice of the grid, and what the model is to find around it.

    ids: the whole piece as ids, with silence in the other voices.  transposed: by how many
    semitones it was moved.
    """

    music: GridEncoder
    voice: int
    ids: list[int]
    transposed: int

    @classmethod
    def of(cls, music: MusicEncoder, melody: Score, voice: str, say: Say) -> "Melody":
        """Take a voice from a score. Raises: UserError, see `harmonise`."""
        if not isinstance(music, GridEncoder):
            raise UserError(
                f"harmonising needs the four-voice grid, got the encoder {music.kind!r}, whose ids "
                "do not say where a voice goes on",
                hint="train with `--encoder grid`",
            )
        number = voice_number(voice)
        alone = _alone(melody, number, music, say)
        semitones = _nearest_fit(alone, number, music)
        if semitones:
            say(
                f"the melody was moved by {semitones:+d} semitones, to where the "
                f"{PARTS[number].name.lower()} sings, and the piece back"
            )
        return cls(
            music,
            number,
            music.encode(music.write(alone.transposed(semitones))).tolist(),
            semitones,
        )

    def plan(self, model: LanguageModel, prompt: Sequence[int]) -> Plan:
        """Give what has to come after a prompt: this voice, every mark and sign, and the end."""
        music, lines = self.music, bar_lines(self.music)
        rules = rules_after(music, prompt)
        assert rules is not None and lines is not None, "the grid has rules and bars"
        n_signs = next(
            (place for place, id in enumerate(self.ids) if not (lines.meters | lines.others)[id]), 0
        )
        signs = opening_signs(model, music, self.ids[:n_signs])
        told = zip(self.ids, music.voices(self.ids).tolist(), strict=True)
        demands = [(id,) if voice in (-1, self.voice) else None for id, voice in told][n_signs:]
        return Plan(
            rules,
            end_id=music.end_id,
            bar_marks=lines.marks,
            demands=[*signs, *demands, (music.end_id,)],
            never=~music.is_note,
        )


def _alone(score: Score, voice: int, music: GridEncoder, say: Say) -> Score:
    """Give the notes of one voice alone, in its part of four. Raises: UserError without any."""
    parts = sorted({note.part for note in score.notes})
    if not parts:
        raise UserError("the melody has no notes")
    part = parts[0]
    if len(parts) > 1:
        voice_of = assign(score, music.ranges)
        named = [part for part in parts if voice_of[part] == voice]
        name = PARTS[voice].name.lower()
        if not named:
            raise UserError(
                f"none of the melody's {len(parts)} parts is the {name}",
                hint="give a file of one part",
            )
        part = named[0]
        say(f"of {len(parts)} parts, the {name} was taken")
    notes = score.notes_of(part)
    _check_single(notes, score.ticks_per_quarter)
    if any(_off_grid(note, score.ticks_per_quarter, music) for note in notes):
        say(f"times were moved to the grid of {music.steps_per_quarter} steps a quarter note")
    return replace(score, parts=PARTS, notes=tuple(replace(note, part=voice) for note in notes))


def _check_single(notes: Sequence[Note], ticks_per_quarter: int) -> None:
    for note, following in pairwise(notes):
        if following.onset < note.end:
            quarter = float(Fraction(following.onset, ticks_per_quarter))
            raise UserError(
                f"the melody has several notes at once, at quarter note {quarter:g}; a voice sings "
                "one at a time",
                hint="give a file of one voice, without chords",
            )


def _off_grid(note: Note, ticks_per_quarter: int, music: GridEncoder) -> bool:
    steps = music.steps_per_quarter
    return bool(note.onset * steps % ticks_per_quarter or note.end * steps % ticks_per_quarter)


def _nearest_fit(score: Score, voice: int, music: GridEncoder) -> int:
    """Give the fewest semitones by which the notes come into the range of a voice.

    Raises: UserError when nothing does.
    """
    low, high = music.ranges[voice]
    lowest = min(note.pitch for note in score.notes)
    highest = max(note.pitch for note in score.notes)
    for semitones in sorted(range(-MOST_SEMITONES, MOST_SEMITONES + 1), key=abs):
        if low <= lowest + semitones and highest + semitones <= high:
            return semitones
    raise UserError(
        f"the melody spans {lowest} to {highest} (MIDI pitches), and the "
        f"{PARTS[voice].name.lower()} of this model sings {low} to {high}",
        hint="give a narrower melody, or another voice",
    )
