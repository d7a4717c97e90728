"""The four-voice grid: at each step soprano, alto, tenor and bass begin a pitch, hold it, or rest.

    4/4 K:-1 Q:96 C5 A4 F4 F3 C5~ A4~ F4~ E3 ... ' D5 ... |

The words of a step are those of soprano, alto, tenor and bass, in this order. `C5` begins, `C5~` is
the same note held, `.` is silence: a repeated note and a held one are never the same. A mark `'`
stands between beats, `|` after a whole bar. Where a bar begins may stand a metre, a key (sharps;
flats are negative; `m` for minor), a tempo (quarters a minute), and `bar:4` where the bar has only
four steps, as an upbeat has.

The raster of voices follows DeepBach (Hadjeres et al. 2017, arXiv:1612.01010, section 2.2); departs
from it in that a hold names its pitch, so that what sounds can be read off the step before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError
from naepo.encode.encoder import Ids
from naepo.encode.explain import IdsLike, check_ids
from naepo.encode.music.encoder import Sounding
from naepo.encode.music.grammar import GridGrammar
from naepo.encode.music.grid_bars import PLAIN, Bar, bar_steps, bars_of, metronome
from naepo.encode.music.grid_fit import MAJOR_KEYS, METERS, TEMPOS, GridFit, half_beats
from naepo.encode.music.grid_reading import Misplaced, read_signs, scan, voices_of
from naepo.encode.music.grid_words import BAR, GridWords
from naepo.encode.music.score import HIGHEST, LOWEST, Meter, Score, Tempo
from naepo.encode.music.voices import (
    PARTS,
    RANGES,
    SILENT,
    VOICES,
    in_voices,
    on_steps,
    rasterise,
)
from naepo.encode.music.words import WordEncoder, misplaced

NOTATION = 2
"""Which notation this is, in `music.json`; the first one had words of each voice's own."""


