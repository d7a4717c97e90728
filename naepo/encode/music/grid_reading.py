"""From the ids of a four-voice grid to notes, bars and signs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from naepo.encode.explain import IdsLike
from naepo.encode.music.grammar import GridGrammar
from naepo.encode.music.grid_bars import PLAIN
from naepo.encode.music.grid_words import GridWords, Role
from naepo.encode.music.score import Key, Meter, Note, Tempo
from naepo.encode.music.voices import SILENT, VOICES


class Misplaced(Exception):
    """A word that stands where it cannot: its number, from 0, and why."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(number, reason)
        self.number, self.reason = number, reason


@dataclass
class Signs:
    """What stands between the notes, in steps."""

    meters: list[Meter] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    tempos: list[Tempo] = field(default_factory=list)


def voices_of(words: GridWords, ids: IdsLike) -> NDArray[np.int64]:
    """Give the voice of each id, 0 (soprano) to 3 (bass), -1 for what nobody sings.

    After a mark or a sign the soprano comes first. What begins in the middle of a step begins with
    the voice that lets its first mark come after a bass; without any mark, with the soprano.
    """
    n_voices = len(VOICES)
    is_note = words.is_note[np.asarray(ids, dtype=np.int64)]
    places = np.arange(len(is_note))
    marks = np.flatnonzero(~is_note)
    cut = -int(marks[0]) % n_voices if len(marks) else 0
    last_mark = np.maximum.accumulate(np.where(is_note, -1, places))
    since = np.where(last_mark < 0, places + cut, places - last_mark - 1)
    return np.where(is_note, since % n_voices, -1)


def scan(words: GridWords, ids: Sequence[int]) -> tuple[list[Note], list[int]]:
    """Give the notes of any ids, in steps, and for each id the number of its note, -1 for none.

    Nothing is refused: a voice that is not told in a step is silent, a pitch that is held and was
    not sung begins. After the end of a piece the next one goes on in time.
    """
    found: list[list[int]] = []
    owners: list[int] = []
    sounding = [-1] * len(VOICES)
    step, before = 0, -1
    for id, voice in zip(ids, voices_of(words, ids).tolist(), strict=True):
        owners.append(-1)
        role = words.roles[id]
        if role is Role.END:
            step, before, sounding = step + (before >= 0), -1, [-1] * len(VOICES)
        if role is not Role.VOICE:
            continue
        step += voice <= before
        before = voice
        pitch, number = words.pitches[id], sounding[voice]
        if pitch == SILENT:
            sounding[voice] = -1
            continue
        goes_on = number >= 0 and words.is_hold[id] and found[number][2:] == [pitch, step]
        if not goes_on:
            number = sounding[voice] = len(found)
            found.append([step, voice, pitch, step])
        found[number][3] = step + 1
        owners[-1] = number
    return [Note(on, voice, pitch, end - on) for on, voice, pitch, end in found], owners


def read_signs(words: GridWords, ids: Sequence[int], steps_per_quarter: int) -> Signs:
    """Give metres, keys and tempos; check that each word stands where it may.

    Raises: Misplaced for the first one that may not.
    """
    first_voice = max(0, int(voices_of(words, ids)[0])) if ids else 0
    walk = GridGrammar(words, steps_per_quarter, is_loose=True, first_voice=first_voice)
    signs, loose = Signs(), _LooseBars(words)
    restarts, current = False, PLAIN
    for number, id in enumerate(ids):
        reason = walk.refusal(id)
        if reason is not None:
            raise Misplaced(number, reason)
        onset, role, value = walk.n_steps, words.roles[id], words.values[id]
        if role is Role.METER:
            restarts, current = False, value
            signs.meters.append(Meter(onset, *value))
        elif role is Role.KEY:
            signs.keys.append(Key(onset, *value))
        elif role is Role.TEMPO:
            signs.tempos.append(Tempo(onset, float(value)))
        elif role is Role.VOICE and restarts:
            restarts = False
            signs.meters.append(Meter(onset, *current))
        elif role is Role.BAR and not walk.is_loose:
            restarts = walk.length < walk.full
        if walk.is_loose:
            loose.read(role, onset)
        walk.read(id)
    told = {meter.onset for meter in signs.meters}
    end = walk.n_steps + (not walk.is_between_steps)
    signs.meters += [m for m in loose.meters() if m.onset not in told and m.onset < end]
    return signs


class _LooseBars:
    """The bars before any metre is told: their metre is guessed by how many steps most have."""

    def __init__(self, words: GridWords) -> None:
        self._words = words
        self._onset = 0
        self._is_short = False
        self._bars: list[tuple[int, int, bool]] = []

    def read(self, role: Role, onset: int) -> None:
        """Take note of a word that comes after `onset` steps."""
        if role is Role.SHORT:
            self._is_short = True
        elif role is Role.BAR and onset > self._onset:
            self._bars.append((self._onset, onset - self._onset, self._is_short))
            self._onset, self._is_short = onset, False

    def meters(self) -> list[Meter]:
        """Give the metres that make bars begin where they did; none when all are plain."""
        steps_of = self._words.steps_of
        counts = Counter(length for _, length, is_short in self._bars[1:] if not is_short)
        usual = counts.most_common(1)[0][0] if counts else 0
        guessed = next((m for m in [PLAIN, *steps_of] if steps_of[m][0] == usual), PLAIN)
        full = steps_of[guessed][0]
        meters = []
        is_told = guessed == PLAIN
        for onset, length, _ in self._bars:
            if length >= full and not is_told:
                meters.append(Meter(onset, *guessed))
                is_told = True
            if length < full:
                meters.append(Meter(onset + length, *guessed))
                is_told = True
        return meters
