"""The rules of event notations: which word may follow the words so far.

They are miditok's graphs of token types, and what these leave open: time does not go back, a note
stops only where one sounds, and nothing ends before it is whole.
"""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError
from naepo.encode.music.event_clock import Clock
from naepo.encode.music.event_words import BEGINS, DRUMS, STOPS, EventWords, Role

NOTE = (Role.PITCH, Role.DRUM, Role.ON, Role.DRUM_ON, Role.OFF, Role.DRUM_OFF)
DRUM_ROLES = (Role.DRUM, Role.DRUM_ON, Role.DRUM_OFF)
WHOLE = (Role.DURATION, Role.OFF, Role.DRUM_OFF, Role.TEMPO, Role.KEY, Role.METER)
"""After these a piece may end, when no note sounds on."""

Following = Mapping[Role, tuple[Role, ...]]


def following(kind: str, words: EventWords) -> Following:
    """Say which roles may come after each one; the beginning is as after the end."""
    has = set(words.roles)
    begin = (Role.PROGRAM,) if Role.PROGRAM in has else NOTE
    is_on_off = Role.ON in has
    after_note = {
        "remi": (*begin, Role.POSITION, Role.BAR),
        "tsd": (*begin, Role.SHIFT),
        "midi-like": (*begin, Role.SHIFT),
        "structured": (Role.SHIFT,),
    }[kind]
    # What a sign may be followed by: later signs, then what begins or goes on.
    goes_on = after_note if kind != "structured" else begin
    meter = (Role.POSITION, Role.BAR) if kind == "remi" else (Role.TEMPO, Role.KEY, *goes_on)
    shift = begin if kind == "structured" else (Role.SHIFT, Role.METER, *meter)
    last = after_note if is_on_off else (Role.DURATION,)
    starts = {"remi": (Role.BAR,), "structured": (Role.SHIFT,)}
    table: dict[Role, tuple[Role, ...]] = {
        Role.END: starts.get(kind, shift),
        Role.BAR: (Role.METER,),
        Role.POSITION: (Role.TEMPO, Role.KEY, *begin),
        Role.SHIFT: shift,
        Role.METER: meter,
        Role.TEMPO: (Role.KEY, *goes_on),
        Role.KEY: goes_on,
        Role.PROGRAM: NOTE,
        Role.VELOCITY: last,
        Role.DURATION: after_note,
    }
    table |= dict.fromkeys(BEGINS, (Role.VELOCITY,) if Role.VELOCITY in has else last)
    table |= dict.fromkeys(STOPS, after_note)
    return {role: tuple(r for r in roles if r in has) for role, roles in table.items()}


class EventGrammar:
    """What may follow, by the last word and by where time stands."""

    def __init__(self, words: EventWords, table: Following) -> None:
        self._words = words
        self.table = table
        self._clock = Clock(words)
        self._last = Role.END
        self._has_note = False

    def copy(self) -> "EventGrammar":
        """Give another that goes on from here on its own."""
        other = EventGrammar(self._words, self.table)
        other._clock = self._clock.copy()
        other._last, other._has_note = self._last, self._has_note
        return other

    def allowed(self) -> NDArray[np.bool_]:
        """Give, for each id, whether it may come next, shape (vocab_size,); never all False."""
        words, clock = self._words, self._clock
        roles = self.table[self._last]
        plain = tuple(role for role in roles if role is not Role.POSITION and role not in STOPS)
        if self._last is Role.PROGRAM:
            plain = tuple(r for r in plain if (r in DRUM_ROLES) == (clock.program == DRUMS))
        mask = words.of(*plain).copy()
        if Role.SHIFT in roles or Role.DURATION in roles:
            mask &= words.on_grid(clock.meter[1])
        if Role.POSITION in roles:
            end = words.bar_ticks(clock.meter)
            mask |= words.positions(clock.meter[1], clock.position, end)
        if any(role in STOPS for role in roles):
            mask[self._stops()] = True
        mask[words.end_id] = self._may_end
        return mask

    def permits(self, id: int) -> bool:
        """Whether one id may come next: the same as `allowed`, where only a few are asked for."""
        words, clock = self._words, self._clock
        role = words.roles[id]
        if role is Role.END:
            return self._may_end
        if role not in self.table[self._last]:
            return False
        if self._last is Role.PROGRAM and (role in DRUM_ROLES) != (clock.program == DRUMS):
            return False
        if role is Role.POSITION:
            inside = clock.position < words.ticks(clock.meter[1])[id] < words.bar_ticks(clock.meter)
            return inside and bool(words.on_grid(clock.meter[1])[id])
        if role is Role.SHIFT or role is Role.DURATION:
            return bool(words.on_grid(clock.meter[1])[id])
        if role in STOPS:
            queue = clock.sounding.get((clock.program, words.values[id]), [])
            return bool(queue) and queue[0][0] < clock.tick
        return True

    def advance(self, id: int) -> None:
        """Read one more id. Raises: UserError for one that was not allowed."""
        words = self._words
        if not 0 <= id <= words.end_id or not self.permits(id):
            name = words.words[id] if 0 <= id < words.end_id else f"id {id}"
            may = ", ".join(role.value for role in self.table[self._last])
            after = self._last.value if self._last is not Role.END else "the beginning"
            raise UserError(f"{name!r} cannot come next", hint=f"after {after} may come {may}")
        self.read(id)

    def read(self, id: int) -> None:
        """Read one more id, known to be allowed."""
        words = self._words
        role = words.roles[id]
        self._clock.read(id)
        self._sound(role, words.values[id])
        self._has_note = role is not Role.END and (self._has_note or role in BEGINS)
        self._last = role

    def key(self) -> Hashable:
        """Give all that decides what may follow: with equal keys, the same may, for ever."""
        clock = self._clock
        sounding = {
            (name, onset < clock.tick)
            for name, notes in clock.sounding.items()
            for onset, _ in notes
        }
        place = (clock.meter, clock.position, clock.program)
        return self._last, self._has_note, place, tuple(sounding)

    @property
    def _may_end(self) -> bool:
        return self._last in WHOLE and self._has_note and not self._clock.sounding

    def _sound(self, role: Role, value: Any) -> None:
        """Keep which notes sound on, in notations that say so by two words."""
        clock = self._clock
        name = (clock.program, value)
        if role in (Role.ON, Role.DRUM_ON):
            clock.sounding.setdefault(name, []).append((clock.tick, -1))
        elif role in STOPS:
            clock.sounding[name].pop(0)
            if not clock.sounding[name]:
                del clock.sounding[name]

    def _stops(self) -> list[int]:
        """Give the ids that stop a note which sounds here, and has done so for at least a tick."""
        words, clock = self._words, self._clock
        name = Role.DRUM_OFF if clock.program == DRUMS else Role.OFF
        ids = [
            words.id_of(f"{name.value}_{pitch}")
            for (program, pitch), queue in clock.sounding.items()
            if program == clock.program and queue[0][0] < clock.tick
        ]
        return [id for id in ids if id is not None]
