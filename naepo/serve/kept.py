"""What is kept for the next question, within a bound: the least recently used goes first."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by key, at most `limit` in size together; the newest stays however large it is.

    Several threads may use it at once.

    >>> kept = Kept(limit=5)
    >>> for key in "abc":
    ...     kept.put(key, key.upper(), size=2)
    >>> kept.get("a"), kept.get("b"), kept.size
    (None, 'B', 4)
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._values: OrderedDict[str, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> Value | None:
        """Give what is kept under a key, None when it is not (or no longer) there."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: str, value: Value, size: int) -> None:
        """Keep a value, and let the oldest go until all fit."""
        with self._lock:
            self._values[key] = (value, size)
            self._values.move_to_end(key)
            while len(self._values) > 1 and self._size() > self.limit:
                self._values.popitem(last=False)

    def drop(self, is_old: Callable[[Value], bool]) -> None:
        """Let everything go that is told to be old."""
        with self._lock:
            for key in [key for key, (value, _) in self._values.items() if is_old(value)]:
                del self._values[key]

    def values(self) -> list[Value]:
        """List what is kept, the oldest first."""
        with self._lock:
            return [value for value, _ in self._values.values()]

    @property
    def size(self) -> int:
        """Give the size of all together."""
        with self._lock:
            return self._size()

    def _size(self) -> int:
        return sum(size for _, size in self._values.values())
