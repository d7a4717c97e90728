"""Whose turn it is in the four-voice grid, and how boldly each voice is drawn."""

from collections.abc import Callable, Mapping

from naepo.config import UserError
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.grammar import GridGrammar
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.voices import VOICES
from naepo.generate.constraint import Constraint, Plan, Rules


def temperature_of_places(
    encoder: MusicEncoder, temperature: float, by_voice: Mapping[str, float]
) -> Callable[[Constraint], float] | None:
    """Give what tells the temperature of the place that a text has come to: that of its voice.

    A voice that is not named has `temperature`. None when no voice is named at all.

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
    temperatures = [temperature] * len(VOICES)
    for name, value in by_voice.items():
        if not 0 <= value <= 100:
            raise UserError(f"the temperature of {name} must be from 0 to 100, got {value}")
        temperatures[voice_number(name)] = value
    return lambda constraint: temperatures[_voice_after(constraint)]


def _voice_after(constraint: Constraint) -> int:
    """Give the voice that comes next where a plan, or rules, of the grid have come to."""
    while isinstance(constraint, Plan):
        constraint = constraint.rules
    grammar = constraint.grammar if isinstance(constraint, Rules) else constraint
    assert isinstance(grammar, GridGrammar), "the encoder is the grid"
    return grammar.voice


def voice_number(name: str) -> int:
    """Give the number of a voice by its letter, 0 (S) to 3 (B). Raises: UserError for another."""
    number = VOICES.find(name) if len(name) == 1 else -1
    if number < 0:
        raise UserError(
            f"a voice must be S, A, T or B, got {name!r}",
            hint="S is soprano, A alto, T tenor, B bass",
        )
    return number
