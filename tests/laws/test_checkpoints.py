"""The laws of a checkpoint, under every fault that can be planted and under `kill -9`.

Whatever happens to a save: the newest checkpoint loads, it is never behind a save that was
acknowledged, and older ones are as they were.
"""

import errno
import itertools
import os
import random
import shutil
import signal
import time
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from torch import nn

from naepo.checkpoint import TrainingState, load, load_state, newest, prune, save
from naepo.checkpoint.faults import Fault, NthHit, os_error, planted, sudden_exit
from naepo.checkpoint.folder import new_folder
from naepo.checkpoint.manifest import Broken, verify
from naepo.checkpoint.run import best, free_folder, home_of, mark_best, saved, step_of
from naepo.checkpoint.tensors import read_tensors
from naepo.config import UserError
from naepo.encode import CharacterEncoder
from naepo.model import ModelSettings, build

Reader = Callable[[Path], object]
ENCODER = CharacterEncoder("abc")
SHAPE = ModelSettings(
    vocab_size=4, context_length=4, d_model=4, n_layers=1, n_heads=1, n_kv_heads=1, d_head=4, d_ff=4
)


@cache
def one_model() -> nn.Module:
    return build(SHAPE)


def save_step(run: Path, step: int) -> Path:
    """Save a model in which every number is the step, so that a mixture would show."""
    model = one_model()
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(step)
    state = TrainingState(tensors={"moment": torch.full((64,), step)}, numbers={"step": step})
    return save(run, step, model=model, encoder=ENCODER, settings={}, metrics={}, state=state)


def step_found(run: Path) -> int:
    """Read the newest checkpoint and give its step, once all of it is of that step; 0 for none."""
    folder = newest(run)
    if folder is None:
        return 0
    step, state = step_of(folder), load_state(folder)
    assert step is not None
    assert f"\nstep = {step}\n" in (folder / "naepo.toml").read_text()
    for tensor in [*read_tensors(folder / "model.safetensors").values(), state.tensors["moment"]]:
        assert torch.equal(tensor, torch.full_like(tensor, step))
    assert state.numbers == {"step": step}
    return step


@pytest.fixture
def disk_without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the wait for the disk where the points are counted, not the writes that survive."""
    monkeypatch.setattr(os, "fsync", lambda held: None)


def in_child(act: Callable[[], object]) -> int:
    """Do it in a process of its own and give its exit code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads, Python 3.12
        child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def content_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def leftovers(run: Path) -> list[str]:
    return [path.name for path in home_of(run).iterdir() if path.name.startswith(".")]


@pytest.mark.usefixtures("disk_without_delay")
@pytest.mark.parametrize(
    "number", [errno.ENOSPC, pytest.param(errno.EIO, marks=pytest.mark.torture)]
)
def test_whatever_call_fails_while_saving_nothing_is_lost(tmp_path: Path, number: int):
    first = save_step(tmp_path, 1)
    before = content_of(first)
    acknowledged = 1
    for n in itertools.count(1):
        fault = NthHit(n, os_error(number))
        try:
            with planted(fault):
                save_step(tmp_path, n + 1)
            acknowledged = n + 1
        except UserError as error:
            assert "last good checkpoint" in error.message
        assert leftovers(tmp_path) == []
        assert step_found(tmp_path) >= acknowledged
        assert content_of(first) == before
        if not fault.has_happened:
            break
    assert load(tmp_path).step == acknowledged == n + 1
    assert n > 30, "the sweep is expected to pass every write, fsync and rename"


class Log:
    """A fault that writes down which files were fsynced, in a file that outlives the process."""

    def __init__(self, path: Path, last: Fault) -> None:
        self.path = path
        self.last = last

    def __call__(self, point: str, path: Path) -> None:
        self.last(point, path)
        if point == "fsync":
            with self.path.open("a") as stream:
                stream.write(f"fsynced {path.name}\n")


def lose_power(draft: Path, log: Path) -> None:
    """Empty every file of a draft whose fsync was not reached, as a power cut may."""
    synced = log.read_text() if log.exists() else ""
    for file in draft.rglob("*"):
        if file.is_file() and f"fsynced {file.name}\n" not in synced:
            os.truncate(file, 0)


@pytest.mark.usefixtures("disk_without_delay")
def test_a_sudden_end_at_any_point_of_a_save_loses_nothing(tmp_path: Path):
    run, log = tmp_path / "run", tmp_path / "log"
    first = save_step(run, 1)
    before = content_of(first)
    acknowledged = 1
    for n in itertools.count(1):
        log.unlink(missing_ok=True)

        def save_and_die(n: int = n) -> None:
            with planted(Log(log, NthHit(n, sudden_exit))):
                save_step(run, n + 1)

        code = in_child(save_and_die)
        acknowledged = n + 1 if code == 0 else acknowledged
        for folder in home_of(run).iterdir():
            if folder.is_dir() and folder != first and step_of(folder) in {None, n + 1}:
                lose_power(folder, log)
        assert step_found(run) >= acknowledged
        assert content_of(first) == before
        assert not list(home_of(run).glob("*.broken"))
        if code == 0:
            break
        assert code == 137
    assert n > 30
    assert load(run).step == acknowledged == n + 1
    assert leftovers(run) == [], "a save sweeps away what the dead left behind"


