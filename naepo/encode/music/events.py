"""Event notations of miditok: REMI, TSD, MIDI-like and Structured, with our contract around them.

    Bar_None
    TimeSig_4/4 Position_0 Tempo_100.0 Program_0 Pitch_67 Velocity_80 Duration_1.0.8 ...

miditok writes the tokens; reading them, and the grammar, are ours, so that any words can be read
that the grammar allows, wherever they were cut. Only notations of one id a token are here: CPWord,
Octuple and MuMIDI tell several at once, which one row of logits cannot draw; MMM writes part after
part, so that what is drawn next is not what sounds next; PerTok tells times twice, and Beat is no
stream of notes.

Sources: MidiTok (Fradet et al. 2021, arXiv:2310.17202); REMI (Huang and Yang 2020,
arXiv:2002.00212); MIDI-like (Oore et al. 2018, arXiv:1808.03715); Structured (Hadjeres and Crestel
2021, arXiv:2107.05944); TSD (Fradet et al. 2023, arXiv:2301.11975).
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any

from naepo.config import UserError, did_you_mean
from naepo.encode.encoder import Ids
from naepo.encode.explain import IdsLike, check_ids
from naepo.encode.music.encoder import Sounding
from naepo.encode.music.event_clock import PLAIN, Clock, Heard, Performance
from naepo.encode.music.event_grammar import EventGrammar, following
from naepo.encode.music.event_parts import assign_programs, checked, without_defaults
from naepo.encode.music.event_scale import measured
from naepo.encode.music.event_words import DRUMS, EventWords, Role
from naepo.encode.music.miditok_engine import CLASSES, Scale, make_tokenizer, tokens_of, words_of
from naepo.encode.music.score import Note, Part, Score
from naepo.encode.music.words import WordEncoder

if TYPE_CHECKING:
    from miditok import MusicTokenizer

KINDS = tuple(CLASSES)
METERS = ((2, 4), (3, 4), (4, 4), (6, 8))
TEMPOS = tuple(range(60, 184, 4))
LINE_ENDS = ("Bar_", "TimeShift_")
"""After these a new line begins: a line a bar, or where there are no bars, a line an onset."""


class EventEncoder(WordEncoder):
    """One of miditok's notations.

    It keeps onsets, durations, pitches, velocities (if it has words for them), metre, tempo and
    key, to its grid and its ranges. Parts come back by their programs: each part is told by its
    own, or by the nearest that no other part has, and they come back in the order of programs,
    drums last. So four pianos become programs 0, 1, 2, 3, and stay four parts.

    It does not keep: titles and names; what `Structured` has no words for (metre, tempo, key);
    a metre that is told twice; and where two notes of one pitch overlap in one part, MIDI-like ends
    the earlier one first.
    """

    def __init__(
        self,
        kind: str,
        *,
        ticks_per_quarter: int = 8,
        longest: int = 8,
        pitches: Sequence[int] = (21, 108),
        drums: Sequence[int] | None = None,
        programs: Sequence[int] = (0, 1, 2, 3),
        velocity: int | None = None,
        tempos: Sequence[int] = TEMPOS,
        meters: Sequence[Sequence[int]] = METERS,
        has_keys: bool = False,
    ) -> None:
        """Use these words.

        kind: one of `KINDS`.  longest: the longest duration that has a word, in quarter notes;
        a longer note is cut.  pitches, drums: lowest and highest, MIDI.  programs: what parts can
        be told by, -1 is drums; none: pieces of one part only.  velocity: what all notes have; none
        tells each.  tempos: those that have a word, quarters a minute; others become the nearest.
        meters: (beats, unit) of each metre; none tells no metre, but for REMI, whose bars need it.

        Raises: UserError for a kind that is none, or a grid that a metre's beats do not fit.
        """
        if kind not in KINDS:
            raise UserError(f"no such notation: {kind!r}", hint=did_you_mean(kind, KINDS))
        self.kind = kind
        self.velocity = velocity
        self._ticks_per_quarter = ticks_per_quarter
        self.longest = longest
        self.meters = tuple(
            (int(b), int(u)) for b, u in meters or (METERS if kind == "remi" else ())
        )
        units = [unit for _, unit in self.meters] or [4]
        if any(4 * ticks_per_quarter % unit for unit in units):
            raise UserError(
                f"{ticks_per_quarter} ticks to a quarter note cannot count 1/{max(units)} notes",
                hint="use a multiple of it",
            )
        self.scale = Scale(
            kind=kind,
            positions_per_beat=ticks_per_quarter * max(1, 4 // min(units)),
            longest_beats=ceil(longest * max(units) / 4),
            pitches=(pitches[0], pitches[1]),
            drums=None if drums is None else (drums[0], drums[1]),
            programs=tuple(programs),
            has_velocities=velocity is None,
            tempos=tuple(sorted(tempos)),
            meters=self.meters,
            has_keys=has_keys,
        )
        every = EventWords(
            words_of(self._tokenizer),
            positions_per_beat=self.scale.positions_per_beat,
            ticks_per_quarter=ticks_per_quarter,
        )
        self._events = every.useful(self.meters or (PLAIN,), longest, self.scale.tempos)
        words = self._events.words
        self._following = following(kind, self._events)
        self._moved: dict[int, Ids] = {}
        super().__init__(words, line_ends=[w for w in words if w.startswith(LINE_ENDS)])

    @classmethod
    def fit(cls, kind: str, scores: Iterable[Score]) -> "EventEncoder":
        """Take the grid, the ranges and the signs that the scores use; see `event_scale`."""
        return cls(kind, **measured(kind, scores))

    @cached_property
    def _tokenizer(self) -> "MusicTokenizer":
        return make_tokenizer(self.scale)

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        scale = self.scale
        return {
            "kind": self.kind,
            "ticks_per_quarter": self.ticks_per_quarter,
            "longest": self.longest,
            "pitches": list(scale.pitches),
            "drums": None if scale.drums is None else list(scale.drums),
            "programs": list(scale.programs),
            "velocity": self.velocity,
            "tempos": list(scale.tempos),
            "meters": [list(meter) for meter in self.meters],
            "has_keys": scale.has_keys,
        }

    @property
    def ticks_per_quarter(self) -> int:
        """The grid that times are told on, in every metre."""
        return self._ticks_per_quarter

    def accepts(self, score: Score) -> bool:
        """Whether `write` can tell this piece."""
        try:
            checked(score, self.scale, self.ticks_per_quarter, self.longest)
        except UserError:
            return False
        return bool(score.notes)

    def write(self, score: Score) -> str:
        """Write a piece in words. Raises: UserError for what this notation cannot hold."""
        if not score.notes:
            return ""
        known = checked(score, self.scale, self.ticks_per_quarter, self.longest)
        programs = assign_programs(known, self.scale.programs)
        tokens = tokens_of(self._tokenizer, known, programs)
        words = without_defaults(tokens, known)
        return "".join([self._texts[self._id_of[word]] for word in words])

    def read(self, notation: str) -> Score:
        """Read a piece; it may begin and stop anywhere. What is incomplete tells nothing.

        Raises: UserError for words that are none, with the place.
        """
        ids = self.encode(notation).tolist()
        told = Performance(self._start(ids)).read(ids)
        notes = [note for note in told.notes if note.end is not None]
        programs = sorted({note.program for note in notes}, key=_drums_last)
        parts = {program: number for number, program in enumerate(programs)}
        return Score(
            self.ticks_per_quarter,
            tuple(Part("", max(program, 0), program == DRUMS) for program in programs) or (Part(),),
            tuple(self._note(note, parts[note.program]) for note in notes),
            tuple(told.tempos),
            tuple(told.meters),
            tuple(told.keys),
        )

    def grammar(self) -> EventGrammar:
        """Give the rules of a new piece."""
        return EventGrammar(self._events, self._following)

    def soundings(self, ids: Sequence[int]) -> list[Sounding | None]:
        """Give the note of each id; part is the place of its program among all that have words."""
        known = check_ids(ids, self.vocab_size).tolist()
        found: list[Sounding | None] = [None] * len(known)
        order = sorted(self.scale.programs or (0,), key=_drums_last)
        part_of = {program: number for number, program in enumerate(order)}
        for heard in Performance(self._start(known)).read(known).notes:
            if heard.end is None:
                continue
            note = self._note(heard, part_of.get(heard.program, 0))
            tick = Fraction(1, self.ticks_per_quarter)
            sounding = Sounding(note.onset * tick, note.duration * tick, note.pitch, note.part)
            for number in heard.ids:
                found[number] = sounding
        return found

    def transposed(self, ids: IdsLike, semitones: int) -> Ids | None:
        """Move every pitch but the drums', and the key; None when one would leave the range."""
        if semitones not in self._moved:
            self._moved[semitones] = self._events.moved(semitones)
        moved = self._moved[semitones][check_ids(ids, self.vocab_size)]
        return None if (moved < 0).any() else moved

    def _start(self, ids: Sequence[int]) -> Clock:
        """Where time stands before a text: one that begins within a bar is of its first metre."""
        clock, roles = Clock(self._events), self._events.roles
        first = next((id for id in ids if roles[id] is Role.METER), None)
        if self.kind == "remi" and first is not None and ids and roles[ids[0]] is not Role.BAR:
            clock.meter = self._events.values[first]
        return clock

    def _note(self, heard: Heard, part: int) -> Note:
        assert heard.end is not None
        velocity = heard.velocity or self.velocity or 80
        return Note(heard.onset, part, heard.pitch, heard.end - heard.onset, velocity)


def _drums_last(program: int) -> tuple[bool, int]:
    return program == DRUMS, program
