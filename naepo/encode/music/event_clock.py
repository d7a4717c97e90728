"""What event words add up to: where time stands, and which notes they tell."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from naepo.encode.music.event_words import BEGINS, DRUMS, STOPS, EventWords, Role
from naepo.encode.music.score import Key, Meter, Tempo

PLAIN = (4, 4)


@dataclass
class Clock:
    """Where the words so far have come to, in ticks.

    position: the place in the bar that was told last, -1 for none.  sounding: of notes that begin
    and stop by two words, those that have not stopped: the onsets, the earliest first, and the
    numbers of these notes, by (program, pitch).
    """

    words: EventWords
    tick: int = 0
    bar_start: int = 0
    position: int = -1
    has_bar: bool = False
    meter: tuple[int, int] = PLAIN
    program: int = 0
    sounding: dict[tuple[int, int], list[tuple[int, int]]] = field(default_factory=dict)

    def copy(self) -> "Clock":
        """Give another that goes on on its own."""
        sounding = {key: list(notes) for key, notes in self.sounding.items()}
        return Clock(
            self.words,
            self.tick,
            self.bar_start,
            self.position,
            self.has_bar,
            self.meter,
            self.program,
            sounding,
        )

    def read(self, id: int) -> None:
        """Move time, or take note of a metre or a program."""
        role, value = self.words.roles[id], self.words.values[id]
        if role is Role.BAR:
            self._next_bar()
        elif role is Role.POSITION:
            self.position = self.words.ticks(self.meter[1])[id]
            self.tick = self.bar_start + self.position
        elif role is Role.SHIFT:
            self.tick += self.words.ticks(self.meter[1])[id]
        elif role is Role.METER:
            self.meter = value
        elif role is Role.PROGRAM:
            self.program = value
        elif role is Role.END:
            self.sounding, self.has_bar, self.position = {}, False, -1
            self.bar_start, self.meter, self.program = self.tick, PLAIN, 0

    def _next_bar(self) -> None:
        if self.has_bar or self.position >= 0:
            self.bar_start += self.words.bar_ticks(self.meter)
        self.tick, self.position, self.has_bar = self.bar_start, -1, True


@dataclass
class Heard:
    """A note that words told. program: -1 for drums; end: None while it has not stopped."""

    onset: int
    program: int
    pitch: int
    velocity: int | None
    end: int | None = None
    ids: list[int] = field(default_factory=list)


@dataclass
class Performance:
    """All that the words of a piece tell. Nothing is refused: what is incomplete tells nothing."""

    clock: Clock
    notes: list[Heard] = field(default_factory=list)
    tempos: list[Tempo] = field(default_factory=list)
    meters: list[Meter] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    _begun: Heard | None = None
    _program_at: int = -1

    def read(self, ids: Iterable[int]) -> "Performance":
        """Read words; `ids` of a note are their numbers, from 0."""
        words, clock = self.clock.words, self.clock
        last_end = 0
        for number, id in enumerate(ids):
            role, value = words.roles[id], words.values[id]
            if role is Role.END:
                self._stop_all()
                last_end = max([clock.tick, *(note.end or 0 for note in self.notes)])
            clock.read(id)
            if role is Role.END:
                clock.tick = clock.bar_start = last_end
            elif role is Role.PROGRAM:
                self._program_at = number
            elif role is Role.VELOCITY or role is Role.DURATION:
                self._complete(role, value, number, id)
                continue
            elif role in BEGINS:
                self._begin(role, value, number)
                continue
            elif role in STOPS:
                self._stop(value, number)
            else:
                self._sign(role, value)
            self._begun = None
        self._stop_all()
        return self

    def _begin(self, role: Role, pitch: int, number: int) -> None:
        clock = self.clock
        program = DRUMS if role in (Role.DRUM, Role.DRUM_ON) else clock.program
        ids = [number] if self._program_at != number - 1 else [number - 1, number]
        self._begun = Heard(clock.tick, program, pitch, None, ids=ids)
        if role in (Role.ON, Role.DRUM_ON):
            self.notes.append(self._begun)
            queue = clock.sounding.setdefault((program, pitch), [])
            queue.append((clock.tick, len(self.notes) - 1))

    def _complete(self, role: Role, value: Any, number: int, id: int) -> None:
        if self._begun is None:
            return
        self._begun.ids.append(number)
        if role is Role.VELOCITY:
            self._begun.velocity = value
            return
        ticks = self.clock.words.ticks(self.clock.meter[1])[id]
        self._begun.end = self._begun.onset + max(1, ticks)
        self.notes.append(self._begun)
        self._begun = None

    def _stop(self, pitch: int, number: int) -> None:
        """Stop the earliest note of this pitch, as miditok does."""
        queue = self.clock.sounding.get((self.clock.program, pitch), [])
        if queue:
            note = self.notes[queue.pop(0)[1]]
            note.end = max(self.clock.tick, note.onset + 1)
            note.ids += [number] if self._program_at != number - 1 else [number - 1, number]

    def _stop_all(self) -> None:
        """Stop what still sounds where time stands; what only just began tells nothing."""
        for queue in self.clock.sounding.values():
            for onset, number in queue:
                self.notes[number].end = self.clock.tick if self.clock.tick > onset else None
        self.clock.sounding = {}

    def _sign(self, role: Role, value: object) -> None:
        tick = self.clock.tick
        if role is Role.TEMPO and isinstance(value, float):
            self.tempos.append(Tempo(tick, value))
        elif role is Role.KEY and isinstance(value, tuple):
            self.keys.append(Key(tick, *value))
        elif role is Role.METER and isinstance(value, tuple):
            last = self.meters[-1] if self.meters else None
            if last is None or (last.beats, last.unit) != value:
                self.meters.append(Meter(tick, *value))
