"""Composing with a trained model: from nothing, on from a theme, under a melody, into a gap.

What must come later is heard before it comes: a given voice, the bars after a gap and the end of a
piece are demands, by which `Particles` weigh what they write (naepo/generate/particles.py).
"""

from dataclasses import replace

import numpy as np

from naepo.config import UserError
from naepo.encode.encoder import Encoder
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.score import Score
from naepo.generate.bar_lines import BarLines, bar_lines
from naepo.generate.constraint import Plan, rules_after
from naepo.generate.gap import Gap
from naepo.generate.given import continued, filled
from naepo.generate.manner import Composition, Manner, as_music, dressed, finished, write
from naepo.generate.melody import Melody
from naepo.generate.timed import write_bars
from naepo.model import LanguageModel

LOOK_AHEAD = 2
"""How many bars after a gap are weighed: each costs as much as a bar that is written."""
IDS_PER_BAR = 1_024
"""Bars that are longer than this, on average, are given up."""
MOST_IDS = 16_384
"""A piece whose end is left to the model is cut off here."""


def compose(
    model: LanguageModel,
    encoder: Encoder,
    *,
    bars: int | None = None,
    manner: Manner | None = None,
) -> Composition:
    """Write a piece from nothing.

    bars: how many, an upbeat not counted; in the last one the piece comes to its end. None: as many
        as the model likes.

    Raises: UserError for a model of text, fewer than one bar, or a wrong `manner`.
    """
    music = as_music(model, encoder)
    return _go_on(model, music, None, bars, is_ending=True, manner=manner or Manner())


def continue_piece(
    model: LanguageModel,
    encoder: Encoder,
    score: Score,
    *,
    bars: int | None = 8,
    is_ending: bool = True,
    manner: Manner | None = None,
) -> Composition:
    """Write on from a theme, which stands at the beginning of the piece as it is.

    bars: how many to add; a last bar of the theme that is not full is filled up first. None: as
        many as the model likes.
    is_ending: whether the piece comes to its end in the last bar, or stops after it in the midst.

    Raises: UserError as `compose`, and for a theme that the encoder cannot hold.
    """
    music = as_music(model, encoder)
    return _go_on(model, music, score, bars, is_ending=is_ending, manner=manner or Manner())


def harmonise(
    model: LanguageModel,
    encoder: Encoder,
    melody: Score,
    *,
    voice: str = "S",
    manner: Manner | None = None,
) -> Composition:
    """Write the other three voices to a given one, which stays as it is, note by note.

    Where the voice has no word for a pitch, the melody is moved by the fewest semitones that help,
    and the piece is moved back; `on_note` is told. Times are moved to the steps of the grid. A
    metre, key or tempo that the melody lacks and the model expects is chosen with the voices.

    voice: which one is given, S, A, T or B. Of a melody of several parts the one of that voice is
        taken.

    Raises: UserError for a model of text or of another encoder than the grid, a melody with several
        notes at once or wider than the voice, and a metre that the encoder has not.
    """
    music, manner = as_music(model, encoder), (manner or Manner()).seeded()
    given = Melody.of(music, melody, voice, manner.say)
    prompt = [music.end_id]
    plan = given.plan(model, prompt)
    chosen = write(model, music, prompt, plan, manner, len(plan.demands))
    ids = [id for id in chosen.ids if id != music.end_id]
    told = music.read(music.decode(ids)).transposed(-given.transposed)
    score = dressed(told, melody)
    return replace(finished(music, score, ids, chosen, manner), transposed=given.transposed)


