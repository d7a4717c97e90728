"""The rules of the four-voice grid: which word may follow the words so far."""

from collections.abc import Hashable
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError
from naepo.encode.music.grid_bars import PLAIN, bar_steps
from naepo.encode.music.grid_words import SIGNS, GridWords, Role
from naepo.encode.music.voices import PARTS, SILENT
from naepo.encode.music.words import spell

NO_SIGN = 0
UNKNOWN = -2
"""What a voice sang before a window began."""


class GridGrammar:
    """Four voices in their order, marks where the metre has them, nothing held that was not sung.

    A piece ends only after a whole step. At the beginning of a bar may stand, in this order, a
    metre, a key, a tempo, and how short the bar is.

    is_loose: for reading what may begin in the middle of a piece. Until the first metre nothing is
    known of the bars, so marks may stand after any step; the first step may lack voices, and hold;
    nor is it known for sure who sings, so pitches may leave their voice's range.
    first_voice: who sings first, 0 (soprano) to 3 (bass).
    """

    def __init__(
        self,
        words: GridWords,
        steps_per_quarter: int,
        *,
        is_loose: bool = False,
        first_voice: int = 0,
    ) -> None:
        self._words = words
        self._plain = bar_steps(*PLAIN, steps_per_quarter) or (1, 1)
        self.is_loose = is_loose
        self._begin()
        self._voice = first_voice

    def _begin(self) -> None:
        self.full, self.beat = self._plain
        self.length = self.full
        self.n_steps = 0
        self._last = [UNKNOWN if self.is_loose else SILENT] * len(PARTS)
        self._voice = 0
        self._in_bar = 0
        self._sign: int = NO_SIGN
        self._due: Role | None = None

    def copy(self) -> "GridGrammar":
        """Give another that goes on from here on its own."""
        other = copy(self)
        other._last = list(self._last)
        return other

    def allowed(self) -> NDArray[np.bool_]:
        """Give, for each id, whether it may come next, shape (vocab_size,); never all False."""
        words = self._words
        if self._due is not None:
            mask = np.zeros(len(words.roles), dtype=np.bool_)
            mask[words.bar_id if self._due is Role.BAR else words.beat_id] = True
        else:
            mask = words.onsets[self._voice].copy()
            if self._last[self._voice] != SILENT:
                mask[words.hold_id(self._last[self._voice])] = True
            if self._is_bar_start:
                mask |= words.signs_after(self._sign, self.full)
        mask[words.end_id] = self._may_end
        return mask

    def advance(self, id: int) -> None:
        """Read one more id. Raises: UserError for one that was not allowed."""
        reason = self.refusal(id)
        if reason is not None:
            name = self._words.words[id] if 0 <= id < self._words.end_id else f"id {id}"
            raise UserError(f"{name!r} cannot come next: {reason}")
        self.read(id)

    def read(self, id: int) -> None:
        """Read one more id of which `refusal` was asked."""
        words, role = self._words, self._words.roles[id]
        if role is Role.VOICE:
            self._sing(words.pitches[id])
        elif role is Role.END:
            self._begin()
        elif role in SIGNS:
            self._sign = role
            self._read_sign(role, words.values[id])
        else:
            self._due = None
            if role is Role.BAR:
                self._in_bar, self.length, self._sign = 0, self.full, NO_SIGN

    def refusal(self, id: int) -> str | None:
        """Say why an id may not come next; None when it may. The same as `allowed`, in words."""
        if not 0 <= id < len(self._words.roles):
            return f"no such id, expected 0 to {self._words.end_id}"
        role = self._words.roles[id]
        if role is Role.VOICE:
            return self._refuse_voice(id)
        if role is Role.END:
            return None if self._may_end else "a piece ends only after a whole step"
        if role in SIGNS:
            return self._refuse_sign(id, role)
        is_free = self.is_loose and self._voice == 0
        return None if self._due is role or is_free else self._refuse_mark()

    def permits(self, id: int) -> bool:
        """Whether one id may come next."""
        return self.refusal(id) is None

    def key(self) -> Hashable:
        """Give all that decides what may follow: with equal keys, the same may, for ever."""
        bar = (self.full, self.beat, self.length, self._in_bar, self._sign, self._due)
        return tuple(self._last), self._voice, self.n_steps > 0, self.is_loose, bar

    @property
    def voice(self) -> int:
        """Who sings next, 0 (soprano) to 3 (bass); a mark or a sign may come before."""
        return self._voice

    @property
    def is_between_steps(self) -> bool:
        """Whether all four voices have sung, or none yet."""
        return self._voice == 0

    @property
    def _is_bar_start(self) -> bool:
        return self._voice == 0 and self._in_bar == 0 and self._due is None

    @property
    def _may_end(self) -> bool:
        has_open_signs = self._in_bar == 0 and self._sign != NO_SIGN
        return self._voice == 0 and self.n_steps > 0 and not has_open_signs

    def _refuse_voice(self, id: int) -> str | None:
        words, pitch = self._words, self._words.pitches[id]
        if self._due is not None:
            return f"the mark {words.words[self._mark_id]!r} is due"
        if words.is_hold[id]:
            is_sung = self._last[self._voice] in (pitch, UNKNOWN)
            return None if is_sung else "only the pitch of the step before can be held"
        if not self.is_loose and not words.onsets[self._voice][id]:
            low, high = map(spell, words.ranges[self._voice])
            return f"the {self._name} sings from {low} to {high}"
        return None

    @property
    def _name(self) -> str:
        return PARTS[self._voice].name.lower()

    def _refuse_sign(self, id: int, role: Role) -> str | None:
        if not self._is_bar_start:
            return "signs stand at the beginning of a bar"
        if role <= self._sign:
            return "signs stand in the order metre, key, tempo, short bar, each once"
        if role is Role.SHORT and not self.is_loose and self._words.values[id] >= self.full:
            return f"a short bar has less than {self.full} steps here"
        return None

    def _refuse_mark(self) -> str:
        if self._voice:
            return f"the {self._name} comes next"
        if self._due is not None:
            return f"the mark {self._words.words[self._mark_id]!r} is due"
        return f"after {self._in_bar} steps of a bar of {self.length} no such mark is due"

    @property
    def _mark_id(self) -> int:
        return self._words.bar_id if self._due is Role.BAR else self._words.beat_id

    def _read_sign(self, role: Role, value: Any) -> None:
        if role is Role.METER:
            self.full, self.beat = self._words.steps_of[value]
            self.length = self.full
            self.is_loose = False
        elif role is Role.SHORT:
            self.length = value

    def _sing(self, pitch: int) -> None:
        self._last[self._voice] = pitch
        self._voice = (self._voice + 1) % len(PARTS)
        if self._voice:
            return
        self.n_steps += 1
        self._in_bar += 1
        if self.is_loose:
            return
        if self._in_bar == self.length:
            self._due = Role.BAR
        elif (self.full - self.length + self._in_bar) % self.beat == 0:
            self._due = Role.BEAT