class GridEncoder(WordEncoder):
    """Four voices on a grid of steps; a piece of fewer voices leaves the others silent.

    It keeps pitches, onsets and durations to the step, metre, upbeat, key and tempo (to the nearest
    metronome mark, from the beginning of its bar). It does not keep velocity, titles, names, nor
    two notes of one voice in one step: `kept` says what comes back.
    """

    kind = "grid"

    def __init__(
        self,
        *,
        steps_per_quarter: int = 4,
        ranges: Sequence[Sequence[int]] = RANGES,
        meters: Sequence[Sequence[int]] = METERS,
        keys: Sequence[Sequence[Any]] = MAJOR_KEYS,
        tempos: Sequence[int] = TEMPOS,
        short_bars: Sequence[int] | None = None,
        notation: int = NOTATION,
    ) -> None:
        """Use these words.

        ranges: the lowest and the highest MIDI pitch of each voice, from the soprano down.
        meters, keys, tempos: what can be told of them; 4/4 always can.
        short_bars: the steps that a shortened bar can have; none: each half beat of 4/4.
        notation: which one the words are of; only the present one is known.

        Raises: UserError for ranges that are none, a metre that whole steps cannot count, or
            another notation.
        """
        if notation != NOTATION:
            raise UserError(
                f"the four voices are written in notation {notation}, of another version of naepo, "
                f"expected {NOTATION}",
                hint="train again: naepo train bach",
            )
        self.steps_per_quarter = steps_per_quarter
        self.ranges = tuple((int(low), int(high)) for low, high in ranges)
        self.meters = tuple(dict.fromkeys((PLAIN, *((int(b), int(u)) for b, u in meters))))
        self.keys = tuple((int(fifths), str(mode)) for fifths, mode in keys)
        self.tempos = tuple(tempos)
        self.short_bars = tuple(half_beats(steps_per_quarter) if short_bars is None else short_bars)
        self._check()
        self._grid = GridWords(
            self.ranges, self.meters, self.keys, self.tempos, self.short_bars, steps_per_quarter
        )
        super().__init__(self._grid.words, line_ends=[BAR])
        self._pitches = np.array(self._grid.pitches)
        self._moved: dict[int, Ids] = {}

    @classmethod
    def fit(cls, scores: Iterable[Score], *, steps_per_quarter: int = 4) -> "GridEncoder":
        """Take the pitch range of each voice, and the metres, keys and tempos that the scores use.

        Ranges are widened, so that any transposition by -6 to +5 semitones stays inside. Scores
        that are not four voices are passed over; `accepts` says of each whether it can be told.
        """
        gathered = GridFit(steps_per_quarter)
        for score in scores:
            gathered.add(score)
        return cls(**gathered.settings())

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments of `__init__`, with the kind."""
        return {
            "kind": self.kind,
            "notation": NOTATION,
            "steps_per_quarter": self.steps_per_quarter,
            "ranges": [list(pair) for pair in self.ranges],
            "meters": [list(pair) for pair in self.meters],
            "keys": [list(pair) for pair in self.keys],
            "tempos": list(self.tempos),
            "short_bars": list(self.short_bars),
        }

    @property
    def ticks_per_quarter(self) -> int:
        """The steps of a quarter note."""
        return self.steps_per_quarter

    def accepts(self, score: Score) -> bool:
        """Whether `write` can tell this piece: at most four parts, each of one note at a time."""
        try:
            self.kept(score)
        except UserError:
            return False
        return bool(score.notes)

    def kept(self, score: Score) -> Score:
        """Give what of a piece this notation holds: `read(write(score)) == kept(score)`.

        Raises: UserError for what it cannot hold at all.
        """
        voiced, bars = self._laid_out(score)
        return Score(
            self.steps_per_quarter,
            PARTS,
            tuple(replace(note, velocity=80) for note in voiced.notes),
            tempos=tuple(Tempo(bar.onset, float(self._tempo(bar))) for bar in bars if bar.tempo),
            meters=tuple(bar.meter for bar in bars if bar.meter),
            keys=tuple(replace(bar.key, onset=bar.onset) for bar in bars if bar.key),
        )

    def write(self, score: Score) -> str:
        """Write a piece in words. Raises: UserError for what this notation cannot hold."""
        voiced, bars = self._laid_out(score)
        raster = rasterise(voiced)
        steps = self._grid.sung(raster.pitches, raster.is_onset)
        pieces: list[Ids] = []
        for bar in bars:
            pieces.append(np.array(self._signs(bar), dtype=np.int64))
            pieces += self._beats(bar, steps)
        return self.decode(np.concatenate(pieces)) if pieces else ""

    def read(self, notation: str) -> Score:
        """Read a piece. It may begin, and stop, in the middle of a bar or a step.

        What begins in the middle says nothing of its metre: as many steps as most of its bars have
        decide it. A voice that a step does not tell is silent there.

        Raises: UserError for words that are none, or stand where they cannot, with the place.
        """
        ids = self.encode(notation).tolist()
        try:
            signs = read_signs(self._grid, ids, self.steps_per_quarter)
        except Misplaced as error:
            raise misplaced(notation, error.number, error.reason) from None
        notes, _ = scan(self._grid, ids)
        return Score(
            self.steps_per_quarter,
            PARTS,
            tuple(notes),
            tuple(signs.tempos),
            tuple(signs.meters),
            tuple(signs.keys),
        )

    def grammar(self) -> GridGrammar:
        """Give the rules of a new piece."""
        return GridGrammar(self._grid, self.steps_per_quarter)

    def soundings(self, ids: Sequence[int]) -> list[Sounding | None]:
        """Give the note of each id; None for marks, signs and silence. Time begins with the ids."""
        known = check_ids(ids, self.vocab_size).tolist()
        notes, owners = scan(self._grid, known)
        step = Fraction(1, self.steps_per_quarter)
        heard = [Sounding(n.onset * step, n.duration * step, n.pitch, n.part) for n in notes]
        return [heard[owner] if owner >= 0 else None for owner in owners]

    def transposed(self, ids: IdsLike, semitones: int) -> Ids | None:
        """Move every pitch, and the key; None when one would leave its voice's range."""
        if semitones not in self._moved:
            self._moved[semitones] = self._grid.moved(semitones)
        known = check_ids(ids, self.vocab_size)
        moved = self._moved[semitones][known]
        if (moved < 0).any():
            return None
        pitches = self._pitches[moved]
        voices = np.where(pitches == SILENT, -1, voices_of(self._grid, known))
        for voice, (low, high) in enumerate(self.ranges):
            own = pitches[voices == voice]
            if len(own) and not low <= own.min() <= own.max() <= high:
                return None
        return moved

    @property
    def is_note(self) -> NDArray[np.bool_]:
        """For each id, whether a voice sings it: a pitch, or silence. Shape (vocab_size,)."""
        return self._grid.is_note

    @property
    def pitches(self) -> NDArray[np.int64]:
        """For each id, the MIDI pitch of its note; `SILENT` where none sounds. (vocab_size,)"""
        return self._pitches

    def voices(self, ids: IdsLike) -> Ids:
        """Give the voice of each id, 0 (soprano) to 3 (bass), by its place; -1 for marks and signs.

        The ids begin a piece or a bar, or hold a mark that tells where their first step is cut.
        """
        return voices_of(self._grid, check_ids(ids, self.vocab_size).tolist())

    def _laid_out(self, score: Score) -> tuple[Score, list[Bar]]:
        """Give the piece in four voices on steps, and its bars, once all of it can be told."""
        voiced = on_steps(in_voices(score, self.ranges), self.steps_per_quarter)
        voiced = replace(voiced, meters=self._told_meters(voiced))
        for note in voiced.notes:
            low, high = self.ranges[note.part]
            if not low <= note.pitch <= high:
                raise UserError(
                    f"the {PARTS[note.part].name.lower()} of this encoder sings from {low} to "
                    f"{high} (MIDI pitches), got {note.pitch} at step {note.onset}",
                    hint="transpose the piece",
                )
        for meter in voiced.meters:
            if meter.onset < voiced.end and (meter.beats, meter.unit) not in self.meters:
                raise UserError(
                    f"this encoder has no metre {meter.beats}/{meter.unit}",
                    hint="it has " + ", ".join(f"{beats}/{unit}" for beats, unit in self.meters),
                )
        bars = list(bars_of(voiced))
        for bar in bars:
            self._check_bar(bar)
        return voiced, bars

    def _told_meters(self, score: Score) -> tuple[Meter, ...]:
        """Leave out a metre that stands for one bar only, as an upbeat of 1/4, and has no word.

        The metre after it then cuts that bar short, which there are words for.
        """
        told = []
        for meter, following in zip(score.meters, [*score.meters[1:], None], strict=False):
            length, _ = bar_steps(meter.beats, meter.unit, self.steps_per_quarter) or (0, 0)
            is_one_bar = following is not None and following.onset - meter.onset <= length
            if (meter.beats, meter.unit) in self.meters or not is_one_bar:
                told.append(meter)
        return tuple(told)

    def _check_bar(self, bar: Bar) -> None:
        if bar.length < bar.full and bar.length not in self.short_bars:
            raise UserError(
                f"this encoder has no bar of {bar.length} steps, as the one at step {bar.onset} is",
                hint=f"it has {self.short_bars}, and whole bars",
            )
        if bar.key and (bar.key.fifths, bar.key.mode) not in self.keys:
            raise UserError(f"this encoder has no key of {bar.key.fifths} sharps, {bar.key.mode}")

    def _signs(self, bar: Bar) -> list[int]:
        grid = self._grid
        ids = []
        if bar.meter:
            ids.append(grid.meter_ids[bar.meter.beats, bar.meter.unit])
        if bar.key:
            ids.append(grid.key_ids[bar.key.fifths, bar.key.mode])
        if bar.tempo and self.tempos:
            ids.append(grid.tempo_ids[self._tempo(bar)])
        if bar.length < bar.full:
            ids.append(grid.short_ids[bar.length])
        return ids

    def _tempo(self, bar: Bar) -> int:
        assert bar.tempo is not None
        return metronome(bar.tempo.quarters_per_minute, self.tempos)

    def _beats(self, bar: Bar, steps: Ids) -> Iterable[Ids]:
        """Give the steps of one bar, shape (n_ids,) for each beat, with the mark after it."""
        end = min(bar.onset + bar.length, len(steps))
        start = bar.onset
        while start < end:
            done = bar.full - bar.length + start - bar.onset
            stop = min(start + bar.beat - done % bar.beat, bar.onset + bar.length)
            mark = self._grid.bar_id if stop == bar.onset + bar.length else self._grid.beat_id
            is_last = stop > end or (stop == end and mark == self._grid.beat_id)
            marks = [] if is_last else [mark]
            yield np.array([*steps[start : min(stop, end)].ravel().tolist(), *marks])
            start = stop

    def _check(self) -> None:
        if self.steps_per_quarter < 1:
            raise UserError(f"steps_per_quarter must be at least 1, got {self.steps_per_quarter}")
        is_range = [LOWEST <= low <= high <= HIGHEST for low, high in self.ranges]
        if len(self.ranges) != len(VOICES) or not all(is_range):
            raise UserError(f"ranges must be four pairs of MIDI pitches, got {self.ranges}")
        for beats, unit in self.meters:
            if bar_steps(beats, unit, self.steps_per_quarter) is None:
                raise UserError(
                    f"the metre {beats}/{unit} has no whole number of steps",
                    hint="use more steps_per_quarter",
                )
