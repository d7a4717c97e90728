"""The rules of merged events: an id may come when its words may, one after another."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from naepo.config import UserError
from naepo.encode.music.event_grammar import EventGrammar
from naepo.encode.music.grammar import GridGrammar

MOST_KNOWN = 20_000
"""Masks that are kept, at most: 20 MB with a thousand ids."""

Base = EventGrammar | GridGrammar
Masks = dict[Hashable, NDArray[np.bool_]]


@dataclass
class Branch:
    """Where the merged ids go on that share their first words.

    id: the one that is whole here, -1 for none.  after: by the base's id of the next word.
    """

    id: int = -1
    after: dict[int, "Branch"] = field(default_factory=dict)


def grow(parts: Iterable[Sequence[int]], first_id: int) -> Branch:
    """Make the tree of merged ids. parts: the base's ids of each one, from `first_id` on."""
    root = Branch()
    for id, words in enumerate(parts, start=first_id):
        branch = root
        for word in words:
            branch = branch.after.setdefault(word, Branch())
        branch.id = id
    return root


class MergedGrammar:
    """A base's grammar, asked along the tree of merged ids.

    Where two texts have come to the same place, by the base's `key`, the answer is looked up.
    """

    def __init__(
        self, base: Base, parts: Sequence[tuple[int, ...]], tree: Branch, known: Masks
    ) -> None:
        self._base = base
        self._parts = parts
        self._tree = tree
        self._known = known

    def copy(self) -> "MergedGrammar":
        """Give another that goes on from here on its own."""
        return MergedGrammar(self._base.copy(), self._parts, self._tree, self._known)

    def allowed(self) -> NDArray[np.bool_]:
        """Give, for each id, whether it may come next, shape (vocab_size,); never all False."""
        key = self._base.key()
        if key not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[key] = self._asked()
        return self._known[key].copy()

    def advance(self, id: int) -> None:
        """Read one more id. Raises: UserError for one that was not allowed."""
        if not 0 <= id < len(self._parts):
            raise UserError(f"no such id: {id}, expected 0 to {len(self._parts) - 1}")
        ahead = self._base.copy()
        for word in self._parts[id]:
            ahead.advance(word)
        self._base = ahead

    def _asked(self) -> NDArray[np.bool_]:
        """Ask the base: its own ids at once, then along the tree, wherever a word may come."""
        words = self._base.allowed()
        mask = np.zeros(len(self._parts), dtype=np.bool_)
        mask[: len(words) - 1] = words[:-1]
        mask[-1] = words[-1]
        for word, branch in self._tree.after.items():
            if words[word]:
                self._follow(branch, self._base, word, mask)
        return mask

    def _follow(self, branch: Branch, before: Base, word: int, mask: NDArray[np.bool_]) -> None:
        if branch.id >= 0:
            mask[branch.id] = True
        if not branch.after:
            return
        here = before.copy()
        here.read(word)
        for following, further in branch.after.items():
            if here.permits(following):
                self._follow(further, here, following, mask)
