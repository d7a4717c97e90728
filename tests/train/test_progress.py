import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naepo.train import progress as room
from naepo.train.progress import Progress
from naepo.train.readable import visible

VERDICT = "beats counting: 1.49 against 1.70 nats per character"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(stream: io.StringIO, n_steps: int = 200) -> str:
    with Progress(stream) as progress:
        progress.say("4 layers, width 128")
        progress.phase("encoding", 0.0)
        progress.plan(n_steps)
        for step in range(1, n_steps + 1):
            progress.update(step, 4 / step**0.2, 31_245.0, (n_steps - step) * 60)
            if step % 100 == 0:
                progress.validation(step, 1.49, 2.15, VERDICT)
                progress.sample("ROMEO:\nwhat \x1b[2J[red]light[/red]")
    return stream.getvalue()


def test_a_log_file_gets_the_start_each_tenth_and_each_validation():
    lines = run(io.StringIO()).splitlines()
    assert [line for line in lines if "loss" in line] == [
        "step 1 of 200: loss 4.00, 31.2 k tokens/s, 3:19:00 left",
        *(
            f"step {step} of 200: loss {4 / step**0.2:.2f}, 31.2 k tokens/s, {left} left"
            for step, left in [
                (20, "3:00:00"),
                (40, "2:40:00"),
                (60, "2:20:00"),
                (80, "2:00:00"),
                (100, "1:40:00"),
                (120, "1:20:00"),
                (140, "1:00:00"),
                (160, "40:00"),
                (180, "20:00"),
                (200, "0:00"),
            ]
        ),
    ]
    assert f"step 200 of 200: validation 2.15 bits per byte; {VERDICT}" in lines
    assert lines[0] == "4 layers, width 128"


def test_a_log_file_gets_no_control_characters():
    text = run(io.StringIO())
    assert "what ␛[2J[red]light[/red]" in text
    assert not [c for c in text if unicodedata.category(c) == "Cc" and c != "\n"]


def test_a_short_run_is_told_step_by_step_and_no_more():
    assert run(io.StringIO(), n_steps=3).count("loss") == 3


def test_a_resumed_run_tells_its_first_step():
    stream = io.StringIO()
    with Progress(stream) as progress:
        progress.plan(1000)
        progress.update(501, 2.0, 100.0, None)
        progress.update(502, 2.0, 100.0, None)
    assert stream.getvalue() == "step 501 of 1,000: loss 2.00, 100 tokens/s\n"


def test_a_run_of_unknown_length_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(room.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    with Progress(stream) as progress:
        for step in range(1, 101):
            now[0] += 1
            progress.update(step, 2.0, 100.0, None)
    assert [line.split(":")[0] for line in stream.getvalue().splitlines()] == [
        "step 1",
        "step 32",
        "step 63",
        "step 94",
    ]


def test_work_before_the_first_step_is_told_once_unless_it_is_long(
    monkeypatch: pytest.MonkeyPatch,
):
    now = [0.0]
    monkeypatch.setattr(room.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    with Progress(stream) as progress:
        for pace in (0.01, 0.3):
            for done in range(101):
                now[0] += pace
                progress.phase(f"reading at {pace}", done, 100)
    told = stream.getvalue().splitlines()
    assert told[0] == "reading at 0.01: 0%"
    assert told[1:4] == ["reading at 0.3: 0%", "reading at 0.3: 20%", "reading at 0.3: 40%"]


def test_work_of_unknown_size_is_named():
    stream = io.StringIO()
    with Progress(stream) as progress:
        progress.phase("fetching", 1_000, None)
    assert stream.getvalue() == "fetching\n"


def test_a_terminal_gets_a_bar_with_every_figure():
    text = run(Terminal())
    for figure in ("step 200 of 200", "━", "100%", "loss 1.39", "0:00 left", "31.2 k tokens/s"):
        assert figure in text
    assert "validation 1.49, 2.15 bits/byte" in text
    assert text.count(VERDICT) == 1  # said when it turns, not at every look


def test_a_terminal_is_not_commanded_by_a_sample():
    text = run(Terminal())
    assert "what ␛[2J[red]light[/red]" in text
    assert "\x1b[2J" not in text


def test_a_bar_is_not_drawn_for_every_step():
    text = run(Terminal(), n_steps=2_000)
    assert text.count("\x1b[2K") < 200


def test_a_terminal_that_can_only_print_gets_lines(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in run(Terminal())


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp949"])
def test_a_stream_that_lacks_a_character_gets_it_spelled_out(encoding: str):
    content = io.BytesIO()
    with Progress(io.TextIOWrapper(content, encoding=encoding)) as progress:
        progress.sample("가 🙂")
        assert b"\\U0001f642" in content.getvalue()


class Closed(io.StringIO):
    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal

    def write(self, text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_closed_pipe_does_not_stop_the_run(is_terminal: bool):
    run(Closed(is_terminal), n_steps=5)


def test_a_loss_that_is_no_number_is_shown_as_what_it_is():
    stream = io.StringIO()
    with Progress(stream) as progress:
        progress.update(1, float("nan"), 100.0, None)
    assert "loss NaN" in stream.getvalue()


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_visible_text_commands_nothing(text: str):
    shown = visible(text)
    assert all(c.isprintable() or c in "\n\u200c\u200d" for c in shown)
    shown.encode("utf-8")
    assert visible(shown) == shown


def test_visible_text_keeps_what_people_write():
    text = "한글 café 👩‍👩‍👧 こんにちは\nشكرا"
    assert visible(text) == text
