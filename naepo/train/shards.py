"""One batch cut into parts that are trained side by side, each on a thread of its own."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Result = TypeVar("Result")


class Shards:
    """Runs one job a shard; `alone` makes every operation inside it stay on its own thread.

    On a CPU this beats cutting every operation: threads meet a few times a step, not a thousand
    times. And no operation is cut, so that the bits of a result depend on the number of shards
    alone, never on the number of cores.
    """

    def __init__(self, n_shards: int) -> None:
        self.n = n_shards
        self._others: ThreadPoolExecutor | None = None
        if n_shards > 1:
            self._others = ThreadPoolExecutor(
                n_shards - 1,
                thread_name_prefix="shard",
                initializer=torch.set_num_threads,
                initargs=(1,),
            )

    def run(self, jobs: Sequence[Callable[[], Result]]) -> list[Result]:
        """Run the jobs at once, the first on the calling thread; give their results in order.

        All jobs are over when it returns or raises. Raises: what the first failing job raised.
        """
        if self._others is None:
            return [job() for job in jobs]
        futures = [self._others.submit(job) for job in jobs[1:]]
        try:
            results = [jobs[0]()]
        finally:
            for future in futures:
                future.exception()  # waits
        return results + [future.result() for future in futures]

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the calling thread to one core inside, when there are several shards."""
        before = torch.get_num_threads()
        if self.n == 1 or before == 1:
            yield
            return
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)
