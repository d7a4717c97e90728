"""What happened to which files, counted, so that a million of them make one line."""

from collections.abc import Sequence
from dataclasses import dataclass, field

Entry = tuple[str, int, int, int | str]
"""What happened, how often, to how many files, and the first of them (its number or its name)."""


@dataclass
class Tally:
    """Counts of what a person should know. `{n}` in a line stands for how often it happened."""

    entries: dict[str, Entry] = field(default_factory=dict)

    def add(self, what: str, where: int | str, times: int = 1) -> None:
        """Note that `what` happened `times` to the file `where` (its number, or its name)."""
        _, n, n_files, first = self.entries.get(what, (what, 0, 0, where))
        self.entries[what] = (what, n + times, n_files + 1, first)

    def lines(self, names: Sequence[str] = ()) -> tuple[str, ...]:
        """Give one line for each thing that happened; numbers become `names[number]`.

        >>> tally = Tally()
        >>> tally.add("kept {n} NUL characters", 1, times=12)
        >>> tally.lines(["a.txt", "b.txt"])
        ('kept 12 NUL characters: b.txt',)
        """
        made = []
        for what, n, n_files, first in self.entries.values():
            name = names[first] if isinstance(first, int) else first
            more = f" ({n_files:,} files, this is the first)" if n_files > 1 else ""
            made.append(what.replace("{n}", f"{n:,}") + f": {name}{more}")
        return tuple(made)
