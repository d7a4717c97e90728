import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from naepo.config import UserError
from naepo.train.metrics import MetricsLog, read_metrics


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "mine" / "metrics.jsonl"


def write_run(path: Path, last_step: int) -> None:
    with MetricsLog(path) as log:
        log.note("chosen: 4 layers")
        for step in range(1, last_step + 1):
            log.step(step=step, loss=4.0 / step)
            if step % 2 == 0:
                log.validation(step=step, nats_per_character=4.0 / step)
                log.sample(step=step, text="글 \x1b[31m\nline two")


def test_rows_come_back_as_they_were_written(path: Path):
    write_run(path, 2)
    assert read_metrics(path) == [
        {"kind": "note", "text": "chosen: 4 layers"},
        {"kind": "step", "step": 1, "loss": 4.0},
        {"kind": "step", "step": 2, "loss": 2.0},
        {"kind": "validation", "step": 2, "nats_per_character": 2.0},
        {"kind": "sample", "step": 2, "text": "글 \x1b[31m\nline two"},
    ]


def test_a_row_can_be_read_before_the_log_is_closed(path: Path):
    log = MetricsLog(path)
    log.step(step=1, loss=1.0)
    assert len(read_metrics(path)) == 1
    log.close()


def test_no_file_has_no_rows(path: Path):
    assert read_metrics(path) == []


def test_a_line_torn_at_any_byte_loses_no_row_before_it(path: Path):
    write_run(path, 1)
    whole = path.read_bytes()
    rows = read_metrics(path)
    for cut in range(len(whole.splitlines(keepends=True)[0]), len(whole)):
        path.write_bytes(whole[:cut])
        assert read_metrics(path) == rows[:1]


def test_opening_again_cuts_a_torn_line_and_goes_on(path: Path):
    write_run(path, 2)
    before = read_metrics(path)
    with path.open("ab") as file:
        file.write(b'{"kind": "step", "st')
    with MetricsLog(path) as log:
        log.step(step=3, loss=0.5)
    assert read_metrics(path) == [*before, {"kind": "step", "step": 3, "loss": 0.5}]


def test_a_resumed_run_logs_what_an_uninterrupted_one_does(path: Path, tmp_path: Path):
    write_run(path, 6)
    with MetricsLog(path) as log:
        log.cut_after(4)
        log.step(step=5, loss=4.0 / 5)
    uninterrupted = tmp_path / "metrics.jsonl"
    write_run(uninterrupted, 5)
    assert path.read_bytes() == uninterrupted.read_bytes()


def test_a_damaged_line_becomes_a_note_that_says_so(path: Path):
    path.parent.mkdir(parents=True)
    path.write_bytes(
        b'{"kind": "note", "text": "a"}\n\xff\xfe{{\n[1]\n{"kind": "note", "text": "b"}\n'
    )
    assert [row["text"] for row in read_metrics(path)] == [
        "a",
        "line 2 of metrics.jsonl could not be read",
        "line 3 of metrics.jsonl could not be read",
        "b",
    ]


def test_every_line_is_strict_json_in_utf8(path: Path):
    with MetricsLog(path) as log:
        log.step(step=1, loss=float("nan"), grad_norm=float("inf"), lr=1e-3)
        log.sample(step=1, text="\ud800 \u2028 \x00 가")
    lines = path.read_text(encoding="utf-8").split("\n")

    def refuse(word: str) -> None:
        raise AssertionError(word)

    rows = [json.loads(line, parse_constant=refuse) for line in lines[:-1]]
    assert rows[0] == {"kind": "step", "step": 1, "loss": None, "grad_norm": None, "lr": 1e-3}
    assert rows[1]["text"] == "\ud800 \u2028 \x00 가"


class FullDisk:
    """Takes a few bytes of a row, then no more."""

    def __init__(self, file: Any) -> None:
        self.file, self.has_room = file, True

    def fileno(self) -> int:
        return self.file.fileno()

    def write(self, data: Any) -> int:
        if not self.has_room:
            raise OSError(28, "No space left on device")
        self.has_room = False
        return self.file.write(bytes(data[:5]))


def test_a_full_disk_is_said_and_leaves_no_half_line(path: Path):
    log = MetricsLog(path)
    log.step(step=1, loss=1.0)
    real, log._file = log._file, FullDisk(log._file)  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(UserError, match="No space left") as caught:
        log.step(step=2, loss=1.0)
    assert caught.value.hint is not None
    assert "naepo resume" in caught.value.hint
    log._file = real
    log.step(step=3, loss=1.0)
    log.close()
    assert [row["step"] for row in read_metrics(path)] == [1, 3]


def test_without_tensorboard_the_way_to_install_it_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(UserError) as caught:
        MetricsLog(path, tensorboard=path.parent)
    assert caught.value.hint == 'pip install "naepo[scale]"'


def test_tensorboard_is_told_the_same_figures(path: Path, monkeypatch: pytest.MonkeyPatch):
    told: list[Any] = []

    class Writer:
        def __init__(self, folder: str, purge_step: int | None) -> None:
            told.append((folder, purge_step))

        def add_scalar(self, *what: Any) -> None:
            told.append(what)

        add_text = add_scalar

        def close(self) -> None:
            told.append("closed")

    fake = types.SimpleNamespace(SummaryWriter=Writer)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", fake)
    write_run(path, 3)
    with MetricsLog(path, tensorboard=path.parent) as log:
        log.cut_after(2)
        log.step(step=3, loss=0.5, lr=None)
        log.sample(step=3, text="hi")
    assert told == [
        (str(path.parent), 3),
        ("step/loss", 0.5, 3),
        ("sample", "hi", 3),
        "closed",
    ]


@pytest.mark.slow
def test_the_real_tensorboard_reads_the_figures_back(path: Path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with MetricsLog(path, tensorboard=path.parent) as log:
        log.step(step=1, loss=2.5)
        log.validation(step=1, bits_per_byte=3.5)
    events = EventAccumulator(str(path.parent)).Reload()
    assert events.Scalars("step/loss")[0].value == 2.5
    assert events.Scalars("validation/bits_per_byte")[0].step == 1
