"""Maps that take their time: one at a time in the background, asked after until they are done."""

import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

from jaxtyping import Float
from torch import Tensor

from naepo.config import UserError
from naepo.serve.kept import Kept
from naepo.serve.refusals import Gone, NotFound

Work = Callable[[], tuple[Float[Tensor, "n 2"], dict[str, Any]]]
MAP_BYTES = 200_000_000


@dataclass(eq=False)
class Map:
    """One map, whether it is drawn yet or not."""

    id: str
    work: Work | None
    """Gives the points, and what is said of them. Forgotten once done: it holds a model."""
    state: str = "running"
    """running, done or failed."""
    points: Float[Tensor, "n 2"] | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    error: UserError | None = None

    def draw(self) -> None:
        """Do the work, whatever comes of it."""
        assert self.work is not None
        try:
            points, self.facts = self.work()
        except UserError as error:
            self.error = error
        except Exception:
            traceback.print_exc(file=sys.stderr)
            self.error = UserError("naepo made a mistake", hint="the terminal says where")
        else:
            self.points = points
        finally:
            self.work = None
            self.state = "done" if self.points is not None else "failed"

    def table(self) -> dict[str, Any]:
        """Say how far it is; of one that failed, why."""
        said: dict[str, Any] = {"map": self.id, "state": self.state}
        if self.error is not None:
            said |= {"message": self.error.message, "hint": self.error.hint}
        return said | self.facts


class Maps:
    """The maps by id. Equal questions have equal ids, and are drawn once."""

    def __init__(self) -> None:
        self._kept: Kept[Map] = Kept(MAP_BYTES)
        self._waiting: SimpleQueue[Map] = SimpleQueue()
        self._lock = Lock()
        self._worker: Thread | None = None

    def ask(
        self,
        id: str,
        work: Work,
        *,
        at_once: bool,
        size: int,
    ) -> Map:
        """Give the map of this id, and see to it that it is drawn: now, or in the background."""
        with self._lock:
            known = self._kept.get(id)
            if known is not None and known.state != "failed":
                return known
            asked = Map(id, work)
            self._kept.put(id, asked, size)
        if at_once:
            asked.draw()
            if asked.error is not None:
                raise asked.error
        else:
            self._waiting.put(asked)
            self._start()
        return asked

    def get(self, id: str) -> Map:
        """Give a map by its id.

        Raises: Gone when it is no longer kept.
        """
        found = self._kept.get(id)
        if found is None:
            raise Gone("this map is no longer kept", hint="ask for it again")
        return found

    def points(self, id: str) -> Float[Tensor, "n 2"]:
        """Give where the points of a map lie.

        Raises: NotFound while it is not drawn.
        """
        found = self.get(id).points
        if found is None:
            raise NotFound("this map is not drawn", hint="ask /look/map how far it is")
        return found

    def _start(self) -> None:
        with self._lock:
            if self._worker is None:
                self._worker = Thread(target=self._work, daemon=True)
                self._worker.start()

    def _work(self) -> None:
        while True:
            self._waiting.get().draw()
