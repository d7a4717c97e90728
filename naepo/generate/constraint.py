"""What may come next: the rules of an encoder, and plans that demand more than the rules.

A constraint says which ids are allowed, and is told which one came. Forcing an id is allowing it
alone, so that a rule, a forced id and a free place are one thing to the sampler.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool
from numpy.typing import NDArray
from torch import Tensor

from naepo.encode.encoder import Encoder
from naepo.encode.music.bars import COMMON_TIME, length_of

Mask = NDArray[np.bool_]
"""For each id, whether it may come next, shape (vocab_size,)."""


@runtime_checkable
class Constraint(Protocol):
    """Which ids may follow the ids so far, of one text; the grammar of a music encoder is one."""

    def allowed(self) -> Mask:
        """Give, for each id, whether it may come next; never all False."""
        ...

    def advance(self, id: int) -> None:
        """Read one more id. Raises: UserError for one that was not allowed."""
        ...

    def copy(self) -> "Constraint":
        """Give another that goes on from here on its own."""
        ...


@runtime_checkable
class Ruled(Protocol):
    """What an encoder with rules has beyond others: text has none, music has."""

    @property
    def end_id(self) -> int: ...

    def grammar(self) -> Constraint:
        """Give the rules of a new piece."""
        ...


class Rules:
    """The grammar of an encoder over a text of many pieces: after each end id a new one begins."""

    def __init__(self, encoder: Ruled, grammar: Constraint | None = None) -> None:
        self.encoder = encoder
        self.grammar = encoder.grammar() if grammar is None else grammar

    def allowed(self) -> Mask:
        """Give what the piece that is being written allows."""
        return self.grammar.allowed()

    def advance(self, id: int) -> None:
        """Read one more id. Raises: UserError for one that was not allowed."""
        if id == self.encoder.end_id:
            self.grammar = self.encoder.grammar()
        else:
            self.grammar.advance(id)

    def copy(self) -> "Rules":
        """Give another that goes on from here on its own."""
        return Rules(self.encoder, self.grammar.copy())


def rules_after(encoder: Encoder, ids: Iterable[int]) -> Rules | None:
    """Give the rules of what follows `ids`; None for an encoder without rules, such as text.

    Raises: UserError when the ids break the rules themselves.
    """
    if not isinstance(encoder, Ruled):
        return None
    rules = Rules(encoder)
    for id in ids:
        rules.advance(int(id))
    return rules


@runtime_checkable
class Wish(Protocol):
    """What should not come next, where anything else may; it follows one text, as the rules do."""

    def unwanted(self) -> Mask:
        """Give, for each id, whether it is unwanted, shape (vocab_size,)."""
        ...

    def advance(self, id: int) -> None:
        """Read one more id."""
        ...

    def copy(self) -> "Wish":
        """Give another that goes on from here on its own."""
        ...


class Plan:
    """A grammar with a plan: some bars as the model likes, then one demand after another.

    n_bars: how many bars are free; the mark of the last one is read before the first demand. None:
        as many as there are until the end id.
    bar_marks: for each id, whether it stands between bars, shape (vocab_size,).
    closing: the ids that may close the last free bar, of the marks and the end id; none: all marks.
    upbeats: ids that say of a first bar that it is none of the n_bars.
    lengths: how long a bar is of the metre that an id says, 0 for what is none, (vocab_size,). When
        the second bar begins with a longer one than the first, the first is an upbeat, and none of
        the n_bars. None: no first bar is an upbeat by its metre.
    signs: ids that do not fill a bar; in an empty last bar the end may not come. None: the marks.
    demands: for each place after the free bars, the ids that may stand there (one, to force it), or
        None where the rules alone decide.
    never: ids that may not come in a free place.
    wish: what is left out as long as something else may come; see `avoiding`.

    A plan that is fulfilled allows the end id alone, for ever. So does one that has failed, because
    the rules contradict what it demands: nothing that still comes could be what was asked for.
    """

    def __init__(
        self,
        rules: Constraint,
        *,
        end_id: int,
        bar_marks: Mask,
        n_bars: int | None = 0,
        closing: Mask | None = None,
        upbeats: Mask | None = None,
        lengths: NDArray[np.float64] | None = None,
        signs: Mask | None = None,
        demands: Sequence[Sequence[int] | None] = (),
        never: Mask | None = None,
    ) -> None:
        self.rules = rules
        self.end_id = end_id
        self.bar_marks = bar_marks
        self.n_bars = n_bars
        nothing = np.zeros_like(bar_marks)
        self.upbeats = nothing if upbeats is None else upbeats
        self.lengths = np.zeros(len(bar_marks)) if lengths is None else lengths
        self._length = float(length_of(COMMON_TIME))
        self.signs = bar_marks if signs is None else signs
        self.never = nothing if never is None else never
        is_end = self._only([end_id])
        self._closes_last = (is_end | bar_marks) & ~(bar_marks if closing is None else closing)
        self._closes_early = is_end
        self.demands = demands
        self.n_met = 0
        self.n_read = 0
        self.is_over = False
        self.has_failed = False
        self.wish: Wish | None = None
        self.is_unwanted = False
        self._in_first_bar = True
        self._is_after_first = False
        self._is_empty = True
        self._look()

    def avoiding(self, wish: Wish) -> "Plan":
        """Give the same plan with a wish, which has read what was written before.

        What it does not want may still be demanded, or all that is left: `is_unwanted` tells of the
        id that came last.
        """
        twin = self.copy()
        twin.wish = wish
        twin._look()
        return twin

    @property
    def is_fulfilled(self) -> bool:
        """Whether nothing is left to write."""
        return self.is_over or (self.n_bars == 0 and self.n_met == len(self.demands))

    @property
    def is_open(self) -> bool:
        """Whether what comes next still counts."""
        return not (self.is_fulfilled or self.has_failed)

    def allowed(self) -> Mask:
        """Give what rules and plan allow together; never all False. Not to be written to."""
        return self._allowed

    def advance(self, id: int) -> None:
        """Read one more id. Raises: UserError for one that the rules do not allow."""
        self.is_unwanted = False
        if not self.is_open:
            return
        if self.wish is not None:
            self.is_unwanted = bool(self.wish.unwanted()[id])
            self.wish.advance(id)
        self.rules.advance(id)
        self.n_read += 1
        if id == self.end_id:
            self.is_over = True
        elif self.n_bars == 0 and not self._ends_upbeat(id):
            self.n_met += 1
            self._is_after_first = False
        elif self.n_bars is not None:
            self.n_bars += self._bars_of(id)
        self._look()

    def copy(self) -> "Plan":
        """Give another that goes on from here on its own."""
        twin = copy(self)
        twin.rules = self.rules.copy()
        twin.wish = None if self.wish is None else self.wish.copy()
        return twin

    def _bars_of(self, id: int) -> int:
        """Give how many more free bars there are to come because of an id."""
        self._is_empty = bool(self.bar_marks[id] or (self._is_empty and self.signs[id]))
        is_mark = bool(self.bar_marks[id])
        is_upbeat = self._ends_upbeat(id) or (self._in_first_bar and bool(self.upbeats[id]))
        if self._in_first_bar and self.lengths[id]:
            self._length = self.lengths[id]
        self._is_after_first = self._in_first_bar and is_mark
        self._in_first_bar = self._in_first_bar and not (is_upbeat or is_mark)
        return int(is_upbeat) - int(is_mark)

    def _ends_upbeat(self, id: int) -> bool:
        """Whether it is the metre, right after the first bar, that makes an upbeat of that bar."""
        return self._is_after_first and bool(self.lengths[id] > self._length)

    def _look(self) -> None:
        """Find out what may come next, and whether anything may."""
        allowed = self._now() if self.is_open else self._only([self.end_id])
        if not allowed.any():
            self.has_failed = True
            allowed = self._only([self.end_id])
        elif self.wish is not None and self.is_open:
            wanted = allowed & ~self.wish.unwanted()
            allowed = wanted if wanted.any() else allowed
        self._allowed = allowed

    def _now(self) -> Mask:
        allowed = self.rules.allowed()
        demand = self.demands[self.n_met] if self.n_bars == 0 else None
        if demand is not None:
            wanted = self._only(demand)
            if self._is_after_first:
                wanted |= self.lengths > self._length
            return allowed & wanted
        if self.n_bars == 1:
            allowed = allowed & ~self._closes_last
        if self.n_bars is not None and (self.n_bars > 1 or (self.n_bars == 1 and self._is_empty)):
            allowed = allowed & ~self._closes_early
        return allowed & ~self.never

    def _only(self, ids: Sequence[int]) -> Mask:
        mask = np.zeros(len(self.bar_marks), dtype=np.bool_)
        mask[list(ids)] = True
        return mask


def masks(
    constraints: Sequence[Constraint], device: torch.device | None = None
) -> Bool[Tensor, "batch vocab"]:
    """Give what may come next in each text."""
    return torch.from_numpy(np.stack([each.allowed() for each in constraints])).to(device)
