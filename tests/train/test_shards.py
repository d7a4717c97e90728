"""Jobs side by side: results in order, no error lost, one core each."""

import threading

import pytest
import torch

from naepo.train.allocator import keep_freed_memory
from naepo.train.shards import Shards


@pytest.mark.parametrize("n", [1, 2, 3])
def test_results_come_in_the_order_of_the_jobs(n):
    assert Shards(n).run([lambda i=i: i * i for i in range(n)]) == [i * i for i in range(n)]


def test_jobs_run_at_the_same_time():
    both = threading.Barrier(2, timeout=10)
    Shards(2).run([both.wait, both.wait])  # one after another would never meet


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_in_any_job_is_raised_after_all_are_over(failing):
    done = threading.Event()

    def fail():
        raise ValueError("a job failed")

    jobs = [done.set, done.set]
    jobs[failing] = fail
    shards = Shards(2)
    with pytest.raises(ValueError, match="a job failed"):
        shards.run(jobs)
    assert done.is_set()
    assert shards.run([lambda: 1, lambda: 2]) == [1, 2]


def test_alone_holds_every_thread_to_one_core_and_gives_the_caller_its_own_back():
    torch.set_num_threads(2)
    shards = Shards(2)
    with shards.alone():
        assert shards.run([torch.get_num_threads] * 2) == [1, 1]
    assert torch.get_num_threads() == 2
    with pytest.raises(KeyError), shards.alone():
        raise KeyError
    assert torch.get_num_threads() == 2


def test_one_shard_leaves_the_cores_to_torch():
    torch.set_num_threads(2)
    with Shards(1).alone():
        assert torch.get_num_threads() == 2


def test_the_allocator_says_the_same_every_time_it_is_asked():
    assert keep_freed_memory() is keep_freed_memory()