def save_until_killed(run: Path, first: int, pipe: int) -> None:
    for step in itertools.count(first):
        save_step(run, step)
        os.write(pipe, step.to_bytes(8, "little"))
        prune(run)


def kill_while_saving(run: Path, first: int, seconds: float) -> int:
    """Let a process save and prune, kill it, and give the last step that it acknowledged."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            save_until_killed(run, first, writing)
        finally:
            os._exit(1)
    os.close(writing)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as stream:
        acknowledged = stream.read()
    return int.from_bytes(acknowledged[-8:], "little") if acknowledged else first - 1


def survive_kills(run: Path, n_kills: int) -> None:
    dice = random.Random(n_kills)
    began = time.perf_counter()
    save_step(run, 1)
    longest = max(0.5, 4 * (time.perf_counter() - began))
    known = 1
    for _ in range(n_kills):
        acknowledged = kill_while_saving(run, known + 1, dice.uniform(0.0, longest))
        known = step_found(run)
        assert known >= acknowledged
        assert not list(home_of(run).glob("*.broken"))
    assert load(run).step == known > 1
    save_step(run, known + 1)
    prune(run)
    assert leftovers(run) == []
    assert len(saved(run)) <= 2


def test_a_run_survives_ten_kills(tmp_path: Path):
    survive_kills(tmp_path, 10)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_a_run_survives_two_hundred_kills(tmp_path: Path):
    survive_kills(tmp_path, 200)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_step(tmp_path_factory.mktemp("run"), 7)


def refuses_flip(folder: Path, name: str, place: int, mask: int, *readers: Reader) -> None:
    content = (folder / name).read_bytes()
    changed = bytearray(content)
    changed[place] ^= mask
    (folder / name).write_bytes(changed)
    try:
        for read in readers:
            with pytest.raises(Broken):
                read(folder)
    finally:
        (folder / name).write_bytes(content)


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_one_changed_byte_anywhere_is_seen(sealed: Path, data: st.DataObject):
    names = sorted(str(p.relative_to(sealed)) for p in sealed.rglob("*") if p.is_file())
    name = data.draw(st.sampled_from(names))
    place = data.draw(st.integers(0, (sealed / name).stat().st_size - 1))
    refuses_flip(sealed, name, place, data.draw(st.integers(1, 255)), verify, load)
    verify(sealed)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_every_bit_of_every_file_counts(sealed: Path):
    for file in (path for path in sorted(sealed.rglob("*")) if path.is_file()):
        for place, bit in itertools.product(range(file.stat().st_size), range(8)):
            refuses_flip(sealed, str(file.relative_to(sealed)), place, 1 << bit, verify)


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_a_file_cut_short_anywhere_is_seen(sealed: Path, data: st.DataObject):
    names = sorted(str(p.relative_to(sealed)) for p in sealed.rglob("*") if p.is_file())
    file = sealed / data.draw(st.sampled_from(names))
    content = file.read_bytes()
    os.truncate(file, data.draw(st.integers(0, len(content) - 1)))
    try:
        with pytest.raises(Broken):
            load(sealed)
    finally:
        file.write_bytes(content)


class Life(RuleBasedStateMachine):
    """Any order of saving, damaging, marking and pruning, against a list kept by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.run = Path(os.environ["NAEPO_TEST_LIFE"]) / str(time.perf_counter_ns())
        home_of(self.run).mkdir(parents=True)
        self.good: list[Path] = []
        self.n_broken = 0

    @rule(step=st.integers(0, 6))
    def save(self, step: int) -> None:
        folder = free_folder(self.run, step)
        with new_folder(folder) as draft:
            draft.write("weights", [b"w" * 8])
        self.good.append(folder)

    @precondition(lambda self: self.good)
    @rule(data=st.data())
    def damage(self, data: st.DataObject) -> None:
        folder = data.draw(st.sampled_from(self.good))
        (folder / "weights").write_bytes(b"v" * 8)
        self.good.remove(folder)
        self.n_broken += 1

    @precondition(lambda self: self.good)
    @rule(data=st.data())
    def mark(self, data: st.DataObject) -> None:
        mark_best(self.run, data.draw(st.sampled_from(self.good)))

    @rule(keep_last=st.integers(0, 3), keep_every=st.sampled_from([None, 2, 5]))
    def prune(self, keep_last: int, keep_every: int | None) -> None:
        marked = best(self.run)
        gone = prune(self.run, keep_last=keep_last, keep_every=keep_every)
        assert marked not in gone
        assert not any(keep_every and (step_of(folder) or 0) % keep_every == 0 for folder in gone)
        assert not gone or saved(self.run)[0] in self.good
        self.n_broken -= len([folder for folder in gone if folder not in self.good])
        self.good = [folder for folder in self.good if folder not in gone]

    @rule()
    def find(self) -> None:
        found = newest(self.run)
        assert found == max(self.good, key=lambda f: saved(self.run)[::-1].index(f), default=None)

    @invariant()
    def nothing_but_prune_loses_anything(self) -> None:
        assert all(folder.is_dir() for folder in self.good)
        n_there = len([path for path in home_of(self.run).iterdir() if path.is_dir()])
        assert n_there == len(self.good) + self.n_broken


@pytest.mark.usefixtures("disk_without_delay")
def test_any_order_of_events_keeps_what_is_good(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("NAEPO_TEST_LIFE", str(tmp_path))
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    shutil.rmtree(tmp_path)