def fill(
    model: LanguageModel,
    encoder: Encoder,
    score: Score,
    first_bar: int,
    last_bar: int,
    *,
    look_ahead: int = LOOK_AHEAD,
    manner: Manner | None = None,
) -> Composition:
    """Write some bars of a piece anew, so that they fit what comes before and after.

    first_bar, last_bar: the first and the last to be rewritten; the first whole bar is 1, an upbeat
        0. All other bars stay, note by note, as the score has them (`given.filled` says what comes
        of a note that sounds over a border); so do metre, key and tempo, and silent voices stay
        silent. New notes get the instrument and a usual velocity of their part.
    look_ahead: how many bars after the gap are weighed, at least 0.

    Raises: UserError for a model of text or of a notation without bars, a gap that is outside the
        piece, or a score that the encoder cannot hold.
    """
    music, manner = as_music(model, encoder), (manner or Manner()).seeded()
    gap = Gap.of(music, score, first_bar, last_bar, look_ahead)
    prompt = [music.end_id, *gap.prompt]
    chosen = write(model, music, prompt, gap.plan(music, prompt), manner, gap.most_ids(IDS_PER_BAR))
    if not chosen.is_whole:
        raise UserError(
            f"bars {first_bar}-{last_bar} came to no end within {len(chosen.ids):,} ids",
            hint="use more particles or a lower temperature",
        )
    ids = gap.filled(chosen.ids, music)
    told = music.read(music.decode(ids))
    made = filled(music, score, told, gap.start, gap.end if gap.after else None)
    return finished(music, made, ids, chosen, manner)


def _go_on(
    model: LanguageModel,
    music: MusicEncoder,
    theme: Score | None,
    bars: int | None,
    *,
    is_ending: bool,
    manner: Manner,
) -> Composition:
    """Write what follows a theme, or a whole piece when there is none."""
    if bars is not None and bars < 1:
        raise UserError(f"bars must be at least 1, got {bars}")
    manner = manner.seeded()
    if bars is None:
        manner = replace(manner, particles=1)  # nothing is demanded, so one is as good as many
    lines = bar_lines(music)
    begun = [] if theme is None else music.encode(music.write(theme)).tolist()
    if lines is None and bars is not None:
        manner = replace(manner, particles=1)
        told, chosen = write_bars(model, music, theme, begun, bars, manner, bars * IDS_PER_BAR)
        ids = music.encode(music.write(told)).tolist()
        made = told if theme is None else continued(music, theme, told)
        return finished(music, made, ids, chosen, manner)
    prompt = [music.end_id, *begun]
    if lines is not None and lines.is_before:
        prompt += np.flatnonzero(lines.marks).tolist()
    is_in_bar = bool(begun and lines and not lines.is_before and not lines.marks[begun[-1]])
    n_marks = None if bars is None else bars + is_in_bar
    plan = _open_plan(music, prompt, lines, n_marks, is_ending)
    most_ids = MOST_IDS if bars is None else (bars + 1) * IDS_PER_BAR
    chosen = write(model, music, prompt, plan, manner, most_ids)
    ids = _without_closing([*prompt[1:], *chosen.ids], music.end_id, lines)
    told = music.read(music.decode(ids))
    made = told if theme is None else continued(music, theme, told)
    return finished(music, made, ids, chosen, manner)


def _open_plan(
    music: MusicEncoder,
    prompt: list[int],
    lines: BarLines | None,
    bars: int | None,
    is_ending: bool,
) -> Plan:
    """Give the plan of some free bars, and of an end in the last of them."""
    rules = rules_after(music, prompt)
    assert rules is not None, "music has rules"
    nothing = np.zeros(music.vocab_size, dtype=np.bool_)
    if lines is None or bars is None:
        return Plan(rules, end_id=music.end_id, bar_marks=nothing, n_bars=None)
    ends = nothing.copy()
    ends[music.end_id] = True
    # A mark before each bar would begin one more; a mark after it may still come, and then the end.
    closing = lines.marks if not is_ending else ends if lines.is_before else ends | lines.marks
    is_new = len(prompt) == 1 + lines.is_before
    return Plan(
        rules,
        end_id=music.end_id,
        bar_marks=lines.marks,
        n_bars=bars,
        closing=closing,
        upbeats=lines.upbeats if is_new else None,
        lengths=lines.lengths if is_new else None,
        signs=lines.signs,
        demands=[(music.end_id,)] if is_ending and not lines.is_before else [],
    )


def _without_closing(ids: list[int], end_id: int, lines: BarLines | None) -> list[int]:
    """Leave out the end id, and a mark that would only begin one more bar."""
    ids = [id for id in ids if id != end_id]
    if lines is not None and lines.is_before and ids and lines.marks[ids[-1]]:
        return ids[:-1]
    return ids
